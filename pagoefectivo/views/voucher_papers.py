"""The page on paper and in a calendar: a sheet for the counter, a receipt, a reminder. None names the link, and only the sheet the code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.translation import gettext

from pagoefectivo import conf
from pagoefectivo.domain.barcodes import Drawing, bars_of
from pagoefectivo.domain.lettering import plain_letters
from pagoefectivo.views.voucher_texts import Page

if TYPE_CHECKING:
    from fpdf import FPDF

PAPER_LANGUAGES = {
    "es": "es",
    "en": "en",
    "zh": "es",
}  # the fonts of every PDF reader have no Chinese, nor has the counter
REMINDED_BEFORE = (timedelta(hours=3), timedelta(hours=1))
LONGEST_LINE = 75  # octets, RFC 5545
_WIDTH = 120  # mm
_BAR_HEIGHT = 18


def sheet(page: Page) -> bytes:
    """Return a PDF of one A4 page with code, amount, deadline and barcode. The page must be payable, and in a PAPER_LANGUAGE."""
    paper = _paper(gettext("Payment code"))
    _line(paper, gettext("Order {reference}").format(reference=page.reference), 12)
    _line(paper, gettext("Pay exactly"), 12, before=6)
    _line(paper, page.amount, 28, bold=True)
    _line(paper, gettext("Your CIP code"), 12, before=4)
    _line(paper, page.spaced_code, 28, bold=True, family="courier")
    if page.barcode:
        _bars(paper, page.barcode)
    _line(paper, gettext("Pay before {deadline} (Lima time)").format(deadline=page.deadline), 13, bold=True, before=4)
    _line(paper, page.body, 11, before=2)
    for place in page.places:
        _line(paper, place.label, 12, bold=True, before=4)
        for number, step in enumerate(place.steps, start=1):
            _line(paper, f"{number}. {step}", 11)
        for words in (place.names, *place.excluded):
            _line(paper, words, 10)
    _foot(paper)
    return bytes(paper.output())


def receipt(page: Page) -> bytes:
    """Return a PDF that says what was received and what was given back. The page must be a paid one, and in a PAPER_LANGUAGE."""
    paper = _paper(page.badge)
    _line(paper, page.heading, 18, bold=True)
    _line(paper, gettext("Order {reference}").format(reference=page.reference), 12, before=4)
    _line(paper, page.body, 12, before=4)
    for line in page.refunds:
        _line(paper, line.sentence, 12, before=2)
    _line(paper, gettext("This shows what the shop has recorded. It is no invoice and no tax receipt."), 10, before=6)
    _foot(paper)
    return bytes(paper.output())


def reminder(page: Page, deadline: datetime, *, key: str, now: datetime) -> str:
    """Return an iCalendar of the deadline with an alarm before it: neither code nor link, for calendars are shared.

    `key` names the event, so that importing it twice makes one.
    """
    shop = conf.current().shop_name or "PagoEfectivo"
    before = next((each for each in REMINDED_BEFORE if deadline - now > each), timedelta(minutes=10))
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//pagoefectivo//voucher//EN",
        "BEGIN:VEVENT",
        f"UID:{hashlib.sha256(key.encode()).hexdigest()[:32]}@pagoefectivo",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(deadline)}",
        f"DTEND:{_utc(deadline)}",
        "SUMMARY:" + _escaped(gettext("Last moment to pay {amount} · {shop}").format(amount=page.amount, shop=shop)),
        "DESCRIPTION:" + _escaped(gettext("Open the link of your payment code to see the code and where to pay.")),
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"TRIGGER:-PT{int(before.total_seconds() // 60)}M",
        "DESCRIPTION:" + _escaped(gettext("Your payment code ends soon")),
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line))


def paper_language(language: str) -> translation.override:
    """Speak a language that the paper's fonts can write."""
    return translation.override(PAPER_LANGUAGES[language])


def _paper(title: str) -> FPDF:
    from fpdf import FPDF  # slow to load, and most visits print nothing

    paper = FPDF(format="A4")
    paper.set_title(plain_letters(title))
    paper.set_margins(20, 18)
    paper.add_page()
    shop = conf.current().shop_name
    if shop and plain_letters(shop) == shop:
        _line(paper, shop, 14, bold=True)
    return paper


def _line(paper: FPDF, text: str, size: int, *, bold: bool = False, before: int = 0, family: str = "helvetica") -> None:
    if before:
        paper.ln(before)
    paper.set_font(family, style="B" if bold else "", size=size)
    paper.multi_cell(0, size * 0.5, plain_letters(text), align="L", new_x="LMARGIN", new_y="NEXT")


def _bars(paper: FPDF, drawing: Drawing) -> None:
    module, left, top = _WIDTH / drawing.width, paper.l_margin, paper.get_y() + 2
    paper.set_fill_color(0, 0, 0)
    for at, width in bars_of(drawing):
        paper.rect(left + at * module, top, width * module, _BAR_HEIGHT, style="F")
    paper.set_y(top + _BAR_HEIGHT)


def _foot(paper: FPDF) -> None:
    if contact := conf.current().support_contact:
        _line(paper, f"{gettext('Questions? Write to us:')} {contact}", 10, before=6)
    _line(paper, gettext("We never ask for your passwords or for the code of your digital token."), 10, before=2)


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> Iterable[str]:
    """Cut a line into pieces of at most 75 octets, never inside a letter; the next begin with a space."""
    piece, used = "", 0
    for letter in line:
        size = len(letter.encode())
        if used + size > LONGEST_LINE:
            yield piece
            piece, used = " ", 1
        piece, used = piece + letter, used + size
    yield piece
