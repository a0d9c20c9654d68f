"""EBANX's dates: a deadline is a day without a time, and a moment has no offset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.providers.base import Account
from pagoefectivo.providers.documents import EARLIEST, LATEST

LIMA = ZoneInfo("America/Lima")
ONE_DAY, ONE_SECOND = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """How the dates of one account are read. A code lives `due_day_lasts` from midnight in Lima of its due day."""

    due_day_lasts: timedelta
    zone: ZoneInfo

    def due_day(self, expires_at: datetime) -> date:
        """Return the first day whose end is not before `expires_at`: a code never dies before what was promised."""
        day = (expires_at - self.due_day_lasts).astimezone(LIMA).date()
        while self.end_of(day) < expires_at:
            day += ONE_DAY
        return day

    def end_of(self, day: date) -> datetime:
        """Return the last second of a due day."""
        midnight = datetime.combine(day, time.min, LIMA)
        return (midnight + self.due_day_lasts - ONE_SECOND).astimezone(UTC)

    def deadline(self, written: str) -> datetime | None:
        """Return the end of a day written `yyyy-mm-dd`, None for anything else."""
        try:
            day = date.fromisoformat(written)
        except ValueError:
            return None
        return self.end_of(day) if EARLIEST.date() <= day < LATEST.date() else None

    def moment(self, written: str) -> datetime | None:
        """Return a moment written `yyyy-mm-dd hh:mm:ss` in the account's zone, None for anything else."""
        try:
            read = datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=self.zone)
        except ValueError:
            return None
        return read.astimezone(UTC) if EARLIEST.year <= read.year < LATEST.year else None


def calendar_of(account: Account) -> Calendar:
    """Return the account's calendar; raises ConfigurationError for a zone that does not exist."""
    name = account.options["dates_zone"]
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(f"The dates_zone {name!r} of the account {account.name!r} does not exist.") from None
    return Calendar(account.options["due_day_lasts"], zone)
