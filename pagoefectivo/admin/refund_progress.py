"""How far a refund has come, as a rail with dates, and every try at the provider as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from pagoefectivo.admin import advice
from pagoefectivo.admin.presentation import moment, refund_word
from pagoefectivo.domain.states import FREED_REFUND, RefundState
from pagoefectivo.models import Refund, StateChange
from pagoefectivo.selectors import refund_desk
from pagoefectivo.selectors.refund_desk import Attempt

_R = RefundState
_AT_PROVIDER = {_R.PENDING}


@dataclass(frozen=True, slots=True)
class Step:
    """One station of the rail: its word, when it was reached, and whether the refund is there, past it or not yet."""

    word: str
    at: object
    standing: str


def rail(refund: Refund, changes: Sequence[StateChange]) -> list[Step]:
    """Return requested, approved where it takes two, sent, at the provider, given back; what ended it stands last."""
    reached = {change.to_state: change.at for change in changes}
    if refund.is_outside:
        return _stations([(_("heard of"), refund.created_at), _last(refund, reached)])
    stations: list[tuple[str, datetime | None]] = [(_("requested"), refund.created_at)]
    if refund.approved_at or _R.AWAITING_APPROVAL in reached:
        stations.append((_("approved"), refund.approved_at))
    stations += [
        (_("sent out"), refund.first_sent_at or reached.get(_R.SUBMITTING)),
        (_("with the bank") if refund.payout_id else _("at the provider"), reached.get(_R.PENDING)),
        _last(refund, reached),
    ]
    return _stations(stations)


def _stations(stations: Sequence[tuple[str, datetime | None]]) -> list[Step]:
    passed = [number for number, (_word, at) in enumerate(stations) if at is not None]
    return [
        Step(word, "" if at is None else moment(at), _standing(number, passed[-1], done=at is not None))
        for number, (word, at) in enumerate(stations)
    ]


def attempts(refund: Refund, changes: Sequence[StateChange]) -> list[dict[str, object]]:
    """Return every try and every question that moved the refund as a row of the table, oldest first."""
    said = {change.event.request_id: change.event.status for change in changes if change.event is not None}
    said.pop("", None)
    return [_row(attempt, said) for attempt in refund_desk.attempts_of(refund, frozenset(said))]


def _last(refund: Refund, reached: dict[str, datetime]) -> tuple[str, datetime | None]:
    if refund.state in FREED_REFUND:
        return str(refund.get_state_display()), refund.changed_at
    return _("given back"), reached.get(_R.SUCCEEDED)


def _standing(number: int, newest: int, *, done: bool) -> str:
    if number == newest:
        return "here"
    return "done" if done else "skipped" if number < newest else "ahead"


def _row(attempt: Attempt, said: Mapping[str, str]) -> dict[str, object]:
    call, error = attempt.exchange, attempt.error
    status = said.get(call.request_id, "")
    return {
        "number": attempt.number,
        "sent": moment(call.sent_at, seconds=True),
        "what": _("asked") if attempt.is_question else _("sent out"),
        "answer": f"HTTP {call.http_status}" if call.http_status else call.get_outcome_display(),
        "took": call.duration_ms,
        "id": call.request_id,
        "said": _("The provider says: %(status)s%(money)s") % {"status": refund_word(status), "money": ""}
        if status
        else "",
        "raw": error.raw_code if error else "",
        "advice": advice.on_code(error.code, raw=error.raw_code) if error else None,
    }
