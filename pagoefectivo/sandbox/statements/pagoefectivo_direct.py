"""PagoEfectivo's movements as a plain table. Which file it hands to merchants is not public: the columns are ours."""

from __future__ import annotations

from pagoefectivo.sandbox.statements import Movement, Statement
from pagoefectivo.sandbox.statements.paper import lines, plain_time

LIMA = -5
COLUMNS = ["type", "code", "reference", "amount", "currency", "fee", "tax", "net", "paid_at", "settled_on", "transfer"]
TYPES = {"payment": "payment", "refund": "refund", "reversal": "chargeback", "return": "adjustment"}


def plain(statement: Statement) -> str:
    """Return a row for each movement of one transfer, amounts and costs without a sign."""
    return lines([COLUMNS, *(_row(each, f"{statement.made_at:%Y-%m-%d}") for each in statement.movements)])


def _row(moved: Movement, day: str) -> tuple[object, ...]:
    payment = moved.payment
    amounts = (f"{each:.2f}" for each in (-moved.fee, -moved.tax, moved.net))
    return (
        *(TYPES[moved.kind], payment.code, payment.order_id, f"{abs(moved.amount):.2f}", moved.currency, *amounts),
        *(plain_time(moved.at, LIMA), day, f"PE-{day}"),
    )


LAYOUTS = {"plain": plain}
