"""Each line of a file to what it is about, for all lines at once: a million of them in a handful of statements.

By the provider's ids, then by ours; by code, amount and date only as a proposal that a person confirms. What a line
turned out to be is written on the line. Payments, refunds and orders are read and never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from pagoefectivo.domain.settlements import DIFFERENCES, TOLERANCE, UNCOUNTED
from pagoefectivo.domain.states import AnomalyKind, RefundState
from pagoefectivo.models import ReadLine, SettlementDraft, SettlementLine

MEMORY = "128MB"  # of the database, for joins of a million rows; without it they go by way of its disk
_NAMES = {field.name for field in ReadLine._meta.local_fields}
READ = tuple(str(field.column) for field in SettlementDraft._meta.concrete_fields if field.name in _NAMES)
_LINE = SettlementLine._meta.db_table
_DRAFT = SettlementDraft._meta.db_table
_READ = ", ".join(READ)
_READ_OF_S = ", ".join(f"s.{column}" for column in READ)

# Within three days: a counter's day, its bank's and the provider's may all differ.
_NEAR = {
    "postgresql": "x.paid_at BETWEEN s.occurred_at - interval '3 days' AND s.occurred_at + interval '3 days'",
    "sqlite": "abs(julianday(x.paid_at) - julianday(s.occurred_at)) <= 3",
}
_EQUALS = {"postgresql": "IS NOT DISTINCT FROM", "sqlite": "IS"}
_WHAT_IT_SAYS = ("kind", "amount", "currency", "settled_amount", "settled_currency", "fee", "tax", "net")

# What a line would be before its costs, where it does not say so itself; and what it changes where it names no net.
_GROSS = "COALESCE(s.amount, s.net - COALESCE(s.fee, 0) - COALESCE(s.tax, 0))"
_BOOKED = """CASE WHEN s.kind IN ('balance', 'notice') THEN 0
    ELSE COALESCE(s.net, COALESCE(s.settled_amount, s.amount, 0) + COALESCE(s.fee, 0) + COALESCE(s.tax, 0)) END"""
_PROPOSED = """CASE WHEN s.kind = 'payment' AND s.code <> '' AND vt.id IS NULL AND vo.id IS NULL THEN (
    SELECT min(x.id) FROM pagoefectivo_voucher x
    WHERE x.code = s.code AND x.account = s.account AND x.paid_amount = s.amount AND x.paid_currency = s.currency
      AND {near} HAVING count(*) = 1) END"""

_DRAFTED = """
SELECT s.*, COALESCE(vt.id, vo.id, rt.voucher_id, ro.voucher_id) AS found_voucher,
       CASE WHEN s.kind IN ('refund', 'adjustment') THEN COALESCE(rt.id, ro.id) END AS found_refund,
       {proposed} AS proposed, p.id AS told_by, CASE WHEN {same_as_told} THEN 1 ELSE 0 END AS is_same,
       again.first AS first, {gross} AS gross,
       COALESCE(vt.paid_at, vo.paid_at) AS paid_at, COALESCE(vt.paid_amount, vo.paid_amount) AS paid_amount,
       COALESCE(vt.paid_currency, vo.paid_currency) AS paid_currency, COALESCE(rt.state, ro.state) AS refund_state,
       COALESCE(rt.amount, ro.amount) AS refund_amount, COALESCE(rt.currency, ro.currency) AS refund_currency,
       q.voucher_id AS settled_before
FROM {draft} s
LEFT JOIN {line} p ON p.account = %(account)s AND p.identity = s.identity AND p.tells_first
LEFT JOIN (
    SELECT identity, min(line) AS first FROM {draft} WHERE report_id = %(report)s
    GROUP BY identity HAVING count(*) > 1) again ON again.identity = s.identity
LEFT JOIN pagoefectivo_voucher vt
  ON vt.account = %(account)s AND vt.provider_reference = s.provider_reference AND s.provider_reference <> ''
LEFT JOIN pagoefectivo_voucher vo
  ON vo.reference = s.reference AND vo.account = %(account)s AND s.reference <> '' AND vt.id IS NULL
LEFT JOIN pagoefectivo_refund rt
  ON rt.account = %(account)s AND rt.provider_reference = s.refund_provider_reference AND s.refund_provider_reference <> ''
LEFT JOIN pagoefectivo_refund ro
  ON ro.reference = s.refund_reference AND ro.account = %(account)s AND s.refund_reference <> '' AND rt.id IS NULL
LEFT JOIN (
    SELECT voucher_id FROM {line}
    WHERE account = %(account)s AND kind = 'payment' AND voucher_id IS NOT NULL AND {counted} AND booked > 0
    UNION
    SELECT h.voucher_id FROM pagoefectivo_settlementshare h JOIN {line} l ON l.id = h.line_id
    WHERE l.account = %(account)s AND h.refund_id IS NULL) q
  ON s.kind = 'payment' AND q.voucher_id = COALESCE(vt.id, vo.id)
