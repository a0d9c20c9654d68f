"""Buyer and staff give a refund different accounts at one instant, and many guess at one link: none is lost, none wins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pagoefectivo.domain.exceptions import StateConflict
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Order, Refund, RefundDestination, WrongAnswers
from pagoefectivo.services import destinations, refunds, second_factor
from pagoefectivo.services.second_factor import Verdict
from tests.concurrency.conftest import Team
from tests.integration.by_hand import ACCOUNT, BY_HAND, ELSEWHERE, ask_back, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

ROUNDS = 8


@pytest.fixture
def missing(paid: Callable[..., Order], settings: Any) -> Callable[[int], Refund]:
    """Make a refund whose account is missing."""

    def made(number: int) -> Refund:
        entry = settings.PAGOEFECTIVO["ACCOUNTS"]["default"]
        settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": {**entry, "PROVIDER": BY_HAND}}}
        paid(f"R-{number}")
        return ask_back(f"R-{number}", "10.00", to=None)

    return made


def test_of_two_accounts_given_at_once_one_is_taken_and_the_other_is_told(missing: Any, pair: Team) -> None:
    ana = person("ana")
    for number in range(ROUNDS):
        refund = missing(number)
        by_staff = partial(refunds.set_destination, refund.public_id, ELSEWHERE, actor=ana, source=Source.STAFF)
        outcomes = pair.race(
            partial(destinations.give, refund, ACCOUNT, seen=refund.binding), partial(by_staff, seen=refund.binding)
        )
        assert sorted(type(each).__name__ for each in outcomes) == ["Refund", "StateConflict"], outcomes
        now = Refund.objects.select_related("destination").get(pk=refund.pk)
        assert now.destination is not None
        winner = "buyer" if isinstance(outcomes[1], StateConflict) else "staff:ana"
        expected = ACCOUNT if winner == "buyer" else ELSEWHERE
        assert (now.destination.entered_by, now.destination.account_number) == (winner, expected.account_number)
        assert (now.state, now.approved_by) == ("awaiting_approval", "")
        assert RefundDestination.objects.count() == number + 1


def test_a_buyer_who_begins_again_in_two_windows_gets_one_refund(missing: Any, pair: Team) -> None:
    for number in range(ROUNDS):
        refund = missing(number)
        Refund.objects.filter(pk=refund.pk).update(
            state="failed", error_code="REFUND_ACCOUNT_CLOSED", next_action_at=None
        )
        refund.voucher.reserved_amount = 0
        refund.voucher.save()
        refund = Refund.objects.select_related("order", "voucher", "destination").get(pk=refund.pk)
        first, second = pair.race(*[partial(destinations.begin_again, refund)] * 2)
        assert first == second
        assert Refund.objects.filter(order=refund.order).count() == 2


def test_guesses_at_one_instant_are_counted_one_by_one(missing: Any, pair: Team) -> None:
    refund = missing(0)
    guess = partial(second_factor.answer_with_phone, refund, "000", sender="198.51.100.7")
    verdicts = [verdict for _ in range(8) for verdict in pair.race(guess, guess)]
    assert verdicts.count(Verdict.WRONG) == second_factor.PAUSE_AFTER - 1
    assert verdicts.count(Verdict.PAUSED) == 16 - (second_factor.PAUSE_AFTER - 1)
    assert set(WrongAnswers.objects.values_list("count", flat=True)) == {second_factor.PAUSE_AFTER}
