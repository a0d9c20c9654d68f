"""Each line of a file to what it is about, a chunk of lines at once: a few statements for many thousand lines.

By the provider's ids, then by ours; by code, amount and date only as a proposal that a person confirms. What a line
turned out to be is written on the line. Payments, refunds and orders are read and never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from pagoefectivo.domain.settlements import DIFFERENCES, TOLERANCE, UNCOUNTED, WITHOUT_MONEY
from pagoefectivo.domain.states import AnomalyKind, RefundState
from pagoefectivo.models import ReadLine, SettlementLine

STAGE = "pagoefectivo_staged"
GONE = (RefundState.SUCCEEDED, RefundState.PENDING, RefundState.RETURNED)
_LINE = SettlementLine._meta.db_table
_SAID = [field for field in ReadLine._meta.local_fields if field.name != "account"]
STAGED = tuple(str(field.column) for field in _SAID)
MANY = 1_000
MEMORY = "128MB"  # of the database, for joins of a million rows; without it they go by way of its disk
_READ = ", ".join(STAGED)
_READ_OF_S = ", ".join(f"s.{column}" for column in STAGED)
_STAGE = f"CREATE TEMPORARY TABLE {STAGE} AS SELECT {_READ}, amount AS gross, booked FROM {_LINE} WHERE 1 = 0"  # noqa: S608 - our own columns

# Within three days: a counter's day, its bank's and the provider's may all differ.
_NEAR = {
    "postgresql": "x.paid_at BETWEEN s.occurred_at - interval '3 days' AND s.occurred_at + interval '3 days'",
    "sqlite": "abs(julianday(x.paid_at) - julianday(s.occurred_at)) <= 3",
}
_EQUALS = {"postgresql": "IS NOT DISTINCT FROM", "sqlite": "IS"}
# What is worked out inside is worked out once, not anew in every column that asks for it.
_FENCE = {"postgresql": "OFFSET 0", "sqlite": ""}
_IN_BULK = ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material")
_EMPTY = {"postgresql": f"TRUNCATE {STAGE}", "sqlite": f"DELETE FROM {STAGE}"}  # noqa: S608 - our own name
_WHAT_IT_SAYS = ("kind", "amount", "currency", "settled_amount", "settled_currency", "fee", "tax", "net")

_PROPOSED = """CASE WHEN s.kind = 'payment' AND s.code <> '' AND vt.id IS NULL AND vo.id IS NULL THEN (
    SELECT min(x.id) FROM pagoefectivo_voucher x
    WHERE x.code = s.code AND x.account = %(account)s AND x.paid_amount = s.amount AND x.paid_currency = s.currency
      AND {near} HAVING count(*) = 1) END"""
_SETTLED_BEFORE = """(SELECT l.id FROM {line} l
     WHERE l.voucher_id = s.found_voucher AND l.kind = 'payment' AND {counted} AND l.booked > 0
     LIMIT 1)"""
_SETTLED_BY_HAND = """(SELECT h.id FROM pagoefectivo_settlementshare h
     WHERE h.voucher_id = s.found_voucher AND h.refund_id IS NULL LIMIT 1)"""
_HAS_SHARES = "SELECT EXISTS (SELECT 1 FROM pagoefectivo_settlementshare WHERE refund_id IS NULL)"

_REFUNDS = """
LEFT JOIN pagoefectivo_refund rt
  ON rt.account = %(account)s AND rt.provider_reference <> ''
 AND rt.provider_reference = NULLIF(s.refund_provider_reference, '')
LEFT JOIN pagoefectivo_refund ro
  ON ro.account || '' = %(account)s AND ro.reference = CASE WHEN rt.id IS NULL THEN NULLIF(s.refund_reference, '') END
