"""Any settlement, written down in any way that a spreadsheet or a PSP writes it, is read as the same rows."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.messages import SettlementKind
from tests.unit.providers.reports_stage import read

CENT = Decimal("0.01")
ZONE = timezone(timedelta(hours=-4))
KINDS = {"payment": SettlementKind.PAYMENT, "refund": SettlementKind.REFUND, "payout": SettlementKind.PAYOUT}

cents = st.integers(-99_999_999_99, 99_999_999_99).map(lambda number: number * CENT)
instants = st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 30)).map(  # noqa: DTZ001 - the zone is added
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40)


@dataclass(frozen=True)
class Moved:
    """One movement, as it was and as it must be read."""

    source: str
    kind: str
    amount: Decimal
    fee: Decimal
    at: datetime
    reference: str


@dataclass(frozen=True)
class Manner:
    """How a file is written down."""

    delimiter: str
    point: str
    grouped: bool
    bracketed: bool
    encoding: str
    ends: str
    quoting: int

    def number(self, amount: Decimal) -> str:
        written = f"{abs(amount):,.2f}" if self.grouped else f"{abs(amount):.2f}"
        if self.point == ",":
            written = written.translate(str.maketrans(",.", ".,"))
        if amount >= 0:
            return written
        return f"({written})" if self.bracketed else f"-{written}"

    def file(self, rows: list[list[str]]) -> bytes:
        sheet = io.StringIO()
        csv.writer(sheet, delimiter=self.delimiter, lineterminator=self.ends, quoting=self.quoting).writerows(rows)  # type: ignore[arg-type]
        return sheet.getvalue().encode(self.encoding)


movements = st.builds(
    Moved,
    source=st.from_regex(r"[1-9][0-9]{5,18}", fullmatch=True),
    kind=st.sampled_from(sorted(KINDS)),
    amount=cents,
    fee=cents.map(lambda fee: fee / 100).map(lambda fee: fee.quantize(CENT)),
    at=instants,
    reference=texts,
)
manners = st.builds(
    Manner,
    delimiter=st.sampled_from(",;\t"),
    point=st.sampled_from(".,"),
    grouped=st.booleans(),
    bracketed=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    ends=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)


@given(st.lists(movements, min_size=1, max_size=12).map(lambda moves: sorted(moves, key=lambda each: each.at)), manners)
def test_a_release_report_is_read_as_it_was_meant_in_whatever_manner(moves: list[Moved], manner: Manner) -> None:
    names = ["DATE", "SOURCE_ID", "EXTERNAL_REFERENCE", "RECORD_TYPE", "DESCRIPTION", "NET_CREDIT_AMOUNT"]
    names += ["NET_DEBIT_AMOUNT", "GROSS_AMOUNT", "MP_FEE_AMOUNT", "METADATA"]
    rows = [names, *(_release_row(each, manner) for each in moves)]
    total = sum((each.amount + each.fee for each in moves), Decimal(0))
    rows.append(["", "", "", "total", "", manner.number(total), manner.number(Decimal("0.00")), "", "", ""])
    *found, closing = read("mercadopago", manner.file(rows))
    assert [
        (
            row.facts.kind,
            row.provider_reference or row.facts.batch,
            row.reference,
            row.facts.amount,
            row.facts.fee,
            row.facts.net,
            row.occurred_at,
        )
        for row in found
    ] == [
        (KINDS[each.kind], each.source, each.reference, each.amount, each.fee, each.amount + each.fee, each.at)
        for each in moves
    ]
    assert len({row.identity for row in found}) == len(found)
    assert closing.facts.amount == total
    again = read(
        "mercadopago",
        Manner(",", ".", False, False, "utf-8", "\n", csv.QUOTE_MINIMAL).file(
            [names, *(_release_row(each, Manner(",", ".", False, False, "utf-8", "\n", 0)) for each in moves)]
        ),
    )
    assert [row.identity for row in again] == [row.identity for row in found]


def _release_row(moved: Moved, manner: Manner) -> list[str]:
    net = moved.amount + moved.fee
    sides = [manner.number(max(net, Decimal("0.00"))), manner.number(max(-net, Decimal("0.00")))]
    moment = moved.at.astimezone(ZONE).isoformat(timespec="milliseconds")
    amounts = [*sides, manner.number(moved.amount), manner.number(moved.fee)]
    return [moment, moved.source, moved.reference, "release", moved.kind, *amounts, '{"note": "a, b; c"}']
