"""P5-read: a settlement file read into checked rows, beside csv and Decimal alone; the reading part of P5."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from decimal import Decimal
from statistics import median

from pagoefectivo.providers.base import SettlementReader
from pagoefectivo.providers.dlocal.settlement import DLocalSettlement
from pagoefectivo.providers.mercadopago.settlement import ReleaseReport
from tests.benchmarks.measure import Row, interleaved, median_ratio
from tests.fuzz.figures import resident_kib
from tests.unit.providers.reports_stage import SAMPLES

ROWS, ROUNDS = 100_000, 5
GOAL = 150_000  # rows a second on one quiet core
FLOOR_SHARE = 0.25


def measure() -> list[Row]:
    """Return a row for dLocal's settlement and one for Mercado Pago's release report."""
    dlocal = ("LOCAL_AMOUNT", "FX_RATE", "GROSS_AMOUNT", "FEE_AMOUNT", "NET_AMOUNT")
    sides = ("NET_CREDIT_AMOUNT", "NET_DEBIT_AMOUNT", "GROSS_AMOUNT")
    released = (*sides, "MP_FEE_AMOUNT", "FINANCING_FEE_AMOUNT", "SHIPPING_FEE_AMOUNT", "TAXES_AMOUNT")
    return [
        _row("dLocal settlement", DLocalSettlement(), _dlocal(), dlocal),
        _row("Mercado Pago release", ReleaseReport(), _release(), released),
    ]


def _row(what: str, reader: SettlementReader, content: bytes, amounts: tuple[str, ...]) -> Row:
    before = resident_kib()
    bare, ours = interleaved([_bare(content, amounts), _ours(reader, content)], ROUNDS)
    grown = (resident_kib() - before) / 1024
    return Row(
        "P5r",
        f"{what} read, beside csv and Decimal alone",
        "rows/s",
        floor=median(bare),
        ours=median(ours),
        value=median_ratio(ours, bare),
        goal=FLOOR_SHARE,
        decides=False,
        notes=(f"aim {GOAL:,} rows/s on a quiet core; {ROWS:,} rows grew memory by {grown:.1f} MiB",),
        also={"grown_mib": round(grown, 1)},
    )


def _ours(reader: SettlementReader, content: bytes) -> Callable[[], float]:
    def read() -> float:
        began = time.process_time()
        count = sum(1 for _ in reader.read(io.BytesIO(content)))
        return count / (time.process_time() - began)

    return read


def _bare(content: bytes, amounts: tuple[str, ...]) -> Callable[[], float]:
    def read() -> float:
        began, count = time.process_time(), 0
        rows = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline=""))
        places = next([cells.index(name) for name in amounts] for cells in rows if amounts[0] in cells)
        for cells in rows:
            for place in places:
                Decimal(cells[place])
            count += 1
        return count / (time.process_time() - began)

    return read


def _dlocal() -> bytes:
    names, summary, details, first, *_ = (SAMPLES / "dlocal" / "settlement_whole.csv").read_text("utf-8").splitlines()
    total = ROWS * Decimal("25.598133")
    begin = "\n".join((names, summary.replace(",25.81,", f",{total},"), details, ""))
    numbered = (first.replace("ORD-0001", f"ORD-{number:06d}") + "\n" for number in range(ROWS))
    return (begin + "".join(numbered)).encode()


def _release() -> bytes:
    names, _, payment, *_ = (SAMPLES / "mercadopago" / "settlement_release.csv").read_text("utf-8").splitlines()
    numbered = (
        payment.replace("24308766", str(24_308_766 + number)).replace(
            ":30:00", f":{number // 60 % 60:02d}:{number % 60:02d}"
        )
        for number in range(ROWS)
    )
    return "\n".join((names, *numbered, "")).encode()
