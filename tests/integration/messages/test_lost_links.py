"""A buyer who lost the link has it mailed: to the address on file, to the newest that is open, and nobody learns anything."""

from __future__ import annotations

import logging
import re
import threading
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.domain.buyer_messages import MOST_LINKS_A_DAY
from pagoefectivo.models import BuyerMessage
from pagoefectivo.services import buyer_messages
from pagoefectivo.services.actors import SHOP
from pagoefectivo.services.buyer_messages import mail_link
from pagoefectivo.views import lost_links
from tests.integration.messages.conftest import rows

pytestmark = pytest.mark.django_db(transaction=True)
MARIA, NOBODY = "maria.quispe@example.pe", "nadie@example.pe"
ADDRESS = "/pagoefectivo/link/"


def asked(client: Client, email: str, language: str = "es", **more: Any) -> Any:
    return client.post(f"{ADDRESS}?lang={language}", {"email": email}, **more)


def links() -> int:
    return BuyerMessage.objects.filter(kind="link_wanted").count()


def test_a_link_that_opens_nothing_offers_the_real_one_and_the_mail_brings_it(
    open_order: Any, noon: Any, sweep: Any, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    order = open_order(language="en")
    sweep()
    client = Client(enforce_csrf_checks=True)
    lost = client.get(f"/pagoefectivo/v/{'A' * 44}/?lang=en")
    form = re.search(r'<form method="post" action="([^"]+)">', lost.content.decode())
    assert (lost.status_code, form and form[1]) == (404, f"{ADDRESS}?lang=en")
    answer = client.post(f"{ADDRESS}?lang=en", {"email": MARIA})
    assert "Look into your mail" in answer.content.decode()
    assert MARIA not in answer.content.decode()
    sweep()
    told: Any = mail.outbox[-1]
    assert (told.to, told.subject) == ([MARIA], "The link to your order A-1042")
    assert told.body.count(order.page_url) == 1
    assert order.current_voucher.code not in told.subject + told.body
    assert rows(kind="link_wanted") == {"link_wanted": "sent"}
    assert BuyerMessage.objects.get(kind="link_wanted").requested_by == "buyer"
    assert MARIA not in caplog.text


def test_the_answer_is_the_same_for_every_email_and_the_mail_goes_out_once_in_ten_minutes(
    open_order: Any, noon: Any, sweep: Any
) -> None:
    open_order()
    answers = set()
    for email in (MARIA, NOBODY, "MARIA.QUISPE@EXAMPLE.PE", MARIA):
        answer = asked(Client(), email)
        answers.add((answer.status_code, answer.content.decode()))
    assert len({(status, re.sub(r"sha256-\S+|nonce\S+", "", text)) for status, text in answers}) == 1
    sweep()
    assert [each.subject for each in mail.outbox].count("El enlace de tu pedido A-1042") == 1
    for expected in (2, 3, 4, 5, 5):
        noon.advance(minutes=10)
        mail_link(MARIA)
        assert links() == expected
    assert expected == MOST_LINKS_A_DAY
    noon.advance(hours=24)
    mail_link(MARIA)
    assert links() == MOST_LINKS_A_DAY + 1


def test_of_two_who_ask_at_the_same_instant_one_mail_comes(open_order: Any, noon: Any) -> None:
    open_order()
    start = threading.Barrier(2)

    def ask() -> None:
        start.wait()
        mail_link(MARIA)
        connection.close()

    both = [threading.Thread(target=ask) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert links() == 1


def test_the_newest_that_is_open_is_linked_and_where_nothing_is_the_newest(
    open_order: Any, paid_order: Any, noon: Any, sweep: Any
) -> None:
    paid_order("PAID-1")

    def linked() -> str:
        noon.advance(minutes=10)
        mail_link(MARIA)
        sweep()
        return str(re.findall(r"http\S+/[vr]/\S+", str(mail.outbox[-1].body))[0])

    assert linked() == shop.get_order(reference="PAID-1").page_url
    waiting = open_order("OPEN-2")
    paid_order("PAID-3")
    assert linked() == waiting.page_url
    refund = shop.request_refund(reference="PAID-3", amount="20.00", reason="other", actor=SHOP)
    assert linked() == refund.page_url
    newest = open_order("OPEN-4")
    assert linked() == newest.page_url
    assert set(BuyerMessage.objects.filter(kind="link_wanted").values_list("outcome", flat=True)) == {"sent"}


def test_the_page_of_an_order_never_resends_the_link_for_its_news(open_order: Any, noon: Any, sweep: Any) -> None:
    order = open_order()
    mail_link(MARIA)
    sweep()
    buyer_messages.resend_newest(order.page_key)
    assert rows(repeat__gt=0) == {"voucher_issued+": "waiting"}


def test_one_sender_is_paused_and_what_is_no_email_or_comes_from_elsewhere_asks_for_nothing(
    open_order: Any, noon: Any
) -> None:
    open_order()
    client = Client()
    page = client.get(f"{ADDRESS}?lang=en").content.decode()
    assert 'autocomplete="email"' in page
    for wrong in ("", "maria", f"{MARIA}, {NOBODY}", f"{MARIA}\nBcc: {NOBODY}"):
        answer = asked(Client(REMOTE_ADDR="203.0.113.5"), wrong, "en")
        assert (answer.status_code, "Write it like name@example.com." in answer.content.decode()) == (422, True)
    assert asked(client, MARIA, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.put(ADDRESS).status_code == 405
    assert links() == 0
    statuses = [asked(client, NOBODY).status_code for _ in range(lost_links.BY_SENDER.most + 1)]
    assert statuses == [200] * lost_links.BY_SENDER.most + [429]
    slowed = asked(client, MARIA)
    assert slowed["Retry-After"] == "60"
    assert re.findall(r'href="([^"]*)lang=\w\w" lang=', slowed.content.decode()) == ["?"] * 3, "the form itself"
    assert links() == 0


def test_where_the_shop_sends_no_mails_nothing_is_offered(open_order: Any, noon: Any, settings: Any) -> None:
    open_order()
    silent: list[dict[str, Any]] = [{"CHANNELS": {}}, {"KINDS": ["paid"]}]
    for messages in silent:
        settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "MESSAGES": messages}
        for answer in (Client().get(f"/pagoefectivo/v/{'A' * 44}/"), Client().get(ADDRESS), asked(Client(), MARIA)):
            assert (answer.status_code, b"<form" in answer.content) == (404, False)
        mail_link(MARIA)
        assert links() == 0
    assert reverse("pagoefectivo:lost-link") == ADDRESS
