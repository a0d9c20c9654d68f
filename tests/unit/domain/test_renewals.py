"""Who may have a new code on the page: one for each dead code, while the shop still keeps the goods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pagoefectivo.domain.renewals import MOST_CODES, NewCodes, Renewal, renewal
from pagoefectivo.domain.states import OrderState, VoucherState

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PAST, AHEAD = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("order", "newest", "expires_at", "policy", "expected"),
    [
        (OrderState.AWAITING_PAYMENT, VoucherState.ISSUED, AHEAD, NewCodes.ALWAYS, Renewal.ALIVE),
        (OrderState.AWAITING_PAYMENT, VoucherState.ISSUED, None, NewCodes.ALWAYS, Renewal.ALIVE),
        (OrderState.AWAITING_PAYMENT, VoucherState.CONFIRMING, PAST, NewCodes.ALWAYS, Renewal.ALIVE),
        (OrderState.AWAITING_PAYMENT, VoucherState.UNKNOWN, PAST, NewCodes.ALWAYS, Renewal.ALIVE),
        (OrderState.PAID, VoucherState.PAID, PAST, NewCodes.ALWAYS, Renewal.ALIVE),
        (OrderState.AWAITING_PAYMENT, VoucherState.ISSUED, PAST, NewCodes.UNRELEASED, Renewal.OFFERED),
        (OrderState.AWAITING_PAYMENT, VoucherState.ISSUED, NOW, NewCodes.UNRELEASED, Renewal.OFFERED),
        (OrderState.AWAITING_PAYMENT, VoucherState.FAILED, None, NewCodes.UNRELEASED, Renewal.OFFERED),
        (OrderState.AWAITING_PAYMENT, VoucherState.FAILED, None, NewCodes.NEVER, Renewal.REFUSED),
        (OrderState.EXPIRED, VoucherState.EXPIRED, PAST, NewCodes.UNRELEASED, Renewal.RELEASED),
        (OrderState.EXPIRED, VoucherState.EXPIRED, PAST, NewCodes.ALWAYS, Renewal.OFFERED),
        (OrderState.EXPIRED, VoucherState.EXPIRED, PAST, NewCodes.NEVER, Renewal.REFUSED),
        (OrderState.CANCELED, VoucherState.CANCELED, PAST, NewCodes.ALWAYS, Renewal.REFUSED),
        (OrderState.IN_REVIEW, VoucherState.EXPIRED, PAST, NewCodes.ALWAYS, Renewal.REFUSED),
        (OrderState.PAID, VoucherState.EXPIRED, PAST, NewCodes.ALWAYS, Renewal.REFUSED),
    ],
)
def test_the_answer_follows_from_state_time_and_the_shops_choice(
    order: OrderState, newest: VoucherState, expires_at: datetime | None, policy: NewCodes, expected: Renewal
) -> None:
    asked = {"expires_at": expires_at, "codes": 1, "now": NOW, "policy": policy}
    assert renewal(order, newest, is_withdrawn=False, **asked) is expected  # type: ignore[arg-type]
    if expected is Renewal.OFFERED:
        assert renewal(order, newest, is_withdrawn=True, **asked) is Renewal.REFUSED  # type: ignore[arg-type]


@pytest.mark.parametrize(("codes", "expected"), [(MOST_CODES - 1, Renewal.OFFERED), (MOST_CODES, Renewal.TOO_MANY)])
def test_an_order_has_only_so_many_codes(codes: int, expected: Renewal) -> None:
    answer = renewal(
        OrderState.AWAITING_PAYMENT,
        VoucherState.FAILED,
        is_withdrawn=False,
        expires_at=None,
        codes=codes,
        now=NOW,
        policy=NewCodes.ALWAYS,
    )
    assert answer is expected
