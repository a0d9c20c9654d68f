"""The ids by which a provider's support finds what we speak of, under the names that its declaration gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pagoefectivo.domain.spreadsheets import Cell
from pagoefectivo.models import ApiExchange, Order, Refund, Voucher
from pagoefectivo.providers.base import Support
from pagoefectivo.services.accounts import EffectiveAccount

MOST_CALLS = 50  # the newest; support wants the ones that went wrong lately


@dataclass(frozen=True, slots=True)
class ProviderIds:
    """Payments, refunds and calls of some orders as the provider knows them. Nobody's name or code is in it.

    Except where a provider knows a payment by nothing but its code: then that is the id, and whoever issued it knows it.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("kind", "name", "value", "our_reference", "amount", "currency", "at")

    provider: str
    account: str
    environment: str
    support: Support
    merchant: str
    vouchers: Sequence[Voucher]
    refunds: Sequence[Refund]
    calls: Sequence[ApiExchange]

    def lines(self) -> Iterator[str]:
        """Yield each id as one line of a letter."""
        if self.merchant:
            yield f"{self.support.merchant}: {self.merchant}"
        for voucher in self.vouchers:
            if voucher.provider_reference:
                yield f"{self.support.payment}: {voucher.provider_reference}"
            yield f"{self.support.order}: {voucher.reference}"
        for refund in self.refunds:
            if refund.provider_reference:
                yield f"{self.support.refund}: {refund.provider_reference}"

    def as_rows(self) -> Iterator[Iterable[Cell]]:
        """Yield the rows of a table with COLUMNS."""
        if self.merchant:
            yield ("merchant", self.support.merchant, self.merchant, "", None, "", None)
        for voucher in self.vouchers:
            money: tuple[Cell, ...] = (voucher.paid_amount or voucher.amount, voucher.currency, voucher.paid_at)
            yield ("payment", self.support.payment, voucher.provider_reference, voucher.reference, *money)
            yield ("payment", self.support.order, voucher.reference, voucher.reference, *money)
        for refund in self.refunds:
            back: tuple[Cell, ...] = (refund.amount, refund.currency, refund.created_at)
            yield ("refund", self.support.refund, refund.provider_reference, refund.reference, *back)
        for call in self.calls:
            yield ("call", "request_id", call.request_id, call.operation, None, "", call.sent_at)
            for name, value in self._traces(call):
                yield ("call", name, value, call.operation, None, "", call.sent_at)

    def as_document(self) -> dict[str, Any]:
        """Return all of it for machines."""
        return {
            "provider": self.provider,
            "account": self.account,
            "environment": self.environment,
            "merchant": {self.support.merchant: self.merchant} if self.merchant else {},
            "payments": [
                {self.support.payment: each.provider_reference, self.support.order: each.reference}
                for each in self.vouchers
            ],
            "refunds": [
                {self.support.refund: each.provider_reference, "our_reference": each.reference} for each in self.refunds
            ],
            "calls": [
                {"request_id": each.request_id, "operation": each.operation, "http_status": each.http_status}
                | dict(self._traces(each))
                for each in self.calls
            ],
        }

    def _traces(self, call: ApiExchange) -> Iterator[tuple[str, str]]:
        """The headers by which the provider finds this call; of the answer where it has one, else of the question."""
        said = {**_lower(call.request_headers), **_lower(call.response_headers or {})}
        for name in self.support.trace_headers:
            if name in said:
                yield name, said[name]


def provider_ids(
    account: EffectiveAccount, orders: Sequence[Order], vouchers: Sequence[Voucher], refunds: Sequence[Refund]
) -> ProviderIds:
    """Return the ids of some orders of one account; one query, for the calls. Refunds of the shop's own bank have none."""
    support = account.provider.support
    unread = ("request_body", "response_body")
    newest = (
        ApiExchange.objects.filter(voucher__order__in=orders).defer(*unread).order_by("-sent_at", "-pk")[:MOST_CALLS]
    )
    return ProviderIds(
        provider=account.provider.name,
        account=account.config.name,
        environment=account.config.environment,
        support=support,
        merchant=str(account.config.credentials.get(support.merchant, "")) if support.merchant else "",
        vouchers=[voucher for voucher in vouchers if voucher.first_sent_at is not None],
        refunds=[refund for refund in refunds if refund.provider_reference and refund.payout_id is None],
        calls=list(newest),
    )


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