WHERE s.report_id = %(report)s
"""

_AGREED = """CASE WHEN {s}.fx_difference IS NOT NULL THEN 'fx'
        WHEN {s}.cost_difference IS NOT NULL THEN 'fee'
        WHEN {s}.settled_date < {s}.due_first OR {s}.settled_date > {s}.due_last THEN 'date'
        ELSE 'matched' END"""
_VERDICT = """CASE
    WHEN s.kind IN ('balance', 'notice') THEN 'aside'
    WHEN s.told_by IS NOT NULL THEN CASE WHEN s.is_same = 1 THEN 'repeated' ELSE 'duplicate' END
    WHEN s.line > s.first THEN 'duplicate'
    WHEN s.kind = 'payment' THEN CASE
        WHEN s.found_voucher IS NULL THEN CASE WHEN s.proposed IS NULL THEN 'missing_here' ELSE 'proposed' END
        WHEN s.settled_before IS NOT NULL THEN 'duplicate'
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
INSERT INTO {line} ({read}, report_id, voucher_id, refund_id, verdict, tells_first, month, booked, book_currency,
                    difference, difference_currency)
SELECT {read_of_s}, s.report_id, s.voucher_id, s.found_refund, s.verdict,
       s.verdict NOT IN ('aside', 'repeated') AND s.told_by IS NULL AND (s.first IS NULL OR s.line = s.first),
       {month}, s.booked, s.book_currency,
       CASE s.verdict WHEN 'amount' THEN CASE WHEN s.kind = 'payment' THEN s.gross - s.paid_amount
                                              WHEN s.gross < 0 THEN s.gross + s.refund_amount
                                              ELSE s.gross - s.refund_amount END
                      WHEN 'fx' THEN s.fx_difference WHEN 'fee' THEN s.cost_difference WHEN 'date' THEN 0
                      WHEN 'missing_here' THEN s.booked WHEN 'proposed' THEN s.booked WHEN 'duplicate' THEN s.booked END,
       CASE WHEN s.verdict = 'amount' THEN COALESCE(NULLIF(s.currency, ''), s.book_currency) ELSE s.book_currency END
FROM (
    SELECT s.*, {verdict} AS verdict, COALESCE(s.found_voucher, s.proposed) AS voucher_id, {booked} AS booked,
           COALESCE(NULLIF(s.settled_currency, ''), NULLIF(s.currency, ''), s.paid_currency, %(currency)s) AS book_currency
    FROM ({drafted}) s) s
"""

# What a file says twice in the same words is told before; in other words it stays a duplicate.
_SAID_AGAIN = """
UPDATE {line} SET verdict = 'repeated', difference = NULL
FROM {line} f
WHERE {line}.report_id = %(report)s AND {line}.verdict = 'duplicate' AND NOT {line}.tells_first
  AND f.report_id = %(report)s AND f.identity = {line}.identity AND f.tells_first AND {same_as_first}
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


def match(report_id: int, *, account: str, currency: str, closed: Sequence[tuple[date, date]], now: datetime) -> None:
    """Judge every draft of a report, write it as a line, and open a difference for each that does not add up.

    Inside the caller's transaction, who holds the account's lock, so that no other file of it is judged meanwhile; a
    handful of statements. `currency` is that of a line which names none. `closed` has each closed month with the first
    open one after it.
    """
    values: dict[str, Any] = {"report": report_id, "account": account, "currency": currency, "now": now}
    if connection.vendor == "sqlite":
        values["now"] = connection.ops.adapt_datetimefield_value(now)
    for number, (month, later) in enumerate(closed):
        values |= {f"closed_{number}": month, f"open_{number}": later}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SET LOCAL work_mem = '{MEMORY}'")
            cursor.execute(f"ANALYZE {_DRAFT}")
        for statement in _statements(len(closed)):
            cursor.execute(statement, values)


def _statements(closed: int) -> tuple[str, ...]:
    cases = " ".join(f"WHEN s.own_month = %(closed_{number})s THEN %(open_{number})s" for number in range(closed))
    gone = _listed((RefundState.SUCCEEDED, RefundState.PENDING, RefundState.RETURNED))
    drafted = _DRAFTED.format(
        draft=_DRAFT,
        line=_LINE,
        counted=_counted(""),
        gross=_GROSS,
        proposed=_PROPOSED.format(near=_NEAR[connection.vendor]),
        same_as_told=_same("p", "s"),
    )
    verdict = _VERDICT.format(
        tolerance=TOLERANCE,
        agreed=_AGREED.format(s="s"),
        gone=gone,
        reversed=AnomalyKind.PAYMENT_REVERSED.value,
    )
    return (
        _INSERT.format(
            line=_LINE,
            read=_READ,
            read_of_s=_READ_OF_S,
            month=f"CASE {cases} ELSE s.own_month END" if cases else "s.own_month",
            verdict=verdict,
            booked=_BOOKED,
            drafted=drafted,
        ),
        _SAID_AGAIN.format(line=_LINE, same_as_first=_same("f", _LINE)),
        _SETTLED_TWICE.format(line=_LINE, counted=_counted(""), uncounted=_listed(UNCOUNTED)),
        _PAIRED.format(line=_LINE, agreed=_AGREED.format(s=_LINE), gone=gone, counted_l=_counted("l.")),
        _FOUND.format(line=_LINE, differences=_listed(DIFFERENCES)),
    )


def _counted(of: str) -> str:
    return f"{of}verdict NOT IN ({_listed(UNCOUNTED)})"


def _same(one: str, other: str) -> str:
    equals = _EQUALS[connection.vendor]
    return " AND ".join(f"{one}.{column} {equals} {other}.{column}" for column in _WHAT_IT_SAYS)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))
