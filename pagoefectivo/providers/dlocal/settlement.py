"""What dLocal paid: its settlement report, and the older report of transactions.

Sources: dLocal's payins pages name the reports but no columns; names, row types and statuses are those of the reports
that Wikimedia's SmashPig reads. Neither report names a time zone: UTC is assumed. Both call one payment the same here,
so that it is recognised in either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.messages import SettlementFacts, SettlementKind, SettlementRow
from pagoefectivo.domain.money import CENT, ZERO
from pagoefectivo.providers.base import SettlementReader
from pagoefectivo.providers.cells import (
    RATE_DECIMALS,
    Numerals,
    cost,
    currency,
    day,
    if_said,
    instant,
    known,
    needed_reference,
    reference,
    remembered,
    signed,
)
from pagoefectivo.providers.tabular import Layout, Records, names_in

SETTLEMENT_DECIMALS = 6

SUMMARY = Layout(
    needed=("ROW_TYPE", "SETTLEMENT_CURRENCY", "NET_TOTAL_AMOUNT", "TRANSFER_DATE", "TRANSFER_ID"),
    other=frozenset({"NUMBER_OF_ITEMS", "GROSS_TOTAL_AMOUNT", "FEE_TOTAL_AMOUNT"}),
)
DETAILS = Layout(
    needed=(
        *("ROW_TYPE", "TRANSACTION_ID", "DLOCAL_TRANSACTION_ID", "CREATION_DATE", "APPROVED_DATE", "LOCAL_AMOUNT"),
        *("LOCAL_CURRENCY", "FX_RATE", "GROSS_AMOUNT", "FEE_AMOUNT", "NET_AMOUNT"),
    ),
    other=frozenset(
        {
            *("MID", "LOGIN", "COUNTRY", "PAYMENT_TYPE", "PAYMENT_METHOD_CODE", "CARD_BIN", "CARD_TYPE"),
            *("INSTALLMENTS", "STATUS", "STATUS_CODE", "STATUS_DETAILS", "USER_DOCUMENT", "USER_EMAIL", "DESCRIPTION"),
        }
    ),
)
TRANSACTIONS = Layout(
    needed=(
        *("Type", "Status", "Creation date", "Settlement date", "Reference", "Invoice", "Transaction Reference"),
        *("Transaction Invoice", "Net Amount (local)", "currency", "Amount (USD)", "Fee", "IOF"),
    ),
    other=frozenset({"Country", "Payment Method", "Payment Method Type", "User Mail"}),
)

_K = SettlementKind
# row type -> our kind, and the word that tells this row from another one about the same id
_ROWS: Mapping[str, tuple[SettlementKind, str]] = {
    "PAYMENT": (_K.PAYMENT, "payment"),
    "CAPTURE": (_K.PAYMENT, "capture"),
    "REFUND": (_K.REFUND, "refund"),
    "CHARGEBACK": (_K.CHARGEBACK, "chargeback"),
    "CHARGEBACK_REVERSAL": (_K.CHARGEBACK, "chargeback-reversal"),
    "CHARGEBACK REVERSAL": (_K.CHARGEBACK, "chargeback-reversal"),
    "ADJUSTMENT": (_K.ADJUSTMENT, "adjustment"),
    "SETTLEMENT_FEE": (_K.FEE, "settlement-fee"),
}
_ABOUT_A_PAYMENT = frozenset({_K.PAYMENT, _K.REFUND, _K.CHARGEBACK})
# type -> our kind, its word, and whether it comes to the shop: the report itself writes amounts without a sign
_TYPES: Mapping[str, tuple[SettlementKind, str, bool]] = {
    "Payment": (_K.PAYMENT, "payment", True),
    "Refund": (_K.REFUND, "refund", False),
    "Chargeback": (_K.CHARGEBACK, "chargeback", False),
    "Chargebacks": (_K.CHARGEBACK, "chargeback", False),
    "Chargeback Reversal": (_K.CHARGEBACK, "chargeback-reversal", True),
    "Credit Note": (_K.ADJUSTMENT, "credit-note", True),
    "Debit Note": (_K.ADJUSTMENT, "debit-note", False),
    "Refund processing fee": (_K.FEE, "refund-fee", False),
    "Chargeback processing fee": (_K.FEE, "chargeback-fee", False),
}
# status -> whether the money has moved
_STATUSES: Mapping[str, bool] = {
    **dict.fromkeys(("Cleared", "Completed", "Settled"), True),
    **dict.fromkeys(("Cancelled", "In process", "Reimbursed", "Waiting Details"), False),
}
_SUMMARY_ROW = {"HEADER": "HEADER"}


@dataclass(frozen=True, slots=True)
class _Summary:
    currency: str
    net: Decimal
    settled_date: date
    batch: str


class DLocalSettlement(SettlementReader):
    """The settlement report: a summary of one transfer, then its rows with six decimals. The net must add up."""

    layout = "settlement"

    def recognises(self, head: bytes) -> bool:
        return names_in(head) >= {"ROW_TYPE", "SETTLEMENT_CURRENCY"}

    def read(self, file: BinaryIO) -> Iterator[SettlementRow]:
        records, numerals = Records(file), Numerals()
        summary = _summary(records, numerals)
        columns = records.header(DETAILS)
        created, approved = instant("CREATION_DATE", UTC), instant("APPROVED_DATE", UTC)
        said, total = remembered(_said_in(summary, numerals)), ZERO
        for line, (raw, ours, theirs, created_on, approved_on, *amounts) in records.rows(columns):
            word, net, facts = said(line, raw, *amounts)
            total += net
            needed_reference(line, "DLOCAL_TRANSACTION_ID", theirs)
            yield SettlementRow(
                line=line,
                facts=facts,
                identity=f"{word}:{theirs}",
                reference=reference(line, "TRANSACTION_ID", ours),
                provider_reference=theirs if facts.kind is _K.PAYMENT else "",
                refund_provider_reference=theirs if facts.kind is _K.REFUND else "",
                occurred_at=approved(line, approved_on) if approved_on else if_said(created, line, created_on),
            )
        if abs(total - summary.net) >= CENT:
            raise UnreadableFile(0, gettext("The rows do not add up to the total that the file states."))


class DLocalTransactions(SettlementReader):
    """The older report of transactions, cleared and open ones. It has no total: one cut at a line's end looks whole."""

    layout = "transactions"

    def recognises(self, head: bytes) -> bool:
        return names_in(head) >= {"Transaction Reference", "Transaction Invoice"}

    def read(self, file: BinaryIO) -> Iterator[SettlementRow]:
        records, numerals = Records(file), Numerals()
        columns = records.header(TRANSACTIONS)
        created, said = instant("Creation date", UTC), remembered(_said_of_transactions(numerals))
        for line, picked in records.rows(columns):
            raw, status, created_on, settled_on, own, invoice, of_payment, of_invoice, *amounts = picked
            kind, word, facts = said(line, raw, status, settled_on, *amounts)
            needed_reference(line, "Reference", own)
            is_payment = kind is _K.PAYMENT
            yield SettlementRow(
                line=line,
                facts=facts,
                identity=f"{word}:{own}" if facts.kind is kind else f"{word}:{own}:{status}",
                reference=reference(line, "Invoice", invoice if is_payment else of_invoice),
                provider_reference=own if is_payment else reference(line, "Transaction Reference", of_payment),
                refund_provider_reference=own if kind is _K.REFUND else "",
                occurred_at=created(line, created_on),
            )


