"""Whether money may be given back: every reason why not, and only those."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.refunds import PaidVoucher, RefundRules, closed_reasons, eligibility
from pagoefectivo.domain.states import VoucherState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAID = PaidVoucher(
    state=VoucherState.PAID,
    currency="PEN",
    paid_amount=Decimal("89.90"),
    reserved_amount=Decimal("0.00"),
    paid_at=NOW - timedelta(days=3),
    settled_at=NOW - timedelta(days=1),
    frozen=False,
)
RULES = RefundRules(possible=True, partial=True, multiple=True, needs_settled=False, window=timedelta(days=180))


def reasons(
    voucher: PaidVoucher = PAID, amount: str = "89.90", currency: str = "PEN", rules: RefundRules = RULES
) -> list[ErrorCode]:
    """The codes of all reasons against it."""
    return [reason.code for reason in eligibility(voucher, Decimal(amount), currency, rules, NOW)]


@pytest.mark.parametrize("amount", ["0.01", "40.00", "89.90"])
def test_any_part_of_a_payment_may_be_given_back(amount: str) -> None:
    assert reasons(amount=amount) == []
    assert closed_reasons(PAID, RULES, NOW) == ()


@pytest.mark.parametrize("amount", ["89.91", "9999999999.99"])
def test_E04_more_than_was_paid_is_refused_and_told_what_is_left(amount: str) -> None:
    (reason,) = eligibility(PAID, Decimal(amount), "PEN", RULES, NOW)
    assert reason.code is ErrorCode.REFUND_AMOUNT_EXCEEDED
    assert reason.values == {"remaining": "S/\N{NO-BREAK SPACE}89.90"}
    assert reason.field == "amount"


def test_E04_what_is_under_way_counts_as_given() -> None:
    underway = replace(PAID, reserved_amount=Decimal("50.00"))
    assert underway.remaining == Decimal("39.90")
    assert reasons(underway, "39.90") == []
    assert reasons(underway, "39.91") == [ErrorCode.REFUND_AMOUNT_EXCEEDED]


def test_nothing_is_left_once_all_is_reserved_even_if_the_provider_gave_too_much() -> None:
    for reserved in ("89.90", "120.00"):
        gone = replace(PAID, reserved_amount=Decimal(reserved))
        assert gone.remaining == 0
        assert reasons(gone, "0.01") == [ErrorCode.REFUND_AMOUNT_EXCEEDED]
        assert [each.code for each in closed_reasons(gone, RULES, NOW)] == [ErrorCode.REFUND_AMOUNT_EXCEEDED]


@pytest.mark.parametrize("state", [state for state in VoucherState if state is not VoucherState.PAID])
def test_E11_what_was_not_paid_is_not_refunded(state: VoucherState) -> None:
    unpaid = replace(PAID, state=state, paid_amount=Decimal("0.00"), paid_at=None, settled_at=None)
    assert reasons(unpaid) == [ErrorCode.REFUND_NOT_PAID]


@pytest.mark.parametrize(
    ("changes", "rules", "code"),
    [
        ({"frozen": True}, {}, ErrorCode.REFUND_FROZEN),
        ({"settled_at": None}, {"needs_settled": True}, ErrorCode.REFUND_NOT_SETTLED),
        ({}, {"possible": False}, ErrorCode.REFUND_UNSUPPORTED),
        ({"paid_at": NOW - timedelta(days=180, seconds=1)}, {}, ErrorCode.REFUND_WINDOW_CLOSED),
    ],
)
def test_E09_E10_E11_each_obstacle_has_its_reason(
    changes: dict[str, Any], rules: dict[str, Any], code: ErrorCode
) -> None:
    assert reasons(replace(PAID, **changes), rules=replace(RULES, **rules)) == [code]


def test_E09_the_window_is_open_to_its_last_instant() -> None:
    assert reasons(replace(PAID, paid_at=NOW - timedelta(days=180))) == []


def test_all_obstacles_are_told_at_once() -> None:
    voucher = replace(PAID, frozen=True, settled_at=None, paid_at=NOW - timedelta(days=400))
    rules = replace(RULES, needs_settled=True)
    assert reasons(voucher, "0", "USD", rules) == [
        ErrorCode.REFUND_FROZEN,
        ErrorCode.REFUND_NOT_SETTLED,
        ErrorCode.REFUND_WINDOW_CLOSED,
        ErrorCode.REQUEST_AMOUNT_INVALID,
        ErrorCode.CREATE_CURRENCY_UNSUPPORTED,
    ]


def test_a_provider_that_refunds_whole_payments_only_is_not_asked_for_a_part() -> None:
    rules = replace(RULES, partial=False)
    assert reasons(amount="89.90", rules=rules) == []
    assert reasons(amount="89.89", rules=rules) == [ErrorCode.REFUND_PARTIAL_UNSUPPORTED]


def test_a_provider_that_refunds_once_only_is_not_asked_twice() -> None:
    rules = replace(RULES, multiple=False)
    assert reasons(amount="10.00", rules=rules) == []
    second = replace(PAID, reserved_amount=Decimal("10.00"))
    assert reasons(second, "10.00", rules=rules) == [ErrorCode.REFUND_AMOUNT_EXCEEDED]


@pytest.mark.parametrize(("amount", "currency"), [("-1.00", "PEN"), ("0.00", "PEN"), ("10.00", "USD")])
def test_E05_a_wrong_amount_or_currency_is_refused(amount: str, currency: str) -> None:
    assert len(reasons(amount=amount, currency=currency)) == 1
