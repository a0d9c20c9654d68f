"""What follows when the provider does not know, or does not say."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import Command
from pagoefectivo.domain.states import (
    AnomalyKind,
)

UNKNOWN_TOO_LONG = timedelta(hours=4)
TRIES_BEFORE_WORRY = 3


def worries(command: Command, since: datetime | None, now: datetime, *, unanswered: bool) -> tuple[AnomalyKind, ...]:
    """Return what a person should look at after a try that brought no answer."""
    if command.error_code is ErrorCode.POLL_NOT_FOUND and command.attempts >= TRIES_BEFORE_WORRY:
        return (AnomalyKind.NOT_FOUND_AT_PROVIDER,)
    if unanswered and since is not None and now - since > UNKNOWN_TOO_LONG:
        return (AnomalyKind.OUTCOME_UNKNOWN,)
    return ()


class AfterSilence(StrEnum):
    """What follows when the provider does not know what we may have sent."""

    WAIT = "wait"
    SEND_AGAIN = "send_again"
    GIVE_UP = "give_up"
    ASK_ON = "ask_on"


def after_absence(
    sent_at: datetime, now: datetime, *, proves_never: bool, in_flight: timedelta, key_life: timedelta
) -> AfterSilence:
    """Answer a look-up that found nothing under our reference.

    WAIT while the first try may still be under way at the provider; GIVE_UP when absence is proof; SEND_AGAIN, with
    the same key, while the provider still remembers that key; otherwise ASK_ON, and a person decides.
    """
    age = now - sent_at
    if age < in_flight:
        return AfterSilence.WAIT
    if proves_never:
        return AfterSilence.GIVE_UP
    return AfterSilence.SEND_AGAIN if age < key_life else AfterSilence.ASK_ON