def _said_in(summary: _Summary, numerals: Numerals) -> Callable[..., tuple[str, Decimal, SettlementFacts]]:
    """A row's word, its net, and what it says."""
    local, gross, fee, net = (
        numerals.amount(column, decimals=SETTLEMENT_DECIMALS)
        for column in ("LOCAL_AMOUNT", "GROSS_AMOUNT", "FEE_AMOUNT", "NET_AMOUNT")
    )
    rate = numerals.amount("FX_RATE", decimals=RATE_DECIMALS)

    def read(
        line: int, raw: str, in_local: str, of: str, at_rate: str, in_gross: str, in_fee: str, in_net: str
    ) -> tuple[str, Decimal, SettlementFacts]:
        kind, word = known(_ROWS, line, "ROW_TYPE", raw)
        is_whole = kind in _ABOUT_A_PAYMENT
        row_net = net(line, in_net)
        row_gross = gross(line, in_gross) if in_gross or is_whole else None
        row_fee = fee(line, in_fee) if in_fee or is_whole else None
        row_local = local(line, in_local) if in_local or is_whole else None
        if row_gross is not None:
            if row_fee is not None and abs(row_gross + row_fee - row_net) >= CENT:
                raise UnreadableFile(line, gettext("Amount and fee do not make the net amount."))
            if row_local is not None and row_gross < 0 < row_local:
                row_local = -row_local
        facts = SettlementFacts(
            kind=kind,
            raw_kind=raw,
            amount=row_local,
            currency=currency(line, "LOCAL_CURRENCY", of) if of or is_whole else "",
            settled_amount=row_gross,
            settled_currency=summary.currency,
            fee=row_fee,
            net=row_net,
            rate=if_said(rate, line, at_rate),
            settled_date=summary.settled_date,
            batch=summary.batch,
        )
        return word, row_net, facts

    return read


