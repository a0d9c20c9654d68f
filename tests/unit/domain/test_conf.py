"""The settings are read strictly: a slip of the pen is a message that says what to write instead, never a silence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from pagoefectivo import conf
from pagoefectivo.conf import Config
from pagoefectivo.conf_reading import SettingsProblem, duration
from pagoefectivo.domain.decisions import LatePayment

ACCOUNT = {
    "PROVIDER": "dlocal",
    "CREDENTIALS": {"login": "CANARY-LOGIN", "trans_key": "CANARY-TRANS", "secret_key": "CANARY-SECRET"},
}
SHOP = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": {"default": ACCOUNT}}
Read = Callable[..., Config]


@pytest.fixture
def read(settings: Any) -> Read:
    """Read a settings dict as the app does."""

    def reading(written: Any, *, debug: bool = False) -> Config:
        settings.DEBUG = debug
        settings.PAGOEFECTIVO = written
        return conf.current()

    return reading


@pytest.fixture
def refused(read: Read) -> Callable[..., SettingsProblem]:
    """Read a shop's dict with changes, and return what is wrong with it."""

    def problem(account: dict[str, Any] | None = None, **keys: Any) -> SettingsProblem:
        with pytest.raises(SettingsProblem) as raised:
            read({**SHOP, "ACCOUNTS": {"default": {**ACCOUNT, **(account or {})}}, **keys})
        assert "CANARY" not in str(raised.value), "a message names a key and never a secret"
        return raised.value

    return problem


def test_the_hour_of_the_banks_is_read_strictly(read: Read, refused: Any) -> None:
    assert read(SHOP).bank_cut_off == time(14, 0)
    assert read({**SHOP, "BANK_CUT_OFF": "09:30"}).bank_cut_off == time(9, 30)
    assert read({**SHOP, "BANK_CUT_OFF": None}).bank_cut_off is None
    for misfit in ("24:00", "9:30", "14", "14:00:00", 14, "٠٩:30"):
        problem = refused(BANK_CUT_OFF=misfit)
        assert (problem.key, problem.hint) == (
            "['BANK_CUT_OFF']",
            'Write one of Lima, for example "14:00"; None: midnight.',
        )


def test_every_key_has_a_default(read: Read) -> None:
    config = read(SHOP)
    assert config.enabled
    assert config.default_expiry == timedelta(hours=48)
    assert config.timing.poll[0] == timedelta(minutes=1)
    assert config.timing.lease == timedelta(seconds=60)
    account = config.accounts["default"]
    assert (account.environment, account.webhook_is_enough) == ("sandbox", False)
    assert (account.late_payment, account.refund_approval_over) == (LatePayment.REVIEW, None)
    assert account.expiry == (timedelta(hours=24), timedelta(hours=72))


def test_without_settings_a_developer_gets_a_sandbox_and_production_nothing(read: Read) -> None:
    assert set(read(None, debug=True).accounts) == {"default"}
    assert not read(None).enabled


@pytest.mark.parametrize(
    ("written", "where", "hint"),
    [
        ({"PUBLIC_BASE_URI": "https://x.example"}, "['PUBLIC_BASE_URI']", "Did you mean 'PUBLIC_BASE_URL'?"),
        ({"ACOUNTS": {}}, "['ACOUNTS']", "Did you mean 'ACCOUNTS'?"),
        ({"TIMING": {"POL": ["1m"]}}, "['TIMING']['POL']", "Did you mean 'POLL'?"),
        ({"QQQ": 1}, "['QQQ']", "Known: ACCOUNTS,"),
        ({17: 1}, "[17]", "Known:"),
    ],
)
def test_a_misspelt_key_is_told_the_right_one(read: Read, written: dict[Any, Any], where: str, hint: str) -> None:
    with pytest.raises(SettingsProblem) as raised:
        read({**SHOP, **written})
    assert raised.value.key == where
    assert raised.value.hint.startswith(hint)


def test_a_misspelt_key_of_an_account_is_told_the_right_one(refused: Callable[..., SettingsProblem]) -> None:
    problem = refused({"ENVIROMENT": "production"})
    assert problem.key == "['ACCOUNTS']['default']['ENVIROMENT']"
    assert problem.hint == "Did you mean 'ENVIRONMENT'?"


@pytest.mark.parametrize(
    ("written", "seconds"), [("1s", 1), ("90s", 90), ("5m", 300), ("48h", 172_800), ("7d", 604_800)]
)
def test_durations_are_written_with_their_unit(written: str, seconds: int) -> None:
    assert duration(written, "x").total_seconds() == seconds


@pytest.mark.parametrize("written", ["", "0s", "5", 5, 5.0, None, "5 m", "-5m", "1.5h", "5w", "5M", "٥m", "m", True])
def test_what_is_no_duration_is_told_an_example(refused: Callable[..., SettingsProblem], written: Any) -> None:
    problem = refused(DEFAULT_EXPIRY=written)
    assert problem.key == "['DEFAULT_EXPIRY']"
    assert "5m" in problem.hint


