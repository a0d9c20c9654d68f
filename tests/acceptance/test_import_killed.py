"""An import that dies of SIGKILL: whenever it happens, run again it comes to the same lines, once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pagoefectivo.domain.states import OrderState, VoucherState
from pagoefectivo.models import Discrepancy, SettlementLine, SettlementPiece, SettlementReport, Voucher
from tests.acceptance.children import ROOT, environment
from tests.integration.ledger import everything
from tests.integration.pages.stage import place_order, place_voucher
from tests.integration.settlement_files import Row, file_of, of_voucher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]
BROUGHT = (Discrepancy, SettlementLine, SettlementPiece, SettlementReport)
LINES = 10_400
LATER = datetime(2100, 1, 1, tzinfo=UTC)
POINTS = {  # where it dies, at which passage, and how many lines are there then
    ("written settlement_imports._hold", 2): 0,  # the first chunk is judged, and told of
    ("commit settlement_imports.read", 1): 0,
    ("committed settlement_imports.read", 1): LINES,
}


@pytest.fixture
def file(psp: Any, tmp_path: Path) -> Path:
    """One payment that adds up, one short, one that is not paid here, and thousands that nobody knows."""
    one, short, unpaid = (
        place_voucher(
            place_order(OrderState.AWAITING_PAYMENT, amount=Decimal("89.90")), state, provider_reference=f"D-4-{number}"
        )
        for number, state in enumerate((VoucherState.PAID, VoucherState.PAID, VoucherState.ISSUED))
    )
    Voucher.objects.filter(pk=unpaid.pk).update(next_action_at=LATER)
    rows = [of_voucher(one), of_voucher(short, amount=Decimal("45.00")), of_voucher(unpaid)]
    rows += [Row(f"D-4-x{number}", Decimal("7.50")) for number in range(LINES - len(rows))]
    path = tmp_path / "november.csv"
    path.write_bytes(file_of(rows))
    return path


def bring(file: Path, folder: Path, *, dies: str = "", passage: int = 1) -> tuple[int, dict[str, Any]]:
    """Run the command as a process of its own; return its exit code and what it said."""
    for name in ("warrants", "delivered", "seen"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if dies:
        (folder / "warrants" / f"importer {dies}#{passage}").touch()
    ran = subprocess.run(
        [sys.executable, "manage.py", "pagoefectivo", "import-settlement", file, "--account", "default", "--json"],
        cwd=ROOT, env=environment(DRILL_FOLDER=str(folder), DRILL_ROLE="importer"),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode in {0, 1, -signal.SIGKILL}, ran.stderr[-3000:]
    return ran.returncode, json.loads(ran.stdout or "{}")


def came_to() -> list[list[Any]]:
    """All that the import wrote, and who is asked about, without numbers and moments."""
    return [
        list(SettlementLine.objects.order_by("line").values_list("line", "identity", "verdict", "booked", "voucher")),
        list(Discrepancy.objects.order_by("line__line").values_list("line__line", "verdict", "amount", "voucher")),
        list(SettlementReport.objects.values_list("standing", "lines_read", "line_count", "summary")),
        list(SettlementPiece.objects.values_list("number", flat=True)),
        [(each.pk, each.next_action_at not in {None, LATER}, each.state) for each in Voucher.objects.order_by("pk")],
    ]


def test_F03_an_import_killed_at_any_point_and_run_again_comes_to_the_same_once(file: Path, tmp_path: Path) -> None:
    before = everything()
    assert bring(file, tmp_path / "whole")[0] == 1
    whole = came_to()
    assert [len(rows) for rows in whole] == [LINES, LINES - 1, 1, 2, 3]
    assert [row[1] for row in whole[-1]] == [False, False, True], "the unpaid one is asked about, and no other"
    for (point, passage), kept in POINTS.items():
        _forget()
        assert everything() == before
        folder = tmp_path / point.replace(" ", "-")
        assert bring(file, folder, dies=point, passage=passage)[0] == -signal.SIGKILL
        assert [path.name.partition(" ")[2] for path in (folder / "delivered").iterdir()] == [f"importer {point}"]
        told = SettlementReport.objects.values_list("lines_read", flat=True).get()
        assert told == (10_000 if passage == 2 else LINES), "others see how far it is"
        assert SettlementLine.objects.count() == kept
        if not kept:
            code, said = bring(file, folder)  # the dead one's lease has not ended
            assert (code, said["standing"], SettlementLine.objects.count()) == (1, "reading", 0)
            SettlementReport.objects.update(lease_until=None)
        code, said = bring(file, folder)
        assert (code, said["standing"], said["lines"], said["differences"]) == (1, "imported", LINES, LINES - 1)
        assert came_to() == whole


def _forget() -> None:
    for model in BROUGHT:
        model._default_manager.all()._raw_delete("default")
    Voucher.objects.filter(next_action_at__isnull=False).update(next_action_at=LATER)
