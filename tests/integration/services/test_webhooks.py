"""What a notification may do, whoever sent it and whenever it comes: the letterbox and the reading of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import InvalidSignature
from pagoefectivo.models import ErrorOccurrence, PaymentEvent, WebhookDelivery, WebhookRejection
from pagoefectivo.sandbox.psps.dlocal_signing import authorization, x_date
from pagoefectivo.services import seams, webhooks
from tests.integration.ledger import cents, everything, moves, oddities, only_order, only_voucher, outbox

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "sandbox_secret_key"


def letter(document: dict[str, Any], *, secret: str = SECRET, signed_at: datetime | None = None) -> webhooks.Letter:
    """A notification as dLocal signs it."""
    body = json.dumps(document).encode()
    date = x_date(signed_at or seams.now())
    headers = {
        "X-Date": date,
        "X-Login": "sandbox_login",
        "Authorization": authorization("sandbox_login", secret, date, body),
    }
    return webhooks.Letter("default", body, headers, "127.0.0.1")


def payment(voucher: Any, status: str = "PAID", **more: Any) -> dict[str, Any]:
    """A payment object as dLocal writes it."""
    return {
        "id": voucher.provider_reference,
        "order_id": voucher.reference,
        "status": status,
        "amount": float(voucher.amount),
        "currency": "PEN",
        **more,
    }


def test_A02_the_same_fact_in_another_message_changes_nothing(
    psp: Any, account: Any, open_order: Any, sweep: Any
) -> None:
    account(CONFIRMATION="webhook")
    voucher = open_order().current_voucher
    webhooks.accept(letter(payment(voucher, event="1")))
    sweep()
    paid = everything(besides={"WebhookDelivery", "Voucher"})
    webhooks.accept(letter(payment(voucher, event="2")))
    sweep()
    assert WebhookDelivery.objects.count() == 2
    assert list(WebhookDelivery.objects.order_by("pk").values_list("outcome", flat=True)) == ["applied", "no_change"]
    assert everything(besides={"WebhookDelivery", "Voucher"}) == paid
    assert moves("voucher") == ["submit", "issue", "pay"]
    assert outbox() == ["voucher_issued", "order_paid"]


def test_A11_an_unknown_payment_is_kept_tried_for_a_day_and_then_called_a_strangers(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    open_order()
    sweep()
    before = everything(besides={"WebhookDelivery"})
    webhooks.accept(letter({"id": "D-4-stranger", "order_id": "NOT-OURS-1", "status": "PAID"}))
    for hours in (1, 6, 12):
        sweep()
        world.advance(hours=hours)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.outcome, delivery.done_at) == ("waiting", None)
    assert delivery.attempts >= 3
    world.advance(hours=6)
    sweep()
    delivery.refresh_from_db()
    assert (delivery.outcome, delivery.next_action_at) == ("orphan", None)
    [error] = ErrorOccurrence.objects.all()
    assert error.code == ErrorCode.WEBHOOK_UNKNOWN_VOUCHER
    after = everything(besides={"WebhookDelivery", "ErrorOccurrence", "Voucher", "ApiExchange", "PaymentEvent"})
    assert after == {name: rows for name, rows in before.items() if name in after}


def test_A13_a_wrong_amount_in_a_body_is_not_believed(psp: Any, open_order: Any, sweep: Any) -> None:
    voucher = open_order(amount="89.90").current_voucher
    psp.pay(voucher.code)
    webhooks.accept(letter(payment(voucher, amount=9999.0, currency="USD")))
    sweep()
    assert (only_order().state, only_order().paid_amount, only_voucher().paid_currency) == (
        "paid", cents("89.90"), "PEN",
    )  # fmt: skip
    assert oddities() == []
    lie = PaymentEvent.objects.get(status="paid", is_believed=False)
    assert (lie.amount, lie.currency) == (cents("9999.00"), "USD"), "kept as said, counted nowhere"


def test_A16_while_rotating_both_secrets_count_and_the_one_that_matched_is_written_down(
    psp: Any, account: Any, open_order: Any
) -> None:
    keys = {"login": "sandbox_login", "trans_key": "sandbox_trans_key"}
    account(CREDENTIALS={**keys, "secret_key": [SECRET, "the-old-one"]})
    voucher = open_order().current_voucher
    webhooks.accept(letter(payment(voucher, event="new")))
    webhooks.accept(letter(payment(voucher, event="old"), secret="the-old-one"))
    assert list(WebhookDelivery.objects.order_by("pk").values_list("secret_index", flat=True)) == [0, 1]

    account(CREDENTIALS={**keys, "secret_key": [SECRET]})
    with pytest.raises(InvalidSignature):
        webhooks.accept(letter(payment(voucher, event="older"), secret="the-old-one"))
    assert WebhookRejection.objects.get().count == 1


def test_A05_a_changed_byte_or_date_breaks_the_signature(psp: Any, open_order: Any) -> None:
    genuine = letter(payment(open_order().current_voucher))
    before = everything(besides={"WebhookDelivery", "WebhookRejection"})
    later = x_date(seams.now() + timedelta(seconds=1))
    tampered = [
        webhooks.Letter("default", genuine.body.replace(b"89.9", b"89.8"), genuine.headers, None),
        webhooks.Letter("default", genuine.body + b" ", genuine.headers, None),
        webhooks.Letter("default", genuine.body, {**genuine.headers, "X-Date": later}, None),
        webhooks.Letter("default", genuine.body, {**genuine.headers, "X-Login": "another"}, None),
    ]
    for each in tampered:
        with pytest.raises(InvalidSignature):
            webhooks.accept(each)
    assert sum(WebhookRejection.objects.values_list("count", flat=True)) == 4
    assert set(WebhookDelivery.objects.values_list("verdict", flat=True)) == {"forged"}
    assert everything(besides={"WebhookDelivery", "WebhookRejection"}) == before


def test_A06_an_old_date_is_judged_by_our_own_clock(psp: Any, open_order: Any) -> None:
    voucher = open_order().current_voucher
    for number, age in enumerate([timedelta(minutes=4), timedelta(minutes=6), timedelta(minutes=-6)]):
        signed_at = datetime.now(UTC) - age
        webhooks.accept(letter(payment(voucher, event=number), signed_at=signed_at))
    assert list(WebhookDelivery.objects.order_by("pk").values_list("verdict", flat=True)) == [
        "verified", "stale", "stale",
    ]  # fmt: skip
    assert moves("voucher") == ["submit", "issue"]
