"""Writing down who looked at personal data and evidence, and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from pagoefectivo.models import AccessLog, Order
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor, staff

STRETCH = timedelta(minutes=10)
NO_REASON = "no reason was given"
Kind = AccessLog.Kind
_PREFIX = "look "

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

    Within ten minutes the same person, kind and subject are one row: one INSERT by each process, then nothing. Whoever
    shows such things calls this first: what cannot be noted is not shown.
    """
    now = seams.now()
    named = order.reference if order is not None else subject
    slot = int(now.timestamp() // STRETCH.total_seconds())
    look = f"{_PREFIX}{slot} {actor.name} {kind.value} {named}"
    if look in seams.memory():
        return
    values = (
        kind.value,
        actor.name[:160],
        None if order is None else order.pk,
        named[:120],
        why[:200],
        page[:80],
        remote_ip,
        now,
        slot,
    )
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)
    transaction.on_commit(lambda: _remember(look, now))


def log_person(user: Any, kind: AccessLog.Kind, **what: Any) -> None:
    """Note it, as `log` does, for a person of the back office."""
    log(kind, actor=staff(user), **what)


def _remember(look: str, now: datetime) -> None:
    """Remember a committed row until its stretch is over; what is older is forgotten here."""
    memory = seams.memory()
    for older in [name for name, at in memory.items() if name.startswith(_PREFIX) and now - at >= STRETCH]:
        del memory[older]
    memory[look] = now
