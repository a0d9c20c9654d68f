"""One host serves Mercado Pago's two environments: the key alone says which it is for, and it is held to it."""

from __future__ import annotations

from typing import Any

import pytest

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.environments import objections


def configured(settings: Any, token: str, environment: str) -> conf.AccountConfig:
    keys = {"access_token": token, "webhook_secret": "s"}
    entry = {"PROVIDER": "mercadopago", "ENVIRONMENT": environment, "CREDENTIALS": keys}
    settings.PAGOEFECTIVO = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": {"default": entry}}
    return conf.current().accounts["default"]


def test_a_test_key_serves_a_sandbox_account(settings: Any) -> None:
    assert objections(configured(settings, "TEST-4711", "sandbox")) == []
    assert account_named("default").account.base_url == "https://api.mercadopago.com"


def test_a_production_key_is_refused_in_a_sandbox_account_and_never_shown(settings: Any) -> None:
    (objection,) = objections(configured(settings, "APP_USR-4711", "sandbox"))
    assert objection.check_id == "E010"
    assert "is a production key in a sandbox account" in objection.problem
    assert "4711" not in objection.problem + objection.hint
    with pytest.raises(ConfigurationError, match="production key in a sandbox account"):
        account_named("default")


def test_a_test_key_is_refused_in_a_production_account(settings: Any) -> None:
    problems = [each.problem for each in objections(configured(settings, "TEST-4711", "production"))]
    assert any("is a sandbox key in a production account" in problem for problem in problems)
