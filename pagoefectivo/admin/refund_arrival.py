"""When a refund reaches the buyer, as staff tell it to them: days where there are any, else from when they count."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pagoefectivo.admin.presentation import awaited
from pagoefectivo.domain.business_days import BusinessDays
from pagoefectivo.domain.states import FINAL_REFUND
from pagoefectivo.models import Refund
from pagoefectivo.selectors.expectations import Arrival, CountedFrom, arrival_of, expected_refund_dates


def arrives(refund: Refund) -> object:
    """Return when a refund under way reaches the buyer; empty for one that came to its end."""
    if refund.state in FINAL_REFUND:
        return ""
    days = awaited(expected_refund_dates(refund))
    return days or would_arrive(refund.account, has_account=refund.destination_id is not None)


def would_arrive(account: str, *, has_account: bool) -> str:
    """Return when a refund of this account would reach the buyer, or that nobody says, and who writes to them."""
    known = arrival_of(account, has_account=has_account)
    if known is None or known.takes is None:
        return f"{_('nobody says when')}{_writer(known)}"
    span = _span(known.takes)
    if known.counted_from is CountedFrom.BANK:
        return _("{span} after finance hands the payout file to the bank").format(span=span)
    if known.counted_from is CountedFrom.DETAILS:
        return _("{span} after the buyer gives their bank details to {provider}, which writes to them").format(
            span=span, provider=known.writer
        )
    return _("{span} after the provider accepts it").format(span=span)


def _span(takes: BusinessDays) -> str:
    if takes.least == takes.most:
        days = ngettext("{count} business day", "{count} business days", takes.most)
        return days.format(count=takes.most)
    return _("{least} to {most} business days").format(least=takes.least, most=takes.most)


def _writer(known: Arrival | None) -> str:
    if known is None or not known.writer:
        return ""
    return _("; {provider} writes to the buyer first and asks for an account").format(provider=known.writer)
