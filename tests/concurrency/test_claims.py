"""Eight workers over one table: every row is held by one of them, and who comes back late changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import ProviderFault, Refused
from pagoefectivo.domain.messages import PaymentUpdate, Verb
from pagoefectivo.domain.states import Source, VoucherState
from pagoefectivo.models import ErrorOccurrence, Order, PaymentEvent, StateChange, Voucher
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.services import seams, setbacks, submission
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.claiming import Claim, claim_due, claim_row
from pagoefectivo.services.exchanges import ExchangeRecorder, recorder_for
from tests.concurrency.conftest import PAYER, Team
from tests.integration.ledger import everything

LEASE = timedelta(seconds=60)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


def due_vouchers(count: int) -> None:
    """Many codes whose next question is due."""
    now = timezone.now()
    orders = Order.objects.bulk_create(
        Order(
            reference=f"C-{n}", account="default", amount=10, currency="PEN", payer_email="maria@example.pe",
            expires_in=timedelta(days=2), page_key=f"k{n}", created_at=now, updated_at=now,
        )
        for n in range(count)
    )  # fmt: skip
    Voucher.objects.bulk_create(
        Voucher(
            public_id=f"vch_{n}", order=order, account="default", reference=f"C-{n}-1", idempotency_key=str(n),
            amount=10, currency="PEN", wanted_expiry_at=now, created_at=now, changed_at=now,
            next_action_at=now - timedelta(seconds=count - n), state=VoucherState.ISSUED,
        )
        for n, order in enumerate(orders)
    )  # fmt: skip


def test_C07_C08_eight_workers_claim_each_of_500_rows_exactly_once(eight: Team, settings: Any) -> None:
    due_vouchers(500)

    def work() -> list[Claim]:
        held: list[Claim] = []
        while claims := claim_due(Voucher, 20):
            held += claims
        return held

    claims = [claim for held in eight.race(*[work] * 8) for claim in held]
    assert Counter(claim.row_id for claim in claims) == Counter(Voucher.objects.values_list("pk", flat=True))
    assert {(claim.token, claim.attempts) for claim in claims} == {(1, 1)}
    assert claim_due(Voucher, 500) == []


def test_C07_of_eight_who_want_one_row_one_gets_it(issued: Callable[..., Order], eight: Team) -> None:
    issued()
    voucher = Voucher.objects.get()
    for _ in range(20):
        claims = eight.race(*[lambda: claim_row(Voucher, voucher.pk)] * 8)
        assert len([claim for claim in claims if claim is not None]) == 1
        Voucher.objects.filter(pk=voucher.pk).update(lease_until=None)


@pytest.mark.parametrize("hours", [-1, 1])
def test_F12_a_clock_that_is_wrong_neither_hides_due_rows_nor_bends_a_lease(
    hours: int, issued: Callable[..., Order]
) -> None:
    issued()
    began = timezone.now()
    Voucher.objects.update(next_action_at=began, lease_until=None)
    voucher = Voucher.objects.get()
    with seams.use(now=lambda: timezone.now() + timedelta(hours=hours)):
        assert [claim.row_id for claim in claim_due(Voucher, 10)] == [voucher.pk]
        assert claim_due(Voucher, 10) == [], "held"
        assert claim_row(Voucher, voucher.pk) is None, "held"
        by_sweep = Voucher.objects.get().lease_until
        Voucher.objects.update(lease_until=None)
        assert claim_row(Voucher, voucher.pk) is not None
        by_hand = Voucher.objects.get().lease_until
    for until in (by_sweep, by_hand):
        assert until is not None
        assert LEASE <= until - began < LEASE + timedelta(seconds=30)


def test_C07_F11_what_a_late_holder_read_is_left_to_the_one_who_holds_the_row_now(
    psp: Operations, issued: Callable[..., Order]
) -> None:
    """The first worker is paused past its lease; a second took the row over and is still at it."""
    issued()
    voucher = Voucher.objects.get()
    late = claim_row(Voucher, voucher.pk)
    Voucher.objects.filter(pk=voucher.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    current = claim_row(Voucher, voucher.pk)
    assert late is not None
    assert current is not None
    assert current.token == late.token + 1

    held = Voucher.objects.values("next_action_at", "lease_until", "lease_token").get()
    psp.pay(voucher.code)
    before = everything(besides=frozenset({"ApiExchange"}))
    answer_of(voucher, late)
    assert everything(besides=frozenset({"ApiExchange"})) == before
    assert Voucher.objects.values("next_action_at", "lease_until", "lease_token").get() == held

    older = read(voucher)
    psp.pay(voucher.code, twice=True)
    answer_of(voucher, current)
    voucher = Voucher.objects.get()
    assert (voucher.state, voucher.paid_amount) == (VoucherState.PAID, 2 * voucher.amount)
    assert voucher.lease_until is None, "the holder ends its own lease"
    assert StateChange.objects.filter(transition="pay", subject="voucher").count() == 1

    submission.record(*older, source=Source.POLL, claim=late)
    assert Voucher.objects.get().paid_amount == 2 * voucher.amount, "an older sum does not cover a newer one"


def test_F11_a_late_refusal_ends_nothing_while_another_may_be_sending(
    psp: Operations, issued: Callable[..., Order]
) -> None:
    """The first worker was refused and stood still; the second looked up, found nothing, and is sending again."""
    psp.fault("create", "drop_before")
    issued()
    voucher = Voucher.objects.get()
    assert voucher.state == VoucherState.UNKNOWN
    Voucher.objects.update(lease_until=None)
    late = claim_row(Voucher, voucher.pk)
    Voucher.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    current = claim_row(Voucher, voucher.pk)
    refusal = Refused(ProviderFault(ErrorCode.CREATE_RISK_REJECTED, operation="issue_voucher"))
    setbacks.note(voucher, refusal, verb=Verb.FAIL, source=Source.API, claim=late)
    assert Voucher.objects.get().state == VoucherState.UNKNOWN
    assert ErrorOccurrence.objects.filter(code=ErrorCode.CREATE_RISK_REJECTED).count() == 1, "kept all the same"
    setbacks.note(voucher, refusal, verb=Verb.FAIL, source=Source.CLOCK, claim=current)
    assert Voucher.objects.get().state == VoucherState.FAILED


def answer_of(voucher: Voucher, claim: Claim) -> None:
    """Ask the PSP and apply what it says under this claim."""
    submission.record(*read(voucher), source=Source.POLL, claim=claim)


def read(voucher: Voucher) -> tuple[PaymentUpdate, ExchangeRecorder]:
    recorder = recorder_for(voucher)
    return account_named("default").gateway(recorder).fetch_payment(voucher.provider_reference), recorder


def test_B08_eight_tabs_that_open_one_reference_get_one_code(psp: Operations, eight: Team) -> None:
    for number in range(5):
        reference = f"A-{number}"

        def open_it(reference: str = reference) -> Order:
            return shop.open_order(reference=reference, amount="89.90", currency="PEN", payer=PAYER)

        opened = eight.race(*[open_it] * 8)
        assert {order.pk for order in opened} == {Order.objects.get(reference=reference).pk}
        voucher = Voucher.objects.get(order__reference=reference)
        assert voucher.state == "issued"
        assert [each["order_id"] for each in psp.payments(voucher.reference)] == [voucher.reference]
    assert len(psp.payments()) == Order.objects.count() == 5
    assert psp.call_counts() == {"create": 5}


def test_F04_one_row_swept_by_eight_is_asked_about_once(
    psp: Operations, issued: Callable[..., Order], eight: Team
) -> None:
    from pagoefectivo.services import sweep

    issued()
    voucher = Voucher.objects.get()
    psp.pay(voucher.code)
    psp.clear_calls()
    Voucher.objects.update(next_action_at=seams.now())
    reports = eight.race(*[sweep.run] * 8)
    assert sum(report.vouchers for report in reports) == 1
    assert sum(report.failures for report in reports) == 0
    assert psp.call_counts() == {"get_payment": 1}
    assert Voucher.objects.get().state == "paid"
    assert PaymentEvent.objects.filter(status="paid").count() == 1
