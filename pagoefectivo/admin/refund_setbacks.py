"""Why a refund came to nothing, as far as it is known, who mends it, and what became of it since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from pagoefectivo.admin.advice import WHO_WORDS, Advice
from pagoefectivo.admin.order_facts import explained
from pagoefectivo.domain.error_codes import ErrorCode, Who
from pagoefectivo.domain.states import FREED_REFUND
from pagoefectivo.models import Refund
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.selectors.expectations import arrival_of
from pagoefectivo.services.refunds import retry_nonce


def setback_of(refund: Refund) -> Advice | None:
    """Return what went wrong with a refund; of a bare rejection only what is known, and who corrects what."""
    told = explained(refund)
    if told is None or refund.state not in FREED_REFUND or told.code != ErrorCode.REFUND_REJECTED:
        return told
    by_bank = refund.payout_id is not None
    why = _("The bank gave no reason that we know.") if by_bank else _("The provider gave no reason that we know.")
    known = replace(told, sentence=f"{told.sentence} {why}")
    if desk.destination_fields(refund.account) or refund.destination_id is not None:
        return replace(known, next_step=_("Compare the account with what the buyer sent, then refund again."))
    arrival = arrival_of(refund.account, has_account=False)
    asks = arrival.writer if arrival else ""
    if not asks:
        return replace(known, next_step=_("Ask the provider why, then refund again."))
    next_step = _("Ask the buyer to check the bank details that they gave to {provider}, then refund again.")
    return replace(known, who=WHO_WORDS[Who.SUPPORT], next_step=next_step.format(provider=asks))


def followed_by(refund: Refund, others: Sequence[Refund]) -> Refund | None:
    """Return the refund among `others` that was asked for in the place of this one."""
    nonce = retry_nonce(refund)
    return next((each for each in others if each.request_nonce == nonce), None)
