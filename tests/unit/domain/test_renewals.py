"""Who may have a new code on the page: one for each dead code, while the shop still keeps the goods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pagoefectivo.domain.renewals import MOST_CODES, NewCodes, Renewal, renewal
from pagoefectivo.domain.states import OrderState, VoucherState

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PAST, AHEAD = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
W, V, R = OrderState, VoucherState, Renewal


@pytest.mark.parametrize(
    ("order", "newest", "expires_at", "policy", "expected"),
    [
        (W.AWAITING_PAYMENT, V.ISSUED, AHEAD, NewCodes.ALWAYS, R.ALIVE),
        (W.AWAITING_PAYMENT, V.ISSUED, None, NewCodes.ALWAYS, R.ALIVE),
        (W.AWAITING_PAYMENT, V.CONFIRMING, PAST, NewCodes.ALWAYS, R.ALIVE),
        (W.AWAITING_PAYMENT, V.UNKNOWN, PAST, NewCodes.ALWAYS, R.ALIVE),
        (W.PAID, V.PAID, PAST, NewCodes.ALWAYS, R.ALIVE),
        (W.AWAITING_PAYMENT, V.ISSUED, PAST, NewCodes.UNRELEASED, R.OFFERED),
        (W.AWAITING_PAYMENT, V.ISSUED, NOW, NewCodes.UNRELEASED, R.OFFERED),
        (W.AWAITING_PAYMENT, V.FAILED, None, NewCodes.UNRELEASED, R.OFFERED),
        (W.AWAITING_PAYMENT, V.FAILED, None, NewCodes.NEVER, R.REFUSED),
        (W.EXPIRED, V.EXPIRED, PAST, NewCodes.UNRELEASED, R.RELEASED),
        (W.EXPIRED, V.EXPIRED, PAST, NewCodes.ALWAYS, R.OFFERED),
        (W.EXPIRED, V.EXPIRED, PAST, NewCodes.NEVER, R.REFUSED),
        (W.CANCELED, V.CANCELED, PAST, NewCodes.ALWAYS, R.REFUSED),
        (W.IN_REVIEW, V.EXPIRED, PAST, NewCodes.ALWAYS, R.REFUSED),
        (W.PAID, V.EXPIRED, PAST, NewCodes.ALWAYS, R.REFUSED),
    ],
)
def test_the_answer_follows_from_state_time_and_the_shops_choice(
    order: W, newest: V, expires_at: datetime | None, policy: NewCodes, expected: R
) -> None:
    asked = {"expires_at": expires_at, "codes": 1, "now": NOW, "policy": policy}
    assert renewal(order, newest, is_withdrawn=False, **asked) is expected  # type: ignore[arg-type]
    if expected is R.OFFERED:
        assert renewal(order, newest, is_withdrawn=True, **asked) is R.REFUSED  # type: ignore[arg-type]


@pytest.mark.parametrize(("codes", "expected"), [(MOST_CODES - 1, R.OFFERED), (MOST_CODES, R.TOO_MANY)])
def test_an_order_has_only_so_many_codes(codes: int, expected: R) -> None:
    answer = renewal(
        W.AWAITING_PAYMENT, V.FAILED, is_withdrawn=False, expires_at=None, codes=codes, now=NOW, policy=NewCodes.ALWAYS
    )
    assert answer is expected
