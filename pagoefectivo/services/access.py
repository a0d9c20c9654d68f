"""Writing down who looked at personal data and evidence, and why."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from pagoefectivo.models import AccessLog, Order
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor

STRETCH = timedelta(minutes=10)
Kind = AccessLog.Kind

_NOTE = """
INSERT INTO pagoefectivo_accesslog (kind, actor, order_id, subject, why, page, remote_ip, at, slot)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (actor, kind, subject, slot) DO NOTHING
"""


def log(
    kind: AccessLog.Kind,
    *,
    actor: Actor,
    why: str,
    order: Order | None = None,
    subject: str = "",
    page: str = "",
    remote_ip: str | None = None,
) -> None:
    """Note that `actor` saw what is kept masked, of `order` or of a `subject` that holds nothing personal.

    One INSERT and no question; within ten minutes the same person, kind and subject are one row. Whoever shows such
    things calls this first: what cannot be noted is not shown.
    """
    now = seams.now()
    named = order.reference if order is not None else subject
    values = (
        kind.value,
        actor.name[:160],
        None if order is None else order.pk,
        named[:120],
        why[:200],
        page[:80],
        remote_ip,
        now,
        int(now.timestamp() // STRETCH.total_seconds()),
    )
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)
