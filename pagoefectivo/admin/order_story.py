"""The timeline as staff read it: who, what, with its marks, its gaps and, for who may, what was said word for word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.presentation import actor_word, lima, moment, without_code
from pagoefectivo.admin.reading import SEES_PAYLOADS
from pagoefectivo.models import ApiExchange, WebhookDelivery
from pagoefectivo.models.labels import SOURCE_LABELS
from pagoefectivo.selectors.timeline import Chapter, Show, TimelineEntry, chapter_of
from pagoefectivo.selectors.whole_orders import WholeOrder

QUIET = timedelta(hours=6)
SHOW_WORDS = {
    Show.ALL: gettext_lazy("everything"),
    Show.CHANGES: gettext_lazy("only changes"),
    Show.MESSAGES: gettext_lazy("messages"),
    Show.CALLS: gettext_lazy("calls"),
    Show.PEOPLE: gettext_lazy("people"),
}
_PATHS = dict(SOURCE_LABELS)
_RAW_WORDS = {"raw_status", "raw_message"}  # in a provider's vocabulary "cancelado" may mean paid
_NAMES = {
    "id": gettext_lazy("about"),
    "why": gettext_lazy("why"),
    "status": gettext_lazy("status"),
    "raw_status": gettext_lazy("raw status"),
    "amount": gettext_lazy("amount"),
    "currency": gettext_lazy("currency"),
    "proof": gettext_lazy("proof"),
    "believed": gettext_lazy("believed"),
    "request_id": gettext_lazy("request id"),
    "delivery": gettext_lazy("webhook delivery"),
    "verdict": gettext_lazy("verdict"),
    "outcome": gettext_lazy("outcome"),
    "operation": gettext_lazy("operation"),
    "code": gettext_lazy("code"),
    "raw_code": gettext_lazy("raw code"),
    "raw_message": gettext_lazy("raw message"),
    "who": gettext_lazy("who acts"),
    "next_step": gettext_lazy("What to do:"),
    "anomaly": gettext_lazy("anomaly"),
    "holds_order": gettext_lazy("holds the order"),
    "resolution": gettext_lazy("resolution"),
    "message": gettext_lazy("message"),
    "kind": gettext_lazy("kind"),
    "channel": gettext_lazy("channel"),
    "failure": gettext_lazy("failure"),
    "bytes": gettext_lazy("bytes received"),
    "engine": gettext_lazy("engine"),
}
_SAID_ALREADY = {"http_status", "duration_ms", "try", "repeats", "repeat", "note", "subject", "from", "to"}
_PAGES = {"message": "buyermessage", "proof_received": "paymentproof"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader chose to see: which kinds, which chapter, and which row word for word."""

    show: Show
    number: int
    raw: str

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        """Read the choice from an address; what makes no sense is the whole of it from the newest on."""
        show, number = request.GET.get("show", ""), request.GET.get("chapter", "")
        return cls(
            Show(show) if show in set(Show) else Show.ALL,
            max(int(number), 1) if number.isascii() and number.isdecimal() and len(number) < 6 else 1,  # noqa: PLR2004 - no such chapter
            request.GET.get("raw", ""),
        )

    def address(self, **changed: object) -> str:
        """The query of the same page with some of the choice changed."""
        wanted = {"show": self.show.value, "chapter": self.number, "raw": ""} | changed
        kept = {name: value for name, value in wanted.items() if value not in ("", "all", 1)}
        return f"?{urlencode(kept)}"


def story_of(request: HttpRequest, whole: WholeOrder) -> dict[str, Any]:
    """Return one chapter of an order's timeline with its filters and its neighbours, in one query; a row's words take one more."""
    asked, may_see = Asked.of(request), request.user.has_perm(SEES_PAYLOADS)
    if asked.raw and may_see:
        note(request, Kind.PAYLOAD, whole.order)
    chapter = chapter_of(whole.order, whole.vouchers, whole.refunds, show=asked.show, number=asked.number)
    return {
        "entries": list(_entries(chapter, asked, whole, may_see=may_see)),
        "filters": [
            (asked.address(show=show.value, chapter=1), word, show is asked.show) for show, word in SHOW_WORDS.items()
        ],
        "older": asked.address(chapter=asked.number + 1) if chapter.has_older else "",
        "newer": asked.address(chapter=asked.number - 1) if asked.number > 1 else "",
        "ticket": reverse("admin:pagoefectivo_order_ticket", args=[whole.order.pk]) + asked.address(),
    }


