"""Every misconfiguration has an id, a level, and a hint that names the setting and the fix."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register  # noqa: A004 - Django's name for it
from django.db import connection

from pagoefectivo import conf, conf_messages, conf_risk, storefront
from pagoefectivo.channels.base import channel_named
from pagoefectivo.conf_reading import SettingsProblem
from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.ocr import scanning
from pagoefectivo.services import environments

NOBODY_READS = tuple(f"django.core.mail.backends.{name}." for name in ("console", "dummy", "filebased", "locmem"))
LOCAL_MEMORY = "django.core.cache.backends.locmem.LocMemCache"


@register(Tags.compatibility)
def check_installation(**_: Any) -> list[CheckMessage]:
    """What must hold wherever the app is installed."""
    return [*_settings(), *_channels(), *_scanner(), *_state_machine(), *_time_zones()]


@register(Tags.security, deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """What must hold besides before real money moves."""
    return [*_database(), *_cache(), *_reachability(), *_mail(), *_unscanned(), *_deployed_environments()]


def _settings() -> Iterator[CheckMessage]:
    if not settings.DEBUG and getattr(settings, "PAGOEFECTIVO", None) is None:
        yield Info(
            "PAGOEFECTIVO is not set, so the app is disabled.",
            hint='Set PAGOEFECTIVO = {"PUBLIC_BASE_URL": …, "ACCOUNTS": {…}}.',
            id="pagoefectivo.I001",
        )
        return
    try:
        config = conf.current()
        storefront.current()
        conf_risk.current()
    except SettingsProblem as problem:
        yield Error(f"PAGOEFECTIVO{problem.key}: {problem.problem}", hint=problem.hint or None, id="pagoefectivo.E002")
        return
    except ConfigurationError as problem:
        yield Error(str(problem), id="pagoefectivo.E001")
        return
    for account in config.accounts.values():
        for objection in environments.objections(account):
            yield Error(objection.problem, hint=objection.hint, id=f"pagoefectivo.{objection.check_id}")


def _channels() -> Iterator[CheckMessage]:
    messages = _messages_config()
    if isinstance(messages, SettingsProblem):
        yield Error(
            f"PAGOEFECTIVO{messages.key}: {messages.problem}", hint=messages.hint or None, id="pagoefectivo.E002"
        )
        return
    for channel in messages.channels.values() if messages else ():
        try:
            channel_named(channel.backend, channel.options)
        except ConfigurationError as problem:
            where = f"['MESSAGES']['CHANNELS'][{channel.name!r}]"
            yield Error(f"PAGOEFECTIVO{where}: {problem}", hint="Correct BACKEND or OPTIONS.", id="pagoefectivo.E040")


def _scanner() -> Iterator[CheckMessage]:
    if _config() is None:
        return
    try:
        scanning.scanner()
    except ConfigurationError as problem:
        yield Error(
            f"{problem} No picture of a receipt would be taken.",
            hint="Name a function that takes bytes and returns True for what may pass.",
            id="pagoefectivo.E043",
        )


def _state_machine() -> Iterator[CheckMessage]:
    try:
        installed = version("django-fsm")
    except PackageNotFoundError:
        return
    yield Error(
        f"django-fsm {installed} is installed beside django-fsm-2; both write the same folder and mix their files.",
        hint="pip uninstall django-fsm django-fsm-2, then pip install django-fsm-2.",
        id="pagoefectivo.E022",
    )


def _time_zones() -> Iterator[CheckMessage]:
    if not settings.USE_TZ:
        yield Error(
            "USE_TZ is False, so deadlines would be ambiguous.", hint="Set USE_TZ = True.", id="pagoefectivo.E021"
        )


def _database() -> Iterator[CheckMessage]:
    if connection.vendor == "sqlite":
        yield Error(
            "SQLite has no row locks, which refunds of real money need.",
            hint="Use PostgreSQL 14 or newer in DATABASES.",
            id="pagoefectivo.E020",
        )


def _cache() -> Iterator[CheckMessage]:
    if settings.CACHES.get("default", {}).get("BACKEND", LOCAL_MEMORY) == LOCAL_MEMORY:
        yield Warning(
            "The cache is local memory: rate limits and pauses are counted by each process alone.",
            hint="Use a shared cache such as Redis in CACHES['default'].",
            id="pagoefectivo.W034",
        )


def _reachability() -> Iterator[CheckMessage]:
    config = _config()
    if config is not None and config.enabled and not config.public_base_url.startswith("https://"):
        yield Error(
            "PAGOEFECTIVO['PUBLIC_BASE_URL'] is plain http: providers notify https addresses only.",
            hint='Set the public address, for example "https://shop.example".',
            id="pagoefectivo.E015",
        )


def _mail() -> Iterator[CheckMessage]:
    messages = _messages_config()
    if not isinstance(messages, conf_messages.MessagesConfig) or "email" not in messages.channels:
        return
    if settings.EMAIL_BACKEND.startswith(NOBODY_READS):
        yield Warning(
            "EMAIL_BACKEND sends nothing: buyers would get no mail.",
            hint="Set it to your mail server's, or take 'email' out of PAGOEFECTIVO['MESSAGES']['CHANNELS'].",
            id="pagoefectivo.W041",
        )
    if messages.sender is None and settings.DEFAULT_FROM_EMAIL == "webmaster@localhost":
        yield Warning(
            "Mails to buyers would come from webmaster@localhost.",
            hint="Set PAGOEFECTIVO['MESSAGES']['FROM'] or DEFAULT_FROM_EMAIL.",
            id="pagoefectivo.W042",
        )


def _unscanned() -> Iterator[CheckMessage]:
    config = _config()
    accounts = config.accounts.values() if config else ()
    if config and config.proof_scanner is None and any(each.environment == conf.PRODUCTION for each in accounts):
        yield Info(
            "Pictures of receipts are decoded apart and encoded anew, but no scanner looks for viruses in them.",
            hint="If your rules ask for one, name it in PAGOEFECTIVO['PROOF_SCANNER'].",
            id="pagoefectivo.I043",
        )


def _deployed_environments() -> Iterator[CheckMessage]:
    config = _config()
    for account in config.accounts.values() if config else ():
        if account.environment == conf.SANDBOX:
            yield Warning(
                f"Account {account.name!r} is a sandbox account: no real money moves on it.",
                hint=f'Set ENVIRONMENT to "production" in ACCOUNTS[{account.name!r}] or remove it before going live.',
                id="pagoefectivo.W012",
            )


def _config() -> conf.Config | None:
    try:
        return conf.current()
    except ConfigurationError:
        return None


def _messages_config() -> conf_messages.MessagesConfig | SettingsProblem | None:
    """What MESSAGES says, or what is wrong with it; None where the rest of the settings says nothing at all."""
    try:
        return conf_messages.current() if conf.read_settings() else None
    except SettingsProblem as problem:
        return problem if problem.key else None  # without a key the whole dict is wrong, which is said already
