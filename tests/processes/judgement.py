"""What must be true after a drill, when everything runs again: nothing lost, nothing twice, nothing left lying."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pagoefectivo.domain.states import UNANSWERED_REFUND, UNANSWERED_VOUCHER, UNSENT_REFUND, RefundState, VoucherState
from pagoefectivo.models import Order, OutboxMessage, Refund, Voucher, WebhookDelivery
from pagoefectivo.selectors import audit as chain
from pagoefectivo.selectors import invariants
from pagoefectivo.services import audit
from tests.processes.stack import Stack, wait_for
from tests.processes.traffic import GIVEN_BACK, Traffic

HEALED_WITHIN = 90.0
_VOUCHERS = (*UNANSWERED_VOUCHER, VoucherState.REQUESTED, VoucherState.CONFIRMING)
_REFUNDS = (*UNANSWERED_REFUND, *UNSENT_REFUND, RefundState.PENDING)


def unfinished() -> int:
    """Count what still has to happen."""
    return (
        Voucher.objects.filter(state__in=_VOUCHERS).count()
        + Refund.objects.filter(state__in=_REFUNDS).count()
        + WebhookDelivery.objects.filter(outcome="waiting").count()
        + OutboxMessage.objects.filter(done_at=None).count()
    )


def violations(stack: Stack, traffic: Traffic) -> list[str]:
    """Wait until all is finished, and return everything that is not as it must be."""

    def rests() -> bool:
        stack.revive()
        return unfinished() == 0

    wait_for(rests, seconds=HEALED_WITHIN)
    return [*left(), *traffic.server_errors, *_sales(stack, traffic), *books(stack), *evidence()]


def left() -> Iterator[str]:
    if left := unfinished():
        yield f"{left} rows are unfinished after {HEALED_WITHIN:g} s"


def _sales(stack: Stack, traffic: Traffic) -> Iterator[str]:
    for sale in traffic.sales:
        if sale.complaint:
            yield f"{sale.reference} after {sale.done}: {sale.complaint}"
        orders = Order.objects.filter(reference=sale.reference)
        if "opened" in sale.done and orders.count() != 1:
            yield f"{sale.reference}: {orders.count()} orders"
        refunds = Refund.objects.filter(order__reference=sale.reference)
        if "asked back" in sale.done and [refund.amount for refund in refunds] != [GIVEN_BACK]:
            yield f"{sale.reference}: {[(refund.state, refund.amount) for refund in refunds]} for one request"


def books(stack: Stack) -> Iterator[str]:
    """The provider's books against ours, both ways and to the cent."""
    ours = {voucher.provider_reference: voucher for voucher in Voucher.objects.exclude(provider_reference="")}
    theirs = {payment["id"]: payment for payment in stack.psp.payments()}
    yield from (f"payment {each} is unknown here" for each in sorted(theirs.keys() - ours.keys()))
    known = set(Refund.objects.exclude(provider_reference="").values_list("provider_reference", flat=True))
    yield from (f"refund {each['id']} is unknown here" for each in stack.psp.refunds() if each["id"] not in known)
    for reference, voucher in ours.items():
        totals = {name: Decimal(amount) for name, amount in stack.psp.totals(reference).items()}
        if totals["received"] != voucher.paid_amount:
            yield f"{voucher}: {voucher.paid_amount} here, {totals['received']} there"
        if totals["paid_out"] != voucher.refunded_amount + voucher.outside_amount:
            yield f"{voucher}: {voucher.refunded_amount} went back here, {totals['paid_out']} there"
        if totals["refunded"] > totals["received"]:
            yield f"{voucher}: {totals['refunded']} given back of {totals['received']}"


def evidence() -> Iterator[str]:
    yield from (f"{each.id}: {each.count} × {each.rows}" for each in invariants.check() if each.count)
    audit.seal_when_due()
    yield from (str(each) for each in chain.verify().findings)
