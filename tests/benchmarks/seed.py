"""A shop that has sold for half a year: a million codes and their evidence, the same each time, by INSERT … SELECT.

Every row keeps every constraint, and the nightly check of the invariants finds nothing. The evidence is not sealed: the
sweep takes it into the hash chain as it takes any other row, ten thousand a minute.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from django.db import connection

from pagoefectivo.models import Order, PaymentEvent, Refund, Voucher
from pagoefectivo.models.fields import cipher
from pagoefectivo.services import seams

DAYS = 180
_TABLES = (
    "order",
    "voucher",
    "paymentevent",
    "statechange",
    "webhookdelivery",
    "apiexchange",
    "refund",
    "erroroccurrence",
)

# One line a code. Six of ten are paid within their 48 hours, one of a hundred of those is given back whole.
_PLAN = """
CREATE TEMP TABLE seed ON COMMIT DROP AS
SELECT n, o + n AS order_id, v + n AS voucher_id, e + n AS event_id, e + size + n AS refund_event_id, r + n AS refund_id,
       tag || n AS name, created, amount, known,
       CASE WHEN known IS NOT NULL THEN 'paid' WHEN created + interval '48 hours' < %(now)s THEN 'expired'
            ELSE 'issued' END AS state,
       known IS NOT NULL AND n %% 100 = 3 AND known + interval '5 days' < %(now)s AS is_refunded,
       n %% 10 < 8 AS was_told
FROM (
    SELECT *, CASE WHEN (n * 7919) %% 100 < 60 AND created + after < %(now)s THEN created + after END AS known
    FROM (
        SELECT n, %(now)s - (size - n) * (interval '1 day' * %(days)s / size) AS created,
               (n * 31 %% 2820 + 5) * interval '1 minute' AS after, (500 + n * 37 %% 30000) / 100.0 AS amount
        FROM generate_series(1::bigint, %(size)s) AS n, (SELECT %(size)s::bigint AS size) AS sized
    ) AS made
) AS paid, (SELECT %(order)s::bigint AS o, %(voucher)s::bigint AS v, %(event)s::bigint AS e, %(refund)s::bigint AS r,
                   %(size)s::bigint AS size, %(tag)s AS tag) AS bases
"""
_ROWS = {
    "orders": """
INSERT INTO pagoefectivo_order (id, state, reference, account, amount, currency, paid_amount, refunded_amount,
    payer_email, payer_name, payer_phone, payer_document_type, payer_document_number, language, description, metadata,
    expires_in, page_key, created_at, updated_at)
SELECT order_id, CASE WHEN is_refunded THEN 'refunded' WHEN state = 'issued' THEN 'awaiting_payment' ELSE state END,
    name, 'default', amount, 'PEN', CASE WHEN state = 'paid' THEN amount ELSE 0 END,
    CASE WHEN is_refunded THEN amount ELSE 0 END, 'buyer' || n %% 300000 || '@example.pe', 'María Quispe',
    '+519' || lpad((n %% 300000)::text, 8, '0'), 'DNI', (%(documents)s::text[])[1 + n %% 1000], 'es', 'Zapatillas', '{}', interval '48 hours',
    left(md5(name), 22), created, coalesce(known, created)
FROM seed ORDER BY n""",
    "vouchers": """
INSERT INTO pagoefectivo_voucher (id, state, public_id, order_id, attempt, account, reference, idempotency_key, amount,
    currency, wanted_expiry_at, first_sent_at, provider_reference, code, barcode, barcode_svg, expires_at, paid_amount,
    paid_currency, paid_at, reserved_amount, refunded_amount, outside_amount, asked_at, seen_at, error_code, raw_code,
    created_at, changed_at, lease_token, attempts, next_action_at)