"""
_ASKED_OF_REFUNDS = {
    "id": "bigint",
    "voucher_id": "bigint",
    "state": "varchar",
    "amount": "numeric",
    "currency": "varchar",
}
_NOTHING = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in _ASKED_OF_REFUNDS.items())
_NO_REFUNDS = f"CROSS JOIN (SELECT {_NOTHING}) rt CROSS JOIN (SELECT {_NOTHING}) ro"
_ALONE = f"(SELECT s.*, s.line AS first, 1 AS is_same_as_first FROM {STAGE} s)"  # noqa: S608 - our own name
_TWINS = """(
SELECT s.*, first_value(s.line) OVER same AS first, CASE WHEN {same_as_first} THEN 1 ELSE 0 END AS is_same_as_first
FROM {stage} s
WINDOW same AS (PARTITION BY s.identity ORDER BY CASE WHEN s.kind IN ({aside}) THEN 1 ELSE 0 END, s.line) {fence})"""
# A key that is NULL is looked for nowhere; an account with something added is none that an index could be walked for.
_DRAFTED = """
SELECT s.*, p.id AS told_by, COALESCE(vt.id, vo.id, rt.voucher_id, ro.voucher_id) AS found_voucher,
       CASE WHEN s.kind IN ('refund', 'adjustment') THEN COALESCE(rt.id, ro.id) END AS found_refund,
       {proposed} AS proposed, CASE WHEN {same_as_told} THEN 1 ELSE 0 END AS is_same,
       COALESCE(vt.paid_at, vo.paid_at) AS paid_at, COALESCE(vt.paid_amount, vo.paid_amount) AS paid_amount,
       COALESCE(vt.paid_currency, vo.paid_currency) AS paid_currency, COALESCE(rt.state, ro.state) AS refund_state,
       COALESCE(rt.amount, ro.amount) AS refund_amount, COALESCE(rt.currency, ro.currency) AS refund_currency
FROM {staged} s
LEFT JOIN {line} p ON p.account || '' = %(account)s AND p.identity = s.identity AND p.tells_first
LEFT JOIN pagoefectivo_voucher vt
  ON vt.account = %(account)s AND vt.provider_reference <> '' AND vt.provider_reference = NULLIF(s.provider_reference, '')
LEFT JOIN pagoefectivo_voucher vo
  ON vo.account || '' = %(account)s AND vo.reference = CASE WHEN vt.id IS NULL THEN NULLIF(s.reference, '') END
{refunds}
"""

_AGREED = """CASE WHEN {s}.fx_difference IS NOT NULL THEN 'fx'
        WHEN {s}.cost_difference IS NOT NULL THEN 'fee'
        WHEN {s}.settled_date < {s}.due_first OR {s}.settled_date > {s}.due_last THEN 'date'
        ELSE 'matched' END"""
_VERDICT = """CASE
    WHEN s.kind IN ({aside}) THEN 'aside'
    WHEN s.told_by IS NOT NULL THEN CASE WHEN s.is_same = 1 THEN 'repeated' ELSE 'duplicate' END
    WHEN s.line > s.first THEN CASE WHEN s.is_same_as_first = 1 THEN 'repeated' ELSE 'duplicate' END
    WHEN s.kind = 'payment' THEN CASE
        WHEN s.found_voucher IS NULL THEN CASE WHEN s.proposed IS NULL THEN 'missing_here' ELSE 'proposed' END
        WHEN {settled_before} THEN 'duplicate'
        WHEN s.paid_at IS NULL THEN 'missing_here'
        WHEN s.currency NOT IN ('', s.paid_currency) OR abs(s.gross - s.paid_amount) > {tolerance} THEN 'amount'
        ELSE {agreed} END
    WHEN s.kind = 'refund' AND s.gross <= 0 THEN CASE
        WHEN s.found_refund IS NULL OR s.refund_state NOT IN ({gone}) THEN 'missing_here'
        WHEN s.currency NOT IN ('', s.refund_currency) OR abs(s.gross + s.refund_amount) > {tolerance} THEN 'amount'
        ELSE {agreed} END
    WHEN s.kind IN ('refund', 'adjustment') AND s.refund_state = 'returned' THEN CASE
        WHEN abs(s.gross - s.refund_amount) > {tolerance} THEN 'amount' ELSE 'matched' END
    WHEN s.kind = 'chargeback' THEN CASE
        WHEN EXISTS (
            SELECT 1 FROM pagoefectivo_anomaly a
            WHERE a.voucher_id = s.found_voucher AND a.kind = '{reversed}')
        THEN CASE WHEN s.cost_difference IS NULL THEN 'matched' ELSE 'fee' END
        ELSE 'missing_here' END
    WHEN s.kind = 'payout' THEN 'matched'
    WHEN s.kind IN ('fee', 'tax') THEN CASE WHEN s.cost_difference IS NULL THEN 'matched' ELSE 'fee' END
    ELSE 'missing_here' END"""

_INSERT = """
INSERT INTO {line} ({read}, account, report_id, voucher_id, refund_id, verdict, tells_first, month, booked, book_currency,
                    difference, difference_currency)
SELECT {read_of_s}, %(account)s, %(report)s, s.voucher_id, s.found_refund, s.verdict,
       s.verdict NOT IN ('aside', 'repeated') AND s.told_by IS NULL AND s.line = s.first,
       {month}, s.booked, s.book_currency,
       CASE s.verdict WHEN 'amount' THEN CASE WHEN s.kind = 'payment' THEN s.gross - s.paid_amount
                                              WHEN s.gross < 0 THEN s.gross + s.refund_amount
                                              ELSE s.gross - s.refund_amount END
                      WHEN 'fx' THEN s.fx_difference WHEN 'fee' THEN s.cost_difference WHEN 'date' THEN 0
                      WHEN 'missing_here' THEN s.booked WHEN 'proposed' THEN s.booked WHEN 'duplicate' THEN s.booked END,
       CASE WHEN s.verdict = 'amount' THEN COALESCE(NULLIF(s.currency, ''), s.book_currency) ELSE s.book_currency END
