"""What must be true after a drill, when everything runs again: nothing lost, nothing twice, nothing left lying."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from email import message_from_bytes
from typing import Any

from django.db import connection
from django.utils import timezone

from pagoefectivo.domain.states import UNANSWERED_REFUND, UNANSWERED_VOUCHER, UNSENT_REFUND, RefundState, VoucherState
from pagoefectivo.models import BuyerMessage, Order, OutboxMessage, Refund, Voucher, WebhookDelivery
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
        + BuyerMessage.objects.filter(done_at=None, due_at__lte=timezone.now()).count()
    )


def violations(stack: Stack, traffic: Traffic) -> list[str]:
    """Wait until all is finished, and return everything that is not as it must be."""

    def rests() -> bool:
        stack.revive()
        return unfinished() == 0

    wait_for(rests, seconds=HEALED_WITHIN)
    return [*left(), *traffic.server_errors, *_sales(stack, traffic), *books(stack), *evidence(), *mails(stack)]


def left() -> Iterator[str]:
    if left := unfinished():
        yield f"{left} rows are unfinished after {HEALED_WITHIN:g} s; open at the database: {_open_transactions()}"


def _open_transactions() -> list[Any]:
    """Return who holds what, for whoever has to find out why a row is passed over."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, state, wait_event, now() - xact_start, left(query, 120) FROM pg_stat_activity "
            "WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
        )
        return [[str(value) for value in row] for row in cursor.fetchall()]


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


def mails(stack: Stack) -> Iterator[str]:
    """No buyer got a mail twice, and what was lost or may have been is flagged."""
    names = Counter(
        str(message_from_bytes(path.read_bytes())["Message-ID"]) for path in (stack.home / "mailbox").glob("*.eml")
    )
    yield from (f"mail {name} left {times} times" for name, times in names.items() if times > 1)
    known = {f"<{message.public_id}@shop.example>": message.outcome for message in BuyerMessage.objects.all()}
    for name, outcome in known.items():
        if (outcome == "sent") > (name in names):
            yield f"mail {name} is sent here and never left"
        if outcome not in {"sent", "uncertain"} and name in names:
            yield f"mail {name} left and is {outcome} here"


def evidence() -> Iterator[str]:
    yield from (f"{each.id}: {each.count} × {each.rows}" for each in invariants.check() if each.count)
    audit.seal_when_due()
    yield from (str(each) for each in chain.verify().findings)
