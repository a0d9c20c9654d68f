"""Accounts as they take effect: the settings' entry joined with what its provider declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from pagoefectivo import conf
from pagoefectivo.domain.bank_accounts import TRANSFER_FIELDS
from pagoefectivo.domain.cycles import Cycle
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused
from pagoefectivo.domain.limits import VoucherLimits
from pagoefectivo.domain.refunds import RefundRules
from pagoefectivo.domain.states import UNSENT_REFUND
from pagoefectivo.models import Refund
from pagoefectivo.providers.base import (
    Account,
    Capabilities,
    Gateway,
    Provider,
    Recorder,
    RefundMode,
    SettlementReader,
    WebhookReader,
    Wire,
)
from pagoefectivo.providers.registry import provider_named
from pagoefectivo.services import seams
from pagoefectivo.services.environments import refuse_mixture
from pagoefectivo.services.overrides import capabilities_of, expiry_of, options_of


@dataclass(frozen=True, slots=True)
class EffectiveAccount:
    """One account with its provider."""

    config: conf.AccountConfig
    provider: type[Provider]
    account: Account
    capabilities: Capabilities

    def gateway(self, recorder: Recorder) -> Gateway:
        """Return an object that talks to the PSP and keeps its evidence with `recorder`."""
        return self.provider.gateway(self.account, recorder, wire())

    def webhook_reader(self) -> WebhookReader:
        """Return an object that verifies and reads the PSP's notifications."""
        return self.provider.webhook_reader(self.account)

    @property
    def voucher_limits(self) -> VoucherLimits:
        """The shop's own limits where it set them, else the provider's; of times to pay, those that suit both."""
        shortest, longest = expiry_of(self.config, self.capabilities)
        return VoucherLimits(
            amounts=self.config.limits or self.capabilities.limits,
            shortest_expiry=shortest,
            longest_expiry=longest,
            required_payer_fields=self.capabilities.required_payer_fields,
        )

    @property
    def refund_rules(self) -> RefundRules:
        """What the provider can, tightened by REFUND_REQUIRES."""
        declared = self.capabilities
        required = self.config.refund_requires
        return RefundRules(
            possible=declared.refund_mode is not RefundMode.NONE,
            partial=declared.partial_refunds,
            multiple=declared.multiple_refunds,
            needs_settled=declared.refund_needs_settled if required is None else required == "settled",
            window=declared.refund_window,
        )

    @property
    def settlement_cycle(self) -> Cycle | None:
        """In which rhythm paid money comes: by SETTLES, else by what the provider is able to; None where nobody says."""
        takes = self.capabilities.settles_in
        return self.config.settles or (None if takes is None else Cycle(takes))

    @property
    def settlement_readers(self) -> tuple[SettlementReader, ...]:
        """Whoever reads the settlement files of this account."""
        return self.provider.settlement_readers_of(self.account.options)

    @property
    def refunds_by_hand(self) -> bool:
        """Whether people pay refunds out by bank transfer, because the provider has no API for it."""
        return self.capabilities.refund_mode is RefundMode.MANUAL

    @property
    def destination_fields(self) -> frozenset[str]:
        """The parts of a destination that the shop must have before a refund can leave."""
        return self.capabilities.destination_fields | (TRANSFER_FIELDS if self.refunds_by_hand else frozenset())


def wire(new_id: Callable[[], str] = seams.new_id) -> Wire:
    """Return what a gateway may use of the world outside."""
    return Wire(seams.session(), seams.now, new_id, seams.tokens())


def account_named(name: str | None) -> EffectiveAccount:
    """Return one account; None is the first of the settings. Raises RuleRefused(ACCOUNT_UNKNOWN)."""
    accounts = conf.current().accounts
    chosen = name if name is not None else next(iter(accounts), "")
    if chosen not in accounts:
        raise RuleRefused(Reason(ErrorCode.ACCOUNT_UNKNOWN, field="account"))
    return _effective(accounts[chosen])


def is_by_hand(refund: Refund) -> bool:
    """Whether no provider is ever asked about this refund: people pay it out, or are about to."""
    unsent = refund.state in UNSENT_REFUND
    return refund.payout_id is not None or (unsent and account_named(refund.account).refunds_by_hand)


def payments_per_question(name: str) -> int:
    """Return how many payments one question to the account may ask about; 1 where there is no such account."""
    known = name in conf.current().accounts
    return max(account_named(name).capabilities.payments_per_question, 1) if known else 1


def _effective(config: conf.AccountConfig) -> EffectiveAccount:
    return _join(_Key(config))


class _Key:
    """Settings are dicts and so not hashable; the entry's identity is, and it lives as long as the settings."""

    __slots__ = ("config",)

    def __init__(self, config: conf.AccountConfig) -> None:
        self.config = config

    def __hash__(self) -> int:
        return id(self.config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.config is self.config


@lru_cache(maxsize=256)
def _join(key: _Key) -> EffectiveAccount:
    config = key.config
    provider = provider_named(config.provider)
    refuse_mixture(config, provider)
    timing = conf.current().timing
    account = Account(
        name=config.name,
        base_url=config.base_url or provider.hosts[config.environment],
        credentials=config.credentials,
        options=options_of(config, provider),
        connect_timeout=timing.connect.total_seconds(),
        read_timeout=timing.read.total_seconds(),
        stale_after=timing.stale,
    )
    return EffectiveAccount(config, provider, account, capabilities_of(config, provider))


def resend_bounds(account: EffectiveAccount) -> tuple[timedelta, timedelta]:
    """Return how long a first try may still be under way, and how long its key is remembered."""
    return account.capabilities.longest_in_flight, account.capabilities.idempotency_life
