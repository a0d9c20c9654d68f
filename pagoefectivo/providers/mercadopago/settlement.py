"""What Mercado Pago released and settled: the released-money report and the account-money report, as CSV.

Sources: Mercado Pago's pages on both reports (glossaries, configuration, sample). A merchant chooses columns, separator
and time zone; every column of the glossaries is known here by its untranslated name. Dates carry their offset; one
without is in GMT-04, the reports' default zone. Import one of the two reports for an account, not both: they tell of
the same money twice, when it was earned and when it became available.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.messages import SettlementFacts, SettlementKind, SettlementRow
from pagoefectivo.domain.money import CENT, ZERO
from pagoefectivo.providers.base import SettlementReader
from pagoefectivo.providers.cells import (
    Numerals,
    currency,
    day_of,
    if_said,
    instant,
    known,
    needed_reference,
    reference,
    remembered,
)
from pagoefectivo.providers.tabular import Layout, Records, names_in

LONGEST_FACTS = 80
DEFAULT_ZONE = timezone(timedelta(hours=-4))

_ANY_REPORT = frozenset(
    {
        *("BUSINESS_UNIT", "CARD_INITIAL_NUMBER", "COUPON_AMOUNT", "EXTERNAL_POS_ID", "EXTERNAL_STORE_ID"),
        *("INSTALLMENTS", "METADATA", "OPERATION_TAGS", "ORDER_ID", "PACK_ID", "PAYER_ID_NUMBER", "PAYER_ID_TYPE"),
        *(
            "PAYER_NAME",
            "PAYMENT_METHOD",
            "PAYMENT_METHOD_TYPE",
            "POI_BANK_NAME",
            "POI_ID",
            "POI_WALLET_NAME",
            "POS_ID",
        ),
        *("POS_NAME", "PURCHASE_ID", "SHIPMENT_MODE", "SHIPPING_ID", "STORE_ID", "STORE_NAME", "SUB_UNIT"),
        *("TAXES_DISAGGREGATED", "TAX_AMOUNT_TELCO", "TAX_DETAIL", "USER_ID"),
    }
)
RELEASE = Layout(
    needed=("DATE", "SOURCE_ID", "RECORD_TYPE", "DESCRIPTION", "NET_CREDIT_AMOUNT", "NET_DEBIT_AMOUNT", "GROSS_AMOUNT"),
    optional=(
        *("EXTERNAL_REFERENCE", "MP_FEE_AMOUNT", "FINANCING_FEE_AMOUNT", "SHIPPING_FEE_AMOUNT", "TAXES_AMOUNT"),
        "CURRENCY",
    ),
    other=_ANY_REPORT
    | {"BALANCE_AMOUNT", "EFFECTIVE_COUPON_AMOUNT", "SALE_DETAIL", "SEGMENT_DETAIL", "TRANSACTION_APPROVAL_DATE"},
)
ACCOUNT_MONEY = Layout(
    needed=(
        *("SOURCE_ID", "TRANSACTION_TYPE", "TRANSACTION_AMOUNT", "TRANSACTION_CURRENCY", "TRANSACTION_DATE"),
        *("FEE_AMOUNT", "SETTLEMENT_NET_AMOUNT", "SETTLEMENT_CURRENCY", "SETTLEMENT_DATE"),
    ),
    optional=("EXTERNAL_REFERENCE", "TAXES_AMOUNT"),
    other=_ANY_REPORT
    | {
        *("DESCRIPTION", "FINANCING_FEE_AMOUNT", "MKP_FEE_AMOUNT", "MP_FEE_AMOUNT", "REAL_AMOUNT", "SELLER_AMOUNT"),
        *("SHIPPING_FEE_AMOUNT", "SITE"),
    },
)

_K = SettlementKind
# record type -> what it does to the available balance: moves it, or states it
_RECORDS: Mapping[str, str] = {
    **dict.fromkeys(("release", "block", "unblock", "fullblock"), "move"),
    "initial_available_balance": "start",
    "available_balance": "balance",
    "subtotal": "balance",
    "total": "end",
}
# what moved; `…_cancel` undoes it, and every `tax_…` is a tax
_DESCRIPTIONS: Mapping[str, SettlementKind] = {
    "payment": _K.PAYMENT,
    "refund": _K.REFUND,
    "chargeback": _K.CHARGEBACK,
    "dispute": _K.CHARGEBACK,
    "mediation": _K.CHARGEBACK,
    "payout": _K.PAYOUT,
    "reserve_for_payout": _K.PAYOUT,
    "withdrawal": _K.PAYOUT,
    "fee_release_in_advance": _K.FEE,
    "shipping": _K.FEE,
    "shipping_return": _K.FEE,
    "asset_management_gain": _K.ADJUSTMENT,
    "asset_management_loss": _K.ADJUSTMENT,
    "cashback": _K.ADJUSTMENT,
    "credit_payment": _K.ADJUSTMENT,
    "restriction": _K.ADJUSTMENT,
}
_TRANSACTIONS: Mapping[str, SettlementKind] = {
    "SETTLEMENT": _K.PAYMENT,
    "REFUND": _K.REFUND,
    "CHARGEBACK": _K.CHARGEBACK,
    "DISPUTE": _K.CHARGEBACK,
    "WITHDRAWAL": _K.PAYOUT,
    "WITHDRAWAL_CANCEL": _K.PAYOUT,
    "PAYOUT": _K.PAYOUT,
    "CASHBACK": _K.ADJUSTMENT,
    "SETTLEMENT_SHIPPING": _K.FEE,
    "REFUND_SHIPPING": _K.FEE,
    "CHARGEBACK_SHIPPING": _K.FEE,
    "DISPUTE_SHIPPING": _K.FEE,
}


class ReleaseReport(SettlementReader):
    """Released money: what became available, was taken back or paid out. Where it states a total, that must add up."""

    layout = "release"

    def recognises(self, head: bytes) -> bool:
        return len(names_in(head) & {"RECORD_TYPE", "NET_CREDIT_AMOUNT", "NET_DEBIT_AMOUNT"}) > 1

    def read(self, file: BinaryIO) -> Iterator[SettlementRow]:
        records, numerals = Records(file), Numerals()
        columns = records.header(RELEASE)
        released, said = instant("DATE", DEFAULT_ZONE), remembered(_said_of_releases(numerals))
        balance, is_over, identities = ZERO, False, _Identities(self.layout)
        for line, (on, source, record, description, *sides, in_gross, ours, fee, more, most, tax, of) in records.rows(
            columns
        ):
            part = known(_RECORDS, line, "RECORD_TYPE", record)
            if is_over:
                raise UnreadableFile(line, gettext("Rows follow after the total."))
            is_move, is_over = part == "move", part == "end"
            moment = released(line, on) if on or is_move else None
            net, facts = said(
                line, on[:10] if moment else "", record, description, *sides, in_gross, fee, more, most, tax, of
            )
            if is_over and net != balance:
                raise UnreadableFile(line, gettext("The rows do not add up to the total that the file states."))
            balance += net if part in ("move", "start") else ZERO
            if is_move:
                needed_reference(line, "SOURCE_ID", source)
            is_payout = facts.kind is _K.PAYOUT
            yield SettlementRow(
                line=line,
                facts=replace(facts, batch=source) if is_payout else facts,
                identity=identities.of(moment, source, record, description, net),
                reference=reference(line, "EXTERNAL_REFERENCE", ours),
                provider_reference="" if is_payout else source,
                occurred_at=moment,
            )


class AccountMoneyReport(SettlementReader):
    """Account money, which Mercado Pago also calls the settlement report. It has no total: one cut at a line's end looks whole."""

    layout = "account-money"

    def recognises(self, head: bytes) -> bool:
        return len(names_in(head) & {"TRANSACTION_TYPE", "SETTLEMENT_NET_AMOUNT", "TRANSACTION_AMOUNT"}) > 1

    def read(self, file: BinaryIO) -> Iterator[SettlementRow]:
        records, numerals = Records(file), Numerals()
        columns = records.header(ACCOUNT_MONEY)
        happened, settled_at = instant("TRANSACTION_DATE", DEFAULT_ZONE), instant("SETTLEMENT_DATE", DEFAULT_ZONE)
        said, identities = remembered(_said_of_account_money(numerals)), _Identities(self.layout)
        for line, picked in records.rows(columns):
            source, raw, in_gross, of, on, in_fee, in_net, settled_in, settled_on, ours, in_taxes = picked
            settled_day = settled_on[:10] if if_said(settled_at, line, settled_on) else ""
            net, facts = said(line, raw, in_gross, of, in_fee, in_net, settled_in, settled_day, in_taxes)
            moment = happened(line, on)
            needed_reference(line, "SOURCE_ID", source)
            is_payout = facts.kind is _K.PAYOUT
            yield SettlementRow(
                line=line,
                facts=replace(facts, batch=source) if is_payout else facts,
                identity=identities.of(moment, source, raw, "", net),
                reference=reference(line, "EXTERNAL_REFERENCE", ours),
                provider_reference="" if is_payout else source,
                occurred_at=moment,
            )


