"""Mercado Pago's reports with their default columns, by the clock of GMT-04: released money and account money."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from pagoefectivo.sandbox.ledger import ZERO
from pagoefectivo.sandbox.statements import Movement, Statement
from pagoefectivo.sandbox.statements.paper import lines

CLOCK = timezone(timedelta(hours=-4))
RELEASE = (
    *("DATE", "SOURCE_ID", "EXTERNAL_REFERENCE", "RECORD_TYPE", "DESCRIPTION", "NET_CREDIT_AMOUNT", "NET_DEBIT_AMOUNT"),
    *("GROSS_AMOUNT", "MP_FEE_AMOUNT", "FINANCING_FEE_AMOUNT", "SHIPPING_FEE_AMOUNT", "TAXES_AMOUNT", "COUPON_AMOUNT"),
    *("INSTALLMENTS", "PAYMENT_METHOD"),
)
ACCOUNT_MONEY = (
    *("EXTERNAL_REFERENCE", "SOURCE_ID", "USER_ID", "PAYMENT_METHOD", "PAYMENT_METHOD_TYPE", "SITE"),
    *("TRANSACTION_TYPE", "TRANSACTION_AMOUNT", "TRANSACTION_CURRENCY", "SELLER_AMOUNT", "TRANSACTION_DATE"),
    *("FEE_AMOUNT", "SETTLEMENT_NET_AMOUNT", "SETTLEMENT_CURRENCY", "SETTLEMENT_DATE", "REAL_AMOUNT"),
    *("COUPON_AMOUNT", "METADATA", "MKP_FEE_AMOUNT", "FINANCING_FEE_AMOUNT", "SHIPPING_FEE_AMOUNT", "TAXES_AMOUNT"),
    "INSTALLMENTS",
)
METHOD = "pagoefectivo_atm"
DESCRIPTIONS = {"payment": "payment", "refund": "refund", "reversal": "chargeback", "return": "refund_cancel"}
TYPES = {"payment": "SETTLEMENT", "refund": "REFUND", "reversal": "CHARGEBACK", "return": "CASHBACK"}


def release(statement: Statement) -> str:
    """Return the balance before, what was released or taken back, and the balance after."""
    begins = statement.since or (statement.movements[0].at if statement.movements else statement.made_at)
    closing = sum((each.net for each in statement.movements), statement.opening)
    return lines(
        [
            RELEASE,
            _balance(_clock(begins), "initial_available_balance", statement.opening),
            *(_released(each) for each in statement.movements),
            _balance("", "total", closing),
        ]
    )


def account_money(statement: Statement) -> str:
    """Return every movement with its fee, divided by commas, without a total."""
    return lines([ACCOUNT_MONEY, *(_settled(each) for each in statement.movements)])


def _released(moved: Movement) -> tuple[object, ...]:
    fee = moved.fee + moved.tax  # the Peruvian fee counts its tax in
    return (
        *(_clock(moved.at), moved.payment.id, moved.payment.order_id, "release", DESCRIPTIONS[moved.kind]),
        *(*_sides(moved.net), moved.amount, fee, ZERO_CENTS, ZERO_CENTS, ZERO_CENTS, ZERO_CENTS, 1, METHOD),
    )


def _settled(moved: Movement) -> tuple[object, ...]:
    moment, fee, currency = _clock(moved.at), moved.fee + moved.tax, moved.currency
    return (
        *(moved.payment.order_id, moved.payment.id, "1001", METHOD, "atm", "MPE", TYPES[moved.kind], moved.amount),
        *(currency, "", moment, fee, moved.net, currency, moment, moved.net, ZERO_CENTS, "{}", ZERO_CENTS),
        *(ZERO_CENTS, ZERO_CENTS, ZERO_CENTS, 1),
    )


def _balance(moment: str, record: str, amount: Decimal) -> tuple[object, ...]:
    zeros = (ZERO_CENTS,) * 5
    return (moment, "", "", record, "", *_sides(amount), amount + ZERO_CENTS, *zeros, 1, "")


def _sides(amount: Decimal) -> tuple[Decimal, Decimal]:
    """Return what is credited and what is debited, neither below zero."""
    return max(amount, ZERO) + ZERO_CENTS, max(-amount, ZERO) + ZERO_CENTS


def _clock(moment: datetime) -> str:
    return moment.astimezone(CLOCK).isoformat(timespec="milliseconds")


ZERO_CENTS = Decimal("0.00")
LAYOUTS = {"release": release, "account-money": account_money}
