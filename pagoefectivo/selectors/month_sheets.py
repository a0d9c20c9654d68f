"""The report of a month as a spreadsheet: figures, classes, differences, and what each of them means."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from pagoefectivo.domain.month import STEP_WORDS, MonthReport, Step
from pagoefectivo.domain.settlements import VERDICT_WORDS, Verdict
from pagoefectivo.selectors.month_words import (
    STEP_MEANINGS,
    VERDICT_MEANINGS,
    banner,
    difference_reason,
    difference_state,
    in_transit,
    late,
    signatures,
    standing,
    sums,
    title,
    written_on,
)
from pagoefectivo.selectors.workbooks import Sheet, Workbook


def month_xlsx(report: MonthReport) -> bytes:
    """Return the report in the active language as an XLSX file; raises ConfigurationError without the extra `export`."""
    footer = f"{report.account} · {report.month:%Y-%m} · {report.digest or banner(report).word}"
    book = Workbook(title(report), written_on(report), footer=footer)
    _summary(book.sheet(_("Summary"), (48, 22, 18, 12)), report)
    _classes(book.sheet(_("Classes"), (34, 12, 12, 18)), report)
    _differences(book.sheet(_("Differences"), (14, 24, 30, 16, 10, 18, 18, 36, 36, 16)), report)
    _legend(book.sheet(_("Legend"), (20, 34, 80)))
    return book.content()


def _summary(sheet: Sheet, report: MonthReport) -> None:
    said = banner(report)
    sheet.title(title(report))
    sheet.say(f"{said.word} – {said.sentence}", bold=True)
    sheet.stay()
    sheet.add((_("Account"), report.account))
    sheet.add((_("Provider"), report.provider))
    sheet.add((_("Month"), report.month))
    sheet.add((_("Revision"), report.revision))
    sheet.skip()
    sheet.head((_("Figure"), _("Currency"), _("Amount"), _("Lines")))
    for flow in report.flows:
        for figure in map(flow.of, Step):
            is_sum = figure.step is Step.NET
            word = str(STEP_WORDS[figure.step])
            sheet.add((word, flow.currency, figure.amount, figure.lines), bold=is_sum)
    for transit in report.transits:
        sheet.add((_("Paid, not due yet"), transit.currency, transit.amount, transit.payments))
        sheet.say(in_transit(transit))
    if said_late := late(report):
        sheet.say(said_late)
    sheet.skip()
    sheet.head((_("Checklist"), _("State"), _("Left")))
    for check in report.checks:
        sheet.add((check.said, standing(check), check.left))
    sheet.skip()
    sheet.head((_("Signature"), _("Name"), _("Lima time")))
    for what, who, at in signatures(report):
        sheet.add((what, who, at))
    sheet.say(f"{_('SHA-256 of the figures')}: {report.digest or '–'}")
    sheet.skip()
    sheet.head((_("Files read"),))
    for file in report.files:
        sheet.say(file)


def _classes(sheet: Sheet, report: MonthReport) -> None:
    sheet.head((_("Class"), _("Currency"), _("Lines"), _("Net")), stays=True)
    for each in report.classes:
        sheet.add((str(VERDICT_WORDS[each.verdict]), each.currency, each.lines, each.net))
    for currency, net in sums([(each.currency, each.net) for each in report.classes]):
        lines = sum(each.lines for each in report.classes if each.currency == currency)
        sheet.add((_("Total"), currency, lines, net), bold=True)


def _differences(sheet: Sheet, report: MonthReport) -> None:
    sheet.head(
        (
            *(_("Number"), _("Class"), _("Subject"), _("Amount"), _("Currency")),
            *(_("Owner"), _("State"), _("Reason"), _("Resolution"), _("Case")),
        ),
        stays=True,
    )
    for each in report.differences:
        sheet.add(
            (
                *(each.number, str(VERDICT_WORDS[each.verdict]), each.subject, each.amount, each.currency),
                *(each.owner, difference_state(each), difference_reason(each), each.resolution, each.case),
            )
        )
    for currency, amount in sums([(each.currency, each.amount) for each in report.differences]):
        sheet.add((_("Total"), None, None, amount, currency), bold=True)


def _legend(sheet: Sheet) -> None:
    sheet.head((_("Where"), _("Word"), _("Meaning")), stays=True)
    for row in _meanings():
        sheet.add(row)


def _meanings() -> Iterator[tuple[str, str, str]]:
    summary, classes, differences = _("Summary"), _("Classes"), _("Differences")
    yield summary, _("Figure"), _("One step of what buyers paid, on its way to the bank.")
    yield summary, _("Currency"), _("Amounts of two currencies are never added up.")
    yield (
        summary,
        _("Amount"),
        _("Signed as it changes the shop's balance with the provider: what leaves it is below zero."),
    )
    yield summary, _("Lines"), _("Of how many lines of settlement files the amount is the sum.")
    for step in Step:
        yield summary, str(STEP_WORDS[step]), str(STEP_MEANINGS[step])
    yield summary, _("Paid, not due yet"), _("Paid in the month; by the agreement it arrives in a later one.")
    yield summary, _("Left"), _("How much of it is still to do.")
    yield summary, _("Revision"), _("1 for the first report; one more each time the month was opened again.")
    yield (
        summary,
        _("SHA-256 of the figures"),
        _("What both signatures are about: with any other figure it is another."),
    )
    yield classes, _("Class"), _("What a line turned out to be: the gravest that was found.")
    yield classes, _("Currency"), _("Amounts of two currencies are never added up.")
    yield classes, _("Lines"), _("How many lines are of the class.")
    yield classes, _("Net"), _("What the lines of the class change in the shop's balance.")
    for verdict in Verdict:
        yield classes, str(VERDICT_WORDS[verdict]), str(VERDICT_MEANINGS[verdict])
    yield differences, _("Number"), _("The difference's own number; the back office finds it.")
    yield differences, _("Class"), _("What differs; the classes are explained above.")
    yield differences, _("Subject"), _("The payment, refund or line that it is about.")
    yield differences, _("Amount"), _("What is missing (below zero) or too much.")
    yield differences, _("Currency"), _("Amounts of two currencies are never added up.")
    yield differences, _("Owner"), _("Who looks into it.")
    yield differences, _("State"), _("How far it is.")
    yield differences, _("Reason"), _("Why it is there, as the owner found.")
    yield differences, _("Resolution"), _("What became of it.")
    yield differences, _("Case"), _("The case that it became, where it did.")