READERS = (ReleaseReport, AccountMoneyReport)


def _said_of_releases(numerals: Numerals) -> Callable[..., tuple[Decimal, SettlementFacts]]:
    """What a row moves or states, and what it says."""
    credit, debit = numerals.amount("NET_CREDIT_AMOUNT"), numerals.amount("NET_DEBIT_AMOUNT")
    gross, taxes = numerals.amount("GROSS_AMOUNT"), numerals.amount("TAXES_AMOUNT")
    fees = [numerals.amount(name) for name in ("MP_FEE_AMOUNT", "FINANCING_FEE_AMOUNT", "SHIPPING_FEE_AMOUNT")]

    def read(
        line: int,
        on: str,
        record: str,
        description: str,
        in_credit: str,
        in_debit: str,
        in_gross: str,
        *more: str,
    ) -> tuple[Decimal, SettlementFacts]:
        *in_fees, in_taxes, of = more
        is_move = _RECORDS[record] == "move"
        net = _net(line, if_said(credit, line, in_credit), if_said(debit, line, in_debit), is_move=is_move)
        said = [amount(line, cell) for amount, cell in zip(fees, in_fees, strict=True) if cell and is_move]
        row_gross = if_said(gross, line, in_gross) if is_move else net
        facts = SettlementFacts(
            kind=_kind_of(line, description) if is_move else _K.BALANCE,
            raw_kind=f"{record}, {reference(line, 'DESCRIPTION', description)}" if description else record,
            amount=row_gross,
            currency=currency(line, "CURRENCY", of) if of else "",
            settled_amount=row_gross,
            settled_currency=of,
            fee=sum(said, ZERO) if said else None,
            tax=if_said(taxes, line, in_taxes) if is_move else None,
            net=net if is_move else None,
            settled_date=day_of(on) if on else None,
        )
        return net, facts

    return read


