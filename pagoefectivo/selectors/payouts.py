"""What the payout desk looks at: which refunds are ready, what each file holds, what an account needs to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.money import SYMBOLS, ZERO
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import Payout, Refund
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.payouts import MOST_TRANSFERS, ready


@dataclass(frozen=True, slots=True)
class Batch:
    """What one payout file would hold now."""

    account: str
    currency: str
    refunds: tuple[Refund, ...]

    @property
    def total(self) -> Decimal:
        return sum((refund.amount for refund in self.refunds), ZERO)


def batches() -> list[Batch]:
    """Return one batch per account and currency that has something to pay out, each at most as long as a file."""
    return list(_batches())


def _batches() -> Iterator[Batch]:
    for account in conf.current().accounts:
        if not is_by_hand(account):
            continue
        for currency in SYMBOLS:
            waiting = ready(account, currency).select_related("order", "destination")[:MOST_TRANSFERS]
            if refunds := tuple(refund for refund in waiting if refund.is_approved):
                yield Batch(account, currency, refunds)


def with_open(payouts: QuerySet[Payout]) -> QuerySet[Any]:
    """Return payout files with `open`: how many of their transfers the bank has not answered yet."""
    return payouts.annotate(open=Count("refunds", filter=Q(refunds__state=RefundState.PENDING)))


def open_files() -> list[tuple[Payout, int]]:
    """Return the files that the bank has not answered whole, oldest first, each with how many transfers are open."""
    files = with_open(Payout.objects.defer("content")).filter(open__gt=0).order_by("pk")
    return [(payout, payout.open) for payout in files]


def is_by_hand(account: str) -> bool:
    """Whether refunds of this account are paid out by people; false for one that left the settings."""
    try:
        return account_named(account).refunds_by_hand
    except RuleRefused:
        return False


def destination_fields(account: str) -> frozenset[str]:
    """The bank details that the shop must collect for a refund of this account; empty where others do."""
    try:
        return account_named(account).destination_fields
    except RuleRefused:
        return frozenset()
