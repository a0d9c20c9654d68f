"""EBANX's settlement, as CSV and as JSON. The names of the rows' columns are our reading: they are not public."""

from __future__ import annotations

import json
from decimal import Decimal

from pagoefectivo.sandbox.ledger import ZERO
from pagoefectivo.sandbox.statements import CENT, Movement, Statement
from pagoefectivo.sandbox.statements.paper import lines, plain_time

LIMA = -5
ENTRY_TYPES = {"payment": "PAYMENT", "refund": "REFUND", "reversal": "CHARGEBACK", "return": "CHARGEBACK_REVERSAL"}


def as_csv(statement: Statement) -> str:
    """Return names and values of the summary, then names and values of the entries."""
    summary, entries = _summary(statement), _entries(statement)
    names = list(entries[0] if entries else _entry_names())
    return lines([list(summary), list(summary.values()), names, *(list(each.values()) for each in entries)])


def as_json(statement: Statement) -> str:
    """Return the same as one object."""
    return json.dumps({"settlement": _summary(statement), "entries": _entries(statement)}, ensure_ascii=False)


def _summary(statement: Statement) -> dict[str, str]:
    net = sum((_dollars(each)[3] for each in statement.movements), ZERO)
    return {
        "settlement_code": f"SET-PE-{statement.made_at:%y%m%d}-001",
        "settlement_currency": "USD",
        "merchant_id": "84521",
        "merchant_name": "Sandbox",
        "generate_date": f"{statement.made_at:%Y-%m-%dT%H:%M:%SZ}",
        "settlement_date": f"{statement.made_at:%Y-%m-%d}",
        "settlement_net_amount": f"{net:.2f}",
    }


def _entries(statement: Statement) -> list[dict[str, str]]:
    return [dict(zip(_entry_names(), _entry(each), strict=True)) for each in statement.movements]


def _entry_names() -> tuple[str, ...]:
    return (
        *("entry_type", "payment_hash", "merchant_payment_code", "refund_id", "merchant_refund_code", "confirm_date"),
        *("amount_local", "currency_local", "exchange_rate", "charge_amount", "fee_amount", "tax_amount", "net_amount"),
    )


def _entry(moved: Movement) -> tuple[str, ...]:
    charge, fee, tax, net = (f"{abs(each):.2f}" for each in _dollars(moved))
    refund_id, refund_code = (moved.refund.id, moved.refund.reference or "") if moved.refund else ("", "")
    return (
        *(ENTRY_TYPES[moved.kind], moved.payment.id, moved.payment.order_id, refund_id, refund_code),
        *(plain_time(moved.at, LIMA), f"{abs(moved.amount):.2f}", moved.currency, f"{moved.rate:.4f}"),
        *(charge, fee, tax, net),
    )


def _dollars(moved: Movement) -> tuple[Decimal, ...]:
    amount, fee, tax = ((each / moved.rate).quantize(CENT) for each in (moved.amount, moved.fee, moved.tax))
    return amount, fee, tax, amount + fee + tax


LAYOUTS = {"settlement-csv": as_csv, "settlement-json": as_json}
