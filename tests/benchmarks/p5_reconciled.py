"""P5: a settlement file against as many payments, beside "the verdict on the line" and nothing else.

The floor reads the same file with csv and Decimal, copies seven columns into a staging table, joins them with the payments
and writes each line with its verdict into a table with one index. Ours keeps the file, validates every cell, appraises
every line by cycle, fees and rate, judges it and writes all that it says, with its indexes.
"""

from __future__ import annotations

import csv
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from statistics import median

from django.db import connection, transaction

from pagoefectivo.models import ReportStanding, SettlementReport, Voucher
from pagoefectivo.services import settlement_imports
from tests.benchmarks.measure import Row, interleaved, median_ratio
from tests.fuzz.figures import resident_kib
from tests.unit.providers.reports_stage import SAMPLES

SIZES = {100_000: 3, 1_000_000: 1}  # lines -> rounds
GOAL, EXPONENT, MEMORY_MIB = 1.5, 1.05, 100
_READ = (
    "TRANSACTION_ID",
    "DLOCAL_TRANSACTION_ID",
    "LOCAL_AMOUNT",
    "FX_RATE",
    "GROSS_AMOUNT",
    "FEE_AMOUNT",
    "NET_AMOUNT",
)
_PAYMENTS = (
    """
INSERT INTO pagoefectivo_order (state, reference, account, amount, currency, paid_amount, refunded_amount,
    payer_email, payer_name, payer_phone, payer_document_type, payer_document_number, language, description, metadata,
    expires_in, page_key, created_at, updated_at)
SELECT 'paid', 'P5-' || n, 'default', 100.50, 'PEN', 100.50, 0, 'buyer@example.pe', '', '', '', '', 'es', '', '{}',
    interval '48 hours', left(md5('P5-' || n), 22), now(), now() FROM generate_series(1, %(size)s) AS n""",
    """
INSERT INTO pagoefectivo_voucher (public_id, order_id, attempt, account, reference, idempotency_key, amount, currency,
    state, wanted_expiry_at, provider_reference, code, barcode, barcode_svg, paid_amount, paid_currency, paid_at,
    reserved_amount, refunded_amount, outside_amount, error_code, raw_code, created_at, changed_at, lease_token, attempts)
SELECT 'P5-' || o.id, o.id, 1, 'default', o.reference || '-1', o.id, 100.50, 'PEN', 'paid', now(),
    'D-4-' || substr(o.reference, 4), lpad(o.id::text, 10, '0'), '', '', 100.50, 'PEN', now(), 0, 0, 0, '', '', now(), now(), 0, 0
FROM pagoefectivo_order o WHERE o.reference LIKE %(named)s""",
)
_FLOOR = (
    "DROP TABLE IF EXISTS floor_staged, floor_line",
    """CREATE UNLOGGED TABLE floor_staged (ours text, theirs text, amount numeric, rate numeric, gross numeric,
       fee numeric, net numeric)""",
    """CREATE TABLE floor_line (id bigserial PRIMARY KEY, ours text, theirs text, amount numeric, rate numeric,
       gross numeric, fee numeric, net numeric, voucher_id bigint, verdict text)""",
)
_JUDGED = """
INSERT INTO floor_line (ours, theirs, amount, rate, gross, fee, net, voucher_id, verdict)
SELECT s.ours, s.theirs, s.amount, s.rate, s.gross, s.fee, s.net, v.id,
       CASE WHEN v.id IS NULL THEN 'missing' WHEN v.paid_amount <> s.amount THEN 'amount' ELSE 'matched' END
FROM floor_staged s LEFT JOIN pagoefectivo_voucher v ON v.account = 'default' AND v.provider_reference = s.theirs
"""
_GONE = """TRUNCATE pagoefectivo_settlementline, pagoefectivo_discrepancy, pagoefectivo_discrepancyentry,
    pagoefectivo_settlementshare, pagoefectivo_settlementpiece, pagoefectivo_settlementdraft,
    pagoefectivo_settlementreport CASCADE"""


