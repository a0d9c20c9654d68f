"""The statements behind the invariants: each returns `kind, id` of the rows that break it. PostgreSQL and SQLite."""

# ruff: noqa: S608 - no value is ever written into these texts
from __future__ import annotations

from pagoefectivo.domain.states import FREED_REFUND, LIVE_REFUND, LIVE_VOUCHER, PAYABLE_VOUCHER, UNSENT_REFUND


def _words(states: frozenset[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


ONE_CODE = f"""
SELECT 'voucher' AS kind, max(id) AS id FROM pagoefectivo_voucher
WHERE code <> '' AND state IN ({_words(PAYABLE_VOUCHER)}) GROUP BY account, code HAVING count(*) > 1
UNION ALL
SELECT 'voucher', max(id) FROM pagoefectivo_voucher GROUP BY idempotency_key HAVING count(*) > 1
UNION ALL
SELECT 'refund', max(id) FROM pagoefectivo_refund
WHERE idempotency_key <> '' GROUP BY idempotency_key HAVING count(*) > 1
"""

# Amounts are compared in cents: SQLite sums them as binary fractions.
SUMS_AGREE = f"""
SELECT 'voucher' AS kind, v.id AS id FROM pagoefectivo_voucher v
LEFT JOIN (
    SELECT voucher_id,
           sum(CASE WHEN is_outside THEN 0 ELSE amount END) AS reserved,
           sum(CASE WHEN NOT is_outside AND state = 'succeeded' THEN amount ELSE 0 END) AS refunded,
           sum(CASE WHEN is_outside THEN amount ELSE 0 END) AS outside
    FROM pagoefectivo_refund WHERE state NOT IN ({_words(FREED_REFUND)}) GROUP BY voucher_id
) r ON r.voucher_id = v.id
LEFT JOIN (
    SELECT voucher_id, sum(amount) AS paid FROM (
        SELECT voucher_id, amount,
               row_number() OVER (PARTITION BY voucher_id, payment_identity ORDER BY id DESC) AS age
        FROM pagoefectivo_paymentevent
        WHERE refund_id IS NULL AND is_believed AND status = 'paid' AND amount IS NOT NULL
    ) receipts WHERE age = 1 GROUP BY voucher_id
) e ON e.voucher_id = v.id
WHERE round(v.paid_amount * 100) <> round(coalesce(e.paid, 0) * 100)
   OR round(v.reserved_amount * 100) <> round(coalesce(r.reserved, 0) * 100)
   OR round(v.refunded_amount * 100) <> round(coalesce(r.refunded, 0) * 100)
   OR round(v.outside_amount * 100) <> round(coalesce(r.outside, 0) * 100)
   OR round(coalesce(r.reserved, 0) * 100) > round(v.paid_amount * 100)
"""

KNOWN_MOVES = """
SELECT 'state change' AS kind, id FROM pagoefectivo_statechange
WHERE (subject || ' ' || from_state || ' ' || to_state) NOT IN ({moves})
"""

PROVIDER_SAID_SO = """
SELECT 'voucher' AS kind, v.id AS id FROM pagoefectivo_voucher v
WHERE (v.state = 'paid' OR v.paid_amount > 0) AND NOT EXISTS (
    SELECT 1 FROM pagoefectivo_paymentevent e
    LEFT JOIN pagoefectivo_apiexchange x ON x.request_id = e.request_id AND e.request_id <> ''
    WHERE e.voucher_id = v.id AND e.refund_id IS NULL AND e.is_believed AND e.status = 'paid'
      AND (e.currency = v.paid_currency OR v.paid_currency = '')
      AND (e.proof IN ('read', 'answer') OR (e.proof = 'signed_body' AND v.account IN ({trusting})))
      AND (x.id IS NULL OR x.outcome = 'answered'))
UNION ALL
SELECT 'refund', r.id FROM pagoefectivo_refund r
WHERE r.state IN ('succeeded', 'returned') AND r.payout_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM pagoefectivo_paymentevent e
    LEFT JOIN pagoefectivo_apiexchange x ON x.request_id = e.request_id AND e.request_id <> ''
    WHERE e.refund_id = r.id AND e.is_believed AND e.status = 'succeeded' AND e.proof = 'read'
      AND (e.amount IS NULL OR e.amount = r.amount) AND (e.currency = '' OR e.currency = r.currency)
      AND (x.id IS NULL OR x.outcome = 'answered'))
UNION ALL
SELECT 'refund', r.id FROM pagoefectivo_refund r
JOIN pagoefectivo_payout p ON p.id = r.payout_id
WHERE r.state IN ('succeeded', 'returned') AND (r.provider_reference = '' OR r.approved_by = '' OR NOT EXISTS (
    SELECT 1 FROM pagoefectivo_paymentevent e
    JOIN pagoefectivo_statechange c ON c.event_id = e.id AND c.refund_id = r.id AND c.to_state = 'succeeded'
    WHERE e.refund_id = r.id AND e.is_believed AND e.status = 'succeeded' AND e.proof = 'attested'
      AND e.amount = r.amount AND e.currency = r.currency AND e.event_identity LIKE 'bank _%%'
      AND c.actor NOT IN (r.requested_by, p.made_by)))
"""

UNBROKEN_CHAIN = """
SELECT 'state change' AS kind, id FROM (
    SELECT id, from_state, source, actor, subject, lag(to_state) OVER (
        PARTITION BY subject, CASE subject WHEN 'order' THEN order_id WHEN 'voucher' THEN voucher_id ELSE refund_id END
        ORDER BY id) AS stood
    FROM pagoefectivo_statechange
) moves
WHERE from_state <> coalesce(stood, CASE subject WHEN 'order' THEN 'awaiting_payment' ELSE 'requested' END)
   OR source = '' OR actor = ''
UNION ALL
SELECT 'order', o.id FROM pagoefectivo_order o
LEFT JOIN (SELECT order_id, max(id) AS last FROM pagoefectivo_statechange WHERE subject = 'order' GROUP BY order_id) m
    ON m.order_id = o.id
LEFT JOIN pagoefectivo_statechange c ON c.id = m.last
WHERE o.state <> coalesce(c.to_state, 'awaiting_payment')
UNION ALL
SELECT 'voucher', v.id FROM pagoefectivo_voucher v
LEFT JOIN (
    SELECT voucher_id, max(id) AS last FROM pagoefectivo_statechange WHERE subject = 'voucher' GROUP BY voucher_id
) m ON m.voucher_id = v.id
LEFT JOIN pagoefectivo_statechange c ON c.id = m.last
WHERE v.state <> coalesce(c.to_state, 'requested')
UNION ALL
SELECT 'refund', r.id FROM pagoefectivo_refund r
LEFT JOIN (
    SELECT refund_id, max(id) AS last FROM pagoefectivo_statechange WHERE subject = 'refund' GROUP BY refund_id
) m ON m.refund_id = r.id
LEFT JOIN pagoefectivo_statechange c ON c.id = m.last
WHERE r.state <> coalesce(c.to_state, 'requested')
"""

NOTHING_FORGOTTEN = f"""
SELECT 'voucher' AS kind, id FROM pagoefectivo_voucher
WHERE (state IN ({_words(LIVE_VOUCHER)}) AND next_action_at IS NULL) OR lease_until > %s
UNION ALL
SELECT 'refund', id FROM pagoefectivo_refund
WHERE (state IN ({_words(LIVE_REFUND)}) AND next_action_at IS NULL) OR lease_until > %s
UNION ALL
SELECT 'delivery', id FROM pagoefectivo_webhookdelivery
WHERE (outcome = 'waiting' AND next_action_at IS NULL) OR lease_until > %s
UNION ALL
SELECT 'announcement', id FROM pagoefectivo_outboxmessage
WHERE (done_at IS NULL AND next_action_at IS NULL) OR lease_until > %s
"""

# A signal is expected from the first time on that it was ever written: a newer version may announce more.
ANNOUNCED_ONCE = """
SELECT 'state change' AS kind, c.id AS id FROM pagoefectivo_statechange c
JOIN ({expected}) e ON e.subject = c.subject AND e.state = c.to_state
JOIN (SELECT signal, min(occurred_at) AS first_at FROM pagoefectivo_outboxmessage GROUP BY signal) f ON f.signal = e.name
WHERE c.at >= f.first_at AND (c.subject || ' ' || c.from_state || ' ' || c.to_state) NOT IN ({silent})
  AND NOT EXISTS (SELECT 1 FROM pagoefectivo_outboxmessage m WHERE m.change_id = c.id AND m.signal = e.name)
UNION ALL
SELECT 'announcement', max(id) FROM pagoefectivo_outboxmessage
WHERE change_id IS NOT NULL GROUP BY change_id, signal HAVING count(*) > 1
"""

FOUR_EYES = f"""
SELECT 'refund' AS kind, r.id AS id FROM pagoefectivo_refund r
WHERE (r.approved_by <> '' AND r.approved_by = r.requested_by)
   OR (r.approved_by = '' AND r.state NOT IN ({_words(UNSENT_REFUND)}, 'canceled') AND EXISTS (
        SELECT 1 FROM pagoefectivo_statechange c WHERE c.refund_id = r.id AND c.to_state = 'awaiting_approval'))
UNION ALL
SELECT 'refund', max(id) FROM pagoefectivo_refund
WHERE approval_digest <> '' GROUP BY approval_digest HAVING count(*) > 1
"""

ORDERS_ADD_UP = """
SELECT 'order' AS kind, o.id AS id FROM pagoefectivo_order o
LEFT JOIN (
    SELECT order_id, paid_currency, sum(paid_amount) AS paid FROM pagoefectivo_voucher GROUP BY order_id, paid_currency
) v ON v.order_id = o.id AND v.paid_currency = o.currency
LEFT JOIN (
    SELECT order_id, sum(amount) AS refunded FROM pagoefectivo_refund WHERE state = 'succeeded' GROUP BY order_id
) r ON r.order_id = o.id
WHERE round(o.paid_amount * 100) <> round(coalesce(v.paid, 0) * 100)
   OR round(o.refunded_amount * 100) <> round(coalesce(r.refunded, 0) * 100)
   OR (o.state = 'refunded' AND round(o.refunded_amount * 100) < round(o.paid_amount * 100))
   OR (o.paid_amount > 0 AND o.state IN ('awaiting_payment', 'expired', 'canceled'))
"""
