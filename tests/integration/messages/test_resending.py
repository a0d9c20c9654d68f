"""Sending again: by staff who may, by the buyer's link, to the address on file, three times an hour, and only what holds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission as DjangoPermission
from django.core import mail
from django.test import Client
from django.urls import reverse

from pagoefectivo.domain.exceptions import NotFound, RuleRefused
from pagoefectivo.links import page_token
from pagoefectivo.models import BuyerMessage
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services import buyer_messages
from pagoefectivo.services.actors import SHOP, Actor, PermissionRefused
from tests.integration.messages.conftest import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(open_order: Any, noon: Any, sweep: Any) -> BuyerMessage:
    """A code that its buyer was told of."""
    open_order()
    sweep()
    return BuyerMessage.objects.get(kind="voucher_issued")


def asked_by_link(client: Client, token: str, **more: Any) -> Any:
    return client.post(reverse("pagoefectivo:voucher-resend", args=[token]), **more)


def code_of(told: BuyerMessage) -> str:
    assert told.voucher is not None
    return told.voucher.code


def person(*permissions: str) -> Client:
    user = get_user_model()._default_manager.create_user("rosa", is_staff=True)
    names = DjangoPermission.objects.filter(codename__in=permissions, content_type__app_label="pagoefectivo")
    user.user_permissions.set(names)
    client = Client()
    client.force_login(user)
    return client


def test_a_message_is_sent_again_as_a_row_of_its_own_and_says_who_asked(told: BuyerMessage, sweep: Any) -> None:
    buyer_messages.resend(told.public_id, actor=SHOP)
    sweep()
    assert rows(kind="voucher_issued") == {"voucher_issued": "sent", "voucher_issued+": "sent"}
    assert [each.to for each in mail.outbox] == [["maria.quispe@example.pe"]] * 2
    first, second = (each.extra_headers["Message-ID"] for each in mail.outbox)
    assert first != second
    entries = [entry for entry in timeline_of(told.order) if entry.kind == "message"]
    assert [(entry.actor, entry.details["repeat"]) for entry in entries] == [("system", 0), ("shop", 1)]


def test_the_fourth_within_an_hour_is_refused_and_an_hour_later_it_is_not(
    told: BuyerMessage, noon: Any, sweep: Any
) -> None:
    for _ in range(3):
        buyer_messages.resend(told.public_id, actor=SHOP)
        sweep()
    with pytest.raises(RuleRefused, match="MESSAGE_TOO_OFTEN"):
        buyer_messages.resend(told.public_id, actor=SHOP)
    assert BuyerMessage.objects.filter(repeat__gt=0).count() == 3
    noon.advance(minutes=61)
    buyer_messages.resend(told.public_id, actor=SHOP)
    assert BuyerMessage.objects.filter(repeat__gt=0).count() == 4


def test_what_is_no_longer_true_is_not_sent_again(psp: Any, told: BuyerMessage, noon: Any, sweep: Any) -> None:
    psp.pay(code_of(told))
    noon.advance(seconds=3)
    sweep()
    with pytest.raises(RuleRefused, match="MESSAGE_OUTDATED"):
        buyer_messages.resend(told.public_id, actor=SHOP)
    assert not BuyerMessage.objects.filter(repeat__gt=0).exists()


def test_only_those_who_may_and_who_see_the_account_send_again(told: BuyerMessage) -> None:
    with pytest.raises(PermissionRefused):
        buyer_messages.resend(told.public_id, actor=Actor("key:x", frozenset()))
    with pytest.raises(NotFound):
        buyer_messages.resend(told.public_id, actor=Actor("key:x", SHOP.permissions, accounts=frozenset({"other"})))
    assert not BuyerMessage.objects.filter(repeat__gt=0).exists()


def test_staff_see_masked_rows_and_send_again_by_a_question_and_a_post(told: BuyerMessage, sweep: Any) -> None:
    client = person("view_buyermessage", "resend_message", "view_order")
    listed = client.get(reverse("admin:pagoefectivo_buyermessage_changelist"), {"q": "A-1042"}).content.decode()
    page = client.get(reverse("admin:pagoefectivo_buyermessage_change", args=[told.pk])).content.decode()
    assert "A-1042" in listed
    assert "m••••@example.pe" in page
    assert "maria.quispe" not in listed + page
    assert code_of(told) not in listed + page
    resend = reverse("admin:pagoefectivo_buyermessage_resend", args=[told.pk])
    assert resend in page
    assert client.get(resend).status_code == 200
    assert len(rows(kind="voucher_issued")) == 1
    assert client.post(resend).status_code == 302
    sweep()
    assert rows(kind="voucher_issued") == {"voucher_issued": "sent", "voucher_issued+": "sent"}
    assert BuyerMessage.objects.get(repeat=1).requested_by == "staff:rosa"


def test_staff_without_the_permission_are_refused_and_nothing_is_written(told: BuyerMessage) -> None:
    client = person("view_buyermessage")
    page = client.get(reverse("admin:pagoefectivo_buyermessage_change", args=[told.pk])).content.decode()
    resend = reverse("admin:pagoefectivo_buyermessage_resend", args=[told.pk])
    assert resend not in page
    assert client.post(resend).status_code == 403
    assert not BuyerMessage.objects.filter(repeat__gt=0).exists()


def test_the_buyers_link_sends_the_newest_message_that_holds(
    psp: Any, told: BuyerMessage, noon: Any, sweep: Any
) -> None:
    psp.pay(code_of(told))
    noon.advance(seconds=3)
    sweep()
    asked_by_link(Client(enforce_csrf_checks=True), page_token(told.order.page_key))
    sweep()
    assert rows(repeat__gt=0) == {"paid+": "sent"}
    assert BuyerMessage.objects.get(repeat=1).requested_by == "buyer"
    assert mail.outbox[-1].to == ["maria.quispe@example.pe"]


def test_the_answer_is_the_same_for_every_link_and_every_number_of_tries(told: BuyerMessage, sweep: Any) -> None:
    token, client = page_token(told.order.page_key), Client()
    answers = set()
    for link in (*[token] * 5, "x" * 44, "no-token"):
        answer = asked_by_link(client, link)
        answers.add((answer.status_code, answer.content.decode().split("<main>")[1].replace(link, "the link")))
        sweep()
    assert len(answers) == 1
    assert BuyerMessage.objects.filter(repeat__gt=0).count() == 3
    assert client.get(reverse("pagoefectivo:voucher-resend", args=[token])).status_code == 405


def test_the_answer_leads_back_to_the_page_in_every_language(told: BuyerMessage) -> None:
    client, token = Client(), page_token(told.order.page_key)
    answer = asked_by_link(client, token).content.decode()
    page = reverse("pagoefectivo:voucher", args=[token])
    links = re.findall(rf'href="({page}\?lang=\w\w)"', answer)
    assert sorted(links) == [f"{page}?lang={code}" for code in ("en", "es", "es", "zh")]
    assert {client.get(link).status_code for link in links} == {200}


def test_the_page_offers_it_only_where_the_shop_sends_mails(told: BuyerMessage, settings: Any) -> None:
    token, client = page_token(told.order.page_key), Client()
    address = reverse("pagoefectivo:voucher-resend", args=[token])
    shown = client.get(reverse("pagoefectivo:voucher", args=[token])).content.decode()
    assert f'<form method="post" action="{address}?lang=es">' in shown
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "MESSAGES": {"CHANNELS": {}}}
    assert address not in client.get(reverse("pagoefectivo:voucher", args=[token])).content.decode()
    assert asked_by_link(client, token).status_code == 404
    assert BuyerMessage.objects.filter(repeat__gt=0).count() == 0


def test_after_erasure_nothing_can_be_sent_any_more(told: BuyerMessage, sweep: Any) -> None:
    told.order.payer_email = ""
    told.order.save()
    buyer_messages.resend(told.public_id, actor=SHOP)
    sweep()
    again = BuyerMessage.objects.get(repeat=1)
    assert (again.outcome, again.failure, len(mail.outbox)) == ("not_needed", "no_address", 1)
