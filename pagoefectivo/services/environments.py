"""Keys and environments that must never meet: refused at start-up and again before any call."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from pagoefectivo import conf
from pagoefectivo.conf_reading import SettingsProblem, is_loopback, suggestion
from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.providers.base import Provider
from pagoefectivo.providers.registry import provider_named
from pagoefectivo.services import overrides


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason not to start, under the id of its system check."""

    check_id: str
    problem: str
    hint: str


def objections(account: conf.AccountConfig) -> list[Objection]:
    """Return why an account must not be used as it is configured; its secrets are never named."""
    where = f"PAGOEFECTIVO['ACCOUNTS'][{account.name!r}]"
    try:
        provider = provider_named(account.provider)
    except ConfigurationError as error:
        return [Objection("E004", f"{where}['PROVIDER']: {error}", "Use a known slug or a dotted path.")]
    return [
        *_credentials(account, provider, where),
        *_environment(account, provider, where),
        *_overrides(account, provider),
    ]


def refuse_mixture(account: conf.AccountConfig, provider: type[Provider]) -> None:
    """Raise ConfigurationError when production and anything else meet in an account."""
    for objection in _environment(account, provider, f"PAGOEFECTIVO['ACCOUNTS'][{account.name!r}]"):
        raise ConfigurationError(f"{objection.problem} {objection.hint}")


def is_under_test() -> bool:
    """Whether this process runs a test suite."""
    return "pytest" in sys.modules or "test" in sys.argv[1:2]


def _credentials(account: conf.AccountConfig, provider: type[Provider], where: str) -> Iterator[Objection]:
    known, written = provider.credential_fields, account.credentials
    take = f"Take it from {provider.name}'s panel and read it from the environment."
    for field, required in known.items():
        if required and not written.get(field):
            yield Objection("E003", f"{where}['CREDENTIALS'] has no {field!r}.", take)
        if isinstance(written.get(field), list | tuple) and field not in provider.secret_list_fields:
            yield Objection("E003", f"{where}['CREDENTIALS'][{field!r}] takes one value.", "Write a string, no list.")
    choices = provider.credential_choices
    if choices and not any(all(written.get(field) for field in choice) for choice in choices):
        either = " or ".join(" and ".join(repr(field) for field in sorted(choice)) for choice in choices)
        yield Objection("E003", f"{where}['CREDENTIALS'] needs {either}.", take)
    for problem in provider.credential_problems(written):
        yield Objection("E003", f"{where}['CREDENTIALS']: {problem}", take)
    for field in written:
        if field not in known:
            problem = f"{where}['CREDENTIALS'][{field!r}]: this key does not exist."
            yield Objection("E002", problem, suggestion(str(field), known))


def _overrides(account: conf.AccountConfig, provider: type[Provider]) -> Iterator[Objection]:
    for read in (overrides.capabilities_of, overrides.options_of):
        try:
            read(account, provider)
        except SettingsProblem as problem:
            yield Objection("E002", f"PAGOEFECTIVO{problem.key}: {problem.problem}", problem.hint)


def _prefixes(account: conf.AccountConfig, provider: type[Provider], where: str) -> Iterator[Objection]:
    """A key that says of itself which environment it is for is held to it."""
    for field, prefixes in provider.credential_prefixes.items():
        written = account.credentials.get(field) or ""
        for value in (written,) if isinstance(written, str) else written:
            for environment, prefix in prefixes.items():
                if environment != account.environment and value.startswith(prefix):
                    yield Objection(
                        "E010",
                        f"{where}['CREDENTIALS'][{field!r}] is a {environment} key in a {account.environment} account.",
                        f"Use the {account.environment} key, or set ENVIRONMENT to {environment!r}.",
                    )


def _environment(account: conf.AccountConfig, provider: type[Provider], where: str) -> Iterator[Objection]:
    base_url, hosts = account.base_url, provider.hosts
    yield from _prefixes(account, provider, where)
    if account.environment == conf.PRODUCTION:
        if settings.DEBUG:
            yield Objection(
                "E016",
                f"{where} is a production account, and DEBUG is on.",
                'Set DEBUG = False, or ENVIRONMENT to "sandbox".',
            )
        if is_under_test():
            yield Objection(
                "E010",
                f"{where} is a production account, and tests are running.",
                'Use an account with ENVIRONMENT "sandbox" in the settings of the tests.',
            )
        if dict(account.credentials) == conf.SANDBOX_ACCOUNT["CREDENTIALS"]:
            yield Objection("E011", f"{where} has the sandbox's example keys in production.", "Use your own keys.")
        shared = hosts[conf.SANDBOX] == hosts[conf.PRODUCTION]  # there only the keys tell the environments apart
        if base_url and (is_loopback(base_url) or (not shared and base_url.startswith(hosts[conf.SANDBOX]))):
            yield Objection(
                "E012",
                f"{where} is a production account that speaks to a sandbox.",
                'Remove BASE_URL, or set ENVIRONMENT to "sandbox".',
            )
    elif base_url and hosts[conf.SANDBOX] != hosts[conf.PRODUCTION] and base_url.startswith(hosts[conf.PRODUCTION]):
        yield Objection(
            "E010",
            f"{where} is a sandbox account that speaks to the production host.",
            'Remove BASE_URL, or set ENVIRONMENT to "production".',
        )
