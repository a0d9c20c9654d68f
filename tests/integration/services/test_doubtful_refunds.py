"""A refund of which nobody knows whether it left: a person ends it with evidence alone, and is named with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import RuleRefused, StateConflict
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ApiExchange, Refund, StateChange
from pagoefectivo.services import outside_refunds, payout_results, refund_questions, refunds
from tests.integration import by_hand
from tests.integration.ledger import calls_of, cents, everything, only_refund, only_voucher

pytestmark = pytest.mark.django_db(transaction=True)

Attempt = Callable[[Refund], object]


def boss() -> Any:
    """A person with every permission there is."""
    return by_hand.person("jefa")


WITHOUT_EVIDENCE: dict[str, Attempt] = {
    "approve": lambda refund: refunds.approve(refund.public_id, seen=refund.binding, actor=boss(), source=Source.STAFF),
    "decline": lambda refund: refunds.decline(refund.public_id, actor=boss(), source=Source.STAFF),
    "withdraw": lambda refund: refunds.cancel(refund.public_id, actor=boss(), source=Source.STAFF),
    "ask for it anew": lambda refund: refunds.retry(refund.public_id, actor=boss(), source=Source.STAFF),
    "send it elsewhere": lambda refund: refunds.set_destination(
        refund.public_id, by_hand.ACCOUNT, actor=boss(), source=Source.STAFF
    ),
    "call it paid": lambda refund: payout_results.mark_paid(
        refund.public_id, operation_number="00123456", on=by_hand.today(), actor=boss(), source=Source.STAFF
    ),
    "call it refused": lambda refund: payout_results.mark_rejected(
        refund.public_id, code=ErrorCode.REFUND_REJECTED, on=by_hand.today(), actor=boss(), source=Source.STAFF
    ),
    "own it as made outside": lambda refund: outside_refunds.own(
        refund.public_id, reason="other", note="seen on the panel", actor=boss()
    ),
}


@pytest.fixture
def doubtful(psp: Any, paid_order: Any) -> Refund:
    """A refund whose answer was lost after the provider had made it."""
    paid_order()
    psp.fault("refund", "timeout_after")
    refund = by_hand.ask_back(to=None)
    assert refund.state == "unknown"
    return refund


@pytest.mark.parametrize("attempt", WITHOUT_EVIDENCE.values(), ids=WITHOUT_EVIDENCE)
def test_E20_nobody_ends_a_doubtful_refund_by_saying_so(psp: Any, doubtful: Refund, attempt: Attempt) -> None:
    boss()
    before = everything()
    with pytest.raises((RuleRefused, StateConflict)):
        attempt(doubtful)
    assert everything() == before
    assert (only_voucher().reserved_amount, calls_of(psp, "refund")) == (cents("89.90"), 1), "its amount stays held"


def test_E20_the_providers_answer_ends_it_and_names_who_had_it_asked(psp: Any, doubtful: Refund, world: Any) -> None:
    world.advance(seconds=2)
    asked = refund_questions.ask_now(doubtful.public_id, actor=boss(), source=Source.STAFF)
    assert (asked.state, only_refund().state) == ("pending", "pending")
    change = StateChange.objects.filter(subject="refund").latest("pk")
    assert (change.transition, change.source) == ("accept", "staff")
    evidence = ApiExchange.objects.latest("pk")
    assert (evidence.http_status, evidence.outcome) == (200, "answered")
    assert (len(psp.refunds()), calls_of(psp, "refund")) == (1, 1)
