"""One sentence of truth for a case, its deadline, and each line of its history, as people read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pagoefectivo.admin.presentation import NOTHING, actor_word, badge, lima
from pagoefectivo.domain.cases import CaseAct, CaseStanding
from pagoefectivo.models import Case, CaseEntry
from pagoefectivo.models.labels import CASE_STANDING_LABELS, EXHIBIT_LABELS, LINK_LABELS, RESPONSIBLE_LABELS
from pagoefectivo.selectors.cases import days_left, is_overdue
from pagoefectivo.services import seams

_TONES = {
    CaseStanding.OPEN: "waiting",
    CaseStanding.EVIDENCE_SENT: "moving",
    CaseStanding.WON: "good",
    CaseStanding.LOST: "alarm",
    CaseStanding.WITHDRAWN: "over",
    CaseStanding.CLOSED: "good",
}
_STANDINGS, _PEOPLE = dict(CASE_STANDING_LABELS), dict(RESPONSIBLE_LABELS)
_EXHIBITS, _LINKS = dict(EXHIBIT_LABELS), dict(LINK_LABELS)
_LINES = {
    CaseAct.OPENED: gettext_lazy("Case opened, to be answered until {due}"),
    CaseAct.ASSIGNED: gettext_lazy("Given from {owner_before} to {owner}"),
    CaseAct.NOTED: gettext_lazy("Note"),
    CaseAct.LINKED: gettext_lazy("Linked: {what} {number}"),
    CaseAct.UNLINKED: gettext_lazy("Link taken away: {what} (row {row})"),
    CaseAct.DUE_MOVED: gettext_lazy("Deadline moved from {due_before} to {due}"),
    CaseAct.JUDGED: gettext_lazy("Responsibility: {responsible}"),
    CaseAct.TICKED: gettext_lazy("At hand: {exhibit}"),
    CaseAct.UNTICKED: gettext_lazy("Not at hand after all: {exhibit}"),
    CaseAct.EVIDENCE_SENT: gettext_lazy("Evidence sent: {whom}"),
    CaseAct.ENDED: gettext_lazy("Ended: {outcome}"),
    CaseAct.BUNDLED: gettext_lazy("Evidence bundle made, SHA-256 {sha256}"),
}


def _day(written: str) -> str:
    return f"{date.fromisoformat(written):%d/%m/%Y}"


def _person(actor: str) -> object:
    return actor_word(actor) if actor else _("nobody")


_WORDS: dict[str, Callable[[Any], object]] = {
    "due": _day,
    "due_before": _day,
    "owner": _person,
    "owner_before": _person,
    "what": _LINKS.__getitem__,
    "responsible": _PEOPLE.__getitem__,
    "exhibit": _EXHIBITS.__getitem__,
    "whom": _PEOPLE.__getitem__,
    "outcome": _STANDINGS.__getitem__,
}


def standing_badge(case: Case) -> SafeString:
    """Return how far a case has come."""
    return badge(_TONES[CaseStanding(case.standing)], _STANDINGS[case.standing])


def owner_word(case: Case) -> str:
    """Return who works on a case."""
    return case.owner.get_username() if case.owner is not None else NOTHING


def due_words(case: Case) -> SafeString | str:
    """Return the day of an open case with the business days that are left; of one that has ended just the day."""
    day = f"{case.due_date:%d/%m/%Y}"
    if case.ended_at is not None:
        return day
    tone = "alarm" if is_overdue(case) else "waiting" if days_left(case) else "moving"
    return format_html("{} {}", day, badge(tone, _left(case)))


def age_words(case: Case) -> str:
    """Return for how many days a case was or is under work."""
    days = ((case.ended_at or seams.now()) - case.opened_at).days
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}


def sentence_of(case: Case, entries: Sequence[CaseEntry]) -> str:
    """Say where a case stands and what comes next. `entries` is its history, oldest first."""
    last = {entry.act: entry for entry in entries}
    if case.ended_at is not None:
        ended = last[CaseAct.ENDED]
        return _("Ended on {date} by {who}: {why}").format(
            date=lima(ended.at), who=actor_word(ended.actor), why=ended.note or NOTHING
        )
    who = (
        _("{owner} works on it.").format(owner=owner_word(case))
        if case.owner is not None
        else _("Nobody works on it yet.")
    )
    return f"{who} {_next_step(last)} {capfirst(_left(case))}."


def history_line(entry: CaseEntry) -> str:
    """Say what one line of a history stands for."""
    told = {name: _WORDS.get(name, str)(value) for name, value in entry.details.items()}
    return str(_LINES[CaseAct(entry.act)]).format(**told)


def _next_step(last: dict[Any, CaseEntry]) -> str:
    sent = last.get(CaseAct.EVIDENCE_SENT)
    if sent is not None:
        return _("The evidence was sent to {whom} on {date}; the answer is awaited.").format(
            whom=_PEOPLE[sent.details["whom"]], date=lima(sent.at)
        )
    return _("The evidence has not been sent to anybody yet.")


def _left(case: Case) -> str:
    days = days_left(case)
    if days < 0:
        return ngettext("overdue for %(days)d business day", "overdue for %(days)d business days", -days) % {
            "days": -days
        }
    if is_overdue(case):
        return _("overdue")
    if days == 0:
        return _("due today")
    return ngettext("%(days)d business day left", "%(days)d business days left", days) % {"days": days}