FROM (
    SELECT s.*, {verdict} AS verdict, COALESCE(s.found_voucher, s.proposed) AS voucher_id,
           COALESCE(NULLIF(s.settled_currency, ''), NULLIF(s.currency, ''), s.paid_currency, %(currency)s) AS book_currency
    FROM ({drafted}) s {fence}) s
"""
# One payment that a file settles twice under two names: the first counts as it is.
_SETTLED_TWICE = """
UPDATE {line} SET verdict = 'duplicate', difference = {line}.booked, difference_currency = {line}.book_currency
FROM (
    SELECT voucher_id, min(line) AS first FROM {line}
    WHERE report_id = %(report)s AND kind = 'payment' AND voucher_id IS NOT NULL AND {counted} AND booked > 0
    GROUP BY voucher_id HAVING count(*) > 1) twice
WHERE {line}.report_id = %(report)s AND {line}.kind = 'payment' AND {line}.voucher_id = twice.voucher_id
  AND {line}.line > twice.first AND {line}.verdict NOT IN ({uncounted})
"""
# Providers that name a refund by its payment alone: of one payment and amount, the first line is the first refund.
_PAIRED = """
UPDATE {line} SET refund_id = pair.refund_id, verdict = {agreed},
    difference = CASE {agreed} WHEN 'fx' THEN {line}.fx_difference WHEN 'fee' THEN {line}.cost_difference
                               WHEN 'date' THEN 0 END
FROM (
    SELECT unnamed.id AS line_id, free.id AS refund_id
    FROM (
        SELECT id, voucher_id, abs(amount) AS amount, amount > 0 AS is_back,
               row_number() OVER (PARTITION BY voucher_id, amount ORDER BY line) AS place
        FROM {line}
        WHERE report_id = %(report)s AND kind = 'refund' AND refund_id IS NULL AND voucher_id IS NOT NULL
          AND verdict = 'missing_here' AND refund_reference = '' AND refund_provider_reference = '') unnamed
    JOIN (
        SELECT r.id, r.voucher_id, r.amount, r.state IN ('returned') AND taken.is_out AS is_back,
               row_number() OVER (PARTITION BY r.voucher_id, r.amount, r.state IN ('returned') AND taken.is_out
                                  ORDER BY r.id) AS place
        FROM pagoefectivo_refund r
        JOIN (
            SELECT DISTINCT voucher_id FROM {line}
            WHERE report_id = %(report)s AND kind = 'refund' AND refund_id IS NULL AND voucher_id IS NOT NULL) wanted
          ON wanted.voucher_id = r.voucher_id
        CROSS JOIN (SELECT true AS is_out UNION ALL SELECT false) taken
        WHERE r.state IN ({gone}) AND (r.state IN ('returned') OR NOT taken.is_out) AND NOT EXISTS (
            SELECT 1 FROM {line} l
            WHERE l.refund_id = r.id AND {counted_l} AND (l.booked > 0) = taken.is_out)) free
      ON free.voucher_id = unnamed.voucher_id AND free.amount = unnamed.amount
     AND free.place = unnamed.place AND free.is_back = unnamed.is_back) pair
WHERE {line}.id = pair.line_id
"""
_FOUND = """
INSERT INTO pagoefectivo_discrepancy (account, verdict, month, line_id, voucher_id, refund_id, amount, currency,
                                      opened_at, reason, resolution, settled_by)
