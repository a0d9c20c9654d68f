"""What the report of a month says in words, the same on the page, in the spreadsheet and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pagoefectivo.domain.discrepancies import REASON_WORDS
from pagoefectivo.domain.localtime import LIMA, written_month
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.month import STEP_WORDS, Check, CloseState, Difference, Flow, MonthReport, Step, Transit
from pagoefectivo.domain.settlements import Verdict

STEP_MEANINGS = {
    Step.GROSS: gettext_lazy("What buyers paid in the month, before anything was taken from it."),
    Step.FEES: gettext_lazy("What the provider charged for payments, refunds and disputes."),
    Step.TAX: gettext_lazy("The tax on those fees."),
    Step.REFUNDS: gettext_lazy("What went back to buyers."),
    Step.DISPUTES: gettext_lazy("What was taken for disputes, less what came back of it."),
    Step.ADJUSTMENTS: gettext_lazy("What the provider booked by itself."),
    Step.NET: gettext_lazy("The sum of all figures above."),
    Step.BANK: gettext_lazy("What was recorded as paid to the shop's bank."),
}
VERDICT_MEANINGS = {
    Verdict.MATCHED: gettext_lazy("The line and what we know say the same."),
    Verdict.PROPOSED: gettext_lazy("Recognised by code, amount and date alone: a person confirms it."),
    Verdict.MISSING_HERE: gettext_lazy("The provider settled something that we have no record of."),
    Verdict.MISSING_THERE: gettext_lazy("We know of a payment or a refund that no line tells of, though it is due."),
    Verdict.AMOUNT: gettext_lazy("The provider settled another amount than we know of."),
    Verdict.FX: gettext_lazy("The amount was exchanged at another rate than agreed."),
    Verdict.FEE: gettext_lazy("The fee is another than the one agreed."),
    Verdict.DATE: gettext_lazy("The money came on another day than agreed."),
    Verdict.DUPLICATE: gettext_lazy("Two lines settle the same thing."),
    Verdict.REPEATED: gettext_lazy("A line that was brought before; it counts in no sum."),
    Verdict.ASIDE: gettext_lazy("A line that tells a balance or a notice; it counts in no sum."),
}


@dataclass(frozen=True, slots=True)
class Banner:
    """Where the close stands: a tone, a word in capitals and a sentence that says what it means."""

    tone: str
    word: str
    sentence: str


def title(report: MonthReport) -> str:
    """Return what the report is called, in the active language."""
    month = written_month(report.month)
    return _("Month's report {account}, {month}").format(account=report.account, month=month)


def written_on(report: MonthReport) -> datetime:
    """Return when the report became what it is: with its last signature, or with its month while it is a draft."""
    return report.signed_at or report.prepared_at or datetime.combine(report.month, time(), LIMA)


def banner(report: MonthReport) -> Banner:
    """Return what stands above the report: a draft, closed, or opened again."""
    if report.state is CloseState.CLOSED:
        return Banner("good", _("CLOSED"), _("Two people have signed these figures. They do not change any more."))
    if report.state is CloseState.REOPENING:
        return Banner(
            "alarm",
            _("CLOSED · TO BE RE-OPENED"),
            _("Somebody asked to open the month again. The figures hold until a second person agrees."),
        )
    again = report.revision > 1
    tone, word = ("alarm", _("RE-OPENED")) if again else ("waiting", _("DRAFT"))
    if report.state is CloseState.PREPARED:
        sentence = _("{who} has signed these figures. A second person has to sign them as well.")
        return Banner(tone, word, sentence.format(who=report.prepared_by))
    if again:
        return Banner(tone, word, _("What was signed before does not hold any more. These figures can still change."))
    return Banner(tone, word, _("These figures can still change. Nobody has signed them."))


def signatures(report: MonthReport) -> Sequence[tuple[str, str, datetime | None]]:
    """Return both signatures: as what, by whom and when; without a name where nobody has signed."""
    return (
        (_("Prepared by"), report.prepared_by, report.prepared_at),
        (_("Signed by"), report.signed_by, report.signed_at),
    )


def standing(check: Check) -> str:
    """Return how far one line of the checklist is: done, or how much is left."""
    if not check.left:
        return _("all done")
    left = ngettext("{count} left", "{count} left", check.left).format(count=check.left)
    return left if check.blocks else _("{left}, does not hinder").format(left=left)


def in_transit(transit: Transit) -> str:
    """Return what was paid and is not due yet as one sentence."""
    return ngettext(
        "{amount} of {count} payment is not due yet and arrives in a later month.",
        "{amount} of {count} payments is not due yet and arrives in a later month.",
        transit.payments,
    ).format(amount=format_money(transit.amount, transit.currency), count=transit.payments)


def late(report: MonthReport) -> str:
    """Return how many lines came after the close; empty where none did."""
    if not report.late_lines:
        return ""
    return ngettext(
        "{count} line came after the close of its month.",
        "{count} lines came after the close of their month.",
        report.late_lines,
    ).format(count=report.late_lines)


def fallen(flow: Flow) -> str:
    """Return the whole flow as one sentence, for whoever does not see it drawn."""
    said = ", ".join(
        f"{STEP_WORDS[figure.step]} {format_money(figure.amount, flow.currency)}" for figure in map(flow.of, Step)
    )
    return _("From what buyers paid to the bank: {figures}.").format(figures=said)


def lima(instant: datetime | None) -> str:
    """Return an instant on a Lima clock, day first, to the minute; empty for none."""
    return "" if instant is None else f"{instant.astimezone(LIMA):%d/%m/%Y %H:%M}"


def difference_state(each: Difference) -> str:
    """Return in the active language how far a difference is."""
    return {"open": _("still open"), "settled": _("settled")}.get(each.state, each.state)


def difference_reason(each: Difference) -> str:
    """Return in the active language why the two sides differed; empty while nobody said so."""
    known = {reason.value: words for reason, words in REASON_WORDS.items()}
    return str(known.get(each.reason, each.reason))


def sums(amounts: Sequence[tuple[str, Decimal]]) -> Sequence[tuple[str, Decimal]]:
    """Add up amounts by currency, in the order in which the currencies come."""
    totals: dict[str, Decimal] = {}
    for currency, amount in amounts:
        totals[currency] = totals.get(currency, Decimal("0.00")) + amount
    return list(totals.items())
