"""The acceptance stories play on the same stage as the integration tests."""

from __future__ import annotations

from tests.integration.conftest import (
    account,
    heard,
    listening,
    open_order,
    paid_order,
    provider,
    psp,
    sandbox,
    sweep,
    world,
)

__all__ = ["account", "heard", "listening", "open_order", "paid_order", "provider", "psp", "sandbox", "sweep", "world"]
