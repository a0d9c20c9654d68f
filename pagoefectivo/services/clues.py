"""Making what is there findable by phone, document and account: a little at a time, so that no table stands still."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import QuerySet

from pagoefectivo.domain.clues import Kind
from pagoefectivo.models import Job, Order, RefundDestination
from pagoefectivo.models.digests import digest, newest_key, payer_digests
from pagoefectivo.services import jobs, seams

JOB = "clues"
EVERY = timedelta(minutes=1)
PORTION = 250  # orders that are locked at a time
PORTIONS = 20
REST = timedelta(hours=1)
OLD_RELEASE_MAY_WRITE = timedelta(days=1)


def catch_up() -> None:
    """Give digests to some of the rows that lack those of the newest key; once all have been looked at, nothing is asked.

    Commits portion by portion and remembers how far it came. It looks again each hour for a day, since a release that
    knows of no digests may still be at work, and begins anew when the newest of ENCRYPTION_KEYS is another one.
    """
    now, key = seams.now(), newest_key()
    kept = Job.objects.filter(name=JOB).values_list("outcome", flat=True).first() or {}
    if kept.get("key") != key or "rests_until" not in kept:  # or an older release kept it
        begun = now.isoformat()
        kept = {"key": key, "begun": begun, "rests_until": begun, "orders": 0, "destinations": 0, "is_done": False}
    if kept["is_done"] or now < datetime.fromisoformat(kept["rests_until"]):
        return
    for _ in range(PORTIONS):
        before = (kept["orders"], kept["destinations"])
        kept["orders"] = seams.transact(partial(_orders, before[0]))
        kept["destinations"] = seams.transact(partial(_destinations, before[1]))
        if (kept["orders"], kept["destinations"]) == before:
            kept["is_done"] = now - datetime.fromisoformat(kept["begun"]) > OLD_RELEASE_MAY_WRITE
            kept["rests_until"] = (now + REST).isoformat()
            break
    jobs.keep(JOB, kept)


def _orders(after: int) -> int:
    columns = ("pk", "payer_phone", "payer_document_number", "phone_digest", "document_digest")
    rows = _portion(Order.objects.values_list(*columns), after)
    changed = []
    for pk, phone, document, *digests in rows:
        fresh = payer_digests(phone, document)
        if tuple(digests) != fresh:
            changed.append(Order(pk=pk, phone_digest=fresh[0], document_digest=fresh[1]))
    Order.objects.bulk_update(changed, ["phone_digest", "document_digest"])
    return int(rows[-1][0]) if rows else after


def _destinations(after: int) -> int:
    rows = _portion(RefundDestination.objects.values_list("pk", "account_number", "tail_digest"), after)
    fresh = {pk: digest(Kind.ACCOUNT, account) for pk, account, _ in rows}
    changed = [RefundDestination(pk=pk, tail_digest=fresh[pk]) for pk, _, kept in rows if fresh[pk] != kept]
    RefundDestination.objects.bulk_update(changed, ["tail_digest"])
    return int(rows[-1][0]) if rows else after


def _portion(rows: QuerySet[Any, Any], after: int) -> list[tuple[Any, ...]]:
    return list(rows.filter(pk__gt=after).select_for_update(no_key=True).order_by("pk")[:PORTION])
