"""dLocal's reports: the settlement of one transfer in dollars, and the older list of transactions."""

from __future__ import annotations

from decimal import Decimal

from pagoefectivo.sandbox.ledger import ZERO
from pagoefectivo.sandbox.statements import CENT, Movement, Statement
from pagoefectivo.sandbox.statements.paper import lines, plain_time

MICRO = Decimal("0.000001")
SUMMARY = (
    *("ROW_TYPE", "SETTLEMENT_CURRENCY", "NUMBER_OF_ITEMS", "GROSS_TOTAL_AMOUNT", "FEE_TOTAL_AMOUNT"),
    *("NET_TOTAL_AMOUNT", "TRANSFER_DATE", "TRANSFER_ID"),
)
DETAILS = (
    *("ROW_TYPE", "MID", "LOGIN", "COUNTRY", "CREATION_DATE", "APPROVED_DATE", "TRANSACTION_ID"),
    *("DLOCAL_TRANSACTION_ID", "LOCAL_AMOUNT", "LOCAL_CURRENCY", "FX_RATE", "GROSS_AMOUNT", "FEE_AMOUNT"),
    *("NET_AMOUNT", "PAYMENT_TYPE", "PAYMENT_METHOD_CODE", "CARD_BIN", "CARD_TYPE", "INSTALLMENTS", "STATUS"),
    *("STATUS_CODE", "STATUS_DETAILS", "USER_DOCUMENT", "USER_EMAIL", "DESCRIPTION"),
)
TRANSACTIONS = (
    *("Type", "Creation date", "Settlement date", "Reference", "Invoice", "Country", "Payment Method"),
    *("Payment Method Type", "Net Amount (local)", "Amount (USD)", "currency", "Status", "User Mail"),
    *("Transaction Reference", "Transaction Invoice", "Fee", "IOF"),
)
ROW_TYPES = {"payment": "PAYMENT", "refund": "REFUND", "reversal": "CHARGEBACK", "return": "ADJUSTMENT"}
TYPES = {"payment": "Payment", "refund": "Refund", "reversal": "Chargeback", "return": "Credit Note"}
STATUSES = {"payment": "Cleared", "refund": "Completed", "reversal": "Settled", "return": "Completed"}


def settlement(statement: Statement) -> str:
    """Return one transfer: its summary, then a row for each movement, in dollars to the millionth."""
    items = [_item(each) for each in statement.movements]
    dollars = [_dollars(each) for each in statement.movements]
    gross, fee = sum((each[0] for each in dollars), ZERO), sum((each[1] for each in dollars), ZERO)
    day = f"{statement.made_at:%Y-%m-%d}"
    summary = ("HEADER", "USD", len(items), _cents(gross), _cents(fee), _cents(gross + fee), day, f"TR-{day}")
    padding = ("",) * (len(DETAILS) - len(SUMMARY))
    return lines([(*SUMMARY, *padding), (*summary, *padding), DETAILS, *items])


def transactions(statement: Statement) -> str:
    """Return the transactions with their amounts in both currencies, divided by semicolons."""
    return lines([TRANSACTIONS, *(_transaction(each) for each in statement.movements)], ";")


def _item(moved: Movement) -> tuple[object, ...]:
    payment = moved.payment
    gross, fee = _dollars(moved)
    return (
        *(ROW_TYPES[moved.kind], "1001", payment.login, "Peru", plain_time(payment.created_at, 0)),
        *(plain_time(moved.at, 0), payment.order_id, _own_id(moved), moved.amount.quantize(MICRO), moved.currency),
        *(moved.rate.quantize(MICRO), gross, fee, gross + fee, "TICKET", "EF", "", "", "", "PAID", "200", "", "", ""),
        payment.description or "",
    )


def _transaction(moved: Movement) -> tuple[object, ...]:
    payment, rate = moved.payment, moved.rate
    is_payment = moved.kind == "payment"
    invoice = payment.order_id if is_payment else (moved.refund.reference or "" if moved.refund else "")
    moment = plain_time(moved.at, 0)
    return (
        *(TYPES[moved.kind], moment, moment, _own_id(moved), invoice, "PE", "PagoEfectivo", "Cash"),
        *(abs(moved.amount), _cents(abs(moved.amount) / rate), moved.currency, STATUSES[moved.kind], ""),
        *("" if is_payment else payment.id, "" if is_payment else payment.order_id),
        *(_cents(-(moved.fee + moved.tax) / rate), "0.00"),
    )


def _own_id(moved: Movement) -> str:
    return moved.refund.id if moved.refund else moved.payment.id


def _dollars(moved: Movement) -> tuple[Decimal, Decimal]:
    return (moved.amount / moved.rate).quantize(MICRO), ((moved.fee + moved.tax) / moved.rate).quantize(MICRO)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT)


LAYOUTS = {"settlement": settlement, "transactions": transactions}
