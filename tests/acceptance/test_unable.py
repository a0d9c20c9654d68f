"""What a provider cannot do, or its contract does not allow, is refused before anybody is called, in plain sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused
from pagoefectivo.domain.states import Source
from pagoefectivo.services import refunds
from pagoefectivo.services.actors import SHOP
from tests.acceptance.journeys import EVERYBODY, asked, declared, on
from tests.integration import by_hand as people
from tests.integration.conftest import PAYER
from tests.integration.ledger import everything, only_order, only_refund, only_voucher, outbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

LANGUAGES = {"es-pe": ".", "en": ".", "zh-hans": "。"}
CENT = Decimal("0.01")
LACKING = [(name, field) for name in EVERYBODY for field in sorted(declared(name).required_payer_fields)]


def read_by_a_shopkeeper(reason: Reason) -> None:
    """Two whole sentences in each language, none like another's, and nothing left to fill in."""
    said: set[str] = set()
    for language, stop in LANGUAGES.items():
        with override(language):
            sentences = (reason.message, reason.next_step)
        assert all(sentence.endswith(stop) and "{" not in sentence for sentence in sentences), (language, sentences)
        said.update(sentences)
    assert len(said) == 2 * len(LANGUAGES), said


def refused(psp: Any, work: Any) -> list[tuple[ErrorCode, str]]:
    """Which rules said no, and about which field; nobody was called and not one row is different."""
    psp.clear_calls()
    before = everything()
    with pytest.raises(RuleRefused) as no:
        work()
    assert (psp.call_counts(), everything()) == ({}, before)
    for reason in no.value.reasons:
        read_by_a_shopkeeper(reason)
    return [(reason.code, reason.field) for reason in no.value.reasons]


@on(lacking="partial refunds")
def test_a_part_is_refused_where_only_the_whole_goes_back(provider: str, psp: Any, paid_order: Any) -> None:
    paid_order()

    def ask(amount: str) -> Any:
        return shop.request_refund(reference="A-1042", amount=amount, reason="damaged", actor=SHOP)

    assert refused(psp, lambda: ask("40.00")) == [(ErrorCode.REFUND_PARTIAL_UNSUPPORTED, "amount")]
    assert ask("89.90").provider_reference == psp.refunds()[0]["id"]


@on("refunds by hand")
def test_a_refund_that_the_provider_has_no_call_for_is_paid_out_by_people(
    provider: str, psp: Any, listening: Any, paid_order: Any, sweep: Any, heard: list[str]
) -> None:
    paid_order()
    psp.clear_calls()
    refund = shop.request_refund(reference="A-1042", amount="40.00", reason="damaged", actor=people.person("ana"))
    sweep()
    assert (only_refund().state, only_order().state) == ("awaiting_destination", "paid")

    refunds.set_destination(refund.public_id, people.ACCOUNT, actor=people.person("ana"), source=Source.STAFF)
    people.approve(only_refund())
    people.hand_over()
    people.paid(only_refund())
    sweep()
    assert (only_refund().state, only_order().state) == ("succeeded", "partially_refunded")
    assert (psp.call_counts(), psp.refunds()) == ({}, [])
    assert outbox() == ["voucher_issued", "order_paid", "refund_needs_destination", "refund_succeeded"] == heard


@on("refunds by hand")
def test_a_bank_account_that_no_bank_would_take_is_refused_before_the_refund_is_written(
    provider: str, psp: Any, paid_order: Any
) -> None:
    paid_order()
    wrong = replace(people.ACCOUNT, account_number="0021930012345678")

    def ask() -> Any:
        return shop.request_refund(
            reference="A-1042", amount="40.00", reason="damaged", actor=people.person("ana"), destination=wrong
        )

    assert [code for code, _ in refused(psp, ask)] == [ErrorCode.REFUND_ACCOUNT_INVALID]


@on()
def test_an_amount_outside_the_limits_is_refused(provider: str, psp: Any, open_order: Any) -> None:
    lowest, highest = declared(provider).limits["PEN"]
    assert refused(psp, lambda: open_order(amount=lowest - CENT)) == [(ErrorCode.CREATE_AMOUNT_TOO_LOW, "amount")]
    assert refused(psp, lambda: open_order(amount=highest + CENT)) == [(ErrorCode.CREATE_AMOUNT_TOO_HIGH, "amount")]
    assert refused(psp, lambda: open_order(currency="USD")) == [(ErrorCode.CREATE_CURRENCY_UNSUPPORTED, "currency")]


@on()
def test_a_deadline_outside_the_bounds_is_refused_however_wide_the_shop_made_its_own(
    provider: str, psp: Any, account: Any, open_order: Any
) -> None:
    account(EXPIRY=["1m", "400d"])
    able, minute = declared(provider), timedelta(minutes=1)
    too_short, too_long = able.shortest_expiry - minute, able.longest_expiry + minute
    wrong = [(ErrorCode.CREATE_EXPIRY_INVALID, "expires_in")]
    assert refused(psp, lambda: open_order(expires_in=too_short)) == wrong
    assert refused(psp, lambda: open_order(expires_in=too_long)) == wrong
    assert open_order(expires_in=able.longest_expiry - minute).current_voucher.state == "issued"


@pytest.mark.parametrize(("provider", "field"), LACKING)
def test_a_buyer_without_what_the_provider_needs_is_refused(
    provider: str, field: str, psp: Any, open_order: Any
) -> None:
    attribute = {"document": "document_number"}.get(field, field)
    buyer = replace(PAYER, **{attribute: ""})
    assert refused(psp, lambda: open_order(payer=buyer)) == [(ErrorCode.CREATE_FIELD_REQUIRED, f"payer.{field}")]


@on(lacking="withdrawal")
def test_a_code_that_the_provider_cannot_withdraw_is_withdrawn_here_and_watched(
    provider: str, psp: Any, open_order: Any
) -> None:
    open_order()
    psp.clear_calls()
    assert shop.cancel_order(reference="A-1042").state == "canceled"
    assert (only_voucher().state, only_voucher().next_action_at is not None) == ("canceled", True)
    assert asked(psp) == {"get_payment": 1}, "the last question before the stock is free, and no other call"


@on(lacking="more time")
def test_a_deadline_that_the_provider_cannot_move_stays(provider: str, psp: Any, open_order: Any) -> None:
    open_order()

    def ask() -> Any:
        return shop.extend_voucher(reference="A-1042", expires_in=timedelta(hours=72))

    assert refused(psp, ask) == [(ErrorCode.EXTEND_UNSUPPORTED, "")]


@on("more time")
def test_a_deadline_that_the_provider_can_move_is_moved_there_too(
    provider: str, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    code = open_order(expires_in=timedelta(hours=24)).current_voucher.code
    moved: Any = shop.extend_voucher(reference="A-1042", expires_in=timedelta(hours=72)).current_voucher
    assert (moved.code, moved.expires_at - world.now() > timedelta(hours=71)) == (code, True)
    world.advance(hours=30)
    sweep()
    psp.pay(code)
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, only_order().state) == ("paid", "paid")


@on("withdrawal")
def test_a_code_that_the_provider_can_withdraw_is_withdrawn_there_too(provider: str, psp: Any, open_order: Any) -> None:
    open_order()
    psp.clear_calls()
    assert shop.cancel_order(reference="A-1042").state == "canceled"
    assert [payment["state"] for payment in psp.payments()] == ["canceled"]
    assert asked(psp)["cancel"] == 1
