"""Exchange rates come from a file that somebody took from whoever publishes them; nothing is fetched from the internet.

The file is a table in UTF-8, divided by comma, semicolon or tab, with two columns: `day` as 2026-11-27, and `rate`, the
soles for one dollar, as 3.745 or 3,745. All of it is taken, or nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import BinaryIO

from django.db import IntegrityError
from django.utils.translation import gettext

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.models import ExchangeRate, RateCorrection
from pagoefectivo.providers.cells import day as read_day
from pagoefectivo.providers.tabular import Layout, Records
from pagoefectivo.selectors.calendar import today
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor, Permission

LAYOUT = Layout(needed=("day", "rate"))
LARGEST_FILE = 1024 * 1024
LONGEST_SOURCE, LONGEST_REASON = 100, 500

# no dollar costs thousands, so a point and a comma mean the same
_RATE = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{1,6})?", re.ASCII)

logger = logging.getLogger("pagoefectivo.rates")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's days: `added`, `corrected`, or `known` with that very rate before."""

    added: int
    corrected: int
    known: int


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    rate: Decimal


def import_rates(file: BinaryIO, *, source: str, actor: Actor, correction: str = "") -> Imported:
    """Keep the rates of a file, all or none; the same file again changes nothing.

    A day that has another rate is refused, unless `correction` says why: then the change is recorded with it. Raises
    PermissionRefused, and UnreadableFile with line and reason; nothing is written then.
    """
    actor.require(Permission.KEEP_RATES)
    said = _read(file)
    work = _Import(said, source.strip()[:LONGEST_SOURCE], actor, correction.strip()[:LONGEST_REASON])
    try:
        imported = seams.transact(work)
    except IntegrityError:  # somebody else kept one of these days at this instant
        imported = seams.transact(work)
    logger.info("exchange rates by %s: %s", actor.name, imported)
    return imported


@dataclass(frozen=True, slots=True)
class _Import:
    """One unit of work over the days of a file."""

    said: Mapping[date, _Line]
    source: str
    actor: Actor
    correction: str

    def __call__(self) -> Imported:
        days = ExchangeRate.objects.filter(base="USD", quote="PEN", day__in=self.said).order_by("day")
        kept = {each.day: each for each in days.select_for_update()}
        other = [each for each in kept.values() if each.rate != self.said[each.day].rate]
        if other and not self.correction:
            raise self._refusal(other)
        fresh = [self._new(day, line.rate) for day, line in self.said.items() if day not in kept]
        ExchangeRate.objects.bulk_create(fresh)
        for each in other:
            self._correct(each)
        return Imported(added=len(fresh), corrected=len(other), known=len(kept) - len(other))

    def _refusal(self, other: list[ExchangeRate]) -> UnreadableFile:
        first = min(other, key=lambda each: self.said[each.day].number)
        line = self.said[first.day]
        text = gettext("%(day)s has the rate %(kept)s and here %(said)s. Only a correction with a reason changes it.")
        told = {"day": first.day.isoformat(), "kept": first.rate.normalize(), "said": line.rate.normalize()}
        return UnreadableFile(line.number, text % told)

    def _new(self, day: date, rate: Decimal) -> ExchangeRate:
        return ExchangeRate(
            day=day,
            rate=rate,
            source=self.source,
            imported_by=self.actor.name,
            importer_id=self.actor.user_id,
            imported_at=seams.now(),
        )

    def _correct(self, kept: ExchangeRate) -> None:
        rate = self.said[kept.day].rate
        RateCorrection.objects.create(
            exchange_rate=kept,
            before=kept.rate,
            after=rate,
            source=self.source,
            reason=self.correction,
            corrected_by=self.actor.name,
            corrector_id=self.actor.user_id,
            corrected_at=seams.now(),
        )
        kept.rate, kept.source = rate, self.source
        kept.save(update_fields=["rate", "source"])


def _read(file: BinaryIO) -> dict[date, _Line]:
    records = Records(file)
    columns = records.header(LAYOUT)
    latest, said = today() + timedelta(days=1), dict[date, _Line]()
    for line, (written_day, written_rate) in records.rows(columns):
        day = read_day(line, "day", written_day)
        if not _RATE.fullmatch(written_rate.strip()):
            raise UnreadableFile(line, gettext("%(column)s is not an exchange rate.") % {"column": "rate"})
        if day > latest:
            raise UnreadableFile(line, gettext("%(day)s has not come yet.") % {"day": day.isoformat()})
        if day in said:
            raise UnreadableFile(line, gettext("%(day)s stands there twice.") % {"day": day.isoformat()})
        if records.is_cut:  # 3.74 may have been 3.745
            text = gettext("The file ends without a line break, so its last cell may be cut off.")
            raise UnreadableFile(line, text)
        said[day] = _Line(line, Decimal(written_rate.strip().replace(",", ".")))
    return said
