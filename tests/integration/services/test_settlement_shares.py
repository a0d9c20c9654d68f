"""A line matched by hand settles a payment once: what other lines have settled already is not named again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import Discrepancy, Refund, SettlementLine, SettlementShare, Voucher
from pagoefectivo.services import discrepancies
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.discrepancies import Part
from tests.integration.ledger import everything
from tests.integration.pages.stage import place_refund
from tests.integration.services.closing_stage import paid
from tests.integration.settlement_files import Row, bring, file_of, of_refund, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def match(admin_user: Any, psp: Any) -> Callable[..., Discrepancy]:
    """Let finance say what the line of this number is about."""
    finance = Actor("staff:carla", frozenset({Permission.MATCH_LINES}), user_id=admin_user.pk)

    def said(line: int, *parts: tuple[Voucher | Refund, str]) -> Discrepancy:
        number = Discrepancy.objects.get(line__line=line).pk
        named = [Part(of.public_id, D(amount)) for of, amount in parts]
        return discrepancies.match(number, named, actor=finance)

    return said


def refused(do: Callable[[], object]) -> str:
    """The sentence that it is refused with; nothing changed."""
    before = everything()
    with pytest.raises(RuleRefused) as refusal:
        do()
    assert everything() == before
    assert refusal.value.code == ErrorCode.MATCH_ALREADY_SETTLED
    return refusal.value.reasons[0].message


def test_D10_a_payment_that_a_line_settled_is_not_settled_again_by_hand(match: Any) -> None:
    one, two, three = paid("30.00"), paid("20.00"), paid("10.00")
    bring(file_of([of_voucher(one), Row("D-4-again", D("30.00"))]))
    said = refused(lambda: match(5, (one, "30.00")))
    assert one.public_id in said
    assert "november.csv · 4" in said
    refused(lambda: match(5, (one, "10.00"), (two, "20.00")))
    refused(lambda: match(5, (two, "20.00"), (one, "5.00"), (one, "5.00")))
    match(5, (two, "20.00"), (three, "10.00"))
    assert sorted(SettlementShare.objects.values_list("voucher_id", flat=True)) == [two.pk, three.pk]


def test_D10_what_another_line_left_of_a_payment_may_be_named_and_no_more(match: Any) -> None:
    one, little = paid("100.00"), paid("0.02")
    bring(file_of([of_voucher(one, amount=D("60.00")), Row("D-4-rest", D("40.00")), Row("D-4-more", D("1.00"))]))
    refused(lambda: match(5, (one, "40.02"), (little, "-0.02")))
    match(5, (one, "40.00"))
    assert SettlementLine.objects.get(provider_reference="D-4-rest").verdict == "matched"
    refused(lambda: match(6, (one, "1.00")))


def test_D10_a_second_settlement_and_a_proposal_take_nothing_away_from_the_first(match: Any) -> None:
    one = paid("50.00")
    bring(file_of([of_voucher(one, amount=D("45.00")), of_voucher(one, theirs="D-4-again")]))
    assert list(SettlementLine.objects.order_by("line").values_list("verdict", flat=True)) == ["amount", "duplicate"]
    match(4, (one, "45.00"))
    refused(lambda: match(5, (one, "50.00")))


def test_D10_what_is_taken_back_of_a_settled_payment_may_be_named_and_given_again(match: Any) -> None:
    one = paid("50.00")
    bring(
        file_of(
            [
                of_voucher(one),
                Row("D-4-lost", D("-50.00"), kind="CHARGEBACK"),
                Row("D-4-won", D("50.00"), kind="ADJUSTMENT"),
                Row("D-4-won-twice", D("50.00"), kind="ADJUSTMENT"),
            ]
        )
    )
    refused(lambda: match(6, (one, "50.00")))
    match(5, (one, "-50.00"))
    match(6, (one, "50.00"))
    refused(lambda: match(7, (one, "50.00")))


def test_D10_amounts_in_another_currency_are_not_added_up(match: Any) -> None:
    one = paid("50.00")
    bring(file_of([of_voucher(one, amount=D("10.00")), Row("D-4-dollars", D("5.00"), currency="USD", rate=D(1))]))
    refused(lambda: match(5, (one, "5.00")))


def test_D10_a_refund_is_settled_once_as_well(match: Any) -> None:
    one = paid("50.00")
    refund = place_refund(one, RefundState.SUCCEEDED, "20.00", provider_reference="REF-1")
    bring(file_of([of_refund(refund), of_refund(refund, theirs="REF-2")]))
    refused(lambda: match(5, (refund, "-20.00")))
