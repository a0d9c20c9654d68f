"""What PagoEfectivo paid, in a plain layout of our own: which file it hands to a merchant nobody published.

What a file calls its columns and its types is an option of the account; what a column means is ours. A row is about one
movement in one currency. `amount` is before costs: the type says whether it comes or goes, only an adjustment has a sign
of its own. `fee` and `tax` are costs, above zero, and `net` is the amount without them. There is no total: a file that is
cut at a line's end looks whole. Instants without a zone are Lima's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta, timezone
from typing import BinaryIO

from django.utils.translation import gettext

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.messages import SettlementFacts, SettlementKind, SettlementRow
from pagoefectivo.domain.money import ZERO
from pagoefectivo.providers.base import SettlementReader
from pagoefectivo.providers.cells import (
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
from pagoefectivo.providers.pagoefectivo_direct.objects import is_cip, whole_reference
from pagoefectivo.providers.tabular import Layout, Records, names_in

NEEDED = ("type", "code", "amount", "currency", "net")
OPTIONAL = ("reference", "fee", "tax", "paid_at", "settled_on", "transfer")
LIMA = timezone(timedelta(hours=-5))

_K = SettlementKind
TYPES = {kind.value: kind for kind in (_K.PAYMENT, _K.REFUND, _K.CHARGEBACK, _K.FEE, _K.ADJUSTMENT)}
_ABOUT_A_CODE = frozenset({_K.PAYMENT, _K.REFUND, _K.CHARGEBACK})
# our word -> what a file says instead
COLUMNS = {name: name for name in (*NEEDED, *OPTIONAL)}
WORDS = {name: name for name in TYPES}
SETTLEMENT_OPTIONS: Mapping[str, Mapping[str, str] | tuple[str, ...]] = {
    "SETTLEMENT_COLUMNS": COLUMNS,
    "SETTLEMENT_TYPES": WORDS,
    "SETTLEMENT_IGNORED": (),  # columns that may be there and are not read
}


class PlainSettlement(SettlementReader):
    """A table of movements whose columns and types are called as the account says. Each net must add up."""

    layout = "plain"

    def __init__(
        self,
        columns: Mapping[str, str] = COLUMNS,
        words: Mapping[str, str] = WORDS,
        ignored: Collection[str] = (),
    ) -> None:
        self._names = columns
        self._types = {word: TYPES[name] for name, word in words.items()}
        self._layout = Layout(
            needed=tuple(columns[name] for name in NEEDED),
            optional=tuple(columns[name] for name in OPTIONAL),
            other=frozenset(ignored),
        )

    def recognises(self, head: bytes) -> bool:
        """Take any table: there is no other layout, and its header says by name what does not match."""
        return bool(names_in(head))

    def read(self, file: BinaryIO) -> Iterator[SettlementRow]:
        records, numerals, names = Records(file), Numerals(), self._names
        columns = records.header(self._layout)
        paid, said = instant(names["paid_at"], LIMA), remembered(self._said_in(numerals))
        for line, picked in records.rows(columns):
            raw, code, in_amount, of, in_net, ours, in_fee, in_tax, paid_on, settled_on, transfer = picked
            written, facts = said(line, raw, in_amount, of, in_net, in_fee, in_tax, settled_on, transfer)
            cip = self._cip(line, code, is_needed=facts.kind in _ABOUT_A_CODE)
            yield SettlementRow(
                line=line,
                facts=facts,
                identity=_identity(facts.kind, cip, *written, ours, paid_on, settled_on, transfer),
                reference=whole_reference(reference(line, names["reference"], ours)),
                provider_reference=cip,
                code=cip,
                occurred_at=if_said(paid, line, paid_on),
            )

    def _said_in(self, numerals: Numerals) -> Callable[..., tuple[tuple[str, str], SettlementFacts]]:
        """Amount and net as they name a row, and what it says."""
        names = self._names
        read_amount, read_fee, read_tax, read_net = (
            numerals.amount(names[name]) for name in ("amount", "fee", "tax", "net")
        )

        def read(
            line: int,
            raw: str,
            in_amount: str,
            of: str,
            in_net: str,
            in_fee: str,
            in_tax: str,
            settled_on: str,
            transfer: str,
        ) -> tuple[tuple[str, str], SettlementFacts]:
            kind = known(self._types, line, names["type"], raw)
            amount = read_amount(line, in_amount)
            if kind is not _K.ADJUSTMENT:
                amount = signed(line, names["amount"], amount, comes_in=kind is _K.PAYMENT)
            fee = cost(line, names["fee"], read_fee(line, in_fee)) if in_fee else None
            tax = cost(line, names["tax"], read_tax(line, in_tax)) if in_tax else None
            net = read_net(line, in_net)
            if amount + (fee or ZERO) + (tax or ZERO) != net:
                raise UnreadableFile(line, gettext("Amount and fee do not make the net amount."))
            row_currency = currency(line, names["currency"], of)
            facts = SettlementFacts(
                kind=kind,
                raw_kind=raw,
                amount=amount,
                currency=row_currency,
                settled_amount=amount,
                settled_currency=row_currency,
                fee=fee,
                tax=tax,
                net=net,
                settled_date=day(line, names["settled_on"], settled_on) if settled_on else None,
                batch=reference(line, names["transfer"], transfer),
            )
            return (f"{amount:.2f}", f"{net:.2f}"), facts

        return read

    def _cip(self, line: int, written: str, *, is_needed: bool) -> str:
        name = self._names["code"]
        cip = (needed_reference(line, name, written) if is_needed else written).strip().lstrip("0")
        if written and not is_cip(cip):
            raise UnreadableFile(line, gettext("%(column)s is not a payment code.") % {"column": name})
        return cip


READERS = (PlainSettlement,)


def _identity(kind: SettlementKind, cip: str, *facts: str) -> str:
    """Name a row: a code is paid once. All else has no number of its own, so what the row says names it.

    Two equal rows, of a fee perhaps, share a name and show as one statement made twice: a person looks at them.
    """
    if kind is _K.PAYMENT:
        return f"{kind}:{cip}"
    named = "\0".join((cip, *facts))
    return f"{kind}:{hashlib.blake2b(named.encode(), digest_size=16).hexdigest()}"
