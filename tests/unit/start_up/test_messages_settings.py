"""The setting MESSAGES: what it means, and what is said of one that cannot be used."""

from __future__ import annotations

import json
from datetime import time
from io import StringIO
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command

from pagoefectivo import conf_messages
from pagoefectivo.channels.base import channel_named
from pagoefectivo.conf_reading import SettingsProblem
from pagoefectivo.domain.buyer_messages import MessageKind
from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.domain.sending import Address, Fate, RenderedMessage

SHOP = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": {}}
SECRET_URL = "whatsapp://a-token-that-nobody-may-read@123456/{phone}"
MESSAGE = RenderedMessage("msg_1", "+51 987-654-321", "", "", "text", "", "short")


def with_messages(settings: Any, **messages: Any) -> conf_messages.MessagesConfig:
    settings.PAGOEFECTIVO = {**SHOP, "MESSAGES": messages}
    return conf_messages.current()


def found(*, deploy: bool = False) -> dict[str, str]:
    ours = (each for each in run_checks(include_deployment_checks=deploy) if "pagoefectivo" in str(each.id))
    return {str(each.id).removeprefix("pagoefectivo."): f"{each.msg} {each.hint}" for each in ours}


def test_without_a_word_buyers_get_mails_of_every_kind_and_sleep_at_night(settings: Any) -> None:
    config = with_messages(settings)
    assert list(config.channels) == ["email"]
    assert config.channels["email"].backend == "email"
    assert config.channels["email"].kinds == frozenset(MessageKind)
    assert config.sender is None
    assert config.quiet is not None
    assert (config.quiet.begins, config.quiet.ends) == (time(21), time(8))


def test_a_channel_carries_what_is_sent_at_all_and_what_it_is_meant_for(settings: Any) -> None:
    channels = {"email": {}, "sms": {"BACKEND": "x.Y", "KINDS": ["paid", "expired"]}}
    config = with_messages(settings, KINDS=["paid", "refund_done"], CHANNELS=channels, QUIET_HOURS=None)
    assert config.channels["email"].kinds == {MessageKind.PAID, MessageKind.REFUND_DONE}
    assert config.channels["sms"].kinds == {MessageKind.PAID}
    assert config.quiet is None


@pytest.mark.parametrize(
    ("messages", "named"),
    [
        ({"CHANELS": {}}, "Did you mean 'CHANNELS'?"),
        ({"CHANNELS": []}, "must be a dict"),
        ({"CHANNELS": {"E Mail": {}}}, "a channel's name"),
        ({"CHANNELS": {"email": {"URL": "x"}}}, "this key does not exist"),
        ({"KINDS": ["payed"]}, "Did you mean 'paid'?"),
        ({"KINDS": "paid"}, "must be a list"),
        ({"FROM": "nobody"}, "no address"),
        ({"FROM": "a@b.example\nBcc: c@d.example"}, "no address"),
        ({"QUIET_HOURS": ["21:00"]}, "two different times"),
        ({"QUIET_HOURS": ["25:00", "08:00"]}, "two different times"),
        ({"QUIET_HOURS": ["08:00", "08:00"]}, "two different times"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_says_what_to_write(
    settings: Any, messages: dict[str, Any], named: str
) -> None:
    with pytest.raises(SettingsProblem, match=r"\['MESSAGES'\]"):
        with_messages(settings, **messages)
    assert named in found()["E002"]


@pytest.mark.parametrize(
    "entry",
    [
        {"BACKEND": "pigeon"},
        {"BACKEND": "nowhere.at.All"},
        {"BACKEND": "email", "OPTIONS": {"colour": "blue"}},
        {"BACKEND": "apprise", "OPTIONS": {"url": "whatsapp://TOKEN@FROM/51987654321"}},
    ],
)
def test_a_channel_that_cannot_be_built_is_an_error(settings: Any, entry: dict[str, Any]) -> None:
    with_messages(settings, CHANNELS={"odd": entry})
    assert "['odd']" in found()["E040"]


def test_before_going_live_mails_that_nobody_reads_or_that_come_from_nowhere_are_warned_of(settings: Any) -> None:
    with_messages(settings)
    settings.DEFAULT_FROM_EMAIL = "webmaster@localhost"
    assert {"W041", "W042"} <= set(found(deploy=True))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with_messages(settings, FROM="Tienda <pedidos@shop.example>")
    assert not {"W041", "W042"} & set(found(deploy=True))
    with_messages(settings, CHANNELS={})
    assert not {"W041", "W042"} & set(found(deploy=True))


def test_G02_options_of_a_channel_are_never_shown(settings: Any) -> None:
    with_messages(settings, CHANNELS={"wa": {"BACKEND": "apprise", "OPTIONS": {"url": SECRET_URL}}})
    out = StringIO()
    call_command("pagoefectivo", "config", "--json", stdout=out)
    shown = json.loads(out.getvalue())
    assert shown["MESSAGES.CHANNELS.wa.BACKEND"] == {"value": "apprise", "origin": "settings"}
    assert shown["MESSAGES.QUIET_HOURS"]["origin"] == "default"
    assert "nobody-may-read" not in out.getvalue() + repr(conf_messages.current())


def test_apprise_is_given_the_buyers_number_in_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    apprise = pytest.importorskip("apprise")
    asked: list[tuple[str, str]] = []

    class Line:
        def add(self, url: str) -> bool:
            asked.append((url, ""))
            return True

        def notify(self, body: str, **_: Any) -> bool:
            asked.append(("", body))
            return len(asked) < 4

    monkeypatch.setattr(apprise, "Apprise", Line)
    channel = channel_named("apprise", {"url": "whatsapp://TOKEN@FROM/{phone}"})
    assert channel.address is Address.PHONE
    assert channel.send(MESSAGE).fate is Fate.SENT
    assert asked == [("whatsapp://TOKEN@FROM/+51987654321", ""), ("", "text")]
    assert channel_named("apprise_sms", {"url": "twilio://S:T@F/{phone}"}).send(MESSAGE).fate is Fate.UNCERTAIN
    assert asked[2:] == [("twilio://S:T@F/+51987654321", ""), ("", "short")]


def test_an_sms_that_is_not_one_does_not_leave() -> None:
    pytest.importorskip("apprise")
    channel = channel_named("apprise_sms", {"url": "json://localhost/{phone}"})
    outcome = channel.send(RenderedMessage("msg_1", "+51987654321", "", "", "", "", "código"))
    assert (outcome.fate, outcome.code) == (Fate.REFUSED, "not_one_sms")


def test_a_backend_without_a_name_is_no_channel() -> None:
    with pytest.raises(ConfigurationError, match="apprise_sms, email"):
        channel_named("pigeon", {})
