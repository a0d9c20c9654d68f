"""What a Django storefront calls. Keyword-only; raises this app's exceptions, never a provider's own.

Call it outside transactions: each function commits what it promises before it speaks to the provider, and raises
RuntimeError inside an open `atomic` block.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from pagoefectivo.domain.languages import DEFAULT as DEFAULT_LANGUAGE
from pagoefectivo.domain.messages import Destination, Payer
from pagoefectivo.domain.money import parse_amount, parse_currency
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Order, Refund
from pagoefectivo.selectors.accounts import AccountFacts, account_facts
from pagoefectivo.services import buyer_messages, orders, refunds, vouchers
from pagoefectivo.services.actors import SHOP, Actor

__all__ = [
    "AccountFacts",
    "Destination",
    "Payer",
    "account_facts",
    "cancel_order",
    "extend_voucher",
    "get_order",
    "give_up_voucher",
    "open_order",
    "record_bounce",
    "refresh_order",
    "reissue_voucher",
    "request_refund",
]


def open_order(
    *,
    reference: str,
    amount: Decimal | str,
    currency: str,
    payer: Payer,
    account: str | None = None,
    expires_in: timedelta | None = None,
    description: str = "",
    metadata: dict[str, Any] | None = None,
    language: str = DEFAULT_LANGUAGE,
) -> Order:
    """Open an order of `amount` (two decimals) and issue its payment code; redirect to `order.page_url`.

    `language` is that of the messages to the buyer: `es`, `en` or `zh`, also written like `es-pe` and `zh-hans`.

    The same reference and money again return the same order. Raises RuleRefused with every reason, StateConflict when
    the reference exists with other money. A provider that does not answer raises nothing: the voucher goes on by itself.
    """
    request = orders.OrderRequest(
        reference=reference,
        amount=parse_amount(amount),
        currency=parse_currency(currency),
        payer=payer,
        account=account,
        expires_in=expires_in,
        description=description,
        metadata=metadata or {},
        language=language,
    )
    return orders.open_order(request, actor=SHOP, source=Source.API)


def get_order(*, reference: str) -> Order:
    """Return an order with its vouchers and refunds; raises NotFound."""
    return orders.order_named(reference, actor=SHOP)


def reissue_voucher(*, reference: str) -> Order:
    """Issue a new code for an unpaid order; see `services.orders.reissue_voucher`."""
    return orders.reissue_voucher(reference, actor=SHOP, source=Source.API)


def cancel_order(*, reference: str) -> Order:
    """Withdraw an unpaid order; see `services.orders.cancel_order`."""
    return orders.cancel_order(reference, actor=SHOP, source=Source.API)


def extend_voucher(*, reference: str, expires_in: timedelta) -> Order:
    """Move the deadline of an unpaid code to `expires_in` from now; see `services.vouchers.extend`."""
    return vouchers.extend(reference, expires_in=expires_in, actor=SHOP, source=Source.API)


def give_up_voucher(*, reference: str) -> Order:
    """Stop waiting for a code that nobody can find any more; see `services.vouchers.give_up`."""
    return vouchers.give_up(reference, actor=SHOP, source=Source.API)


def refresh_order(*, reference: str) -> Order:
    """Ask the provider now; raises the ProviderError when it does not answer."""
    return orders.refresh_order(reference, actor=SHOP, source=Source.API)


def request_refund(
    *,
    reference: str,
    amount: Decimal | str,
    reason: str,
    actor: Actor,
    destination: Destination | None = None,
    note: str = "",
) -> Refund:
    """Ask for `amount` (two decimals) to be given back; see `services.refunds.request`.

    `actor` is who answers for it, for example `pagoefectivo.services.actors.staff(request.user)`.
    """
    return refunds.request(
        reference,
        amount=parse_amount(amount),
        reason=reason,
        actor=actor,
        source=Source.API,
        note=note,
        destination=destination,
    )


def record_bounce(*, message_id: str, reason: str = "") -> bool:
    """Note that a mail to a buyer came back; call it where your mail provider tells you so.

    `message_id` is the mail's Message-ID, or its part before the `@`. False for a mail that is not one of ours.
    """
    public_id = message_id.strip().removeprefix("<").partition("@")[0]
    return buyer_messages.record_bounce(public_id, reason=reason)
