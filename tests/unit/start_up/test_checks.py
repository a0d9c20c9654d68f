"""What `manage.py check` says of a wrong installation: an id, a plain sentence, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pytest
from django.core.checks import INFO, CheckMessage, run_checks

from pagoefectivo import checks, conf
from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.services import environments
from pagoefectivo.services.accounts import account_named

KEYS = {"login": "own-login", "trans_key": "own-trans-key", "secret_key": "own-secret-key"}
Wearing = Callable[..., None]


@pytest.fixture
def wearing(settings: Any) -> Wearing:
    """Put on settings with one account, changed as the story says."""

    def put_on(settings_keys: dict[str, Any] | None = None, **account: Any) -> None:
        entry = {"PROVIDER": "dlocal", "ENVIRONMENT": "sandbox", "CREDENTIALS": KEYS} | account
        settings.PAGOEFECTIVO = {
            "PUBLIC_BASE_URL": "https://shop.example",
            "ACCOUNTS": {"default": entry},
        } | (settings_keys or {})

    return put_on


@pytest.fixture
def outside_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "is_under_test", lambda: False)


def found(*, deploy: bool = False) -> dict[str, CheckMessage]:
    ours = (message for message in run_checks(include_deployment_checks=deploy) if "pagoefectivo" in str(message.id))
    return {str(message.id).removeprefix("pagoefectivo."): message for message in ours}


def test_a_sound_sandbox_account_has_nothing_to_say(wearing: Wearing) -> None:
    wearing()
    assert found() == {}


def test_an_unknown_key_is_an_error_that_suggests_the_right_spelling(wearing: Wearing) -> None:
    wearing({"PUBLIC_BASE_ULR": "https://shop.example"})
    assert found()["E002"].hint == "Did you mean 'PUBLIC_BASE_URL'?"


def test_an_unknown_credential_and_a_missing_one_are_both_named_and_never_shown(wearing: Wearing) -> None:
    wearing(CREDENTIALS={"login": "own-login", "trans_key": "own-trans-key", "secret_kye": "own-secret-key"})
    messages = found()
    assert "has no 'secret_key'" in messages["E003"].msg
    assert messages["E002"].hint == "Did you mean 'secret_key'?"
    assert "own-" not in str(messages)


@pytest.mark.parametrize("secret", ["", None, []])
def test_A14_an_account_without_the_secret_that_verifies_webhooks_does_not_pass(wearing: Wearing, secret: Any) -> None:
    wearing(CREDENTIALS={**KEYS, "secret_key": secret})
    assert "has no 'secret_key'" in found()["E003"].msg


def test_a_key_that_is_none_is_named_by_its_provider_and_never_shown(wearing: Wearing) -> None:
    wearing(PROVIDER="ebanx", CREDENTIALS={"integration_key": "own-key", "notification_certificates": ["own-pem"]})
    messages = found()
    assert list(messages) == ["E003"]
    assert "notification_certificates has an entry that is no RSA certificate" in messages["E003"].msg
    assert "own-" not in str(messages)


@pytest.mark.parametrize("keys", [{}, {"jws_kid": "own-kid"}, {"jws_private_key": "own-pem"}])
def test_of_two_ways_to_sign_in_one_must_be_whole(wearing: Wearing, keys: dict[str, str]) -> None:
    wearing(PROVIDER="ebanx", CREDENTIALS={"notification_certificates": "own-pem", **keys})
    texts = [message.msg for message in run_checks() if message.id == "pagoefectivo.E003"]
    assert any("needs 'jws_kid' and 'jws_private_key' or 'integration_key'" in text for text in texts)


def test_G01_production_keys_under_debug_are_refused_at_start_up_and_before_any_call(
    wearing: Wearing, settings: Any, outside_tests: None
) -> None:
    settings.DEBUG = True
    wearing(ENVIRONMENT="production")
    assert list(found()) == ["E016"]
    with pytest.raises(ConfigurationError, match="DEBUG is on"):
        account_named("default")


def test_G01_production_keys_in_a_test_run_are_refused_at_start_up_and_before_any_call(wearing: Wearing) -> None:
    wearing(ENVIRONMENT="production")
    assert list(found()) == ["E010"]
    with pytest.raises(ConfigurationError, match="tests are running"):
        account_named("default")


def test_G01_production_on_its_own_ground_is_welcome(wearing: Wearing, outside_tests: None) -> None:
    wearing(ENVIRONMENT="production")
    assert found() == {}
    assert account_named("default").account.base_url == "https://api.dlocal.com"


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8077/dlocal", "https://sandbox.dlocal.com"])
def test_G01_a_production_account_that_speaks_to_a_sandbox_is_refused(
    wearing: Wearing, outside_tests: None, base_url: str
) -> None:
    wearing(ENVIRONMENT="production", BASE_URL=base_url)
    assert list(found()) == ["E012"]


def test_G01_a_sandbox_account_that_speaks_to_production_is_refused(wearing: Wearing) -> None:
    wearing(BASE_URL="https://api.dlocal.com")
    assert list(found()) == ["E010"]


def test_G01_the_published_example_keys_never_work_in_production(wearing: Wearing, outside_tests: None) -> None:
    wearing(ENVIRONMENT="production", CREDENTIALS=conf.SANDBOX_ACCOUNT["CREDENTIALS"])
    assert list(found()) == ["E011"]


def test_an_unknown_provider_is_named_with_the_nearest_one(wearing: Wearing) -> None:
    wearing(PROVIDER="dlocall")
    assert "did you mean 'dlocal'?" in found()["E004"].msg


def test_G27_both_state_machine_distributions_at_once_are_refused(
    wearing: Wearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    wearing()
    monkeypatch.setattr(checks, "version", lambda _: "3.0.1")
    assert "pip uninstall django-fsm django-fsm-2" in str(found()["E022"].hint)


def test_G27_this_environment_holds_one_of_them_only() -> None:
    with pytest.raises(PackageNotFoundError):
        version("django-fsm")
    assert version("django-fsm-2").startswith("4.")


def test_without_time_zones_nothing_starts(wearing: Wearing, settings: Any) -> None:
    wearing()
    settings.USE_TZ = False
    assert list(found()) == ["E021"]


def test_absent_settings_disable_the_app_and_say_so(settings: Any) -> None:
    del settings.PAGOEFECTIVO
    settings.DEBUG = False
    conf.forget()
    assert list(found()) == ["I001"]
    assert conf.current().enabled is False


def test_absent_settings_under_debug_mean_one_sandbox_account(settings: Any) -> None:
    del settings.PAGOEFECTIVO
    settings.DEBUG = True
    conf.forget()
    assert found() == {}
    assert list(conf.current().accounts) == ["default"]
    assert conf.current().accounts["default"].environment == "sandbox"


def test_going_live_asks_for_https_a_shared_cache_and_a_real_account(wearing: Wearing, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": checks.LOCAL_MEMORY}}
    wearing({"PUBLIC_BASE_URL": "http://127.0.0.1:8000"})
    assert set(found()) == set()
    assert set(found(deploy=True)) == {"E015", "W034", "W012", "W041"}


@pytest.mark.parametrize("path", ["nowhere.scan", "tests.integration.services.scanners.not_callable"])
def test_a_scanner_that_cannot_be_called_is_named_before_it_refuses_every_picture(wearing: Wearing, path: str) -> None:
    wearing({"PROOF_SCANNER": path})
    assert path in found()["E043"].msg
    wearing({"PROOF_SCANNER": "scan"})
    assert list(found()) == ["E002"]


def test_production_without_a_scanner_says_so_and_asks_for_nothing(wearing: Wearing, outside_tests: None) -> None:
    wearing(ENVIRONMENT="production")
    assert found(deploy=True)["I043"].level == INFO
    wearing({"PROOF_SCANNER": "tests.integration.services.scanners.careful"}, ENVIRONMENT="production")
    assert "I043" not in found(deploy=True)
    wearing()
    assert "I043" not in found(deploy=True)


def test_F08_going_live_on_sqlite_is_refused(wearing: Wearing, monkeypatch: pytest.MonkeyPatch) -> None:
    wearing()
    monkeypatch.setattr("pagoefectivo.checks.connection.vendor", "sqlite", raising=False)
    assert "PostgreSQL" in str(found(deploy=True)["E020"].hint)