@pytest.mark.parametrize("name", ["POLL", "RETRY"])
@pytest.mark.parametrize("written", [[], "1m", ["1m", 5], None])
def test_a_schedule_is_a_list_of_durations(refused: Callable[..., SettingsProblem], name: str, written: Any) -> None:
    assert refused(TIMING={name: written}).key == f"['TIMING'][{name!r}]"


def test_a_lease_outlives_the_longest_call(refused: Callable[..., SettingsProblem], read: Read) -> None:
    problem = refused(TIMING={"CONNECT": "3s", "READ": "10s", "LEASE": "26s"})
    assert problem.key == "['TIMING']['LEASE']"
    assert read({**SHOP, "TIMING": {"LEASE": "27s"}}).timing.lease == timedelta(seconds=27)


@pytest.mark.parametrize("url", [None, "", "http://shop.example", "ftp://shop.example", "shop.example", 5])
def test_G28_the_public_address_is_https(refused: Callable[..., SettingsProblem], url: Any) -> None:
    assert refused(PUBLIC_BASE_URL=url).key == "['PUBLIC_BASE_URL']"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000", "https://shop.example/"]
)
def test_plain_http_is_for_this_machine_only(read: Read, url: str) -> None:
    assert read({**SHOP, "PUBLIC_BASE_URL": url}).public_base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["http://api.dlocal.com", "http://127.0.0.1.example.com", "http://localhost.example", 5]
)
def test_G28_a_providers_address_is_https(refused: Callable[..., SettingsProblem], url: Any) -> None:
    assert refused({"BASE_URL": url}).key == "['ACCOUNTS']['default']['BASE_URL']"


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("ENVIRONMENT", "live"), ("CONFIRMATION", "none"), ("LATE_PAYMENT", "ignore"), ("REFUND_REQUIRES", "sent"),
        ("PROVIDER", None), ("PROVIDER", ""), ("CREDENTIALS", "x"), ("EXPIRY", ["24h"]), ("EXPIRY", ["72h", "24h"]),
        ("EXPIRY", "24h"), ("REFUND_APPROVAL_OVER", 12.5), ("REFUND_APPROVAL_OVER", "-1"),
        ("LIMITS", {"EUR": ["1", "2"]}), ("LIMITS", {"PEN": ["5.00"]}), ("LIMITS", {"PEN": ["5.00", "5.00"]}),
        ("LIMITS", {"PEN": [2.0, 5.0]}), ("LIMITS", {"PEN": ["NaN", "5"]}), ("LIMITS", ["PEN"]),
    ],
)  # fmt: skip
def test_a_wrong_value_of_an_account_is_named(refused: Callable[..., SettingsProblem], key: str, written: Any) -> None:
    assert refused({key: written}).key.startswith(f"['ACCOUNTS']['default'][{key!r}]")


def test_the_shops_own_limits_take_effect(read: Read) -> None:
    account = {**ACCOUNT, "LIMITS": {"PEN": ["5.00", "900.00"]}, "EXPIRY": ["1h", "24h"], "REFUND_APPROVAL_OVER": "0"}
    effective = read({**SHOP, "ACCOUNTS": {"default": account}}).accounts["default"]
    assert effective.limits == {"PEN": (Decimal("5.00"), Decimal("900.00"))}
    assert effective.expiry == (timedelta(hours=1), timedelta(hours=24))
    assert effective.refund_approval_over == 0


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ñ", "x" * 65])
def test_an_accounts_name_can_stand_in_an_address(read: Read, name: str) -> None:
    with pytest.raises(SettingsProblem):
        read({**SHOP, "ACCOUNTS": {name: ACCOUNT}})


@pytest.mark.parametrize("written", [[], "x", 5])
def test_the_setting_is_a_dict(read: Read, written: Any) -> None:
    with pytest.raises(SettingsProblem):
        read(written)


def test_accounts_may_be_kept_elsewhere(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ModuleType("kept_elsewhere")
    kept.accounts = lambda: {"lima": ACCOUNT}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kept_elsewhere", kept)
    assert set(read({**SHOP, "ACCOUNTS": "kept_elsewhere.accounts"}).accounts) == {"lima"}
    with pytest.raises(SettingsProblem, match="cannot be imported"):
        read({**SHOP, "ACCOUNTS": "no.such.callable"})


def test_a_config_that_is_printed_shows_no_secret(read: Read) -> None:
    assert "CANARY" not in repr(read(SHOP))


def test_what_may_be_erased_is_kept_for_so_many_days_or_for_ever(read: Read) -> None:
    assert read(SHOP).retention.raw == timedelta(days=180)
    kept = read({**SHOP, "RETENTION_DAYS": {"raw": 30, "bank": None}}).retention
    assert (kept.raw, kept.bank, kept.personal) == (timedelta(days=30), None, timedelta(days=730))


@pytest.mark.parametrize("days", [0, -1, 36501, 1.5, "30d", True])
def test_what_is_no_number_of_days_is_refused(refused: Callable[..., SettingsProblem], days: Any) -> None:
    assert refused(RETENTION_DAYS={"raw": days}).key == "['RETENTION_DAYS']['raw']"


def test_a_misspelt_kind_of_retention_is_told_the_right_one(refused: Callable[..., SettingsProblem]) -> None:
    assert "'personal'" in str(refused(RETENTION_DAYS={"persnal": 30}))
