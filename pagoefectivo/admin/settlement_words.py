"""Settlement files, their lines and their classes as people read them; a payment code stays masked for who may not see it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pagoefectivo.admin.presentation import NOTHING, badge, link, moment, without_code
from pagoefectivo.domain import redaction
from pagoefectivo.domain.money import format_exactly
from pagoefectivo.domain.settlements import DIFFERENCES, VERDICT_WORDS, Verdict, cost_of, gross_of
from pagoefectivo.models import Discrepancy, ReportStanding, SettlementLine, SettlementReport

_STANDING_TONES = {
    ReportStanding.RECEIVED: "waiting",
    ReportStanding.READING: "moving",
    ReportStanding.REHEARSED: "waiting",
    ReportStanding.IMPORTED: "good",
    ReportStanding.REFUSED: "alarm",
}
_VERDICT_TONES = {
    Verdict.MATCHED: "good",
    Verdict.PROPOSED: "waiting",
    Verdict.MISSING_THERE: "waiting",
    Verdict.REPEATED: "over",
    Verdict.ASIDE: "over",
}
Row = tuple[str, object, object]


def standing_badge(report: SettlementReport) -> SafeString:
    """Return how far the import of a file has come."""
    return badge(_STANDING_TONES[ReportStanding(report.standing)], report.get_standing_display())


def verdict_badge(verdict: str) -> SafeString:
    """Return the class of a line or of a difference."""
    known = Verdict(verdict)
    return badge(_VERDICT_TONES.get(known, "alarm"), VERDICT_WORDS[known])


def is_difference(verdict: str) -> bool:
    """Whether something of this class does not add up."""
    return verdict in DIFFERENCES


def exactly(amount: Decimal | None, currency: str) -> str:
    """Return money with every decimal that a file writes, two at least; a dash for what it does not say."""
    return NOTHING if amount is None else format_exactly(amount, currency)


def what_is_off(amount: Decimal | None, currency: str) -> str:
    """Say how much is missing or too much; empty for nothing."""
    if not amount:
        return ""
    said = _("{amount} missing") if amount < 0 else _("{amount} too much")
    return said.format(amount=exactly(abs(amount), currency))


def day(value: date | None) -> str:
    """Return a day, day first."""
    return NOTHING if value is None else f"{value:%d/%m/%Y}"


def days(first: date | None, last: date | None) -> str:
    """Return a stretch of days, or the one day."""
    if first is None or last is None or first == last:
        return day(first or last)
    return f"{day(first)} – {day(last)}"


def month_word(value: date) -> str:
    """Return a month as `11/2026`."""
    return f"{value:%m/%Y}"


def rate_word(rate: Decimal | None) -> str:
    """Return an exchange rate without zeros that say nothing."""
    return NOTHING if rate is None else f"{rate.normalize():f}"


def theirs(text: str, line: SettlementLine, *, in_full: bool) -> str:
    """Return a name that a file uses; some providers name a payment by the very code that it is paid with."""
    if not text or in_full:
        return text or NOTHING
    return without_code(redaction.without_code(text, line.code), line.voucher)


def ours(row: SettlementLine | Discrepancy) -> SafeString | str:
    """Return a link to the refund or the order that something is about."""
    if row.refund is not None:
        return link(row.refund, row.refund.public_id)
    return link(row.voucher.order) if row.voucher is not None else NOTHING


def both_sides(line: SettlementLine, *, in_full: bool) -> list[Row]:
    """Return what a line says and, beside it, what we know or what was agreed; rows of which nobody says anything are left out."""
    voucher, refund = line.voucher, line.refund
    code = (voucher.code if in_full else voucher.masked_code) if voucher is not None else ""
    name = (voucher.provider_reference if in_full else voucher.masked_provider_reference) if voucher is not None else ""
    if refund is not None:
        amount, happened = exactly(-refund.amount, refund.currency), moment(refund.changed_at)
    elif voucher is not None and voucher.paid_at is not None:
        amount, happened = exactly(voucher.paid_amount, voucher.paid_currency), moment(voucher.paid_at)
    else:
        amount, happened = NOTHING, NOTHING
    settled, cost = line.settled_currency or line.book_currency, cost_of(line)
    rows: list[Row] = [
        (_("Our reference"), theirs(line.reference, line, in_full=in_full), voucher.reference if voucher else NOTHING),
        (_("Provider's reference"), theirs(line.provider_reference, line, in_full=in_full), name or NOTHING),
        (_("Payment code"), theirs(line.code, line, in_full=in_full), code or NOTHING),
        (
            _("Reference of the refund"),
            line.refund_provider_reference or line.refund_reference or NOTHING,
            (refund.provider_reference or refund.reference) if refund else NOTHING,
        ),
        (_("Amount"), exactly(gross_of(line), line.currency or settled), amount),
        (_("Settled amount"), exactly(line.settled_amount, settled), exactly(line.agreed_settlement, settled)),
        (_("Fee with its tax"), exactly(cost, settled) if cost else NOTHING, exactly(line.cost_expected, settled)),
        (_("Net"), exactly(line.net, settled), NOTHING),
        (_("Exchange rate"), rate_word(line.rate), rate_word(line.day_rate)),
        (_("Happened"), moment(line.occurred_at), happened),
        (_("Settled on"), day(line.settled_date), days(line.due_first, line.due_last)),
        (_("Transfer"), line.batch or NOTHING, NOTHING),
    ]
    return [row for row in rows if row[1] != NOTHING or row[2] != NOTHING]
