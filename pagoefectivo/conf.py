"""The one settings dict, read strictly: every key has a default, and an unknown key is an error with a suggestion."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from pagoefectivo.conf_reading import (
    SettingsProblem,
    amount,
    cycle,
    days,
    dict_at,
    dotted_path,
    duration,
    folder,
    hour,
    is_loopback,
    one_of,
    pair,
    refund_limits,
    suggestion,
    with_defaults,
)
from pagoefectivo.domain import bundles
from pagoefectivo.domain.cycles import Cycle
from pagoefectivo.domain.decisions import LatePayment
from pagoefectivo.domain.money import SYMBOLS
from pagoefectivo.domain.refund_limits import Limits

SANDBOX = "sandbox"
PRODUCTION = "production"
SANDBOX_ACCOUNT = {
    "PROVIDER": "dlocal",
    "ENVIRONMENT": SANDBOX,
    "CREDENTIALS": {
        "login": "sandbox_login",
        "trans_key": "sandbox_trans_key",
        "secret_key": "sandbox_secret_key",
    },
    "BASE_URL": "http://127.0.0.1:8077/dlocal",
}
DEFAULTS: dict[str, Any] = {
    "PUBLIC_BASE_URL": None,
    "ACCOUNTS": {},
    "SHOP_NAME": "",
    "SUPPORT_CONTACT": "",
    "BRAND": {},  # this and the next two: storefront.py
    "PAYMENT_CHANNELS": {},
    "NEW_CODE_BY_BUYER": "unreleased",
    "ENCRYPTION_KEYS": [],
    "TRUSTED_PROXIES": 0,
    "DEFAULT_EXPIRY": "48h",
    "REFUND_ACCOUNT_DEADLINE": "14d",
    "REFUND_APPROVAL_EXPIRES": "48h",
    "REFUND_LIMITS": {},
    "BANK_CUT_OFF": "14:00",  # of transfers between banks, by their clearing house in 2014; no newer one is published
    "TIMING": {},
    "RETENTION_DAYS": {},
    "MESSAGES": {},  # read by conf_messages
    "OCR_ENGINE": "auto",
    "PROOF_SCANNER": None,
    "EVIDENCE_KEY": "",
    "RISK": {},  # read by conf_risk
}
TIMING_DEFAULTS: dict[str, Any] = {
    "POLL": ["1m", "2m", "5m", "15m", "1h"],
    "RETRY": ["5s", "30s", "2m", "10m", "1h"],
    "CONNECT": "3s",
    "READ": "10s",
    "LEASE": "60s",
    "STALE": "5m",
}
RETENTION_DEFAULTS: dict[str, Any] = {
    "raw": 180,  # longer than most refund windows, so that a dispute finds what was said
    "bank": 90,  # a bank sends money back within weeks
    "proofs": 180,  # as long as what was said: a picture of a receipt is an exhibit in a dispute
    "personal": 730,  # consumers in Peru may complain for two years
    "answers": 7,  # nobody repeats a request with the same key after a week
}
ACCOUNT_DEFAULTS: dict[str, Any] = {
    "PROVIDER": None,
    "ENVIRONMENT": SANDBOX,
    "CREDENTIALS": {},
    "BASE_URL": None,
    "CONFIRMATION": "query",
    "REFUND_REQUIRES": None,
    "REFUND_APPROVAL_OVER": None,
    "LATE_PAYMENT": "review",
    "LIMITS": None,
    "EXPIRY": ["24h", "72h"],
    "SETTLES": None,
    "SETTLEMENT_FOLDER": None,
    "QUESTIONS_PER_SECOND": 20,
    "CAPABILITIES": {},
    "OPTIONS": {},
}
FASTEST = 1000


@dataclass(frozen=True, slots=True)
class Timing:
    """Waits between questions, between tries, and for one call; `lease` outlives the longest call."""

    poll: tuple[timedelta, ...]
    retry: tuple[timedelta, ...]
    connect: timedelta
    read: timedelta
    lease: timedelta
    stale: timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what may be erased is kept after everything about its order has come to rest; None: for ever."""

    raw: timedelta | None
    bank: timedelta | None
    proofs: timedelta | None
    personal: timedelta | None
    answers: timedelta | None


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One entry of ACCOUNTS as it takes effect."""

    name: str
    provider: str
    environment: str
    credentials: Mapping[str, Any] = field(repr=False)
    base_url: str | None
    webhook_is_enough: bool
    refund_requires: str | None
    refund_approval_over: Decimal | None
    late_payment: LatePayment
    limits: Mapping[str, tuple[Decimal, Decimal]] | None
    expiry: tuple[timedelta, timedelta]
    settles: Cycle | None
    settlement_folder: Path | None
    questions_per_second: int
    capabilities: Mapping[str, Any]
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Config:
    """The effective settings."""

    enabled: bool
    public_base_url: str
    accounts: Mapping[str, AccountConfig]
    shop_name: str
    support_contact: str
    trusted_proxies: int
    default_expiry: timedelta
    refund_account_deadline: timedelta
    refund_approval_expires: timedelta
    refund_limits: Limits
    bank_cut_off: time | None
    timing: Timing
    retention: Retention
    ocr_engine: str
    proof_scanner: str | None
    evidence_key: str = field(repr=False)


def read_settings() -> dict[str, Any]:
    """Return the dict as written, or the one that stands in when there is none: a sandbox under DEBUG, else nothing."""
    written = getattr(settings, "PAGOEFECTIVO", None)
    if written is None:
        if not settings.DEBUG:
            return {}
        return {"PUBLIC_BASE_URL": "http://127.0.0.1:8000", "ACCOUNTS": {"default": SANDBOX_ACCOUNT}}
    if not isinstance(written, dict):
        raise SettingsProblem("", "it must be a dict.", 'Write PAGOEFECTIVO = {"PUBLIC_BASE_URL": …, "ACCOUNTS": …}.')
    return written


@lru_cache(maxsize=1)
def current() -> Config:
    """Return the effective settings; raises the first SettingsProblem."""
    written = read_settings()
    keys = with_defaults(written, DEFAULTS, "")
    timing = _timing(with_defaults(dict_at(keys["TIMING"], "['TIMING']"), TIMING_DEFAULTS, "['TIMING']"))
    accounts = keys["ACCOUNTS"]
    if isinstance(accounts, str):
        accounts = _called(accounts)
    return Config(
        enabled=bool(accounts),
        public_base_url=_public_url(keys["PUBLIC_BASE_URL"]) if accounts else "",
        accounts={name: _account(name, entry) for name, entry in dict_at(accounts, "['ACCOUNTS']").items()},
        shop_name=str(keys["SHOP_NAME"]),
        support_contact=str(keys["SUPPORT_CONTACT"]),
        trusted_proxies=int(keys["TRUSTED_PROXIES"]),
        default_expiry=duration(keys["DEFAULT_EXPIRY"], "['DEFAULT_EXPIRY']"),
        refund_account_deadline=duration(keys["REFUND_ACCOUNT_DEADLINE"], "['REFUND_ACCOUNT_DEADLINE']"),
        refund_approval_expires=duration(keys["REFUND_APPROVAL_EXPIRES"], "['REFUND_APPROVAL_EXPIRES']"),
        refund_limits=refund_limits(keys["REFUND_LIMITS"], "['REFUND_LIMITS']"),
        bank_cut_off=hour(keys["BANK_CUT_OFF"], "['BANK_CUT_OFF']"),
        timing=timing,
        retention=_retention(keys["RETENTION_DAYS"]),
        ocr_engine=str(keys["OCR_ENGINE"]),
        proof_scanner=dotted_path(keys["PROOF_SCANNER"], "['PROOF_SCANNER']"),
        evidence_key=_evidence_key(keys["EVIDENCE_KEY"]),
    )


def encryption_keys() -> tuple[str, ...]:
    """Return the keys for data at rest, newest first; without ENCRYPTION_KEYS Django's SECRET_KEY stands in."""
    keys = read_settings().get("ENCRYPTION_KEYS") or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return tuple(key for key in keys if key)


