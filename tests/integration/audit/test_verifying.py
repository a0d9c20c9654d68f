"""Whoever rewrites history is named: every kind of tampering, by a superuser with the triggers switched off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pagoefectivo.models import AuditEntry, StateChange
from pagoefectivo.models.audit import SEALED
from pagoefectivo.selectors import audit as verifying
from tests.integration.audit.conftest import as_superuser, found

pytestmark = pytest.mark.django_db(transaction=True)


def test_G19_ordinary_operation_raises_no_alarm(shop_day: Any, seal: Callable[[], int]) -> None:
    rows = sum(table.rows.count() for table in SEALED.values())
    assert {table.name for table in SEALED.values() if not table.rows.exists()} == set()
    assert seal() == rows
    verdict = verifying.verify()
    assert (verdict.findings, verdict.rows, verdict.entries, verdict.unsealed) == ([], rows, 5, 0)
