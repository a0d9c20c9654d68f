"""Orders and refunds as tables for a spreadsheet. Instants are Lima's; amounts are numbers beside their currency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Prefetch, QuerySet

from pagoefectivo.domain.redaction import mask_email
from pagoefectivo.domain.spreadsheets import Cell, csv_lines
from pagoefectivo.models import Order, Refund, Voucher

CHUNK = 2000
UNREAD = ("payer_document_number", "metadata")
ORDER_COLUMNS = (
    *("reference", "account", "state", "currency", "amount", "paid_amount", "refunded_amount", "code"),
    *("provider_reference", "created_at", "paid_at", "expires_at", "buyer", "email"),
)
REFUND_COLUMNS = (
    *("refund", "order", "account", "state", "currency", "amount", "reason", "requested_by", "approved_by"),
    *("outside", "provider_reference", "error_code", "created_at", "changed_at"),
)


def orders_csv(orders: QuerySet[Order], *, with_people: bool) -> Iterator[str]:
    """Yield the orders as CSV, in constant memory; without `with_people` codes and e-mails are masked, names left out."""
    vouchers = Prefetch("vouchers", Voucher.objects.order_by("attempt"))
    rows = orders.defer(*UNREAD).prefetch_related(vouchers).iterator(chunk_size=CHUNK)
    return csv_lines(ORDER_COLUMNS, (_order(row, with_people=with_people) for row in rows))


def refunds_csv(refunds: QuerySet[Refund], *, with_people: bool) -> Iterator[str]:
    """Yield the refunds as CSV, in constant memory. There are no personal data in it, whoever asks."""
    del with_people
    rows = refunds.select_related("order").defer(*(f"order__{name}" for name in UNREAD)).iterator(chunk_size=CHUNK)
    return csv_lines(REFUND_COLUMNS, map(_refund, rows))


def _order(order: Order, *, with_people: bool) -> Iterable[Cell]:
    vouchers = list(order.vouchers.all())
    paid = next((each for each in vouchers if each.paid_amount), None)
    shown = paid or (vouchers[-1] if vouchers else Voucher())
    return (
        *(order.reference, order.account, order.state, order.currency),
        *(order.amount, order.paid_amount, order.refunded_amount),
        *(
            (shown.code, shown.provider_reference)
            if with_people
            else (shown.masked_code, shown.masked_provider_reference)
        ),
        *(order.created_at, shown.paid_at, shown.expires_at),
        *((order.payer_name, order.payer_email) if with_people else ("", mask_email(order.payer_email))),
    )


def _refund(refund: Refund) -> Iterable[Cell]:
    return (
        *(refund.public_id, refund.order.reference, refund.account, refund.state, refund.currency, refund.amount),
        *(refund.reason, refund.requested_by, refund.approved_by, "yes" if refund.is_outside else "no"),
        *(refund.provider_reference, refund.error_code, refund.created_at, refund.changed_at),
    )
