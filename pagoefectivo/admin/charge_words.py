"""A month's costs as a person in finance reads them: agreed beside charged, in a table and drawn, and each line that differs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pagoefectivo.admin.charts import Chart, stacked_bars
from pagoefectivo.admin.presentation import badge, link, money
from pagoefectivo.admin.settlement_words import day, exactly, ours, theirs
from pagoefectivo.domain.charges import KIND_WORDS, STANDING_WORDS, Aside, Charges, MonthCharges, Standing
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.selectors.claims import ClaimedLine

LARGE = 10  # from there on the scale of a picture has no decimals
_TONES = {
    Standing.CLAIMED: "alarm",
    Standing.SETTLED: "good",
    Standing.QUESTIONED: "waiting",
    Standing.LESS: "over",
}


def charged_month(number: int, month: MonthCharges) -> dict[str, Any]:
    """Return one currency of a month: its sentence, its table, its picture, and what a paid code cost."""
    name = f"charges-{number}"
    heads = (
        _("what"),
        _("lines"),
        _("agreed"),
        _("charged"),
        _("tax named in it"),
        _("difference"),
        _("lines that differ"),
    )
    kinds = [(kind, charges.known) for kind, charges in month.kinds if charges.known.parts]
    total = month.total.known
    rows = [_row(KIND_WORDS[kind], charges, month.currency) for kind, charges in kinds]
    return {
        "name": name,
        "title_id": f"{name}-title",
        "drawn_id": f"{name}-drawn",
        "currency": month.currency,
        "sentence": _sentence(month),
        "heads": heads,
        "rows": [*rows, _row(_("Total"), total, month.currency)] if rows else [],
        "standings": _standings(month),
        "unknown": _unknown(month),
        "facts": _facts(month),
        "chart": _picture([(str(KIND_WORDS[kind]), charges) for kind, charges in kinds]) if total.charged else None,
    }


def listed_line(each: ClaimedLine) -> dict[str, Any]:
    """Return one line that differs, with the way to it; a payment code stays masked."""
    line = each.line
    name = next(filter(None, (line.refund_provider_reference, line.provider_reference, line.reference, line.identity)))
    schedule = each.agreement.schedule if each.agreement is not None else None
    return {
        "line": link(line, f"{line.report} · {line.line:,}"),
        "day": day(each.day),
        "kind": line.get_kind_display(),
        "theirs": theirs(name, line, in_full=False),
        "ours": ours(line),
        "agreed": exactly(each.agreed, each.currency),
        "charged": exactly(each.charged, each.currency),
        "difference": exactly(each.difference, each.currency),
        "badge": badge(_TONES[each.standing], STANDING_WORDS[each.standing]),
        "schedule": link(schedule, schedule.name) if schedule is not None else "",
    }


def _row(word: object, charges: Charges, currency: str) -> tuple[object, ...]:
    amounts = (charges.agreed, charges.charged, charges.tax, charges.difference)
    return (word, f"{charges.lines:,}", *(exactly(each, currency) for each in amounts), f"{charges.differing.lines:,}")


def _sentence(month: MonthCharges) -> str:
    claimed, exchanges = month.total.claimed, month.exchanges
    told = []
    if not month.total.known.parts and exchanges is None:
        told.append(_("Of no line it is known what was agreed."))
    elif not month.is_claimed:
        told.append(_("Nothing is to be claimed."))
    elif claimed.lines:
        said = ngettext(
            "{count} line was charged {amount} more than agreed, and nobody has settled it.",
            "{count} lines were charged {amount} more than agreed, and nobody has settled them.",
            claimed.lines,
        )
        told.append(said.format(count=f"{claimed.lines:,}", amount=exactly(claimed.difference, month.currency)))
    if exchanges is not None:
        said = ngettext(
            "{count} line lost {amount} by a worse exchange rate than agreed or named, and nobody has settled it.",
            "{count} lines lost {amount} by worse exchange rates than agreed or named, and nobody has settled them.",
            exchanges.lines,
        )
        told.append(said.format(count=f"{exchanges.lines:,}", amount=exactly(exchanges.charged, month.currency)))
    return " ".join(told)


def _standings(month: MonthCharges) -> list[tuple[object, str]]:
    """What the difference is made of: each standing with its lines and its part; the parts come to the whole."""
    found = [(standing, month.total.of(standing)) for standing in (*_TONES, Standing.AGREED)]
    words = {**STANDING_WORDS, Standing.AGREED: _("as agreed, but for rounding")}
    return [
        (words[standing], _in_lines(charges.difference, charges.lines, month.currency))
        for standing, charges in found
        if charges.parts
    ]


def _unknown(month: MonthCharges) -> str:
    charged = month.total.unknown.charged
    if not charged:
        return ""
    told = _("{amount} was charged on lines of which nothing agreed is known: no fee schedule held on their day.")
    return told.format(amount=exactly(charged, month.currency))


def _facts(month: MonthCharges) -> list[tuple[str, str]]:
    each = month.per_paid_code
    return [
        (_("Charged in all"), exactly(month.total.charged, month.currency)),
        (_("Payments that files tell of"), f"{month.payments:,}"),
        (_("Each paid code cost"), money(each, month.currency) if each is not None else _no_data()),
        (_("Charged for codes that nobody paid"), _aside(month.unpaid, month.currency)),
        (_("Charged for refunds that failed or came back"), _aside(month.failed_refunds, month.currency)),
        (_("Charged for refunds in all"), _of_kind(month, SettlementKind.REFUND)),
        (_("Charged for disputes"), _of_kind(month, SettlementKind.CHARGEBACK)),
    ]


def _aside(found: Aside | None, currency: str) -> str:
    return _no_data() if found is None else _in_lines(found.charged, found.lines, currency)


def _of_kind(month: MonthCharges, kind: SettlementKind) -> str:
    charges = next((charges for known, charges in month.kinds if known is kind), None)
    return _no_data() if charges is None else _in_lines(charges.charged, charges.lines, month.currency)


def _in_lines(amount: Decimal, lines: int, currency: str) -> str:
    said = ngettext("{amount} in {count} line", "{amount} in {count} lines", lines)
    return said.format(amount=exactly(amount, currency), count=f"{lines:,}")


def _no_data() -> str:
    return _("no data: no line tells of any")


def _picture(kinds: list[tuple[str, Charges]]) -> Chart:
    """Each kind as one bar: what was both agreed and charged, and on top of it what is too much or too little."""

    def of(amount: Decimal) -> float:
        return float(max(amount, Decimal(0)))

    series = [
        (_("charged as agreed"), [of(min(each.agreed, each.charged)) for _word, each in kinds]),
        (_("charged too much"), [of(each.difference) for _word, each in kinds]),
        (_("charged too little"), [of(-each.difference) for _word, each in kinds]),
    ]
    return stacked_bars([word for word, _each in kinds], series, _scale)


def _scale(number: float) -> str:
    return f"{number:,.0f}" if number >= LARGE else f"{number:,.2g}"