def _entries(chapter: Chapter, asked: Asked, whole: WholeOrder, *, may_see: bool) -> Iterator[dict[str, Any]]:
    later: datetime | None = None
    for entry in chapter.entries:
        is_gap = chapter.show is Show.ALL and later is not None and later - entry.at > QUIET
        yield {
            **_entry(entry, may_see=may_see),
            "gap": _gap(entry.at, later) if is_gap else "",
            "raw_address": _raw_address(entry, asked) if may_see else "",
            "raw": _raw(entry, asked, whole) if may_see else None,
        }
        later = entry.at


def _gap(earlier: datetime, later: datetime | None) -> str:
    return _("{span} without activity").format(span=timesince(earlier, later, depth=1))


def _entry(entry: TimelineEntry, *, may_see: bool) -> dict[str, Any]:
    hidden = _SAID_ALREADY if may_see else _SAID_ALREADY | _RAW_WORDS
    details = [
        (name, value) for name, value in entry.details.items() if name not in hidden and value not in ("", None, [])
    ]
    return {
        "anchor": _anchor(entry),
        "at": moment(entry.at, seconds=True),
        "kind": entry.kind,
        "who": _who(entry),
        "sentence": entry.sentence,
        "chips": chips(entry),
        "details": [(_NAMES.get(name, name), _shown(value)) for name, value in details],
        "page": _page(entry),
    }


def _shown(value: Any) -> Any:
    return (_("yes") if value else _("no")) if isinstance(value, bool) else value


def _anchor(entry: TimelineEntry) -> str:
    return f"{entry.kind}-{entry.row_id}"


def _who(entry: TimelineEntry) -> str:
    path = "" if entry.kind in {"exchange", "note", "buyer_view", "case"} else _PATHS.get(entry.source, entry.source)
    return " · ".join(str(word) for word in (actor_word(entry.actor), path) if word)


def _page(entry: TimelineEntry) -> str:
    model = _PAGES.get(entry.kind)
    return reverse(f"admin:pagoefectivo_{model}_change", args=[entry.row_id]) if model else ""


def chips(entry: TimelineEntry) -> list[str]:
    """Return the short marks of an entry: how it was answered, how long that took, which try it was."""
    facts = entry.details
    marks = []
    if facts.get("http_status"):
        marks.append(f"HTTP {facts['http_status']}")
    if facts.get("duration_ms") is not None:
        marks.append(f"{facts['duration_ms']} ms")
    if facts.get("try", 1) > 1:
        marks.append(_("try {number}").format(number=facts["try"]))
    if facts.get("repeats"):
        marks.append(_("repeats: {number}").format(number=facts["repeats"]))
    if facts.get("repeat"):
        marks.append(_("sent again"))
    return marks


def _raw_address(entry: TimelineEntry, asked: Asked) -> str:
    if entry.kind not in {"exchange", "delivery"}:
        return ""
    return f"{asked.address(raw=_anchor(entry))}#{_anchor(entry)}"


def _raw(entry: TimelineEntry, asked: Asked, whole: WholeOrder) -> list[tuple[str, str]] | None:
    """Return what was said word for word in the one row that was asked for, masked; nothing for any other."""
    if asked.raw != _anchor(entry):
        return None
    if entry.kind == "exchange":
        call = ApiExchange.objects.select_related("voucher").get(pk=entry.row_id, voucher__order=whole.order)
        said = [(f"{call.method} {call.url}", call.masked_request), (_("It answered"), call.masked_response)]
        return [(without_code(what, call.voucher), without_code(words, call.voucher)) for what, words in said]
    if entry.kind == "delivery":
        letter = WebhookDelivery.objects.select_related("voucher").get(pk=entry.row_id, voucher__order=whole.order)
        return [(_("It said"), without_code(letter.masked_body, letter.voucher))]
    return None


def as_text(headline: Sequence[str], entries: Sequence[TimelineEntry]) -> str:
    """Return a timeline as plain text for a ticket, oldest first; nothing personal is in it, nor a provider's own words."""
    lines = [*headline, ""]
    for entry in reversed(entries):
        utc = f"{entry.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        marks = [
            *chips(entry),
            *(str(entry.details[name]) for name in ("code", "request_id") if entry.details.get(name)),
        ]
        shown = " · ".join(marks)
        sentence = " ".join(entry.sentence.split())
        lines.append(
            f"{lima(entry.at)}:{entry.at:%S} ({utc}) | {_who(entry)} | {sentence}{f' [{shown}]' if shown else ''}"
        )
    return "\n".join([*lines, ""])