SELECT account, verdict, month, id, voucher_id, refund_id, difference, difference_currency, %(now)s, '', '', ''
FROM {line} WHERE report_id = %(report)s AND verdict IN ({differences}) ORDER BY id
"""


class Matching:
    """The judging of one report's lines, in the caller's transaction, who holds the account's lock.

    `currency` is that of a line which names none. `closed` has each closed month with the first open one after it.
    """

    def __init__(
        self, report_id: int, *, account: str, currency: str, closed: Sequence[tuple[date, date]], now: datetime
    ) -> None:
        self._closed, self._is_counted, self._has_shares = len(closed), False, False
        self._values: dict[str, Any] = {"report": report_id, "account": account, "currency": currency, "now": now}
        if connection.vendor == "sqlite":
            self._values["now"] = connection.ops.adapt_datetimefield_value(now)
        for number, (month, later) in enumerate(closed):
            self._values |= {f"closed_{number}": month, f"open_{number}": later}

    def begin(self, cursor: Any) -> None:
        """Make the stage of a chunk: a table that nobody else sees, and that is gone with the transaction."""
        cursor.execute(f"DROP TABLE IF EXISTS {STAGE}")
        if connection.vendor == "postgresql":
            # Nobody has counted yet what this transaction writes: each line looks its own facts up by their indexes.
            for joined_by in _IN_BULK:
                cursor.execute(f"SET LOCAL enable_{joined_by} = off")
            cursor.execute("SET LOCAL default_statistics_target = 10")
            cursor.execute("SET LOCAL jit = off")  # would be compiled anew for each chunk
        cursor.execute(_STAGE)
        cursor.execute(_HAS_SHARES)
        self._has_shares = bool(cursor.fetchone()[0])

    def judge(self, cursor: Any, *, has_twins: bool, names_refunds: bool) -> None:
        """Write each line of the stage with its class, and empty it.

        `has_twins` says that two share an identity, `names_refunds` that one names a refund: what few lines ask for is
        not looked up for all.
        """
        if connection.vendor == "postgresql" and not self._is_counted:  # the next chunks are much like the first
            cursor.execute(f"ANALYZE {STAGE}")
            self._is_counted = True
        asked = {"has_twins": has_twins, "names_refunds": names_refunds, "has_shares": self._has_shares}
        cursor.execute(_insert(self._closed, **asked), self._values)
        cursor.execute(_EMPTY[connection.vendor])

    def finish(self, cursor: Any, lines: int) -> None:
        """Hold the report's lines against one another, and open a difference for each that does not add up."""
        cursor.execute(f"DROP TABLE {STAGE}")
        if connection.vendor == "postgresql":
            for joined_by in _IN_BULK:
                cursor.execute(f"SET LOCAL enable_{joined_by} = on")
            cursor.execute(f"SET LOCAL work_mem = '{MEMORY}'")
            if lines >= MANY:  # to the planner there is hardly one of them yet, and for each it would look at all
                cursor.execute("SET LOCAL enable_nestloop = off")
        for statement in _closing():
            cursor.execute(statement, self._values)


def _insert(closed: int, *, has_twins: bool, names_refunds: bool, has_shares: bool) -> str:
    cases = " ".join(f"WHEN s.own_month = %(closed_{number})s THEN %(open_{number})s" for number in range(closed))
    aside, fence = _listed(WITHOUT_MONEY), _FENCE[connection.vendor]
    same_as_first = _same("s.{}", "first_value(s.{}) OVER same")
    twins = _TWINS.format(same_as_first=same_as_first, stage=STAGE, aside=aside, fence=fence)
    before = f"{_SETTLED_BEFORE.format(line=_LINE, counted=_counted('l.'))} IS NOT NULL"
    drafted = _DRAFTED.format(
        staged=twins if has_twins else _ALONE,
        line=_LINE,
        refunds=_REFUNDS if names_refunds else _NO_REFUNDS,
        proposed=_PROPOSED.format(near=_NEAR[connection.vendor]),
        same_as_told=_same("p.{}", "s.{}"),
    )
    verdict = _VERDICT.format(
        aside=aside,
        settled_before=f"{before} OR {_SETTLED_BY_HAND} IS NOT NULL" if has_shares else before,
        tolerance=TOLERANCE,
        agreed=_AGREED.format(s="s"),
        gone=_listed(GONE),
        reversed=AnomalyKind.PAYMENT_REVERSED.value,
    )
    return _INSERT.format(
        line=_LINE,
        read=_READ,
        read_of_s=_READ_OF_S,
        month=f"CASE {cases} ELSE s.own_month END" if cases else "s.own_month",
        verdict=verdict,
        drafted=drafted,
        fence=fence,
    )


def _closing() -> tuple[str, ...]:
    return (
        _SETTLED_TWICE.format(line=_LINE, counted=_counted(""), uncounted=_listed(UNCOUNTED)),
        _PAIRED.format(line=_LINE, agreed=_AGREED.format(s=_LINE), gone=_listed(GONE), counted_l=_counted("l.")),
        _FOUND.format(line=_LINE, differences=_listed(DIFFERENCES)),
    )


def _counted(of: str) -> str:
    return f"{of}verdict NOT IN ({_listed(UNCOUNTED)})"


def _same(one: str, other: str) -> str:
    equals = _EQUALS[connection.vendor]
    return " AND ".join(f"{one.format(column)} {equals} {other.format(column)}" for column in _WHAT_IT_SAYS)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))
