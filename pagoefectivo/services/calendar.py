"""What the shop says of single days: on which of them banks are closed or work. It moves the dates that people are told."""

from __future__ import annotations

import logging

from django.db import transaction

from pagoefectivo.models import NonWorkingDay
from pagoefectivo.selectors import calendar
from pagoefectivo.services.actors import Actor, Permission

logger = logging.getLogger("pagoefectivo.calendar")


def keep(day: NonWorkingDay, *, actor: Actor) -> None:
    """Add or change one day; this process counts with it once committed, others within a minute.

    Raises PermissionRefused, and IntegrityError for a day that is there already.
    """
    actor.require(Permission.KEEP_CALENDAR)
    day.save()
    transaction.on_commit(calendar.forget)
    logger.info("%s: banks %s, said by %s", day.day, "work" if day.banks_work else "are closed", actor.name)


def remove(day: NonWorkingDay, *, actor: Actor) -> None:
    """Take one day out of the table, which leaves it to the public holidays. Raises PermissionRefused."""
    actor.require(Permission.KEEP_CALENDAR)
    day.delete()
    transaction.on_commit(calendar.forget)
    logger.info("%s: taken out of the calendar by %s", day.day, actor.name)
