"""When money should arrive: at the buyer, once a refund was accepted; at the shop, once a code was paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pagoefectivo import conf
from pagoefectivo.domain.business_days import BusinessDays, Expected, expected
from pagoefectivo.domain.cycles import Cycle
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import Refund, Voucher
from pagoefectivo.providers.base import Capabilities
from pagoefectivo.selectors import calendar
from pagoefectivo.services.accounts import account_named

# Between banks a transfer arrives on its business day or on the next, by their clearing house (2014); the third is for
# whoever takes the file to the bank. What an account says by `refund_takes` goes first.
TRANSFER_TAKES = BusinessDays(1, 3)


def expected_refund_dates(refund: Refund) -> Expected | None:
    """Return between which days a refund that is on its way should reach the buyer; None where nobody says, or it is not.

    Counted from when the provider accepted it, or the bank was handed its payout file. No query of its own beyond the
    calendar's.
    """
    if refund.state != RefundState.PENDING:
        return None
    return promised_refund_dates(refund, refund.changed_at)


def promised_refund_dates(refund: Refund, since: datetime) -> Expected | None:
    """Return between which days a refund that was accepted at `since` should reach the buyer; None where nobody says."""
    return _dates(since, _refund_takes(refund))


class CountedFrom(StrEnum):
    """What the days of a refund are counted from."""

    ACCEPTED = "accepted"
    DETAILS = "details"
    BANK = "bank"


@dataclass(frozen=True, slots=True)
class Arrival:
    """How long a refund takes to reach the buyer once it `counted_from`; nobody says where `takes` is None.

    `writer` is the provider where it writes to the buyer itself, to ask for the account; else empty.
    """

    takes: BusinessDays | None
    counted_from: CountedFrom
    writer: str


def arrival_of(account: str, *, has_account: bool) -> Arrival | None:
    """Return what is known of a refund's arrival before there are days to expect; None for an account that is gone."""
    try:
        known = account_named(account)
    except RuleRefused:
        return None
    able = known.capabilities
    if known.refunds_by_hand:
        return Arrival(able.refund_takes or TRANSFER_TAKES, CountedFrom.BANK, "")
    from_details = able.refund_counts_from_details and not has_account
    asks = able.payer_data_by_provider and not (has_account or able.refunds_to_own_account)
    return Arrival(
        able.refund_takes,
        CountedFrom.DETAILS if from_details else CountedFrom.ACCEPTED,
        known.provider.name if asks else "",
    )


def expected_settlement_dates(voucher: Voucher) -> Expected | None:
    """Return between which days the money of a paid code should reach the shop; None where nobody says, or it is there."""
    if voucher.paid_at is None or voucher.settled_at is not None:
        return None
    cycle = _cycle(voucher.account)
    if cycle is None:
        return None
    return cycle.expected(voucher.paid_at, conf.current().bank_cut_off, calendar.is_closed)


def _refund_takes(refund: Refund) -> BusinessDays | None:
    able = _capabilities(refund.account)
    if refund.payout_id is not None:
        return (able and able.refund_takes) or TRANSFER_TAKES
    if able is None or (able.refund_counts_from_details and refund.destination_id is None):
        return None
    return able.refund_takes


def _cycle(account: str) -> Cycle | None:
    try:
        return account_named(account).settlement_cycle
    except RuleRefused:
        return None


def _capabilities(account: str) -> Capabilities | None:
    try:
        return account_named(account).capabilities
    except RuleRefused:
        return None


def _dates(since: datetime, takes: BusinessDays | None) -> Expected | None:
    if takes is None:
        return None
    return expected(since, takes, cut_off=conf.current().bank_cut_off, is_closed=calendar.is_closed)
