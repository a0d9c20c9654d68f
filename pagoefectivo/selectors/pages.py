"""What the buyer's page reads: one statement written out, for building it anew took as long as rendering the page."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model

from pagoefectivo.models import Order, Voucher

MOST_VOUCHERS = 10


def _in_table_order(model: type[Model], *shown: str) -> tuple[str, ...]:
    """Django fills an instance by position: the columns have to come as the model has them."""
    return tuple(field.attname for field in model._meta.concrete_fields if field.attname in shown)


_ORDER = _in_table_order(
    Order, "id", "reference", "state", "currency", "paid_amount", "refunded_amount", "cancel_wanted_at"
)
_VOUCHER = _in_table_order(
    Voucher,
    *("id", "state", "attempt", "amount", "currency", "code", "barcode", "barcode_svg", "expires_at"),
    *("wanted_expiry_at", "paid_amount", "paid_currency", "paid_at", "cancel_wanted_at", "created_at", "order_id"),
    *("asked_at", "said_paid_at", "changed_at", "seen_at"),
)
_COLUMNS = ", ".join([*(f"v.{column}" for column in _VOUCHER), *(f"o.{column}" for column in _ORDER)])
_READ = f"""
SELECT {_COLUMNS}
FROM {Voucher._meta.db_table} v JOIN {Order._meta.db_table} o ON o.id = v.order_id
WHERE o.page_key = %s
ORDER BY v.attempt DESC LIMIT {MOST_VOUCHERS}
"""  # noqa: S608 - names of our own columns and tables only


def vouchers_behind(page_key: str) -> list[Voucher]:
    """Return the vouchers of the order that a link leads to, newest first, each with its order; none for no order.

    One query. Only the columns that the page shows are there; any other would be fetched when it is asked for.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ, (page_key,))
        rows = cursor.fetchall()
    return [_voucher(row) for row in rows]


def _voucher(row: tuple[object, ...]) -> Voucher:
    voucher = Voucher.from_db(connection.alias, _VOUCHER, row[: len(_VOUCHER)])
    voucher.order = Order.from_db(connection.alias, _ORDER, row[len(_VOUCHER) :])
    return voucher
