"""Where a refund goes, in the buyer's own word: given on the page of that refund, and held against who paid."""

from __future__ import annotations

from datetime import datetime

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused, StateConflict
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.states import UNSENT_REFUND, RefundState, Source
from pagoefectivo.links import new_page_key
from pagoefectivo.models import Refund
from pagoefectivo.services import doubts, refunds, seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import BUYER, Actor, Permission
from pagoefectivo.services.commands import lock_refund


def give(refund: Refund, destination: Destination, *, seen: str) -> Refund:
    """Take the account that the buyer confirmed for a refund, as it was when they saw it, and send what may leave.

    One with doubts waits for a person's approval. Raises RuleRefused (not an account, too late), StateConflict.
    """
    if not collects(refund):
        raise StateConflict
    if refund.state in UNSENT_REFUND and not is_open(refund, seams.now()):
        raise RuleRefused(Reason(ErrorCode.REFUND_DESTINATION_LATE))
    return refunds.set_destination(
        refund.public_id,
        destination,
        actor=BUYER,
        source=Source.BUYER,
        seen=seen,
        is_doubtful=bool(doubts.about(refund, destination) or doubts.known_elsewhere(refund, destination)),
    )


def begin_again(refund: Refund) -> Refund:
    """Ask anew for a refund that an account was to blame for; the new one waits for another account.

    Once, however often it is asked for: whoever was first, the buyer or the shop. Raises RuleRefused and StateConflict.
    """
    if not may_begin_again(refund):
        raise StateConflict
    return refunds.retry(refund.public_id, actor=BUYER, source=Source.BUYER, elsewhere=True)


def renew_link(public_id: str, *, actor: Actor) -> Refund:
    """Make a new link to a refund's page, with its time to give an account; the old link opens nothing from now on."""
    actor.require(Permission.WRITE_REFUNDS)
    found = refunds.refund_named(public_id, actor=actor)

    def renew() -> Refund:
        _, refund = lock_refund(found)
        refund.page_key, refund.page_key_at = new_page_key(), seams.now()
        refund.save()
        return refund

    return seams.transact(renew)


def collects(refund: Refund) -> bool:
    """Whether the shop needs an account of the buyer for this refund; where not, the provider sees to it."""
    known = refund.account in conf.current().accounts
    return known and not refund.is_outside and bool(account_named(refund.account).destination_fields)


def is_open(refund: Refund, now: datetime) -> bool:
    """Whether the buyer may give or change the account now."""
    return refund.state in UNSENT_REFUND and collects(refund) and now < refund.account_until


def may_begin_again(refund: Refund) -> bool:
    """Whether it was the account that failed, so that another one may mend it."""
    failed = refund.state == RefundState.FAILED and refund.error_code in refunds.WRONG_ACCOUNT
    return collects(refund) and (failed or refund.state == RefundState.RETURNED)