def measure() -> list[Row]:
    """Return a row a size; the one of the largest also bears the growth in time and memory."""
    seconds: dict[int, float] = {}
    grown: dict[int, float] = {}
    rows = []
    with tempfile.TemporaryDirectory(prefix="pagoefectivo-bench-") as folder:
        for size, rounds in SIZES.items():
            file = _file(Path(folder) / f"{size}.csv", size)
            _fill(size)
            peaks: list[float] = []
            floor, ours = interleaved([_floor(file), _ours(file, size, peaks)], rounds)
            seconds[size], grown[size] = median(ours), max(peaks)
            value = median_ratio(ours, floor)
            rows.append(_row(size, median(floor), seconds, grown, value))
            _empty(_GONE)
    return rows


def _row(size: int, floor: float, seconds: dict[int, float], grown: dict[int, float], value: float) -> Row:
    conditions = {f"memory grew by {grown[size]:.0f} MiB (goal < {MEMORY_MIB})": grown[size] < MEMORY_MIB}
    smallest = min(seconds)
    if size != smallest:
        exponent = math.log(seconds[size] / seconds[smallest]) / math.log(size / smallest)
        conditions[f"time grows with the power of {exponent:.3f} (goal ≤ {EXPONENT})"] = exponent <= EXPONENT
        flat = grown[size] <= grown[smallest] + 10
        conditions[f"memory is flat: {grown[smallest]:.0f} MiB at {smallest:,} lines"] = flat
    return Row(
        "P5" if size == max(SIZES) else "P5s",
        f"{size:,} lines reconciled",
        "s",
        floor=floor,
        ours=seconds[size],
        value=value,
        goal=GOAL,
        at_least=False,
        conditions=conditions,
    )


def _ours(file: Path, size: int, peaks: list[float]) -> Callable[[], float]:
    def reconcile() -> float:
        _empty(_GONE)
        before = resident_kib()
        began = time.perf_counter()
        with file.open("rb") as opened:
            report = settlement_imports.bring(
                opened,
                account="default",
                name=file.name,
                progress=lambda _: peaks.append((resident_kib() - before) / 1024),
            )
        taken = time.perf_counter() - began
        peaks.append((resident_kib() - before) / 1024)
        _require_matched(report, size)
        return taken

    return reconcile


def _require_matched(report: SettlementReport, size: int) -> None:
    matched = [each for each in report.summary.get("classes", []) if each["verdict"] == "matched"]
    if report.standing != ReportStanding.IMPORTED or [each["lines"] for each in matched] != [size]:
        raise AssertionError(f"{report.standing}: {report.summary} {report.refused_why}")


def _floor(file: Path) -> Callable[[], float]:
    def reconcile() -> float:
        _empty(*_FLOOR)
        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            with cursor.copy("COPY floor_staged FROM STDIN") as copy:
                for row in _bare(file):
                    copy.write_row(row)
            cursor.execute("ANALYZE floor_staged")
            cursor.execute(_JUDGED)
        return time.perf_counter() - began

    return reconcile


def _bare(file: Path) -> Iterator[tuple[object, ...]]:
    with file.open(encoding="utf-8", newline="") as opened:
        rows = csv.reader(opened)
        places = next([cells.index(name) for name in _READ] for cells in rows if _READ[0] in cells)
        for cells in rows:
            picked = [cells[place] for place in places]
            yield (*picked[:2], *map(Decimal, picked[2:]))


def _file(path: Path, size: int) -> Path:
    names, summary, details, first, *_ = (SAMPLES / "dlocal" / "settlement_whole.csv").read_text("utf-8").splitlines()
    total = size * Decimal("25.598133")
    cells = first.split(",")
    numbered = {name: place for place, name in enumerate(details.split(","))}
    begin, theirs = (
        "\n".join((names, summary.replace(",25.81,", f",{total},"), details, "")),
        numbered["DLOCAL_TRANSACTION_ID"],
    )
    with path.open("w", encoding="utf-8") as file:
        file.write(begin)
        for number in range(1, size + 1):
            cells[theirs], cells[numbered["TRANSACTION_ID"]] = f"D-4-{number}", f"P5-{number}-1"
            file.write(",".join(cells) + "\n")
    return path


def _fill(size: int) -> None:
    """So many paid codes, besides those that are there."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE pagoefectivo_order CASCADE")
        for statement in _PAYMENTS:
            cursor.execute(statement, {"size": size, "named": "P5-%"})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE pagoefectivo_order, pagoefectivo_voucher")
    if Voucher.objects.count() != size:
        raise AssertionError("the payments were not made")


def _empty(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
