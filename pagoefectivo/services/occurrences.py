"""Keeping what went wrong: one sealed row per happening, one tally per way in which it happens, one alarm per news."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import F

from pagoefectivo import conf, signals
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import CodeMapping, ErrorOccurrence, ErrorTally

logger = logging.getLogger("pagoefectivo.errors")


def keep(occurrence: ErrorOccurrence) -> None:
    """Write one occurrence and count it. The last thing a unit of work does: the tally's row is locked until it ends.

    A raw code that no table explains registers itself by its first occurrence and raises one alarm: a line in the log
    and, after commit, the signal `error_unmapped`. Those that follow are only counted.
    """
    occurrence.save(force_insert=True)
    same = {
        "account": occurrence.account,
        "operation": occurrence.operation,
        "raw_code": occurrence.raw_code,
        "code": occurrence.code,
    }
    counted = ErrorTally.objects.filter(**same)
    once_more = {"count": F("count") + 1, "last_at": occurrence.occurred_at}
    if counted.update(**once_more):
        return
    at = occurrence.occurred_at
    tally, is_new = ErrorTally.objects.get_or_create(
        **same, defaults={"reads_as": meaning_of(occurrence), "first_at": at, "last_at": at, "sample": occurrence}
    )
    if not is_new:  # another process was first
        counted.update(**once_more)
    elif tally.is_unknown:
        _alert(tally)


def meaning_of(occurrence: ErrorOccurrence) -> str:
    """Return the catalogue code that today's reading gives a failure: what a person said of an unknown raw code."""
    if occurrence.code != ErrorCode.PSP_UNMAPPED:
        return occurrence.code
    config = conf.current().accounts.get(occurrence.account)
    said = CodeMapping.objects.filter(
        provider=config.provider if config else "", operation=occurrence.operation, raw_code=occurrence.raw_code
    )
    return said.order_by("-pk").values_list("code", flat=True).first() or occurrence.code


def _alert(tally: ErrorTally) -> None:
    logger.error(
        "Account %s answered %s with a code that no table explains: %s. Somebody has to say what it means.",
        tally.account,
        tally.operation or "a call",
        tally.raw_code or "(none)",
    )
    transaction.on_commit(
        lambda: signals.error_unmapped.send_robust(sender=ErrorTally, error=tally, occurred_at=tally.first_at)
    )
