"""Thousands of letters, most of them forged: nobody is believed who did not sign, and nothing falls over."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from pagoefectivo.views import webhooks
from tests.fuzz import letterbox
from tests.fuzz.stage import SHOP

pytestmark = pytest.mark.django_db(transaction=True)

INPUTS = 900
MOST_KIB = 32 * 1024


@pytest.fixture(autouse=True)
def _open(settings: Any) -> Iterator[None]:
    settings.PAGOEFECTIVO = SHOP
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    webhooks.banned.forget()


def test_A05_A10_A15_no_forgery_is_believed_and_no_letter_brings_the_door_down() -> None:
    figures = letterbox.run(1, INPUTS)
    assert figures.failures == []
    assert figures.notes["forged believed"] == 0
    assert "500" not in figures.answers
    assert {"200", "400", "401", "404", "405", "411", "413", "415", "429"} <= figures.answers.keys()
    assert figures.notes["stored"] > 60
    assert len(figures.kinds) == 32
    assert figures.grown_kib < MOST_KIB


def test_the_judge_would_notice_a_believed_forgery() -> None:
    run = letterbox.Run(seed=2, truth=lambda _: False)
    run.deliver(100)
    assert run.figures.notes["forged believed"] == run.figures.answers["200"] > 0
