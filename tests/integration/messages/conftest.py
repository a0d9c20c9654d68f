"""What the stories about messages share: the rows of an order, and the mails that left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from pagoefectivo.models import BuyerMessage
from tests.integration.conftest import World


@pytest.fixture
def noon(psp: Any, world: World) -> World:
    """It is noon in Lima, so that no story depends on the hour at which it is told; codes are valid for two days."""
    psp.configure(expires_in_seconds=48 * 3600.0)
    now = timezone.now()
    at_noon = datetime(now.year, now.month, now.day, 17, tzinfo=UTC)
    world.advance(seconds=(at_noon - now) % timedelta(days=1) / timedelta(seconds=1))
    return world


@pytest.fixture
def mails() -> Callable[[], list[Any]]:
    """The mails that left since it was last asked."""
    seen = 0

    def new() -> list[Any]:
        nonlocal seen
        fresh = mail.outbox[seen:]
        seen = len(mail.outbox)
        return fresh

    return new


def rows(reference: str = "A-1042", **more: Any) -> dict[str, str]:
    """The messages of one order: kind and outcome, in the order in which they were written."""
    found = BuyerMessage.objects.filter(order__reference=reference, **more).order_by("pk")
    return {f"{each.kind}{'+' * each.repeat}": each.outcome for each in found}
