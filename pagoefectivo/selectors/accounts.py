"""What a shop may tell its buyers about each of its accounts before they choose one."""

from __future__ import annotations

from dataclasses import dataclass

from pagoefectivo import conf
from pagoefectivo.providers.base import RefundMode
from pagoefectivo.services.accounts import account_named


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account: the company behind it, how money comes back there, and what it must know of the payer.

    `required_payer_fields` are names of Payer's parts: email, name, phone, document.
    """

    name: str
    company: str
    refund_mode: RefundMode
    partial_refunds: bool
    required_payer_fields: frozenset[str]


def account_facts() -> tuple[AccountFacts, ...]:
    """Return the accounts of the settings in their order; the first is the one that an order without a name goes to."""
    return tuple(_facts(name) for name in conf.current().accounts)


def _facts(name: str) -> AccountFacts:
    account = account_named(name)
    return AccountFacts(
        name=name,
        company=account.provider.name,
        refund_mode=account.capabilities.refund_mode,
        partial_refunds=account.capabilities.partial_refunds,
        required_payer_fields=account.capabilities.required_payer_fields,
    )
