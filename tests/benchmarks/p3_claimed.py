"""P3: claiming 500 due rows out of ten thousand, a hundred thousand, a million: the search must not feel the size."""

from __future__ import annotations

import json
import re
import time
from statistics import median
from typing import Any

from django.db import connection, transaction

from pagoefectivo.models import Voucher
from pagoefectivo.models.fields import DueRow
from pagoefectivo.services import claiming
from tests.benchmarks.measure import Row

SIZES = (10_000, 100_000, 1_000_000)
LARGEST = 5_000_000
DUE, CLAIM, ROUNDS = 6_000, 500, 7
BUFFERS = 1_600
_FILL = """
INSERT INTO {table} (id, public_id, order_id, attempt, account, reference, idempotency_key, amount, currency, state,
    wanted_expiry_at, provider_reference, code, barcode, barcode_svg, paid_amount, paid_currency, reserved_amount,
    refunded_amount, outside_amount, error_code, raw_code, created_at, changed_at, lease_token, attempts,
    next_action_at)
SELECT n, 'vch_' || n, n, 1, 'default', 'A-' || n || '-1', n, 89.90, 'PEN',
    CASE WHEN n %% {every} = 0 THEN 'issued' ELSE 'paid' END, now(), 'D-' || n, lpad(n::text, 10, '0'), '', '', 0, '', 0,
    0, 0, '', '', now(), now(), 0, 0,
    CASE WHEN n %% {every} = 0 THEN now() - n * interval '1 millisecond'
         WHEN n %% 5 = 0 THEN now() + interval '1 day' END
FROM generate_series(1, {size}) AS n
"""


def measure(*, with_largest: bool = False) -> list[Row]:
    """Return the row of P3."""
    sizes = (*SIZES, LARGEST) if with_largest else SIZES
    tables = {size: _table(size) for size in sizes}
    buffers = {size: _buffers(model) for size, model in tables.items()}
    taken: dict[int, list[float]] = {size: [] for size in sizes}
    for turn in range(ROUNDS + 1):
        for size, model in tables.items():
            seconds = _claim(model)
            if turn:
                taken[size].append(seconds * 1000)
    with connection.cursor() as cursor:
        for model in tables.values():
            cursor.execute(f"DROP TABLE {model._meta.db_table}")
    medians = {size: median(values) for size, values in taken.items()}
    conditions = {}
    if with_largest:
        growth = medians[LARGEST] / medians[1_000_000]
        conditions[f"5,000,000 rows take {growth:.2f} of the time of 1,000,000 (goal ≤ 1.25)"] = growth <= 1.25
    notes = tuple(f"{size:>9,} rows: {buffers[size]:,} buffers, {medians[size]:.1f} ms" for size in sizes)
    return [
        Row(
            "P3",
            "claim of 500: buffers read by the search, at most",
            "buffers",
            floor=buffers[sizes[0]],
            ours=max(buffers.values()),
            value=max(buffers.values()),
            goal=BUFFERS,
            at_least=False,
            conditions=conditions,
            notes=notes,
            also={
                "buffers": {str(size): found for size, found in buffers.items()},
                "milliseconds": {str(size): round(found, 2) for size, found in medians.items()},
                "growth_to_1m": round(medians[1_000_000] / medians[100_000], 3),
            },
        )
    ]


def _table(size: int) -> type[DueRow]:
    """A table like the vouchers' with all its indexes, `size` rows, 6,000 of them due, a fifth of the others later."""
    name, real = f"bench_voucher_{size}", Voucher._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE UNLOGGED TABLE {name} (LIKE {real} INCLUDING DEFAULTS)")
        cursor.execute(_FILL.format(table=name, size=size, every=size // DUE) % ())
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [real])
        for number, (definition,) in enumerate(cursor.fetchall()):
            cursor.execute(re.sub(r"INDEX \S+ ON \S+", f"INDEX {name}_{number} ON {name}", definition))
        cursor.execute(f"VACUUM ANALYZE {name}")
    options: Any = type("Meta", (), {"app_label": "pagoefectivo", "managed": False, "db_table": name})
    return type(f"Voucher{size}", (DueRow,), {"__module__": __name__, "Meta": options})


def _buffers(model: type[DueRow]) -> int:
    """Explain the search inside the very statement that claims, on rows nobody touched, in a transaction that is undone."""
    seen: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        claiming.claim_due(model, 0)  # claims nothing, and shows how it would
    sql, params = seen[0]
    params = {**params, "limit": CLAIM}
    search = sql.partition("ARRAY(")[2].rpartition("))\nRETURNING")[0]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {search}", params)
        answer = cursor.fetchone()[0]
        transaction.set_rollback(True)
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    assert plan["Actual Rows"] == CLAIM
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _claim(model: type[DueRow]) -> float:
    began = time.perf_counter()
    claims = claiming.claim_due(model, CLAIM)
    seconds = time.perf_counter() - began
    assert len(claims) == CLAIM
    return seconds
