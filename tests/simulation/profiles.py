"""Kinds of PSP. What one declares is true of its model; what it leaves out the app must live with.

Eight are made up, so that each ability meets each lack of another; four declare what the real providers declare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pagoefectivo.providers.base import Capabilities, Provider, RefundMode
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.providers.ebanx import Ebanx
from pagoefectivo.providers.mercadopago import MercadoPago
from pagoefectivo.providers.pagoefectivo_direct import PagoEfectivoDirect

MINUTE = 60.0
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of PSP; durations in seconds."""

    name: str
    key_life: float = 24 * HOUR  # 0: it knows no idempotency keys
    looks_up: bool = True
    unique_reference: bool = False  # a second payment or refund under our reference is refused
    absent_proves: bool = False
    caps_refunds: bool = True
    covers_body: bool = True
    points: bool = False  # its notifications only say "ask about this one"
    lists_refunds: bool = True
    cancels: bool = False
    longest_lag: float = 0.0
    latest: float = 30.0  # the latest execution after we gave up
    in_flight: float = 120.0
    needs_query: bool = True
    declared: Capabilities | None = None  # a real provider's
    unique_payment: bool = False  # a second payment under our reference is refused
    names_refunds: bool = True  # its documents bear our reference of a refund
    late_money_is_payers: bool = False
    is_dated: bool = True  # its signatures bear a date that they cover
    tells: frozenset[str] = frozenset()  # the only statuses of payments that it tells; empty: all, and refunds too
    own_deadline: float = 0.0  # 0: it takes the merchant's

    @property
    def capabilities(self) -> Capabilities:
        """What the app is told."""
        return self.declared or Capabilities(
            refund_mode=RefundMode.ASYNC,
            partial_refunds=True,
            multiple_refunds=True,
            refund_window=timedelta(days=180),
            refund_needs_settled=False,
            refund_needs_balance=False,
            payer_data_by_provider=True,
            absent_payment_proves_never=self.absent_proves,
            absent_refund_proves_never=self.absent_proves,
            idempotency_life=timedelta(seconds=self.key_life),
            longest_in_flight=timedelta(seconds=self.in_flight),
            cancel_voucher=self.cancels,
            sets_expiry=True,
            shortest_expiry=timedelta(hours=1),
            longest_expiry=timedelta(hours=72),
            limits={"PEN": (Decimal("2.00"), Decimal("3724.00"))},
            required_payer_fields=frozenset({"email"}),
            webhook_covers_body=self.covers_body,
            refunds_bear_reference=self.names_refunds,
        )


_ALL = (
    Profile("strict", unique_reference=True, absent_proves=True, longest_lag=20, cancels=True),
    Profile("keyless", key_life=0, absent_proves=True, caps_refunds=False, longest_lag=40, latest=500, in_flight=600),
    Profile("short_key", key_life=1 * HOUR, caps_refunds=False, longest_lag=90, latest=90),
    Profile("pointer", points=True, covers_body=False, lists_refunds=False, key_life=720 * HOUR),
    Profile("lax", caps_refunds=False, longest_lag=90, latest=240, in_flight=300, covers_body=False, cancels=True),
    Profile("trusting", needs_query=False, cancels=True, latest=90),
    Profile("no_lookup", looks_up=False, caps_refunds=False, latest=150, in_flight=180),
    Profile("blind", key_life=0, looks_up=False, caps_refunds=False, latest=150, in_flight=180),
)
INVENTED = {profile.name: profile for profile in _ALL}


def _real(provider: type[Provider], **behaviour: Any) -> Profile:
    """A real provider's declaration, but for deadlines that fit into a history of twelve hours."""
    able = replace(provider.capabilities, shortest_expiry=timedelta(hours=1))
    told: dict[str, Any] = {
        "key_life": able.idempotency_life.total_seconds(),
        "covers_body": able.webhook_covers_body,
        "points": able.webhook_points,
        "cancels": able.cancel_voucher,
        "latest": able.longest_in_flight.total_seconds() - 10,
        "in_flight": able.longest_in_flight.total_seconds(),
    }
    return Profile(provider.slug, declared=able, **(told | behaviour))


_DECLARED = (
    _real(DLocal, unique_payment=True, own_deadline=6 * HOUR, longest_lag=20),
    _real(Ebanx, unique_payment=True, is_dated=False, longest_lag=20),
    _real(MercadoPago, key_life=24 * HOUR, names_refunds=False, late_money_is_payers=True, longest_lag=20),
    _real(PagoEfectivoDirect, looks_up=False, lists_refunds=False, is_dated=False, tells=frozenset({"PAID"})),
)
REAL = {profile.name: profile for profile in _DECLARED}
PROFILES = INVENTED | REAL
FIRST_REAL = 100_000  # from this seed on a history is of a real provider's kind; those below keep their stories
FIRST_DROWSY = 200_000  # and from this one on of an invented kind again, with workers that are held up all the time