SELECT voucher_id, state, 'vch_' || name, order_id, 1, 'default', name || '-1', left(md5('key' || name), 32), amount,
    'PEN', created + interval '48 hours', created, 'D-' || name, lpad(order_id::text, 10, '1'), '', '',
    created + interval '48 hours', CASE WHEN state = 'paid' THEN amount ELSE 0 END,
    CASE WHEN state = 'paid' THEN 'PEN' ELSE '' END, known - interval '20 seconds' * (1 + n %% 9),
    CASE WHEN is_refunded THEN amount ELSE 0 END, CASE WHEN is_refunded THEN amount ELSE 0 END, 0, known,
    CASE WHEN n %% 4 > 0 THEN created + interval '1 minute' END, '', '', created, coalesce(known, created), 0, 0,
    CASE WHEN state = 'issued' THEN %(now)s + interval '1 day' END
FROM seed ORDER BY n""",
    "notifications": """
INSERT INTO pagoefectivo_webhookdelivery (account, event_identity, body, headers, verdict, fault, received_at,
    remote_ip, repeats, outcome, done_at, voucher_id, lease_token, attempts)
SELECT 'default', md5('letter' || name), %(body)s, '{}', 'verified', '', known - interval '1 second' * (1 + n %% 7),
    '192.0.2.1', 0, 'applied', known, voucher_id, 0, 1
FROM seed WHERE known IS NOT NULL AND was_told ORDER BY n""",
    "calls": """
INSERT INTO pagoefectivo_apiexchange (request_id, account, operation, voucher_id, method, url, request_headers,
    request_body, sent_at, outcome, http_status, response_headers, response_body, duration_ms, loss)
SELECT md5('call' || name), 'default', 'issue_voucher', voucher_id, 'POST', 'https://provider.example/payments', '{}',
    %(body)s, created, 'answered', CASE WHEN n %% 50 = 0 THEN 503 ELSE 200 END, '{}', %(body)s, 120 + n * 13 %% 900, ''
FROM seed ORDER BY n""",
    "refunds": """
INSERT INTO pagoefectivo_refund (id, state, public_id, order_id, voucher_id, account, reference, idempotency_key,
    amount, currency, reason, note, requested_by, approval_digest, approved_by, is_outside, first_sent_at,
    provider_reference, error_code, raw_code, page_key, created_at, changed_at, lease_token, attempts)
SELECT refund_id, 'succeeded', 'rfd_' || name, order_id, voucher_id, 'default', name || '-1-R1',
    left(md5('refund' || name), 32), amount, 'PEN', 'buyer_request', '', 'staff:luz', '', '', false, known,
    'R-' || name, '', '', left(md5('page' || name), 22), known, known + interval '1 day' * (1 + n / 100 %% 5), 0, 0
FROM seed WHERE is_refunded ORDER BY n""",
    "statements": """
INSERT INTO pagoefectivo_paymentevent (id, account, event_identity, digest, voucher_id, refund_id, source, proof,
    is_believed, status, raw_status, payment_identity, amount, currency, occurred_at, recorded_at, request_id)
SELECT event_id, 'default', md5('paid' || name), md5(name), voucher_id, NULL::bigint, 'poll', 'read', true, 'paid', '',
    'P-' || name, amount, 'PEN', known, known, ''
FROM seed WHERE known IS NOT NULL
UNION ALL
SELECT refund_event_id, 'default', md5('back' || name), md5(name), voucher_id, refund_id, 'poll', 'read', true,
    'succeeded', '', '', amount, 'PEN', known, known + interval '1 day' * (1 + n / 100 %% 5), ''
FROM seed WHERE is_refunded ORDER BY 1""",
    "failures": """
INSERT INTO pagoefectivo_erroroccurrence (code, raw_code, raw_message, http_status, operation, account, voucher_id,
    request_id, occurred_at)
SELECT CASE WHEN n %% 200 = 0 THEN 'PSP_TIMEOUT' ELSE 'PSP_UNAVAILABLE' END, '', '', 503, 'issue_voucher', 'default',
    voucher_id, md5('call' || name), created
