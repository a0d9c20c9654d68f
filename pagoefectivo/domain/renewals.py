"""Whether a buyer may have a new code on the page. The shop's own people are not asked this."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pagoefectivo.domain.states import OrderState, VoucherState

MOST_CODES = 5
DEAD = frozenset({VoucherState.FAILED, VoucherState.EXPIRED, VoucherState.CANCELED})


class NewCodes(StrEnum):
    """What a shop lets its buyers do: renew while the order was not released, whenever nothing was paid, or never."""

    UNRELEASED = "unreleased"
    ALWAYS = "always"
    NEVER = "never"


class Renewal(StrEnum):
    """The answer, and why not."""

    OFFERED = "offered"
    ALIVE = "alive"
    RELEASED = "released"
    TOO_MANY = "too_many"
    REFUSED = "refused"


def renewal(
    order: OrderState,
    newest: VoucherState,
    *,
    is_withdrawn: bool,
    expires_at: datetime | None,
    codes: int,
    now: datetime,
    policy: NewCodes,
) -> Renewal:
    """Return whether the newest of `codes` codes of an order may be replaced: dead by state, or issued and past its deadline.

    An order that expired was released: its goods may be sold to somebody else.
    """
    is_over = newest is VoucherState.ISSUED and expires_at is not None and expires_at <= now
    if newest not in DEAD and not is_over:
        return Renewal.ALIVE
    if policy is NewCodes.NEVER or is_withdrawn or order not in {OrderState.AWAITING_PAYMENT, OrderState.EXPIRED}:
        return Renewal.REFUSED
    if order is OrderState.EXPIRED and policy is not NewCodes.ALWAYS:
        return Renewal.RELEASED
    return Renewal.TOO_MANY if codes >= MOST_CODES else Renewal.OFFERED
