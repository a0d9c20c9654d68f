"""A buyer pays at the counter, and the shop hears of it: by notification, or by asking, or both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.models import ApiExchange, OutboxMessage, PaymentEvent, StateChange, WebhookDelivery
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services import seams
from tests.acceptance.journeys import able, asked, declared, on
from tests.integration.ledger import cents, everything, moves, oddities, only_order, only_voucher, outbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


BY_NOTIFICATION = ["submit", "issue", "begin_confirming", "pay"]
BY_QUESTION = ["submit", "issue", "pay"]


def is_statement(provider: str, delivery: WebhookDelivery) -> bool:
    """Whether a notification says by itself that money came: signed, dated, and more than a pointer."""
    is_dated = delivery.signed_at is not None
    assert delivery.verdict == ("verified" if is_dated else "stale"), "what bears no date may be a replay"
    return is_dated and declared(provider).webhook_covers_body and not declared(provider).webhook_points


@on()
def test_a_voucher_is_paid_by_notification_and_one_query(
    provider: str, psp: Any, listening: Any, open_order: Any, sweep: Any, heard: list[str]
) -> None:
    voucher = open_order().current_voucher
    assert (voucher.state, voucher.amount, voucher.code) == ("issued", cents("89.90"), psp.payments()[0]["code"])

    psp.pay(voucher.code)
    assert psp.wait_idle()
    [delivery] = WebhookDelivery.objects.all()
    assert (delivery.outcome, delivery.secret_index) == ("waiting", 0)
    assert only_voucher().state == "issued", "stored and answered; nothing is believed yet"

    sweep()
    order = only_order()
    assert (order.state, order.paid_amount, order.refunded_amount) == ("paid", cents("89.90"), 0)
    assert moves("voucher") == (BY_NOTIFICATION if is_statement(provider, delivery) else BY_QUESTION)
    assert moves("order") == ["pay"]
    assert asked(psp) == {"create": 1, "get_payment": 1}
    assert [exchange.operation for exchange in ApiExchange.objects.exclude(operation="authorize").order_by("pk")] == [
        "issue_voucher",
        "fetch_payment",
    ]
    paid = StateChange.objects.get(subject="voucher", transition="pay")
    assert paid.event is not None
    assert (paid.source, paid.event.proof, paid.event.amount) == ("poll", "read", cents("89.90"))
    assert WebhookDelivery.objects.get().outcome == "applied"
    assert outbox() == ["voucher_issued", "order_paid"] == heard

    settled = everything()
    sweep()
    assert everything() == settled, "nothing is due any more"


@on()
def test_A04_a_lost_notification_is_made_good_by_the_poll(
    provider: str, psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any, heard: list[str]
) -> None:
    psp.webhook_fault("lost", times=None)
    psp.pay(open_order().current_voucher.code)
    assert psp.wait_idle()
    sweep()
    assert only_voucher().state == "issued"

    world.advance(seconds=2)
    sweep()
    assert (only_order().state, only_order().paid_amount) == ("paid", cents("89.90"))
    assert moves("voucher") == ["submit", "issue", "pay"]
    assert WebhookDelivery.objects.count() == 0
    assert asked(psp) == {"create": 1, "get_payment": 1}
    assert outbox() == ["voucher_issued", "order_paid"] == heard


@on("statements", "dated notifications")
def test_the_account_may_let_a_signature_over_the_body_be_enough(
    provider: str, psp: Any, listening: Any, account: Any, open_order: Any, sweep: Any
) -> None:
    account(CONFIRMATION="webhook")
    psp.pay(open_order().current_voucher.code)
    assert psp.wait_idle()
    sweep()
    assert only_order().state == "paid"
    assert asked(psp) == {"create": 1}, "nobody was asked"
    assert StateChange.objects.get(subject="voucher", transition="pay").source == "webhook"


@pytest.mark.parametrize("provider", sorted({*able(lacking="statements"), *able(lacking="dated notifications")}))
def test_where_a_signature_covers_too_little_the_provider_is_asked_whatever_the_account_says(
    provider: str, psp: Any, listening: Any, account: Any, open_order: Any, sweep: Any
) -> None:
    account(CONFIRMATION="webhook")
    psp.pay(open_order().current_voucher.code)
    assert psp.wait_idle()
    sweep()
    assert only_order().state == "paid"
    assert asked(psp) == {"create": 1, "get_payment": 1}
    assert StateChange.objects.get(subject="voucher", transition="pay").source == "poll"


@on()
def test_A01_the_same_notification_three_times_changes_things_once(
    provider: str, psp: Any, listening: Any, open_order: Any, sweep: Any, heard: list[str]
) -> None:
    psp.webhook_fault("duplicated")
    psp.pay(open_order().current_voucher.code)
    assert psp.wait_idle()
    [sent] = psp.deliveries()
    assert [attempt["status"] for attempt in sent["attempts"]] == [200, 200]
    assert WebhookDelivery.objects.get().repeats == 1
    sweep()
    is_told = is_statement(provider, WebhookDelivery.objects.get())
    assert moves("voucher") == (BY_NOTIFICATION if is_told else BY_QUESTION)
    paid = everything(besides={"WebhookDelivery", "ApiExchange", "Voucher"})

    psp.resend(sent["id"])
    assert psp.wait_idle()
    sweep()
    assert sum(1 + delivery.repeats for delivery in WebhookDelivery.objects.all()) == 3
    assert everything(besides={"WebhookDelivery", "ApiExchange", "Voucher"}) == paid
    assert outbox() == ["voucher_issued", "order_paid"] == heard


def test_A03_an_older_status_after_a_newer_one_is_superseded(
    psp: Any, listening: Any, account: Any, open_order: Any, sweep: Any
) -> None:
    account(CONFIRMATION="webhook")
    psp.configure(notify_created=True)
    psp.webhook_fault("reordered")
    psp.pay(open_order().current_voucher.code)
    assert psp.wait_idle()
    told = [json.loads(delivery["body"])["status"] for delivery in psp.deliveries()]
    arrived = [delivery.pk for delivery in WebhookDelivery.objects.order_by("received_at")]
    assert (told, len(arrived)) == (["PENDING", "PAID"], 2)
    sweep()
    assert moves("voucher") == ["submit", "issue", "pay"]
    assert only_order().state == "paid"

    psp.resend(psp.deliveries()[0]["id"])
    assert psp.wait_idle()
    sweep()
    assert moves("voucher") == ["submit", "issue", "pay"], "a PENDING after the money is no news"
    assert (only_order().state, oddities()) == ("paid", [])


def test_A05_a_forged_notification_is_refused_counted_and_changes_nothing(
    psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    voucher = open_order().current_voucher
    before = everything()
    body = json.dumps({"id": voucher.provider_reference, "status": "PAID", "order_id": voucher.reference,
                       "amount": 89.90, "currency": "PEN"})  # fmt: skip
    address = f"{listening.url}/pagoefectivo/webhooks/default/"
    for number in range(8):
        attempt = psp.inject(address, f'{body[:-1]}, "try": {number}}}', signed=False)["attempts"][0]
        assert (attempt["status"], attempt["answer"].strip()) == (401, "")

    samples = WebhookDelivery.objects.all()
    assert [(sample.verdict, sample.outcome, sample.fault) for sample in samples] == [
        ("forged", "rejected", "mismatch")
    ] * 5, "five samples an hour, however many came"
    after = everything()
    assert [(row["fault"], row["count"]) for row in after["WebhookRejection"]] == [("mismatch", 8)]
    forgeries: dict[str, Any] = {"WebhookRejection": [], "WebhookDelivery": []}
    assert {**after, **forgeries} == before

    sweep()
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, only_order().state) == ("issued", "awaiting_payment")
    assert moves("voucher") == ["submit", "issue"]


@pytest.mark.parametrize("fault", ["unsigned", "forged"])
@on()
def test_a_notification_of_nobody_is_refused_and_moves_nothing(
    provider: str, fault: str, psp: Any, sandbox: SandboxServer, listening: Any, open_order: Any
) -> None:
    psp.webhook_fault(fault)
    voucher = open_order().current_voucher
    before = everything()
    psp.pay(voucher.code)
    assert psp.wait_idle()
    retries = len(psp.configure()["retry_seconds"][: sandbox.company.faces[provider].most_retries])
    assert [attempt["status"] for attempt in psp.deliveries()[0]["attempts"]] == [401] * (1 + retries)
    forgeries: dict[str, Any] = {"WebhookRejection": [], "WebhookDelivery": []}
    assert {**everything(), **forgeries} == before


@pytest.mark.parametrize("fault", ["stale", "future"])
def test_A06_A07_a_notification_out_of_time_only_brings_the_question_forward(
    fault: str, psp: Any, listening: Any, account: Any, open_order: Any, sweep: Any, caplog: pytest.LogCaptureFixture
) -> None:
    account(CONFIRMATION="webhook")  # a fresh one would be enough
    psp.webhook_fault(fault)
    psp.pay(open_order().current_voucher.code)
    assert psp.wait_idle()
    assert [attempt["status"] for attempt in psp.deliveries()[0]["attempts"]] == [200]
    assert WebhookDelivery.objects.get().verdict == "stale"
    warned = [record for record in caplog.records if "clock of this server" in record.getMessage()]
    assert len(warned) == (1 if fault == "future" else 0)

    sweep()
    assert moves("voucher") == ["submit", "issue", "pay"], "the message itself moved nothing"
    assert StateChange.objects.get(transition="pay", subject="voucher").source == "poll"
    assert psp.call_counts() == {"create": 1, "get_payment": 1}


@pytest.mark.parametrize("age", [-86400, 86400])
def test_A06_a_replayed_lie_out_of_time_moves_nothing(
    age: int, psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    voucher = open_order().current_voucher
    said = {"id": voucher.provider_reference, "status": "PAID", "order_id": voucher.reference, "amount": 89.9,
            "currency": "PEN"}  # fmt: skip
    signed_at = f"{world.now().replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    world.advance(seconds=1)
    world.skew(seconds=age) if age < 0 else world.advance(seconds=age)
    address = f"{listening.url}/pagoefectivo/webhooks/default/"
    assert psp.inject(address, json.dumps(said), x_date=signed_at)["attempts"][0]["status"] == 200
    sweep()
    assert WebhookDelivery.objects.get().verdict == "stale"
    assert (moves("voucher"), only_order().state) == (["submit", "issue"], "awaiting_payment")


@on()
def test_A12_a_notification_ahead_of_our_own_create_answer_finds_its_voucher(
    provider: str, psp: Any, listening: Any, open_order: Any, sweep: Any, world: Any, heard: list[str]
) -> None:
    psp.webhook_fault("before_answer")
    states_when_read: list[str] = []

    def work_at_once() -> None:
        if not states_when_read and WebhookDelivery.objects.exists():
            states_when_read.append(only_voucher().state)
            sweep()

    with seams.use(ring=work_at_once):
        open_order()
    assert states_when_read == ["submitting"], "read while the PSP's answer was still on its way"
    hints = PaymentEvent.objects.filter(status="paid", is_believed=False)
    assert [hint.voucher for hint in hints] == ([] if declared(provider).webhook_points else [only_voucher()])

    world.advance(seconds=2)
    sweep()
    assert only_order().state == "paid"
    is_told = is_statement(provider, WebhookDelivery.objects.get())
    assert moves("voucher") == (BY_NOTIFICATION if is_told else BY_QUESTION)
    assert (len(psp.payments()), asked(psp)["create"]) == (1, 1)
    assert outbox() == ["voucher_issued", "order_paid"] == heard


@on()
def test_both_paths_end_in_the_same_facts(
    provider: str, psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    def told(reference: str) -> None:
        psp.pay(open_order(reference).current_voucher.code)
        assert psp.wait_idle()
        sweep()

    def asked(reference: str) -> None:
        psp.webhook_fault("lost")
        psp.pay(open_order(reference).current_voucher.code)
        world.advance(seconds=2)
        sweep()

    told("TOLD-1")
    asked("ASKED-1")
    facts = [
        (order.state, order.paid_amount, *order.vouchers.values_list("state", "paid_amount"))
        for order in (shop.get_order(reference=reference) for reference in ("TOLD-1", "ASKED-1"))
    ]
    assert facts == [("paid", cents("89.90"), ("paid", cents("89.90")))] * 2
    assert OutboxMessage.objects.filter(signal="order_paid", done_at__isnull=False).count() == 2
