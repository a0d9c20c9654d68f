"""What EBANX settled: its settlement report as CSV or JSON. The layout is assumed until a real file has been read.

EBANX's pages name the summary (`settlement_code`, `settlement_currency`, `settlement_net_amount`, …) and, on other
reports, the parts of a transaction (`entry_type`, `charge_amount`, `fee_amount`, …); the settlement's own list of
columns is not public. A file with other columns is refused by their names, never read by position. Dates without a
zone are taken as Lima's: EBANX says that the zone depends on the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext

from pagoefectivo.domain.exceptions import UnreadableFile, UnreadableMessage
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
from pagoefectivo.providers.documents import Document, decode_object, part, parts
from pagoefectivo.providers.tabular import Layout, Picked, Records, names_in, refuse_other_formats

LIMA = timezone(timedelta(hours=-5))
LARGEST_JSON = 16 * 1024 * 1024

SUMMARY = Layout(
    needed=("settlement_code", "settlement_currency", "settlement_date", "settlement_net_amount"),
    other=frozenset({"generate_date", "merchant_id", "merchant_name", "settlement_country", "transfer_date"}),
)
ENTRIES = Layout(
    needed=(
        *("entry_type", "payment_hash", "merchant_payment_code", "refund_id", "merchant_refund_code", "confirm_date"),
        *("amount_local", "currency_local", "exchange_rate", "charge_amount", "fee_amount", "net_amount"),
    ),
    optional=("tax_amount",),
    other=frozenset({"country", "open_date", "order_number", "payment_type_code"}),
)

_K = SettlementKind
# entry type -> our kind, its word, and whether it comes to the shop: amounts are written without a sign
_TYPES: Mapping[str, tuple[SettlementKind, str, bool]] = {
    "PAYMENT": (_K.PAYMENT, "payment", True),
    "REFUND": (_K.REFUND, "refund", False),
    "CHARGEBACK": (_K.CHARGEBACK, "chargeback", False),
    "CHARGEBACK_REVERSAL": (_K.CHARGEBACK, "chargeback-reversal", True),
}


@dataclass(frozen=True, slots=True)
class _Settlement:
    code: str
    currency: str
    settled_date: date
    net: Decimal


class EbanxSettlement(SettlementReader):
    """The settlement as CSV: names and values of the summary, then names and rows of the entries."""

    layout = "settlement-csv"

    def recognises(self, head: bytes) -> bool:
        return names_in(head) >= {"settlement_code", "settlement_currency"}

    def read(self, file: BinaryIO) -> Iterator[SettlementRow]:
        records, numerals = Records(file), Numerals()
        settlement = _settlement(*records.row(records.header(SUMMARY)), numerals)
        yield from _rows(records.rows(records.header(ENTRIES)), settlement, numerals)


class EbanxSettlementJson(SettlementReader):
    """The settlement as JSON: `{"settlement": {…}, "entries": […]}`. A row's `line` is the number of its entry."""

    layout = "settlement-json"

    def recognises(self, head: bytes) -> bool:
        return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"settlement_code"' in head

    def read(self, file: BinaryIO) -> Iterator[SettlementRow]:
        content = file.read(LARGEST_JSON + 1)
        refuse_other_formats(content)
        if len(content) > LARGEST_JSON:
            raise UnreadableFile(0, gettext("More than 16 MiB of JSON. Export the report as CSV."))
        try:
            document = decode_object(content.removeprefix(b"\xef\xbb\xbf"))
            summary, entries = part(document, "settlement"), parts(document, "entries")
        except UnreadableMessage as fault:
            summary, entries, why = {}, (), gettext("The JSON cannot be read: %(fault)s.") % {"fault": fault}
        else:
            why = "" if entries else gettext("The file has no rows.")
        if why:
            raise UnreadableFile(0, why)
        numerals = Numerals()
        settlement = _settlement(0, _picked(0, summary, SUMMARY), numerals)
        numbered = ((number, _picked(number, entry, ENTRIES)) for number, entry in enumerate(entries, 1))
        yield from _rows(numbered, settlement, numerals)


READERS = (EbanxSettlement, EbanxSettlementJson)


def _picked(number: int, document: Document, layout: Layout) -> Picked:
    columns = layout.columns(number, list(document))
    cells = ["" if value is None else str(value) for value in document.values()]
    return columns.pick(number, cells, is_cut=False)


def _settlement(line: int, picked: Picked, numerals: Numerals) -> _Settlement:
    code, settled_in, settled_on, net = picked
    return _Settlement(
        code=needed_reference(line, "settlement_code", code),
        currency=currency(line, "settlement_currency", settled_in),
        settled_date=day(line, "settlement_date", settled_on),
        net=numerals.amount("settlement_net_amount")(line, net),
    )


def _rows(
    entries: Iterable[tuple[int, Picked]], settlement: _Settlement, numerals: Numerals
) -> Iterator[SettlementRow]:
    confirmed, said, total = instant("confirm_date", LIMA), remembered(_said_in(settlement, numerals)), ZERO
    for line, (raw, theirs, ours, refund, our_refund, on, *amounts) in entries:
        word, net, facts = said(line, raw, *amounts)
        total += net
        is_refund = facts.kind is _K.REFUND
        own = (
            needed_reference(line, "refund_id", refund) if is_refund else needed_reference(line, "payment_hash", theirs)
        )
        yield SettlementRow(
            line=line,
            facts=facts,
            identity=f"{word}:{own}",
            reference=reference(line, "merchant_payment_code", ours),
            provider_reference=reference(line, "payment_hash", theirs),
            refund_reference=reference(line, "merchant_refund_code", our_refund) if is_refund else "",
            refund_provider_reference=own if is_refund else "",
            occurred_at=if_said(confirmed, line, on),
        )
    if abs(total - settlement.net) >= CENT:
        raise UnreadableFile(0, gettext("The rows do not add up to the total that the file states."))


def _said_in(settlement: _Settlement, numerals: Numerals) -> Callable[..., tuple[str, Decimal, SettlementFacts]]:
    """A row's word, its net, and what it says."""
    local, charge, fee, tax, net = (
        numerals.amount(column)
        for column in ("amount_local", "charge_amount", "fee_amount", "tax_amount", "net_amount")
    )
    rate = numerals.amount("exchange_rate", decimals=RATE_DECIMALS)

    def read(
        line: int,
        raw: str,
        in_local: str,
        of: str,
        at_rate: str,
        in_charge: str,
        in_fee: str,
        in_net: str,
        in_tax: str,
    ) -> tuple[str, Decimal, SettlementFacts]:
        kind, word, comes_in = known(_TYPES, line, "entry_type", raw)
        row_charge = signed(line, "charge_amount", charge(line, in_charge), comes_in=comes_in)
        row_fee = cost(line, "fee_amount", fee(line, in_fee))
        row_tax = cost(line, "tax_amount", tax(line, in_tax)) if in_tax else None
        row_net = row_charge + row_fee + (row_tax or ZERO)
        if abs(abs(net(line, in_net)) - abs(row_net)) >= CENT:
            raise UnreadableFile(line, gettext("Amount and fee do not make the net amount."))
        facts = SettlementFacts(
            kind=kind,
            raw_kind=raw,
            amount=signed(line, "amount_local", local(line, in_local), comes_in=comes_in),
            currency=currency(line, "currency_local", of),
            settled_amount=row_charge,
            settled_currency=settlement.currency,
            fee=row_fee,
            tax=row_tax,
            net=row_net,
            rate=if_said(rate, line, at_rate),
            settled_date=settlement.settled_date,
            batch=settlement.code,
        )
        return word, row_net, facts

    return read
