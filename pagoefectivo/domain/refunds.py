"""Whether money may be given back, and if not, every reason why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason
from pagoefectivo.domain.money import ZERO, format_money
from pagoefectivo.domain.states import VoucherState


@dataclass(frozen=True, slots=True)
class RefundRules:
    """What the provider and the account allow."""

    possible: bool
    partial: bool
    multiple: bool
    needs_settled: bool
    window: timedelta


@dataclass(frozen=True, slots=True)
class PaidVoucher:
    """One voucher with its money, reserved and refunded sums recomputed under its lock."""

    state: VoucherState
    currency: str
    paid_amount: Decimal
    reserved_amount: Decimal
    paid_at: datetime | None
    settled_at: datetime | None
    frozen: bool

    @property
    def remaining(self) -> Decimal:
        """What may still be asked for; never below zero, even if the provider refunded too much."""
        return max(self.paid_amount - self.reserved_amount, ZERO)


def eligibility(
    voucher: PaidVoucher, amount: Decimal, currency: str, rules: RefundRules, now: datetime
) -> tuple[Reason, ...]:
    """Return every reason against refunding `amount`; empty means that it may be asked for."""
    return tuple(_objections(voucher, amount, currency, rules, now))


def closed_reasons(voucher: PaidVoucher, rules: RefundRules, now: datetime) -> tuple[Reason, ...]:
    """Return every reason why not even one cent may be refunded."""
    return tuple(_closed(voucher, rules, now))


def _closed(voucher: PaidVoucher, rules: RefundRules, now: datetime) -> Iterator[Reason]:
    if not rules.possible:
        yield Reason(ErrorCode.REFUND_UNSUPPORTED)
    if voucher.state is not VoucherState.PAID or voucher.paid_amount <= ZERO:
        yield Reason(ErrorCode.REFUND_NOT_PAID)
        return
    if voucher.frozen:
        yield Reason(ErrorCode.REFUND_FROZEN)
    if rules.needs_settled and voucher.settled_at is None:
        yield Reason(ErrorCode.REFUND_NOT_SETTLED)
    if voucher.paid_at and now > voucher.paid_at + rules.window:
        yield Reason(ErrorCode.REFUND_WINDOW_CLOSED, values={"date": f"{voucher.paid_at + rules.window:%d/%m/%Y}"})
    if voucher.remaining <= ZERO or (voucher.reserved_amount > ZERO and not rules.multiple):
        yield Reason(ErrorCode.REFUND_AMOUNT_EXCEEDED, values={"remaining": format_money(ZERO, voucher.currency)})


def _objections(
    voucher: PaidVoucher, amount: Decimal, currency: str, rules: RefundRules, now: datetime
) -> Iterator[Reason]:
    closed = closed_reasons(voucher, rules, now)
    yield from closed
    remaining = format_money(voucher.remaining, voucher.currency)
    if amount <= ZERO:
        yield Reason(ErrorCode.REQUEST_AMOUNT_INVALID, field="amount")
    if currency != voucher.currency:
        yield Reason(ErrorCode.CREATE_CURRENCY_UNSUPPORTED, field="currency")
    if voucher.state is not VoucherState.PAID or closed:
        return
    if amount > voucher.remaining:
        yield Reason(ErrorCode.REFUND_AMOUNT_EXCEEDED, field="amount", values={"remaining": remaining})
    elif amount != voucher.paid_amount and not rules.partial:
        yield Reason(ErrorCode.REFUND_PARTIAL_UNSUPPORTED, field="amount", values={"remaining": remaining})
