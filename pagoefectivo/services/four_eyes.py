"""Who is not the second person of a refund, by name and by the person behind the name."""

from __future__ import annotations

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import BuyerView, Refund
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import Actor


def objection(refund: Refund, actor: Actor) -> ErrorCode | None:
    """Return why `actor` may not approve `refund`: they asked for it, gave its account or could have as the buyer, or nobody
    answers for them.

    A person stays the same one under a new name and behind a key of theirs. What a person asked for is not approved by
    a program for which nobody answers.
    """
    if _is(actor, refund.requested_by, refund.requester_id):
        return ErrorCode.APPROVAL_SELF
    payee = refund.destination
    if payee is not None and _is(actor, payee.entered_by, payee.enterer_id):
        return ErrorCode.APPROVAL_OWN_ACCOUNT
    if collects(refund) and BuyerView.objects.filter(order=refund.order_id, actor=actor.name).exists():
        return ErrorCode.APPROVAL_AS_BUYER
    if refund.requester_id is not None and actor.person_id is None:
        return ErrorCode.APPROVAL_NEEDS_PERSON
    return None


def collects(refund: Refund) -> bool:
    """Whether the shop collects the account that the refund goes to; not of one whose account left the settings."""
    known = refund.account in conf.current().accounts
    return known and bool(account_named(refund.account).destination_fields)


def _is(actor: Actor, name: str, person_id: int | None) -> bool:
    return actor.name == name or (person_id is not None and actor.person_id == person_id)
