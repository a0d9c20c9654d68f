"""P5: a settlement file against as many payments, beside "the verdict on the line" and nothing else.

The floor reads the same file with csv and Decimal, copies what a line says into a staging table, joins it with the payments
and writes each line with its verdict into the table of lines, with the indexes that a month is read by. Ours keeps the file,
validates every cell, appraises every line by cycle, fees and rate, and judges it by all else that is known. Printed beside
it: the same floor with seven columns, into a table with no index but its key, from which no month could be read.
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

SIZES = {100_000: 5, 1_000_000: 3}  # lines -> rounds
PRICES = 3_800
MICRO = Decimal("0.000001")
GOAL, EXPONENT, MEMORY_MIB = 1.5, 1.05, 100
_NAMES = ("TRANSACTION_ID", "DLOCAL_TRANSACTION_ID")
_AMOUNTS = ("LOCAL_AMOUNT", "FX_RATE", "GROSS_AMOUNT", "FEE_AMOUNT", "NET_AMOUNT")
_PRICED = ("LOCAL_AMOUNT", "GROSS_AMOUNT", "FEE_AMOUNT", "NET_AMOUNT")
_MORE = ("ROW_TYPE", "LOCAL_CURRENCY", "CREATION_DATE", "APPROVED_DATE")
_PAYMENTS = (
    """
INSERT INTO pagoefectivo_order (state, reference, account, amount, currency, paid_amount, refunded_amount,
    payer_email, payer_name, payer_phone, payer_document_type, payer_document_number, language, description, metadata,
    expires_in, page_key, created_at, updated_at)
SELECT 'paid', 'P5-' || n, 'default', p.price, 'PEN', p.price, 0, 'buyer@example.pe', '', '', '', '', 'es', '', '{}',
    interval '48 hours', left(md5('P5-' || n), 22), now(), now()
FROM generate_series(1, %(size)s) AS n CROSS JOIN LATERAL (SELECT 20 + (n %% %(prices)s) * 0.10 AS price) p""",
    """
INSERT INTO pagoefectivo_voucher (public_id, order_id, attempt, account, reference, idempotency_key, amount, currency,
    state, wanted_expiry_at, provider_reference, code, barcode, barcode_svg, paid_amount, paid_currency, paid_at,
    reserved_amount, refunded_amount, outside_amount, error_code, raw_code, created_at, changed_at, lease_token, attempts)
SELECT 'P5-' || o.id, o.id, 1, 'default', o.reference || '-1', o.id, o.amount, 'PEN', 'paid', now(),
    'D-4-' || substr(o.reference, 4), lpad(o.id::text, 10, '0'), '', '', o.amount, 'PEN', now(), 0, 0, 0, '', '', now(), now(), 0, 0
FROM pagoefectivo_order o WHERE o.reference LIKE %(named)s""",
)
_STAGED = "ours text, theirs text, amount numeric, rate numeric, gross numeric, fee numeric, net numeric"
_BARE = (
    "DROP TABLE IF EXISTS floor_staged, floor_line",
    f"CREATE UNLOGGED TABLE floor_staged ({_STAGED})",
    f"CREATE TABLE floor_line (id bigserial PRIMARY KEY, {_STAGED}, voucher_id bigint, verdict text)",
)
_BARE_JUDGED = """
INSERT INTO floor_line (ours, theirs, amount, rate, gross, fee, net, voucher_id, verdict)
SELECT s.ours, s.theirs, s.amount, s.rate, s.gross, s.fee, s.net, v.id,
       CASE WHEN v.id IS NULL THEN 'missing' WHEN v.paid_amount <> s.amount THEN 'amount' ELSE 'matched' END
FROM floor_staged s LEFT JOIN pagoefectivo_voucher v ON v.account = 'default' AND v.provider_reference = s.theirs
"""
_KEPT = (
    "DROP TABLE IF EXISTS floor_staged",
    f"CREATE UNLOGGED TABLE floor_staged ({_STAGED}, raw text, currency text, created timestamptz, approved timestamptz)",
)
_KEPT_JUDGED = """
INSERT INTO pagoefectivo_settlementline (account, report_id, line, kind, raw_kind, identity, reference, provider_reference,
    refund_reference, refund_provider_reference, code, amount, currency, settled_amount, settled_currency, fee, net, rate,
    occurred_at, settled_date, batch, own_month, voucher_id, verdict, tells_first, month, booked, book_currency,
    difference_currency)
SELECT 'default', 1, row_number() OVER (), 'payment', s.raw, 'payment:' || s.theirs, s.ours, s.theirs, '', '', '', s.amount,
    s.currency, s.gross, 'USD', s.fee, s.net, s.rate, coalesce(s.approved, s.created), '2026-11-20', 'TR-1', '2026-11-01',
    v.id, CASE WHEN v.id IS NULL THEN 'missing' WHEN v.paid_amount <> s.amount THEN 'amount' ELSE 'matched' END, true,
    '2026-11-01', s.net, 'USD', 'USD'
