"""A first look runs on SQLite: what a file comes to there is what it comes to on PostgreSQL, line by line."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from pagoefectivo.models import SettlementLine
from tests.acceptance.children import ROOT, environment
from tests.integration.settlement_files import MICRO, Row, bring, file_of

pytestmark = pytest.mark.django_db(transaction=True)
SAID = ("line", "identity", "verdict", "tells_first", "booked", "difference", "month")
FIRST = Row("D-4-1", Decimal("89.90"), ours="ORD-1")
FILES = {
    "one.csv": file_of(
        [
            FIRST,
            FIRST,
            FIRST.but(amount=Decimal("90.90")),
            FIRST.but(kind="REFUND", amount=Decimal("-89.90"), fee=Decimal("0.000000")),
            Row("D-4-2", Decimal("10.00"), kind="CHARGEBACK"),
            Row(r"D-4-\3", Decimal("10.00"), kind="ADJUSTMENT"),
            Row("D-4-4", Decimal("-1.00"), kind="SETTLEMENT_FEE"),
        ]
    ),
    "two.csv": file_of([FIRST, Row("D-4-5", Decimal("7.50"))], transfer="TR-2", day="2026-12-01"),
}


def test_D10_a_file_comes_to_the_same_on_sqlite(tmp_path: Path) -> None:
    variables = environment(PAGOEFECTIVO_SQLITE_FILE=str(tmp_path / "shop.sqlite3"))
    del variables["PAGOEFECTIVO_DB_NAME"]

    def manage(*arguments: object) -> None:
        command = [sys.executable, "manage.py", *map(str, arguments)]
        ran = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=120)
        assert ran.returncode in {0, 1}, ran.stderr[-3000:]  # one where there are differences

    manage("migrate", "-v", 0)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
        manage("pagoefectivo", "import-settlement", tmp_path / name, "--account", "default")
        bring(content, name=name)
    here = [
        (*said[:3], bool(said[3]), *map(_amount, said[4:6]), str(said[6]))
        for said in SettlementLine.objects.order_by("report", "line").values_list(*SAID)
    ]
    kept = f"SELECT {', '.join(SAID)} FROM pagoefectivo_settlementline ORDER BY report_id, line"  # noqa: S608 - our own columns
    with closing(sqlite3.connect(tmp_path / "shop.sqlite3")) as database:
        found = database.execute(kept).fetchall()
    there = [(*said[:3], bool(said[3]), *map(_amount, said[4:6]), str(said[6])) for said in found]
    assert there == here
    assert [said[2] for said in here] == [
        *("missing_here", "repeated", "duplicate", "missing_here", "missing_here", "missing_here", "matched"),
        *("repeated", "missing_here"),
    ]


def _amount(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(MICRO)
