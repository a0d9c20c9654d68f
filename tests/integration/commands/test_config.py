"""`manage.py pagoefectivo config` tells what is in force and gives no secret away."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

SECRET = "a-secret-key-of-forty-characters-or-so-9f3a"
ACCOUNT = {"PROVIDER": "dlocal", "CREDENTIALS": {"login": "short", "trans_key": SECRET, "secret_key": [SECRET, "tiny"]}}


def shown(*arguments: str) -> str:
    out = StringIO()
    call_command("pagoefectivo", "config", *arguments, stdout=out)
    return out.getvalue()


def test_every_key_is_shown_with_its_origin(settings: Any) -> None:
    settings.PAGOEFECTIVO = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": {"default": ACCOUNT}}
    found = json.loads(shown("--json"))
    assert found["PUBLIC_BASE_URL"] == {"value": "https://shop.example", "origin": "settings"}
    assert found["ACCOUNTS.default.PROVIDER"] == {"value": "dlocal", "origin": "settings"}
    assert found["ACCOUNTS.default.CONFIRMATION"] == {"value": "query", "origin": "default"}
    assert found["TIMING.LEASE"] == {"value": "60s", "origin": "default"}


def test_a_secret_shows_its_end_only_when_it_is_long_enough(settings: Any) -> None:
    settings.PAGOEFECTIVO = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": {"default": ACCOUNT}}
    found = json.loads(shown("--json"))
    assert found["ACCOUNTS.default.CREDENTIALS.trans_key"]["value"] == "••••9f3a"
    assert found["ACCOUNTS.default.CREDENTIALS.login"]["value"] == "••••"
    assert found["ACCOUNTS.default.CREDENTIALS.secret_key"]["value"] == ["••••9f3a", "••••"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_G02_no_secret_is_printed(settings: Any, form: list[str]) -> None:
    settings.PAGOEFECTIVO = {
        "PUBLIC_BASE_URL": "https://shop.example",
        "ACCOUNTS": {"default": ACCOUNT},
        "ENCRYPTION_KEYS": ["an-encryption-key-that-is-long-77aa", "old"],
    }
    said = shown(*form)
    assert SECRET not in said
    assert "tiny" not in said
    assert "an-encryption-key" not in said
    assert "77aa" in said


def test_accounts_kept_elsewhere_are_shown_as_they_take_effect(settings: Any) -> None:
    settings.PAGOEFECTIVO = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": f"{__name__}.accounts"}
    found = json.loads(shown("--json"))
    assert found["ACCOUNTS"]["value"] == f"{__name__}.accounts"
    assert found["ACCOUNTS.default.PROVIDER"]["value"] == "dlocal"
    assert found["ACCOUNTS.default.CREDENTIALS.trans_key"]["value"] == "••••9f3a"


def accounts() -> dict[str, Any]:
    return {"default": ACCOUNT}


def test_a_misspelt_key_is_named_with_the_right_one_and_ends_with_1(settings: Any) -> None:
    settings.PAGOEFECTIVO = {"PUBLIC_BASE_URL": "https://shop.example", "ACOUNTS": {}}
    with pytest.raises(CommandError, match="Did you mean 'ACCOUNTS'") as refusal:
        shown()
    assert refusal.value.returncode == 1


def test_a_shop_without_accounts_is_told_that_the_app_is_disabled(settings: Any) -> None:
    settings.PAGOEFECTIVO = {}
    assert "disabled" in shown()