FROM floor_staged s LEFT JOIN pagoefectivo_voucher v ON v.account = 'default' AND v.provider_reference = s.theirs
"""
_GONE = """TRUNCATE pagoefectivo_settlementline, pagoefectivo_discrepancy, pagoefectivo_discrepancyentry,
    pagoefectivo_settlementshare, pagoefectivo_settlementpiece,
    pagoefectivo_settlementreport CASCADE"""

_REST = "CHECKPOINT"  # none pays for what the one before it wrote


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
            works = [_bare(file), _floor(file), _ours(file, size, peaks)]
            bare, floor, ours = interleaved(works, rounds)
            seconds[size], grown[size] = median(ours), max(peaks)
            note = f"a floor that keeps seven columns and no index takes {median(bare):.2f} s: this one takes"
            note += f" {median_ratio(floor, bare):.2f} of that, ours {median_ratio(ours, bare):.2f}"
            rows.append(_row(size, median(floor), seconds, grown, median_ratio(ours, floor), note))
            _empty(_GONE)
    return rows


def _row(size: int, floor: float, seconds: dict[int, float], grown: dict[int, float], value: float, note: str) -> Row:
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
        notes=(note,),
    )


def _ours(file: Path, size: int, peaks: list[float]) -> Callable[[], float]:
    def reconcile() -> float:
        _empty(_GONE, _REST)
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


def _bare(file: Path) -> Callable[[], float]:
    return _reconciled(file, _BARE, (*_NAMES, *_AMOUNTS), _BARE_JUDGED)


def _floor(file: Path) -> Callable[[], float]:
    return _reconciled(file, _KEPT, (*_NAMES, *_AMOUNTS, *_MORE), _KEPT_JUDGED)


def _reconciled(file: Path, tables: tuple[str, ...], names: tuple[str, ...], judge: str) -> Callable[[], float]:
    def reconcile() -> float:
        _empty(_GONE, *tables, _REST)
        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            with cursor.copy("COPY floor_staged FROM STDIN") as copy:
                for row in _cells(file, names):
                    copy.write_row(row)
            cursor.execute("ANALYZE floor_staged")
            cursor.execute(judge)
        return time.perf_counter() - began

    return reconcile


def _cells(file: Path, names: tuple[str, ...]) -> Iterator[tuple[object, ...]]:
    amounts = slice(len(_NAMES), len(_NAMES) + len(_AMOUNTS))
    with file.open(encoding="utf-8", newline="") as opened:
        rows = csv.reader(opened)
        places = next([cells.index(name) for name in names] for cells in rows if names[0] in cells)
        for cells in rows:
            picked = [cells[place] for place in places]
            yield (*picked[: amounts.start], *map(Decimal, picked[amounts]), *picked[amounts.stop :])


def _file(path: Path, size: int) -> Path:
    """So many payments of one day, over the prices of a shop."""
    names, summary, details, first, *_ = (SAMPLES / "dlocal" / "settlement_whole.csv").read_text("utf-8").splitlines()
    place = {name: place for place, name in enumerate(details.split(","))}
    cells, prices = first.split(","), [_priced(Decimal(20) + number * Decimal("0.10")) for number in range(PRICES)]
    moments = [f"2026-11-20 {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in range(86_400)]
    total = sum((prices[number % PRICES][-1] for number in range(1, size + 1)), Decimal(0))
    with path.open("w", encoding="utf-8") as file:
        file.write("\n".join((names, summary.replace(",25.81,", f",{total},"), details, "")))
        for number in range(1, size + 1):
            cells[place["DLOCAL_TRANSACTION_ID"]], cells[place["TRANSACTION_ID"]] = f"D-4-{number}", f"P5-{number}-1"
            for name, amount in zip(_PRICED, prices[number % PRICES], strict=True):
                cells[place[name]] = str(amount)
            cells[place["CREATION_DATE"]] = cells[place["APPROVED_DATE"]] = moments[number * 7919 % 86_400]
            file.write(",".join(cells) + "\n")
    return path


def _priced(price: Decimal) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    gross = (price / Decimal("3.75")).quantize(MICRO)
    fee = (gross * Decimal("-0.0448")).quantize(MICRO)
    return price, gross, fee, gross + fee


def _fill(size: int) -> None:
    """So many paid codes, besides those that are there."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE pagoefectivo_order CASCADE")
        for statement in _PAYMENTS:
            cursor.execute(statement, {"size": size, "named": "P5-%", "prices": PRICES})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE pagoefectivo_order, pagoefectivo_voucher")
    if Voucher.objects.count() != size:
        raise AssertionError("the payments were not made")


def _empty(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