def _said_of_account_money(numerals: Numerals) -> Callable[..., tuple[Decimal, SettlementFacts]]:
    """What a row moves, and what it says."""
    gross, fee = numerals.amount("TRANSACTION_AMOUNT"), numerals.amount("FEE_AMOUNT")
    settled, taxes = numerals.amount("SETTLEMENT_NET_AMOUNT"), numerals.amount("TAXES_AMOUNT")

    def read(
        line: int,
        raw: str,
        in_gross: str,
        of: str,
        in_fee: str,
        in_net: str,
        settled_in: str,
        settled_on: str,
        in_taxes: str,
    ) -> tuple[Decimal, SettlementFacts]:
        kind = known(_TRANSACTIONS, line, "TRANSACTION_TYPE", raw)
        amount, row_fee, net = gross(line, in_gross), if_said(fee, line, in_fee), settled(line, in_net)
        tax = if_said(taxes, line, in_taxes)
        is_same_currency = of == settled_in
        if is_same_currency:
            row_fee = _fee_without_tax(line, amount, row_fee, tax, net)
        facts = SettlementFacts(
            kind=kind,
            raw_kind=raw,
            amount=amount,
            currency=currency(line, "TRANSACTION_CURRENCY", of),
            settled_amount=amount if is_same_currency else None,
            settled_currency=currency(line, "SETTLEMENT_CURRENCY", settled_in),
            fee=row_fee,
            tax=tax,
            net=net,
            settled_date=day_of(settled_on) if settled_on else None,
        )
        return net, facts

    return read


def _net(line: int, credit: Decimal | None, debit: Decimal | None, *, is_move: bool) -> Decimal:
    """What is credited without what is debited; only a balance may state both."""
    if credit is None and debit is None:
        raise UnreadableFile(line, gettext("%(column)s is empty.") % {"column": "NET_CREDIT_AMOUNT"})
    if is_move and credit and debit:
        raise UnreadableFile(line, gettext("The row is both credited and debited."))
    return (credit or ZERO) - (debit or ZERO)


def _kind_of(line: int, description: str) -> SettlementKind:
    if description.startswith("tax_"):
        return _K.TAX
    return known(_DESCRIPTIONS, line, "DESCRIPTION", description.removesuffix("_cancel"))


class _Identities:
    """Names rows that have no id of their own: a refund repeats its payment's SOURCE_ID, and several may.

    All facts together name a row; equal rows of one instant, which stand together in a report, are counted. Were they
    to stand apart, they would share a name and show as a statement made twice.
    """

    def __init__(self, layout: str) -> None:
        self._layout = layout
        self._moment: datetime | None = None
        self._seen: dict[str, int] = {}

    def of(self, moment: datetime | None, source: str, word: str, description: str, net: Decimal) -> str:
        if moment != self._moment:
            self._moment = moment
            self._seen.clear()
        milliseconds = int(moment.timestamp() * 1000) if moment else 0
        facts = f"{source}:{word}:{description}:{int(net.scaleb(2))}:{milliseconds}"
        count = self._seen[facts] = self._seen.get(facts, 0) + 1
        if len(facts) > LONGEST_FACTS:
            facts = hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()
        return f"{self._layout}:{facts}" if count == 1 else f"{self._layout}:{facts}:{count}"


def _fee_without_tax(
    line: int, amount: Decimal, fee: Decimal | None, tax: Decimal | None, net: Decimal
) -> Decimal | None:
    """The pages leave open whether FEE_AMOUNT counts the tax in: the net amount tells."""
    cut = net - amount - (fee or ZERO)
    if abs(cut - (tax or ZERO)) < CENT:
        return fee
    if fee is not None and tax is not None and abs(cut) < CENT:
        return fee - tax
    raise UnreadableFile(line, gettext("Amount and fee do not make the net amount."))
