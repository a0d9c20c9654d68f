"""Two people make payout files, or record the bank's word, at the same instant: no refund and no transfer counts twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db.models import Sum

from pagoefectivo.domain.exceptions import RuleRefused, StateConflict
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Anomaly, Order, PaymentEvent, Payout, Refund
from pagoefectivo.selectors import invariants
from pagoefectivo.services import payout_results, payouts, refunds
from pagoefectivo.services.commands import choose
from tests.concurrency.conftest import PATIENCE, Team
from tests.integration import by_hand
from tests.integration.by_hand import BY_HAND, ELSEWHERE, hand_over, lines_of, person, ready, total_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

ROUNDS, ORDERS = 8, 5


@pytest.fixture
def waiting(paid: Callable[..., Order], settings: Any) -> Callable[[int], list[Refund]]:
    """Make approved refunds by hand, each of an order of its own but for two of one."""

    def made(round_number: int) -> list[Refund]:
        entry = settings.PAGOEFECTIVO["ACCOUNTS"]["default"]
        settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": {**entry, "PROVIDER": BY_HAND}}}
        references = [f"R{round_number}-{number}" for number in range(ORDERS)]
        for reference in references:
            paid(reference)
        amounts = [(reference, f"{10 + number}.0{number}") for number, reference in enumerate(references)]
        return [ready(*each) for each in [*amounts, (references[0], "1.11")]]

    return made


def nothing_twice() -> None:
    """Every refund is in one file at most, and each file holds the money of its own refunds."""
    references: Counter[str] = Counter()
    for payout in Payout.objects.all():
        content = payouts.file_of(payout.reference, actor=person("eva"))
        references.update(line["reference"] for line in lines_of(content))
        money = payout.refunds.aggregate(sum=Sum("amount"))["sum"]
        assert total_of(content) == payout.total == money
        assert payout.count == payout.refunds.count() == len(lines_of(content))
    assert set(references.values()) <= {1}
    assert set(references) == set(Refund.objects.filter(payout__isnull=False).values_list("reference", flat=True))


def test_two_makers_at_once_pay_every_refund_once(waiting: Any, pair: Team) -> None:
    expected = Decimal(0)
    beto, carla = person("beto"), person("carla")
    for number in range(ROUNDS):
        expected += sum(refund.amount for refund in waiting(number))
        outcomes = pair.race(
            lambda: payouts.make("default", "PEN", actor=beto, source=Source.STAFF),
            lambda: payouts.make("default", "PEN", actor=carla, source=Source.STAFF),
        )
        assert [each for each in outcomes if not isinstance(each, Payout | RuleRefused)] == []
        assert any(isinstance(each, Payout) for each in outcomes)
    nothing_twice()
    assert set(Refund.objects.values_list("state", flat=True)) == {"pending"}
    assert Payout.objects.aggregate(sum=Sum("total"))["sum"] == expected
    assert [finding.id for finding in invariants.check() if finding.count] == []


def test_a_file_and_a_change_of_account_or_a_withdrawal_at_once_agree(waiting: Any, pair: Team) -> None:
    ana, beto = person("ana"), person("beto")
    for number in range(ROUNDS):
        target = waiting(number)[2]

        def meddle(refund: Refund = target, *, withdraws: bool = bool(number % 2)) -> Refund:
            if withdraws:
                return refunds.cancel(refund.public_id, actor=ana, source=Source.STAFF)
            return refunds.set_destination(refund.public_id, ELSEWHERE, actor=ana, source=Source.STAFF)

        _, meddled = pair.race(lambda: payouts.make("default", "PEN", actor=beto, source=Source.STAFF), meddle)
        target.refresh_from_db()
        assert isinstance(meddled, Refund | StateConflict), meddled
        assert (target.payout_id is None) == isinstance(meddled, Refund)
        assert target.state == ("pending" if target.payout_id else "canceled" if number % 2 else "awaiting_approval")
    nothing_twice()


def test_one_operation_number_on_two_refunds_at_once_counts_once(waiting: Any, pair: Team) -> None:
    for name in ("ana", "beto", "luz"):
        person(name)
    for number in range(ROUNDS):
        first, second = waiting(number)[1:3]
        hand_over()
        outcomes = pair.race(partial(by_hand.paid, first, f"77{number}"), partial(by_hand.paid, second, f"77{number}"))
        assert sorted(type(each).__name__ for each in outcomes) == ["Refund", "RuleRefused"]
        assert PaymentEvent.objects.filter(event_identity=f"bank 77{number}").count() == 1


def test_an_operation_number_recorded_after_it_was_judged_counts_once(
    waiting: Any, pair: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ana", "beto", "luz"):
        person(name)
    first, second = waiting(0)[1:3]
    hand_over()
    judged, recorded = threading.Event(), threading.Event()

    def slowly(locked: Any, refund: Refund) -> None:
        if refund.pk == second.pk:
            judged.set()
            assert recorded.wait(PATIENCE)
        choose(locked, refund)

    def at_that_instant() -> Refund:
        assert judged.wait(PATIENCE)
        try:
            return by_hand.paid(first, "771")
        finally:
            recorded.set()

    monkeypatch.setattr(payout_results, "choose", slowly)
    quick, slow = pair.race(at_that_instant, partial(by_hand.paid, second, "771"))
    assert isinstance(quick, Refund)
    assert isinstance(slow, RuleRefused)
    second.refresh_from_db()
    assert second.state == "pending"
    assert PaymentEvent.objects.filter(event_identity="bank 771").count() == 1
    assert Anomaly.objects.count() == 0


def test_two_people_who_record_one_transfer_at_once_record_it_once(waiting: Any, pair: Team) -> None:
    person("eva")
    for number in range(ROUNDS):
        refund = waiting(number)[1]
        hand_over()
        outcomes = pair.race(
            partial(by_hand.paid, refund, f"8{number}"), partial(by_hand.paid, refund, f"9{number}", by="eva")
        )
        assert sorted(type(each).__name__ for each in outcomes) == ["Refund", "StateConflict"]
        assert PaymentEvent.objects.filter(refund=refund).count() == 1
