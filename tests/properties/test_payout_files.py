"""Payout files: whatever the names and amounts, the bank reads the same money, digits and references back."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.money import CENT
from pagoefectivo.domain.payouts import RESULT_COLUMNS, BankResult, Transfer, payout_csv, read_results
from pagoefectivo.domain.spreadsheets import plain_text

DIGITS = st.text("0123456789", min_size=20, max_size=20)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TRANSFERS = st.builds(
    Transfer,
    cci=DIGITS,
    holder_name=TEXTS,
    document_type=st.sampled_from(["DNI", "RUC", "CE"]),
    document_number=st.text("0123456789", min_size=8, max_size=11),
    amount=st.decimals(min_value=CENT, max_value=Decimal("9999999999.99"), places=2),
    currency=st.sampled_from(["PEN", "USD"]),
    reference=st.from_regex(r"R-[0-9A-F]{20}", fullmatch=True),
    purpose=TEXTS,
)


@given(st.lists(TRANSFERS, max_size=12))
def test_the_bank_reads_back_exactly_what_was_meant(transfers: list[Transfer]) -> None:
    content = payout_csv(transfers)
    assert payout_csv(transfers) == content
    read = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [(each["cci"], each["document_number"], each["reference"], each["currency"]) for each in read] == [
        (each.cci, each.document_number, each.reference, each.currency) for each in transfers
    ]
    assert [each["amount"] for each in read] == [f"{each.amount:.2f}" for each in transfers]
    assert sum(Decimal(each["amount"]) for each in read) == sum(each.amount for each in transfers)
    assert [each["holder"] for each in read] == [plain_text(each.holder_name) for each in transfers]
    for each in read:
        assert not each["holder"].lstrip().startswith(("=", "+", "-", "@"))
        assert not each["purpose"].lstrip().startswith(("=", "+", "-", "@"))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_results_or_refused_with_a_line(content: bytes) -> None:
    for file in (content, ",".join(RESULT_COLUMNS).encode() + b"\n" + content):
        results: list[BankResult] = []
        refusal: UnreadableFile | None = None
        try:
            results = read_results(file)
        except UnreadableFile as refused:
            refusal = refused
        assert results if refusal is None else (refusal.line >= 0 and refusal.why)


@given(st.from_regex(r"0{0,3}[1-9A-F][0-9A-F]{0,8}", fullmatch=True))
def test_a_number_is_itself_however_its_zeros_and_dashes_are_written(number: str) -> None:
    plain = BankResult("R-1", "paid", number)  # type: ignore[arg-type]
    for variant in (f"00{number}", f"{number[:1]}-{number[1:]}", number.lower()):
        assert BankResult("R-1", "paid", variant).identity == plain.identity  # type: ignore[arg-type]
