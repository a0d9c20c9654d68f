"""Every settlement file beside its expected output: read to the cent, or refused with line and reason."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.providers.registry import provider_named
from tests.unit.providers.reports_stage import EXPECTED, PSPS, SAMPLES, facts, outcome, read, readers, samples


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_is_read_as_expected(path: Path) -> None:
    expected = json.loads(path.with_name(path.name + EXPECTED).read_text(encoding="utf-8"))
    assert outcome(path.parent.name, path.read_bytes()) == expected
    assert ("why" in expected) == ("refused" in path.name)


def test_there_are_samples_of_every_layout_and_none_is_forgotten() -> None:
    found = {psp: set() for psp in PSPS}  # type: dict[str, set[str]]
    for path in samples():
        found[path.parent.name].add(outcome(path.parent.name, path.read_bytes()).get("layout", ""))
    assert found == {psp: {"", *(reader.layout for reader in readers(psp))} for psp in PSPS}
    left_over = set(SAMPLES.glob(f"*/*{EXPECTED}"))
    assert left_over == {path.with_name(path.name + EXPECTED) for path in samples()}
    for psp in PSPS:
        assert [type(reader) for reader in readers(psp)] == list(provider_named(psp).settlement_readers)


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_moves_money_has_a_net_that_its_parts_make_and_a_refusal_shows_nobody(path: Path) -> None:
    if "refused" in path.name:
        with pytest.raises(UnreadableFile) as refusal:
            read(path.parent.name, path.read_bytes())
        assert "maria" not in str(refusal.value)
        return
    rows = read(path.parent.name, path.read_bytes())
    assert len({row.identity for row in rows}) == len(rows)
    for row in rows:
        informs = row.facts.kind in (SettlementKind.BALANCE, SettlementKind.NOTICE)
        assert (row.facts.net is None) == informs
        if not informs and row.facts.settled_amount is not None and row.facts.fee is not None:
            assert row.facts.net is not None
            assert abs(row.facts.settled_amount + row.facts.fee + (row.facts.tax or 0) - row.facts.net) < Decimal(
                "0.01"
            )


def test_a_payment_is_recognised_in_the_other_report_of_dlocal_and_in_another_encoding() -> None:
    folder = SAMPLES / "dlocal"
    files = ("settlement_whole.csv", "settlement_utf16_decimal_comma.csv", "settlement_transactions_whole.csv")
    first = [read("dlocal", (folder / name).read_bytes())[0] for name in files]
    assert len({row.identity for row in first}) == 1
    assert facts(first[0]) | {"line": 0} == facts(first[1]) | {"line": 0}


def test_equal_rows_of_mercado_pago_are_two_and_the_same_two_in_another_report() -> None:
    content = (SAMPLES / "mercadopago" / "settlement_release.csv").read_bytes()
    refunds = [row.identity for row in read("mercadopago", content) if row.facts.kind is SettlementKind.REFUND]
    assert len(set(refunds)) == 2
    header, *lines = content.splitlines(keepends=True)
    later = [row.identity for row in read("mercadopago", header + b"".join(lines[3:5]))]
    assert later == refunds
    other_zone = b"".join(lines[3:5]).replace(b"T11:00:00.000-04:00", b"T10:00:00.000-05:00")
    assert [row.identity for row in read("mercadopago", header + other_zone)] == refunds


def test_a_row_does_not_show_its_code() -> None:
    row = read("dlocal", (SAMPLES / "dlocal" / "settlement_bom.csv").read_bytes())[0]
    assert "2301711" not in repr(row._replace(code="2301711"))
    assert "ORD-0001" in repr(row)
    assert "100.50" in repr(row)
    named = read("pagoefectivo_direct", (SAMPLES / "pagoefectivo_direct" / "settlement_plain.csv").read_bytes())[0]
    assert (named.code, named.provider_reference) == ("230171234", "230171234")
    assert "230171234" not in repr(named)


def test_a_name_that_is_several_lines_is_refused_with_the_line_on_which_it_begins() -> None:
    for psp, sample, name, column in (
        ("dlocal", "settlement_whole.csv", b"ORD-0001", "TRANSACTION_ID"),
        ("mercadopago", "settlement_release.csv", b"payment", "DESCRIPTION"),
    ):
        content = (SAMPLES / psp / sample).read_bytes()
        line = content[: content.index(name)].count(b"\n") + 1
        told = outcome(psp, content.replace(name, b'"tax_\n\\.\n"', 1))
        assert told == {"line": line, "why": f"{column} has a line break."}