def forget() -> None:
    """Read the settings anew at the next use."""
    current.cache_clear()


def _forget_on_change(*, setting: str, **_: object) -> None:
    if setting in {"PAGOEFECTIVO", "DEBUG", "SECRET_KEY"}:
        forget()


setting_changed.connect(_forget_on_change, dispatch_uid="pagoefectivo.conf")


def _called(path: str) -> object:
    try:
        source: Callable[[], object] = import_string(path)
    except ImportError as error:
        raise SettingsProblem("['ACCOUNTS']", f"{path!r} cannot be imported.") from error
    return source()


def _timing(keys: Mapping[str, Any]) -> Timing:
    def schedule(name: str) -> tuple[timedelta, ...]:
        where = f"['TIMING'][{name!r}]"
        steps = keys[name]
        if not isinstance(steps, list | tuple) or not steps:
            raise SettingsProblem(where, "it must be a list of durations.", 'Write for example ["1m", "5m", "1h"].')
        return tuple(duration(each, where) for each in steps)

    single = {name: duration(keys[name], f"['TIMING'][{name!r}]") for name in ("CONNECT", "READ", "LEASE", "STALE")}
    if single["LEASE"] <= 2 * (single["CONNECT"] + single["READ"]):
        raise SettingsProblem(
            "['TIMING']['LEASE']",
            "it must be longer than twice CONNECT + READ.",
            "Otherwise two workers could hold one row.",
        )
    return Timing(
        poll=schedule("POLL"),
        retry=schedule("RETRY"),
        connect=single["CONNECT"],
        read=single["READ"],
        lease=single["LEASE"],
        stale=single["STALE"],
    )


def _retention(written: object) -> Retention:
    where = "['RETENTION_DAYS']"
    keys = with_defaults(dict_at(written, where), RETENTION_DEFAULTS, where)
    return Retention(**{name: days(keys[name], f"{where}[{name!r}]") for name in RETENTION_DEFAULTS})