def _said_of_transactions(numerals: Numerals) -> Callable[..., tuple[SettlementKind, str, SettlementFacts]]:
    """A row's kind, were its money moved, its word, and what it says."""
    local, dollars = numerals.amount("Net Amount (local)"), numerals.amount("Amount (USD)")
    fee, iof, settled = numerals.amount("Fee"), numerals.amount("IOF"), instant("Settlement date", UTC)

    def read(
        line: int, raw: str, status: str, settled_on: str, in_local: str, of: str, usd: str, fees: str, tax: str
    ) -> tuple[SettlementKind, str, SettlementFacts]:
        kind, word, comes_in = known(_TYPES, line, "Type", raw)
        has_moved = known(_STATUSES, line, "Status", status)
        row_local = signed(line, "Net Amount (local)", local(line, in_local), comes_in=comes_in)
        row_usd = signed(line, "Amount (USD)", dollars(line, usd), comes_in=comes_in) if usd else None
        row_tax = cost(line, "IOF", iof(line, tax)) if tax else None
        row_fee = cost(line, "Fee", fee(line, fees)) if fees else None
        if row_fee is not None and row_tax is not None:
            row_fee -= row_tax  # the report counts the tax into the fee
        facts = SettlementFacts(
            kind=kind if has_moved else _K.NOTICE,
            raw_kind=raw if has_moved else f"{raw}, {status}",
            amount=row_local,
            currency=currency(line, "currency", of),
            settled_amount=row_usd,
            settled_currency="" if row_usd is None else "USD",
            fee=row_fee,
            tax=row_tax,
            net=_net(row_usd, row_fee, row_tax) if has_moved else None,
            settled_date=settled(line, settled_on).date() if settled_on else None,
        )
        return kind, word, facts

    return read


def _net(amount: Decimal | None, *costs: Decimal | None) -> Decimal | None:
    return None if amount is None else sum((each for each in costs if each is not None), amount)


READERS = (DLocalSettlement, DLocalTransactions)


def _summary(records: Records, numerals: Numerals) -> _Summary:
    line, (raw, settled_in, net, transferred_on, batch) = records.row(records.header(SUMMARY))
    known(_SUMMARY_ROW, line, "ROW_TYPE", raw)
    return _Summary(
        currency=currency(line, "SETTLEMENT_CURRENCY", settled_in),
        net=numerals.amount("NET_TOTAL_AMOUNT", decimals=SETTLEMENT_DECIMALS)(line, net),
        settled_date=day(line, "TRANSFER_DATE", transferred_on),
        batch=needed_reference(line, "TRANSFER_ID", batch),
    )
