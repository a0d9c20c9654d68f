"""Damaged settlement files against the real database: imported whole or not at all."""

from __future__ import annotations

import pytest

from tests.fuzz import imports

pytestmark = pytest.mark.django_db(transaction=True)
INPUTS = 150


def test_D10_a_damaged_file_is_imported_whole_or_leaves_nothing() -> None:
    figures = imports.run(1, INPUTS)
    assert figures.failures == []
    assert figures.answers.keys() == {"refused at the door", "refused", "imported"}
    assert min(figures.answers.values()) > 10