def _evidence_key(written: object) -> str:
    seed = str(written or "")
    try:
        if seed:
            bundles.private_key(seed)
    except ValueError as error:
        hint = "Make one with `manage.py pagoefectivo evidence-key --new`."
        raise SettingsProblem("['EVIDENCE_KEY']", f"it cannot be used: {error}.", hint) from None
    return seed


def _public_url(written: object) -> str:
    where = "['PUBLIC_BASE_URL']"
    if not isinstance(written, str) or not written:
        raise SettingsProblem(where, "it is missing.", 'Write the public address, for example "https://shop.example".')
    if not written.startswith("https://") and not (written.startswith("http://") and is_loopback(written)):
        raise SettingsProblem(where, "it must be https.", "Plain http is for loopback only.")
    return written.rstrip("/")


def _account(name: str, entry: object) -> AccountConfig:
    where = f"['ACCOUNTS'][{name!r}]"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(name)):
        raise SettingsProblem(where, "an account's name has 1–64 letters, digits, - and _.")
    keys = with_defaults(dict_at(entry, where), ACCOUNT_DEFAULTS, where)
    one_of(keys["ENVIRONMENT"], (SANDBOX, PRODUCTION), f"{where}['ENVIRONMENT']")
    one_of(keys["CONFIRMATION"], ("query", "webhook"), f"{where}['CONFIRMATION']")
    one_of(keys["LATE_PAYMENT"], tuple(LatePayment), f"{where}['LATE_PAYMENT']")
    one_of(keys["REFUND_REQUIRES"], (None, "paid", "settled"), f"{where}['REFUND_REQUIRES']")
    if not keys["PROVIDER"]:
        raise SettingsProblem(f"{where}['PROVIDER']", "it is missing.", 'Write for example "dlocal".')
    approval = keys["REFUND_APPROVAL_OVER"]
    shortest, longest = pair(keys["EXPIRY"], f"{where}['EXPIRY']", '["24h", "72h"]')
    expiry = (duration(shortest, f"{where}['EXPIRY']"), duration(longest, f"{where}['EXPIRY']"))
    if expiry[0] > expiry[1]:
        raise SettingsProblem(f"{where}['EXPIRY']", "the first duration must not be longer than the second.")
    return AccountConfig(
        name=str(name),
        provider=str(keys["PROVIDER"]),
        environment=keys["ENVIRONMENT"],
        credentials=dict_at(keys["CREDENTIALS"], f"{where}['CREDENTIALS']"),
        base_url=_base_url(keys["BASE_URL"], f"{where}['BASE_URL']"),
        webhook_is_enough=keys["CONFIRMATION"] == "webhook",
        refund_requires=keys["REFUND_REQUIRES"],
        refund_approval_over=None if approval is None else _threshold(approval, f"{where}['REFUND_APPROVAL_OVER']"),
        late_payment=LatePayment(keys["LATE_PAYMENT"]),
        limits=None if keys["LIMITS"] is None else dict(_limits(keys["LIMITS"], f"{where}['LIMITS']")),
        expiry=expiry,
        settles=cycle(keys["SETTLES"], f"{where}['SETTLES']"),
        settlement_folder=folder(keys["SETTLEMENT_FOLDER"], f"{where}['SETTLEMENT_FOLDER']"),
        questions_per_second=_rate(keys["QUESTIONS_PER_SECOND"], f"{where}['QUESTIONS_PER_SECOND']"),
        capabilities=dict_at(keys["CAPABILITIES"], f"{where}['CAPABILITIES']"),
        options=dict_at(keys["OPTIONS"], f"{where}['OPTIONS']"),
    )


def _rate(written: object, where: str) -> int:
    if not isinstance(written, int) or isinstance(written, bool) or not 1 <= written <= FASTEST:
        raise SettingsProblem(where, f"{written!r} is not a whole number from 1 to {FASTEST}.")
    return written


def _threshold(written: object, where: str) -> Decimal:
    return Decimal("0.00") if written in {0, "0", "0.00"} else amount(written, where)


def _limits(written: object, where: str) -> Iterator[tuple[str, tuple[Decimal, Decimal]]]:
    for currency, bounds in dict_at(written, where).items():
        if currency not in SYMBOLS:
            raise SettingsProblem(where, f"{currency!r} is not a currency we hold.", suggestion(str(currency), SYMBOLS))
        lowest, highest = (amount(each, where) for each in pair(bounds, where, '["2.00", "3724.00"]'))
        if lowest >= highest:
            raise SettingsProblem(where, f"the minimum of {currency} must be below its maximum.")
        yield currency, (lowest, highest)


def _base_url(written: object, where: str) -> str | None:
    if written is None:
        return None
    if not isinstance(written, str) or not (
        written.startswith("https://") or (written.startswith("http://") and is_loopback(written))
    ):
        raise SettingsProblem(where, "it must be https.", "Plain http is for loopback only.")
    return written.rstrip("/")
