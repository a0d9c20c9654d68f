"""The report of a month on paper: what two people sign, with its fingerprint at the foot of each page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from pagoefectivo.domain.languages import CATALOGUES, DEFAULT, HTML_LANGUAGES, known_language
from pagoefectivo.domain.lettering import needs_a_font
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.month import STEP_WORDS, Flow, MonthReport, Step
from pagoefectivo.domain.settlements import VERDICT_WORDS
from pagoefectivo.domain.waterfall import TEXT_SIZE, THICK, WIDTH, Bar, waterfall
from pagoefectivo.selectors.month_words import (
    banner,
    difference_reason,
    difference_state,
    in_transit,
    late,
    lima,
    signatures,
    standing,
    sums,
    title,
    written_on,
)
from pagoefectivo.selectors.paper_fonts import font_file

if TYPE_CHECKING:
    from pagoefectivo.selectors.signed_paper import SignedPaper

_ALONE, _BESIDE, _GAP = 120, 86, 8  # mm: how wide a drawing is, alone and as one of two
_TONES = {"good": (27, 110, 60), "waiting": (122, 82, 0), "alarm": (179, 38, 30)}
_BARS = {"whole": (31, 95, 168), "less": (184, 82, 10), "more": (77, 81, 86)}
_WHITE, _INK, _RULE = (255, 255, 255), (0, 0, 0), (190, 190, 190)
NOTHING = "–"


def month_pdf(report: MonthReport) -> bytes:
    """Return the report as a PDF of A4 pages in the active language, with text that can be selected and searched.

    Chinese, and names and remarks in any but Western letters, need a font; see `paper_fonts`. Without one the report
    is in English, a letter that can not be written is a question mark, and the first page says so. The same report
    gives the same bytes.
    """
    language = known_language(get_language() or "") or DEFAULT
    is_foreign = language == "zh" or any(map(needs_a_font, _texts(report)))
    font = font_file() if is_foreign else None
    spoken = "en" if language == "zh" and font is None else language
    with override(CATALOGUES[spoken]):
        from pagoefectivo.selectors.signed_paper import SignedPaper  # slow to load

        paper = SignedPaper(
            title(report),
            written_on(report),
            foot=_("SHA-256 of the figures: {digest}").format(digest=report.digest)
            if report.digest
            else _("A draft: there is nothing yet that could be signed."),
            page_of=_("page {page} of {pages}"),
            font=font,
        )
        paper.set_lang(HTML_LANGUAGES[spoken])
        _head(paper, report)
        if is_foreign and font is None:
            paper.say(_("Some letters of this report can not be written here: there is no font for them."), 9, before=2)
            paper.say('pip install "django-pagoefectivo[chinese]"', 9)
        _flows(paper, report)
        _classes(paper, report)
        _differences(paper, report)
        _checklist(paper, report)
        _signatures(paper, report)
        return bytes(paper.output())


def _texts(report: MonthReport) -> Iterator[str]:
    """Yield what people wrote."""
    yield from (report.account, report.provider, report.prepared_by, report.signed_by, *report.files)
    yield from (check.said for check in report.checks)
    for each in report.differences:
        yield from (str(getattr(each, field.name)) for field in fields(each))


def _head(paper: SignedPaper, report: MonthReport) -> None:
    said = banner(report)
    paper.say(title(report), 17, bold=True)
    facts = _("Provider {provider} · revision {revision}").format(provider=report.provider, revision=report.revision)
    paper.say(facts, 10, before=1)
    paper.ln(3)
    paper.set_fill_color(*_TONES[said.tone])
    paper.set_text_color(*_WHITE)
    paper.write_in(14, bold=True)
    paper.cell(0, 9, f"  {paper.letters(said.word)}", fill=True, new_x="LMARGIN", new_y="NEXT")
    paper.set_text_color(*_INK)
    paper.say(said.sentence, 10, before=1)


def _flows(paper: SignedPaper, report: MonthReport) -> None:
    paper.heading(_("Where the money went"))
    for first in range(0, len(report.flows), 2):
        _drawings(paper, report.flows[first : first + 2])
    figures = [(flow, figure) for flow in report.flows for figure in map(flow.of, Step)]
    paper.columns(
        (_("Figure"), _("Amount"), _("Lines")),
        [
            (str(STEP_WORDS[figure.step]), format_money(figure.amount, flow.currency), f"{figure.lines}")
            for flow, figure in figures
        ],
        (90, 60, 30),
        numbers=frozenset({1, 2}),
        strong=frozenset(number for number, (_flow, figure) in enumerate(figures) if figure.step is Step.NET),
    )
    for sentence in (*map(in_transit, report.transits), late(report)):
        if sentence:
            paper.say(sentence, 9, before=1)


def _drawings(paper: SignedPaper, flows: Sequence[Flow]) -> None:
    width = _BESIDE if len(flows) > 1 else _ALONE
    unit, left = width / WIDTH, paper.l_margin
    if paper.will_page_break(float(waterfall(flows[0]).height) * unit + 8):
        paper.add_page()
    top, bottom = paper.get_y(), paper.get_y()
    for place, flow in enumerate(flows):
        drawn = waterfall(flow)
        x = left + place * (width + _GAP)
        paper.set_line_width(0.2)
        paper.set_draw_color(*_RULE)
        for thread in drawn.threads:
            at = x + float(thread.x) * unit
            paper.line(at, top + thread.top * unit, at, top + thread.bottom * unit)
        for bar in drawn.bars:
            _bar(paper, bar, flow.currency, (x, top), unit)
        bottom = max(bottom, top + drawn.height * unit)
    paper.set_y(bottom + 4)


def _bar(paper: SignedPaper, bar: Bar, currency: str, corner: tuple[float, float], unit: float) -> None:
    x, y = corner
    is_whole = bar.kind == "whole"
    size = TEXT_SIZE * unit * paper.k
    paper.at(x, y + bar.word * unit, str(STEP_WORDS[bar.figure.step]), size, bold=is_whole)
    amount = format_money(bar.figure.amount, currency)
    paper.at(x + WIDTH * unit, y + bar.said * unit, amount, size, bold=is_whole, ends=True)
    paper.set_fill_color(*_BARS[bar.kind])
    paper.rect(x + float(bar.x) * unit, y + bar.y * unit, float(bar.seen) * unit, THICK * unit, "F")


def _classes(paper: SignedPaper, report: MonthReport) -> None:
    paper.heading(_("Lines by class"))
    rows = [
        (str(VERDICT_WORDS[each.verdict]), f"{each.lines}", format_money(each.net, each.currency))
        for each in report.classes
    ]
    totals = sums([(each.currency, each.net) for each in report.classes])
    for currency, net in totals:
        lines = sum(each.lines for each in report.classes if each.currency == currency)
        rows.append((_("Total"), f"{lines}", format_money(net, currency)))
    paper.columns(
        (_("Class"), _("Lines"), _("Net")),
        rows,
        (90, 30, 60),
        numbers=frozenset({1, 2}),
        strong=frozenset(range(len(report.classes), len(rows))),
    )


def _differences(paper: SignedPaper, report: MonthReport) -> None:
    paper.heading(_("Differences"))
    if not report.differences:
        paper.say(_("There are none."), 10)
        return
    paper.columns(
        (_("Number"), _("What differs"), _("Amount"), _("Reason"), _("Resolution")),
        [
            (
                each.number,
                f"{VERDICT_WORDS[each.verdict]}: {each.subject}",
                format_money(each.amount, each.currency),
                difference_reason(each) or NOTHING,
                " · ".join(said for said in (difference_state(each), each.resolution, each.owner, each.case) if said),
            )
            for each in report.differences
        ],
        (20, 45, 27, 44, 44),
        numbers=frozenset({2}),
    )


def _checklist(paper: SignedPaper, report: MonthReport) -> None:
    paper.heading(_("Checklist"))
    paper.columns(
        (_("Before it can be signed"), _("State")),
        [(check.said, standing(check)) for check in report.checks],
        (130, 50),
    )


def _signatures(paper: SignedPaper, report: MonthReport) -> None:
    paper.heading(_("Signatures"))
    paper.columns(
        (_("Signature"), _("Name"), _("Lima time")),
        [(what, who or _("not yet"), lima(at) or NOTHING) for what, who, at in signatures(report)],
        (60, 80, 40),
    )
    paper.say(_("Files read"), 9, bold=True, before=3)
    for file in report.files:
        paper.say(file, 8)
