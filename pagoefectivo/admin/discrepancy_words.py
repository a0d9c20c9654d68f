"""One sentence that says what does not add up, and each line of a difference's history, as people read them."""

from __future__ import annotations

from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from pagoefectivo.admin.presentation import NOTHING, actor_word, badge, lima, moment, money
from pagoefectivo.admin.settlement_words import day, days, exactly, rate_word, theirs, what_is_off
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.settlements import Verdict, cost_of, gross_of, off_its_own_rate
from pagoefectivo.models import Discrepancy, DiscrepancyEntry, SettlementLine
from pagoefectivo.services import seams


def standing_badge(found: Discrepancy) -> SafeString:
    """Return whether a difference waits, is worked on, or is settled."""
    if found.settled_at is not None:
        return badge("good", _("settled"))
    return badge("moving", _("somebody has it")) if found.owner_id is not None else badge("waiting", _("still open"))


def owner_word(found: Discrepancy) -> str:
    """Return who works on a difference."""
    return found.owner.get_username() if found.owner is not None else NOTHING


def age_words(found: Discrepancy) -> str:
    """Return for how long a difference has waited, or how long it took."""
    return timesince(found.opened_at, found.settled_at or seams.now(), depth=1)


def sentence_of(found: Discrepancy, *, in_full: bool) -> str:
    """Say plainly what does not add up: their number, ours, and what lies between."""
    line = found.line
    if line is None:
        return _only_ours(found)
    off = what_is_off(found.amount, found.currency)
    settled = line.settled_currency or line.book_currency
    match found.verdict:
        case Verdict.AMOUNT:
            told = _("The provider says {theirs}; we know {ours}: {off}.")
            gross = gross_of(line)
            known = None if gross is None else gross - found.amount
            return told.format(theirs=exactly(gross, found.currency), ours=exactly(known, found.currency), off=off)
        case Verdict.FX:
            if off_its_own_rate(line) is not None:
                told = _("The provider settled {theirs} for {amount}. By its own rate of {rate} that is {ours}: {off}.")
            else:
                told = _(
                    "The provider settled {theirs} for {amount}, at a rate of {rate}. By the rate of the day, {day_rate}, "
                    "with the agreed margin it is {ours}: {off}."
                )
            return told.format(
                theirs=exactly(line.settled_amount, settled),
                amount=exactly(line.amount, line.currency),
                rate=rate_word(line.rate),
                day_rate=rate_word(line.day_rate),
                ours=exactly(line.agreed_settlement, settled),
                off=off,
            )
        case Verdict.FEE:
            told = _("The provider took {theirs}; {ours} was agreed: {off}.")
            return told.format(
                theirs=exactly(cost_of(line), settled), ours=exactly(line.cost_expected, settled), off=off
            )
        case Verdict.DATE:
            told = _("The provider settled it on {theirs}; {ours} was agreed.")
            return told.format(theirs=day(line.settled_date), ours=days(line.due_first, line.due_last))
        case Verdict.DUPLICATE:
            told = _("The provider settles once more what it has settled already: {off}.")
            return told.format(off=off or exactly(line.booked, line.book_currency))
        case Verdict.PROPOSED:
            told = _(
                "Code, amount and day fit the payment of order {order}; the provider’s number does not. Confirm it."
            )
            return told.format(order=_order(found))
        case _:
            return _only_theirs(found, line, in_full=in_full)


def history_line(entry: DiscrepancyEntry) -> dict[str, object]:
    """Return one act as its line in the history."""
    return {
        "at": moment(entry.at, seconds=True),
        "who": actor_word(entry.actor),
        "what": capfirst(str(entry.get_act_display())),
        "said": entry.said,
    }


def _only_ours(found: Discrepancy) -> str:
    refund, voucher = found.refund, found.voucher
    if refund is not None:
        told = _("We gave back {ours} with refund {number}, and no settlement tells of it.")
        return told.format(ours=money(refund.amount, refund.currency), number=refund.public_id)
    if voucher is None:
        return what_is_off(found.amount, found.currency)
    told = _("We know {ours} of order {order} as paid on {at}, and no settlement tells of it.")
    return told.format(
        ours=money(voucher.paid_amount, voucher.paid_currency), order=_order(found), at=lima(voucher.paid_at)
    )


def _only_theirs(found: Discrepancy, line: SettlementLine, *, in_full: bool) -> str:
    booked = exactly(line.booked, line.book_currency)
    if line.kind == SettlementKind.PAYMENT and found.voucher is not None:
        told = _("The provider settled {theirs} for a code of order {order} that is not paid here.")
        return told.format(theirs=booked, order=_order(found))
    if line.kind == SettlementKind.PAYMENT:
        told = _("The provider settled {theirs} for {number}, a payment that nobody here knows.")
        name = next(filter(None, (line.provider_reference, line.reference, line.identity)))
        return told.format(theirs=booked, number=theirs(name, line, in_full=in_full))
    told = _("The provider booked {theirs} as {kind}, and nothing here explains it.")
    return told.format(theirs=booked, kind=line.get_kind_display())


def _order(found: Discrepancy) -> str:
    return found.voucher.order.reference if found.voucher is not None else NOTHING
