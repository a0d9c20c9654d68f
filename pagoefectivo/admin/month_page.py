"""The report of a month as a person in finance reads it: what is left to do first, then each figure with the way to its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pagoefectivo.admin.presentation import NOTHING, badge, moment, money
from pagoefectivo.domain.month import STEP_WORDS, Check, Flow, MonthReport, Step
from pagoefectivo.domain.settlements import VERDICT_WORDS, Verdict
from pagoefectivo.domain.waterfall import Bar, Waterfall, waterfall
from pagoefectivo.selectors.month_words import (
    STEP_MEANINGS,
    VERDICT_MEANINGS,
    banner,
    difference_reason,
    difference_state,
    fallen,
    in_transit,
    late,
    signatures,
    standing,
    sums,
)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done with the report: the words on its button and where it leads."""

    word: str
    address: str
    is_main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the report's parts lead. What has no address is shown without a link."""

    figures: Mapping[tuple[str, Step], str] = field(default_factory=dict)
    classes: Mapping[tuple[str, Verdict], str] = field(default_factory=dict)
    differences: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    downloads: Sequence[Act] = ()
    acts: Sequence[Act] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """One step of the flow: its bar, its words, and the way to its lines."""

    bar: Bar
    word: str
    meaning: str
    amount: str
    lines: int
    address: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One currency's flow, drawn, told in a sentence and as a table."""

    name: str
    title: str
    sentence: str
    drawing: Waterfall
    drops: Sequence[Drop]


def charts(flows: Sequence[Flow], addresses: Mapping[tuple[str, Step], str]) -> Sequence[Picture]:
    """Return a picture of each currency's flow; `addresses` lead from a currency's step to its lines."""
    return [_picture(flow, addresses) for flow in flows]


def report_context(report: MonthReport, links: Links) -> dict[str, Any]:
    """Return what `month/report.html` shows beside the frame of the page: `report`, `charts`, `links`, and their words."""
    said = banner(report)
    left = [check for check in report.checks if check.left]
    return {
        "report": report,
        "links": links,
        "charts": charts(report.flows, links.figures),
        "banner": badge(said.tone, said.word),
        "sentence": said.sentence,
        "left": _left(left),
        "checks": [
            {"said": check.said, "badge": _check_badge(check), "address": links.checks.get(check.name, "")}
            for check in (*left, *(check for check in report.checks if not check.left))
        ],
        "transits": [*map(in_transit, report.transits), *filter(None, [late(report)])],
        "classes": [
            {
                "word": VERDICT_WORDS[each.verdict],
                "meaning": VERDICT_MEANINGS[each.verdict],
                "lines": each.lines,
                "net": money(each.net, each.currency),
                "address": links.classes.get((each.currency, each.verdict), ""),
            }
            for each in report.classes
        ],
        "class_sums": _sums([(each.currency, each.net) for each in report.classes]),
        "differences": [
            {
                "row": each,
                "word": VERDICT_WORDS[each.verdict],
                "amount": money(each.amount, each.currency),
                "state": difference_state(each),
                "reason": difference_reason(each),
                "address": links.differences.get(each.number, ""),
                "case_address": links.cases.get(each.case, ""),
            }
            for each in report.differences
        ],
        "difference_sums": _sums([(each.currency, each.amount) for each in report.differences]),
        "signatures": [(what, who, moment(at)) for what, who, at in signatures(report)],
        "nothing": NOTHING,
    }


def _picture(flow: Flow, addresses: Mapping[tuple[str, Step], str]) -> Picture:
    drawing = waterfall(flow)
    drops = [
        Drop(
            bar,
            str(STEP_WORDS[bar.figure.step]),
            str(STEP_MEANINGS[bar.figure.step]),
            money(bar.figure.amount, flow.currency),
            bar.figure.lines,
            addresses.get((flow.currency, bar.figure.step), ""),
        )
        for bar in drawing.bars
    ]
    title = _("Where the money went: {currency}").format(currency=flow.currency)
    return Picture(f"flow-{flow.currency.lower()}", title, fallen(flow), drawing, drops)


def _left(left: Sequence[Check]) -> str:
    hindering = sum(check.blocks for check in left)
    if not hindering:
        return _("Nothing is left that hinders the signatures.")
    return ngettext(
        "{count} thing is left before this month can be signed.",
        "{count} things are left before this month can be signed.",
        hindering,
    ).format(count=hindering)


def _check_badge(check: Check) -> SafeString:
    tone = "good" if not check.left else "alarm" if check.blocks else "waiting"
    return badge(tone, standing(check))


def _sums(amounts: Sequence[tuple[str, Any]]) -> Sequence[str]:
    return [money(amount, currency) for currency, amount in sums(amounts)]
