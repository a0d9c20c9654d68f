"""Odd answers carried into the database and onto every page that shows what came of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fuzz import keeping
from tests.fuzz.stage import SHOP

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _open(settings: Any) -> Iterator[None]:
    settings.PAGOEFECTIVO = SHOP
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_C06_what_odd_answers_leave_behind_can_be_worked_on_and_shown() -> None:
    figures = keeping.run(1, 60, looks=1)
    assert figures.failures == []
    assert figures.answers.keys() <= {"200", "404"}
    assert figures.notes["pages looked at"] > 20
    assert figures.notes["became paid"] > 0
