"""`manage.py pagoefectivo verify-audit` speaks to a person, to a machine, and by its exit code."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import models

from pagoefectivo.models import AuditEntry
from pagoefectivo.services import audit
from tests.integration.audit.evidence import KINDS, flip, one_of_each

pytestmark = pytest.mark.django_db


def verified(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("pagoefectivo", "verify-audit", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def test_an_honest_history_ends_with_0_and_says_what_waits(history: dict[str, models.Model], clock: Any) -> None:
    one_of_each(clock.now(), 4)
    said, code = verified()
    assert code == 0
    assert f"{3 * KINDS} entries, {3 * KINDS} sealed rows checked: 0 problems." in said
    assert f"{KINDS} newest rows are not sealed yet, the oldest since 2026-11-23 21:00:00 UTC." in said


def test_G19_a_changed_row_ends_with_1_and_is_named(history: dict[str, models.Model]) -> None:
    row = history["statechange"]
    flip(row, "actor", 3)
    said, code = verified()
    assert code == 1
    assert f"statechange {row.pk} is not what was sealed." in said
    found = json.loads(verified("--json")[0])
    assert (found["ok"], found["problems"], found["rows"], found["unsealed"]) == (False, 1, 3 * KINDS, 0)
    assert [(each["problem"], each["table"], each["id"]) for each in found["findings"]] == [
        ("changed", "statechange", row.pk)
    ]


def test_a_shop_without_any_evidence_is_in_order(clock: Any) -> None:
    found = json.loads(verified("--json")[0])
    assert (found["ok"], found["entries"], found["rows"], found["unsealed_since"]) == (True, 0, 0, None)


def test_G19_a_head_kept_outside_is_asked_for_later(history: dict[str, models.Model], clock: Any) -> None:
    said, code = verified("--export-head")
    newest = AuditEntry.objects.latest("position")
    assert (said, code) == (f"{newest.position} {newest.hash}\n", 0)
    assert json.loads(verified("--export-head", "--json")[0]) == {"position": 3 * KINDS, "hash": newest.hash}
    one_of_each(clock.now(), 4)
    clock.advance(minutes=2)
    assert audit.seal_when_due() == KINDS
    assert verified("--expect-head", newest.hash)[1] == 0
    said, code = verified("--expect-head", "f" * 64)
    assert code == 1
    assert "The expected head is not in the chain" in said


def test_every_problem_has_its_sentence() -> None:
    from pagoefectivo.management.verbs.verify_audit import _SENTENCES
    from pagoefectivo.selectors.audit import Problem

    assert set(_SENTENCES) == set(Problem)
