"""Whatever order things are heard in, however often, and whatever is lost: one read later everything is the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pagoefectivo.domain.messages import Command, PaymentUpdate, RefundUpdate, Update, Verb
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundState, RefundStatus, Source, VoucherState
from pagoefectivo.models import Anomaly, Order, OutboxMessage, PaymentEvent, Refund, StateChange, Voucher
from pagoefectivo.services import lifecycle, reservations
from pagoefectivo.services.lifecycle import Evidence
from pagoefectivo.services.subjects import lock_order
from tests.properties.machines import table_of, walk

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRICE, BACK = Decimal("89.90"), Decimal("40.00")
EXAMPLES = settings(
    max_examples=25,  # of each of the eleven stories below
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PENDING = PaymentUpdate(
    PaymentStatus.PENDING, "PENDING", Proof.ANSWER, reference="A-1-1", provider_reference="D-1", amount=PRICE,
    currency="PEN", code="0123456789", expires_at=NOW + timedelta(days=2),
)  # fmt: skip
PAID = replace(PENDING, status=PaymentStatus.PAID, raw_status="PAID", paid_at=NOW, payment_identity="D-1")
REFUND = RefundUpdate(
    RefundStatus.PENDING, "PENDING", Proof.ANSWER, reference="R-1", provider_reference="REF-1",
    payment_reference="D-1", amount=BACK, currency="PEN",
)  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """One statement and the path it comes by."""

    update: PaymentUpdate | RefundUpdate
    source: Source


def of_payment(truth: PaymentUpdate) -> dict[str, Heard]:
    """Everything that can be heard of a payment on its way to `truth`, by name."""
    return {
        "create answer": Heard(PENDING, Source.API),
        "early poll": Heard(replace(PENDING, proof=Proof.READ), Source.POLL),
        "webhook": Heard(replace(truth, proof=Proof.SIGNED_BODY), Source.WEBHOOK),
        "stale webhook": Heard(replace(truth, proof=Proof.HINT), Source.WEBHOOK),
        "early webhook": Heard(replace(PENDING, proof=Proof.SIGNED_BODY), Source.WEBHOOK),
        "poll": Heard(replace(truth, proof=Proof.READ), Source.POLL),
    }


def of_refund(status: RefundStatus, raw: str) -> dict[str, Heard]:
    """Everything that can be heard of a refund on its way to `status`, by name."""
    truth = replace(REFUND, status=status, raw_status=raw)
    return {
        "refund answer": Heard(REFUND, Source.API),
        "early refund poll": Heard(replace(REFUND, proof=Proof.READ), Source.POLL),
        "refund webhook": Heard(replace(truth, proof=Proof.SIGNED_BODY), Source.WEBHOOK),
        "stale refund webhook": Heard(replace(truth, proof=Proof.HINT), Source.WEBHOOK),
        "refund poll": Heard(replace(truth, proof=Proof.READ), Source.POLL),
    }


def histories(known: dict[str, Heard]) -> st.SearchStrategy[list[str]]:
    """Any order, any loss, any repetition. A read never tells of an earlier time than a read before it."""
    return st.lists(st.sampled_from(sorted(known)), max_size=7).map(_reads_in_time)


def _reads_in_time(names: list[str]) -> list[str]:
    early = ("early poll", "early refund poll")
    told: set[str] = set()
    kept = []
    for name in names:
        told.add(name)
        if name in early and name.removeprefix("early ") in told:
            continue
        kept.append(name)
    return kept


@contextmanager
def undone() -> Iterator[None]:
    """Each example in a savepoint of its own."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def sent_order() -> Order:
    """An order whose voucher has just been sent and not answered."""
    order = Order.objects.create(
        reference="A-1", account="default", amount=PRICE, currency="PEN", payer_email="maria@example.pe",
        expires_in=timedelta(days=2), page_key="k", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    voucher = Voucher.objects.create(
        public_id="vch_1", order=order, account="default", reference="A-1-1", idempotency_key="i", amount=PRICE,
        currency="PEN", wanted_expiry_at=NOW + timedelta(days=2), created_at=NOW, changed_at=NOW, next_action_at=NOW,
    )  # fmt: skip
    tell(Command(Verb.SUBMIT, voucher_id=voucher.pk), Source.API)
    return order


def sent_refund(order: Order) -> Refund:
    """A refund of a part that has just been sent and not answered."""
    locked = lock_order(order.pk)
    refund = reservations.reserve(locked, amount=BACK, reason="other", requested_by="shop", now=NOW)
    Refund.objects.filter(pk=refund.pk).update(reference="R-1")
    tell(Command(Verb.SUBMIT, refund_id=refund.pk), Source.API)
    return refund


def tell(update: Update, source: Source, after: timedelta = timedelta(0)) -> lifecycle.Applied:
    return lifecycle.apply(update, source=source, evidence=Evidence("default"), actor="test", now=NOW + after)


def hear(heard: Heard, minute: int) -> None:
    tell(heard.update, heard.source, timedelta(minutes=minute))


def standing() -> dict[str, Any]:
    """Where everything stands and what was announced, without when and by which path."""
    order, voucher = Order.objects.get(), Voucher.objects.get()
    return {
        "order": (order.state, order.paid_amount, order.refunded_amount),
        "voucher": (
            voucher.state, voucher.code, voucher.provider_reference, voucher.paid_amount, voucher.paid_currency,
            voucher.reserved_amount, voucher.refunded_amount, voucher.paid_at, voucher.expires_at,
        ),
        "refunds": list(Refund.objects.order_by("pk").values_list("state", "amount", "provider_reference")),
        "anomalies": sorted(Anomaly.objects.filter(closed_at=None).values_list("kind", flat=True)),
        "signals": sorted(set(OutboxMessage.objects.values_list("signal", flat=True))),
    }  # fmt: skip


def changes_are_a_path() -> None:
    """Replaying the moves of each subject leads from its first state to the one it is in."""
    for model, subject in ((Order, "order"), (Voucher, "voucher"), (Refund, "refund")):
        table = table_of(model)
        for row in model.objects.all():
            changes = StateChange.objects.filter(subject=subject, **{f"{subject}_id": row.pk})
            moves = tuple(changes.order_by("pk").values_list("transition", flat=True))
            first = str(model._meta.get_field("state").default)
            assert walk(table, first, moves) == row.state


TRUTHS = {
    "paid": PAID,
    "expired": replace(PENDING, status=PaymentStatus.EXPIRED, raw_status="EXPIRED"),
    "still waiting": PENDING,
    "paid less": replace(PAID, amount=PRICE - 1),
    "paid more": replace(PAID, amount=PRICE + 1),
    "paid late": replace(PAID, paid_at=NOW + timedelta(days=9)),
}


@pytest.mark.parametrize("truth", TRUTHS.values(), ids=TRUTHS)
def test_A03_A04_what_is_heard_of_a_payment_in_any_order_ends_the_same(truth: PaymentUpdate) -> None:
    known = of_payment(truth)
    sent_order()
    with undone():
        hear(known["create answer"], 0)
        hear(known["poll"], 60)
        expected = standing()

    @EXAMPLES
    @given(histories(known))
    def holds(history: list[str]) -> None:
        with undone():
            for minute, name in enumerate(history):
                hear(known[name], minute)
            hear(known["poll"], 60)
            hear(known["poll"], 95)  # a doubt needs half an hour
            assert standing() == expected
            changes_are_a_path()

    holds()


def test_A02_a_statement_heard_twice_changes_nothing_the_second_time() -> None:
    known = of_payment(PAID)
    sent_order()

    @EXAMPLES
    @given(histories(known), st.sampled_from(sorted(known)))
    def holds(history: list[str], last: str) -> None:
        with undone():
            for minute, name in enumerate(history):
                hear(known[name], minute)
            hear(known[last], 20)
            before, changes, events = standing(), StateChange.objects.count(), PaymentEvent.objects.count()
            hear(known[last], 21)
            assert standing() == before
            assert (StateChange.objects.count(), PaymentEvent.objects.count()) == (changes, events)

    holds()


ENDS = {
    "refunded": (RefundStatus.SUCCEEDED, "SUCCESS", RefundState.SUCCEEDED),
    "rejected": (RefundStatus.FAILED, "REJECTED", RefundState.FAILED),
    "withdrawn": (RefundStatus.CANCELED, "CANCELLED", RefundState.FAILED),
    "still pending": (RefundStatus.PENDING, "PENDING", RefundState.PENDING),
}


@pytest.mark.parametrize(("status", "raw", "end"), ENDS.values(), ids=ENDS)
def test_E07_E08_what_is_heard_of_a_refund_in_any_order_ends_the_same(
    status: RefundStatus, raw: str, end: RefundState
) -> None:
    payment, refund = of_payment(PAID), of_refund(status, raw)
    late_payment_news = {name: payment[name] for name in ("webhook", "stale webhook", "poll")}
    known = refund | late_payment_news

    order = sent_order()
    hear(payment["poll"], 0)
    sent_refund(order)
    with undone():
        hear(refund["refund answer"], 1)
        hear(refund["refund poll"], 60)
        expected = standing()
        assert Refund.objects.get().state == end

    @EXAMPLES
    @given(histories(known))
    @example(["refund webhook", "refund poll", "refund answer"])
    def holds(history: list[str]) -> None:
        with undone():
            for minute, name in enumerate(history):
                hear(known[name], minute)
            hear(refund["refund poll"], 60)
            assert standing() == expected
            changes_are_a_path()

    holds()


def test_a_payment_found_already_refunded_is_first_paid_then_refunded() -> None:
    """Every webhook was lost, and somebody refunded at the provider before we asked (E14)."""
    sent_order()
    hear(Heard(PENDING, Source.API), 0)
    done = replace(REFUND, reference="", status=RefundStatus.SUCCEEDED, raw_status="SUCCESS", proof=Proof.READ)
    hear(Heard(replace(PAID, proof=Proof.READ, refunds=(done,)), Source.POLL), 5)
    order, voucher = Order.objects.get(), Voucher.objects.get()
    assert (order.state, order.paid_amount, order.refunded_amount) == ("partially_refunded", PRICE, BACK)
    assert (voucher.state, voucher.outside_amount) == (VoucherState.PAID, BACK)
    assert list(StateChange.objects.filter(subject="order").values_list("to_state", flat=True)) == [
        "paid",
        "partially_refunded",
    ]


def test_E14_a_refund_started_outside_lowers_what_is_left_while_it_is_still_pending() -> None:
    sent_order()
    hear(Heard(replace(PAID, proof=Proof.READ), Source.POLL), 0)
    outside = replace(REFUND, reference="", proof=Proof.READ)
    hear(Heard(replace(PAID, proof=Proof.READ, refunds=(outside,)), Source.POLL), 5)
    assert Refund.objects.get().is_outside
    assert Voucher.objects.get().outside_amount == BACK