FROM seed WHERE n %% 50 = 0 ORDER BY n""",
}
# subject, from, to, transition, source, actor, instant, whether its event is named, which of the codes
_MOVES = (
    ("voucher", "requested", "submitting", "submit", "api", "system", "created", "", "true"),
    ("voucher", "submitting", "issued", "issue", "api", "provider", "created + interval '1 second'", "", "true"),
    ("voucher", "issued", "paid", "pay", "poll", "provider", "known", "event_id", "state = 'paid'"),
    ("order", "awaiting_payment", "paid", "pay", "poll", "provider", "known", "event_id", "state = 'paid'"),
    ("voucher", "issued", "expired", "expire", "poll", "provider", "created + interval '48 hours'", "", "state = 'expired'"),
    ("order", "awaiting_payment", "expired", "expire", "poll", "provider", "created + interval '48 hours'", "", "state = 'expired'"),
    ("refund", "requested", "submitting", "submit", "clock", "system", "known", "", "is_refunded"),
    ("refund", "submitting", "pending", "accept", "api", "provider", "known + interval '1 second'", "", "is_refunded"),
    ("refund", "pending", "succeeded", "succeed", "poll", "provider", "known + interval '1 day' * (1 + n / 100 %% 5)",
     "refund_event_id", "is_refunded"),
    ("order", "paid", "refunded", "refund", "poll", "provider", "known + interval '1 day' * (1 + n / 100 %% 5)",
     "refund_event_id", "is_refunded"),
)  # fmt: skip
_MOVE = """
INSERT INTO pagoefectivo_statechange (subject, order_id, voucher_id, refund_id, from_state, to_state, transition,
    source, actor, why, event_id, at)
SELECT '{subject}', order_id, {voucher}, {refund}, '{before}', '{after}', '{transition}', '{source}', '{actor}', '',
    {event}, {at}
FROM seed WHERE {which} ORDER BY n"""


def seed(vouchers: int, *, tag: str = "S-", is_told: bool = True) -> dict[str, int]:
    """Add that many orders with all that belongs to them; return the rows of each table. Commits once.

    PostgreSQL, as an owner who may set `session_replication_role`: the foreign keys hold by construction and are not
    looked up one by one. `tag` begins every reference; the same one twice is refused by the database.
    """
    from django.db import transaction

    values = _values(vouchers, tag)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(_PLAN, values)
        cursor.execute("ANALYZE seed")
        for name, statement in (*_ROWS.items(), *_moves()):
            began = time.perf_counter()
            cursor.execute(statement, values)
            if is_told:
                print(
                    f"  {cursor.rowcount:>9,} {name} in {time.perf_counter() - began:.0f} s",
                    file=sys.stderr,
                    flush=True,
                )
        for table in ("order", "voucher", "paymentevent", "refund"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('pagoefectivo_{table}', 'id'), max(id)) FROM pagoefectivo_{table}"  # noqa: S608 - our own names
            )
    return _settled()


def _values(vouchers: int, tag: str) -> dict[str, Any]:
    body = cipher().encrypt(b'{"id": "D-1", "status": "PAID", "amount": 89.90, "currency": "PEN"}')
    bases = {"order": Order, "voucher": Voucher, "event": PaymentEvent, "refund": Refund}
    return {
        "size": vouchers,
        "days": DAYS,
        "now": seams.now(),
        "tag": tag,
        "body": body,
        "documents": [cipher().encrypt(b"%08d" % number).decode() for number in range(10_000_001, 10_001_001)],
        **{name: _last(model) for name, model in bases.items()},
    }


def _last(model: type[Any]) -> int:
    newest = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return int(newest or 0)


def _moves() -> list[tuple[str, str]]:
    return [
        (
            f"moves to {after} of {subject}s",
            _MOVE.format(
                subject=subject,
                voucher="NULL" if subject == "order" else "voucher_id",
                refund="refund_id" if subject == "refund" else "NULL",
                before=before,
                after=after,
                transition=transition,
                source=source,
                actor=actor,
                event=event or "NULL",
                at=at,
                which=which,
            ),
        )
        for subject, before, after, transition, source, actor, at, event, which in _MOVES
    ]


def _settled() -> dict[str, int]:
    """Let the planner know the tables, and count them."""
    counts = {}
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"VACUUM ANALYZE pagoefectivo_{table}")
            cursor.execute(f"SELECT count(*) FROM pagoefectivo_{table}")  # noqa: S608 - our own names
            counts[table] = cursor.fetchone()[0]
    return counts
