"""What an account says of its own contract: taken where it fits, refused with the key and an example where not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pagoefectivo import conf
from pagoefectivo.conf_reading import SettingsProblem
from pagoefectivo.domain.business_days import BusinessDays
from pagoefectivo.domain.cycles import Cycle
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.environments import objections


class Disputed(DLocal):
    options = {
        "PAID_STATUSES": ("23",),
        "ORIGIN": "web",
        "BATCH": 20,
        "IS_OLD": False,
        "NAMES": {"code": "code", "net": "net"},
    }
    credential_choices = (frozenset({"login"}), frozenset({"trans_key", "secret_key"}))
    credential_fields = {"login": False, "trans_key": False, "secret_key": False}
    credential_prefixes = {"login": {"sandbox": "TEST-", "production": "APP-"}}


DISPUTED = f"{__name__}.Disputed"
KEYS = {"login": "a", "trans_key": "b", "secret_key": "c"}


@pytest.fixture
def account(settings: Any) -> Any:
    def configured(provider: str = "dlocal", **keys: Any) -> conf.AccountConfig:
        entry = {"PROVIDER": provider, "CREDENTIALS": KEYS, **keys}
        settings.PAGOEFECTIVO = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": {"default": entry}}
        return conf.current().accounts["default"]

    return configured


def problems(config: conf.AccountConfig) -> list[tuple[str, str, str]]:
    return [(each.check_id, each.problem, each.hint) for each in objections(config)]


def test_an_ability_of_the_contract_takes_the_place_of_the_cautious_one(account: Any) -> None:
    config = account(CAPABILITIES={"cancel_voucher": True, "refund_window": "90d", "payments_per_question": 5})
    assert problems(config) == []
    able = account_named("default").capabilities
    assert (able.cancel_voucher, able.refund_window, able.payments_per_question) == (True, timedelta(days=90), 5)
    assert able.partial_refunds is DLocal.capabilities.partial_refunds
    assert DLocal.capabilities.cancel_voucher is False


def test_a_contract_may_promise_how_long_money_takes_or_that_nobody_says(account: Any) -> None:
    assert problems(account(CAPABILITIES={"refund_takes": None, "settles_in": [1, 3]})) == []
    able = account_named("default").capabilities
    assert (able.refund_takes, able.settles_in) == (None, BusinessDays(1, 3))
    assert DLocal.capabilities.refund_takes == BusinessDays(1, 5)
    assert DLocal.capabilities.settles_in is None
    for misfit in ([3, 1], [1], 3, ["1", "3"], [-1, 3], [True, 3], "1-3"):
        (problem,) = problems(account(CAPABILITIES={"settles_in": misfit}))
        assert problem[0] == "E002"
        assert "['settles_in']" in problem[1], misfit
        assert problem[2] == "Write the least and the most, for example [1, 5]; None: nobody says."


def test_a_settlement_cycle_goes_before_the_days_of_the_provider(account: Any) -> None:
    account(CAPABILITIES={"settles_in": [1, 3]})
    assert account_named("default").settlement_cycle == Cycle(BusinessDays(1, 3))
    account(CAPABILITIES={"settles_in": [1, 3]}, SETTLES="weekly Friday+2")
    assert account_named("default").settlement_cycle == Cycle(BusinessDays(2, 2), closes_on=4)
    account()
    assert account_named("default").settlement_cycle is None


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("weekly fryday+2", "Did you mean 'weekly friday+2'?"),
        ("weekly monday", "Did you mean 'weekly monday+2'?"),
        ("T 3", "Did you mean 'T+3'?"),
        (3, "Known: T+1, T+3, weekly friday+2,"),
    ],
)
def test_an_unreadable_settlement_cycle_is_refused_with_what_it_may_have_meant(
    account: Any, written: object, hint: str
) -> None:
    with pytest.raises(SettingsProblem) as caught:
        account(SETTLES=written)
    assert caught.value.key == "['ACCOUNTS']['default']['SETTLES']"
    assert caught.value.problem == f"{written!r} is not a settlement cycle."
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("written", "key", "hint"),
    [
        ({"cancel_vouchers": True}, "cancel_vouchers", "Did you mean 'cancel_voucher'?"),
        ({"cancel_voucher": "yes"}, "cancel_voucher", "Write for example True."),
        ({"refund_window": 90}, "refund_window", 'Write for example "30s", "5m" or "48h".'),
        ({"payments_per_question": True}, "payments_per_question", "Write for example 20."),
        ({"payments_per_question": -1}, "payments_per_question", "Write for example 20."),
    ],
)
def test_an_ability_that_does_not_fit_is_refused_with_what_to_write(
    account: Any, written: dict[str, Any], key: str, hint: str
) -> None:
    (problem,) = problems(account(CAPABILITIES=written))
    assert problem[0] == "E002"
    assert f"['default']['CAPABILITIES'][{key!r}]" in problem[1]
    assert problem[2] == hint


def test_limits_and_the_way_refunds_go_are_no_ability_to_set(account: Any) -> None:
    for name in ("limits", "refund_mode", "required_payer_fields"):
        (problem,) = problems(account(CAPABILITIES={name: "x"}))
        assert "this key does not exist" in problem[1]


def test_options_have_the_providers_defaults_and_the_accounts_values(account: Any) -> None:
    account(DISPUTED, OPTIONS={"PAID_STATUSES": ["23", "25"], "BATCH": 50, "NAMES": {"net": "Neto"}})
    assert account_named("default").account.options == {
        "PAID_STATUSES": ("23", "25"),
        "ORIGIN": "web",
        "BATCH": 50,
        "IS_OLD": False,
        "NAMES": {"code": "code", "net": "Neto"},
    }


@pytest.mark.parametrize(
    "written",
    [
        *({"PAID": ["23"]}, {"PAID_STATUSES": "23"}, {"BATCH": "20"}, {"IS_OLD": 1}, {"NAMES": "Neto"}),
        *({"NAMES": {"net": name}} for name in ("", " Neto", 1, ["Neto"])),
    ],
)
def test_an_option_that_does_not_fit_is_refused(account: Any, written: dict[str, Any]) -> None:
    ((check, problem, _),) = problems(account(DISPUTED, OPTIONS=written))
    assert check == "E002"
    assert "['OPTIONS']" in problem


def test_another_word_for_ours_is_taken_unless_it_is_misspelt_or_stands_for_two(account: Any) -> None:
    ((_, problem, hint),) = problems(account(DISPUTED, OPTIONS={"NAMES": {"nett": "Neto"}}))
    assert "['OPTIONS']['NAMES']['nett']: this key does not exist." in problem
    assert hint == "Did you mean 'net'?"
    ((_, problem, _),) = problems(account(DISPUTED, OPTIONS={"NAMES": {"net": "code"}}))
    assert "'code' stands for two of them." in problem
    assert problems(account(DISPUTED, OPTIONS={"NAMES": {"net": "code", "code": "net"}})) == []


def test_one_of_several_sets_of_keys_must_be_whole(account: Any) -> None:
    assert problems(account(DISPUTED, CREDENTIALS={"login": "a"})) == []
    assert problems(account(DISPUTED, CREDENTIALS={"trans_key": "b", "secret_key": "c"})) == []
    ((check, problem, _),) = problems(account(DISPUTED, CREDENTIALS={"trans_key": "b"}))
    assert check == "E003"
    assert "needs 'login' or 'secret_key' and 'trans_key'" in problem


def test_G01_a_key_that_says_another_environment_of_itself_is_refused(account: Any) -> None:
    config = account(DISPUTED, ENVIRONMENT="sandbox", CREDENTIALS={"login": "APP-canary"})
    ((check, problem, _),) = problems(config)
    assert check == "E010"
    assert "is a production key in a sandbox account" in problem
    assert "canary" not in problem
