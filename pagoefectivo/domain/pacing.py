"""How often a provider may be called, and when silence calls for more questions. Pure: instants come from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pagoefectivo.domain.timing import Schedule, step

FAILURES_TO_OPEN = 5
PAUSES = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=10))
BURST = timedelta(seconds=10)  # what was not asked for so long may be asked at once
LISTENING = timedelta(hours=6)
FEWEST_MISSED = 2
SHARE_WHILE_DEAF = 2  # half of the budget goes to extra questions, half stays for those that are due anyway


def pause(openings: int) -> timedelta:
    """Return how long a breaker stays open that has opened `openings` times in a row, from 1; the last pause repeats."""
    return step(PAUSES, openings - 1)


def book(
    booked_until: datetime | None, now: datetime, *, wanted: int, exempt: int = 0, per_second: int
) -> tuple[int, datetime]:
    """Return how many of `wanted` questions may be asked now, and until when the budget is spoken for afterwards.

    A token bucket with one number: each question books 1/`per_second` of time, and what lies further back than BURST
    is forfeited. `exempt` questions are asked in any case; they book time too, so that the others wait for them.
    """
    free_from = max(booked_until or now - BURST, now - BURST)
    room = int((now - free_from).total_seconds() * per_second + 0.001) - exempt
    granted = min(wanted, max(room, 0))
    return granted, free_from + timedelta(seconds=(granted + exempt) / per_second)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What of one account was heard, and what was found without being told, within the last LISTENING."""

    live_codes: int
    live_since: datetime | None
    last_heard_at: datetime | None
    announced: int
    found_by_poll: int


def deafness(hearing: Hearing, now: datetime) -> str:
    """Return why notifications cannot be relied on, empty where they can.

    *missed*: more payments were found by asking than were announced. *silent*: codes have been live for LISTENING and
    not one notification came; in a quiet shop that may be nothing, and then it costs a few questions.
    """
    if not hearing.live_codes or hearing.live_since is None:
        return ""
    if hearing.found_by_poll >= FEWEST_MISSED and hearing.found_by_poll > hearing.announced:
        return "missed"
    silent_since = max(hearing.live_since, hearing.last_heard_at or hearing.live_since)
    return "silent" if now - silent_since >= LISTENING else ""


def wait_while_deaf(poll: Schedule) -> timedelta:
    """Return the longest wait between two questions about a live code while its account is deaf."""
    return step(poll, 2)
