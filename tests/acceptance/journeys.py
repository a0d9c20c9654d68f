"""Which providers can play a journey: asked of their declarations and of their faces, never listed by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pagoefectivo.providers.base import Capabilities, RefundMode
from pagoefectivo.providers.registry import provider_named
from pagoefectivo.sandbox.psps import faces

SLOW = frozenset({RefundMode.ASYNC, RefundMode.ASYNC_PAYER_INPUT})
DECLARED: dict[str, Callable[[Capabilities], bool]] = {
    "partial refunds": lambda able: able.partial_refunds,
    "refunds at once": lambda able: able.refund_mode is RefundMode.SYNC,
    "refunds by hand": lambda able: able.refund_mode is RefundMode.MANUAL,
    "keys": lambda able: able.idempotency_life > able.longest_in_flight,
    "sent again": lambda able: able.absent_payment_proves_never or able.idempotency_life > able.longest_in_flight,
    "statements": lambda able: able.webhook_covers_body and not able.webhook_points,
    "more time": lambda able: able.extend_voucher,
    "withdrawal": lambda able: able.cancel_voucher,
}
EVERYBODY = [face.name for face in faces()]


def declared(provider: str) -> Capabilities:
    """What a provider says of itself."""
    return provider_named(provider).capabilities


def able(*needs: str, lacking: str = "") -> list[str]:
    """The providers with every ability of `needs`, and without the one that is `lacking`; never none at all."""
    names = [
        face.name
        for face in faces()
        if all(_has(face, need) for need in needs) and not (lacking and _has(face, lacking))
    ]
    assert names, f"nobody plays {needs} without {lacking!r}"
    return names


def on(*needs: str, lacking: str = "") -> pytest.MarkDecorator:
    """Play a story on every provider that can do it; `lacking` marks the twin for those that cannot."""
    return pytest.mark.parametrize("provider", able(*needs, lacking=lacking))


def _has(face: Any, need: str) -> bool:
    return DECLARED[need](declared(face.name)) if need in DECLARED else need in face.abilities


def asked(psp: Any) -> dict[str, int]:
    """How often the PSP was asked for what; a token that a call needs is no step of a journey."""
    return {operation: times for operation, times in psp.call_counts().items() if operation != "authorize"}


def settle_all(psp: Any, outcome: str = "succeed") -> None:
    """Bring every refund that still waits at the PSP to its end."""
    for refund in psp.refunds():
        if refund["state"] == "pending":
            psp.settle_refund(refund["id"], outcome)
