"""Every message in every language: whole, with its amount and its one link, and without what must not be in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain import sms
from pagoefectivo.domain.buyer_messages import ABOUT_ACCOUNT, WITH_CODE, MessageKind
from pagoefectivo.domain.languages import LANGUAGES
from pagoefectivo.domain.sending import RenderedMessage
from pagoefectivo.models import BuyerMessage, Order, Refund, RefundDestination, Voucher
from pagoefectivo.services.buyer_messages import standing_of
from pagoefectivo.services.message_content import Told, rendered

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
CODE, CCI = "12345678", "00219300123456789012"
BANNED = re.compile(r"cancelad|procesad|error interno|\bOK\b", re.IGNORECASE)
EVERY = [(kind, language) for kind in MessageKind for language in LANGUAGES]


@pytest.fixture(autouse=True)
def _shop(settings: Any) -> None:
    settings.PAGOEFECTIVO = {
        "PUBLIC_BASE_URL": "https://shop.example",
        "SHOP_NAME": "Tienda <Faro> & Cía",
        "SUPPORT_CONTACT": "ayuda@shop.example",
        "ACCOUNTS": {"default": {"PROVIDER": "dlocal"}},
    }


def message_about(kind: MessageKind, language: str) -> RenderedMessage:
    order = Order(
        reference="A-1042", amount=Decimal("89.90"), currency="PEN", page_key="k" * 22, language=language,
        payer_email="maria.quispe@example.pe", payer_name="María Quispe", payer_document_number="45678912",
    )  # fmt: skip
    voucher = Voucher(
        order=order, attempt=1, amount=Decimal("89.90"), currency="PEN", code=CODE, expires_at=datetime(2026, 11, 26, 3, 32, tzinfo=UTC)
    )  # fmt: skip
    refund, account = (
        None,
        RefundDestination(account_number=CCI, bank_code="002", holder_name="María Quispe", created_at=NOW),
    )
    if kind in {MessageKind.PAID, MessageKind.PAID_LATE, MessageKind.IN_REVIEW} or kind.startswith("refund"):
        order.paid_amount = voucher.paid_amount = Decimal("89.90")
        voucher.paid_at = NOW
    if kind.startswith("refund"):
        refund = Refund(
            order=order,
            voucher=voucher,
            amount=Decimal("20.00"),
            currency="PEN",
            created_at=NOW,
            changed_at=NOW,
            destination=account,
        )
    given = account if kind in ABOUT_ACCOUNT else None
    told = Told(order, [voucher], voucher, refund, standing_of(order, voucher, refund, [voucher]), given)
    return rendered(BuyerMessage(public_id="msg_1", kind=kind, language=language), told, order.payer_email, NOW)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_message_is_whole_and_keeps_to_what_belongs_in_it(kind: MessageKind, language: str) -> None:
    message = message_about(kind, language)
    amount = "S/\N{NO-BREAK SPACE}" + ("20.00" if kind.startswith("refund") else "89.90")
    page = "/pagoefectivo/r/" if kind.startswith("refund") else "/pagoefectivo/v/"
    for body in (message.text, message.html):
        assert amount in body
        assert "A-1042" in body
        assert body.count("https://shop.example" + page) == 1
        assert (CODE in body) is (kind in WITH_CODE)
        assert ("BCP •••• •••• •••• 9012" in body) is (kind in ABOUT_ACCOUNT)
    for text in (message.subject, message.text, message.html, message.short):
        assert "{" not in re.sub(r"<style>.*</style>", "", text, flags=re.DOTALL)
        assert not BANNED.search(text)
        assert not any(personal in text for personal in (CCI, "Quispe", "45678912", "maria.quispe"))
    assert CODE not in message.subject
    assert "9012" not in message.subject + message.short
    assert "\n" not in message.subject
    assert sms.fits(message.short)
    assert message.html.count("<a ") == 1
    assert not re.search(r"<img|<script|url\(", message.html)
    assert "Tienda &lt;Faro&gt; &amp; Cía" in message.html
    assert "Tienda <Faro> & Cía" in message.text


def test_each_language_has_words_of_its_own() -> None:
    for kind in MessageKind:
        subjects = {message_about(kind, language).subject for language in LANGUAGES}
        assert len(subjects) == len(LANGUAGES), kind


def test_a_repr_shows_the_messages_name_and_nothing_else() -> None:
    message = message_about(MessageKind.VOUCHER_ISSUED, "es")
    assert repr(message) == "RenderedMessage(public_id='msg_1')"
