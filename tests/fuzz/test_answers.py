"""Thousands of answers that a provider should not give: each becomes one of the declared outcomes, and none is guessed."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotSent, ProviderFault, Refused
from pagoefectivo.domain.messages import Absent, PaymentUpdate
from pagoefectivo.domain.states import PaymentStatus
from pagoefectivo.providers.base import Operation
from tests.fuzz import answering
from tests.fuzz.judging import objections
from tests.fuzz.replies import Exchange

INPUTS = 1200
MOST_KIB = 32 * 1024
PENDING = b'{"id": "D-4-00000000-0000-4000-8000-000000000001", "status": "PENDING", "amount": 1.5, "currency": "PEN"}'


def test_C06_B05_B06_every_answer_becomes_a_declared_outcome_and_none_is_guessed() -> None:
    figures = answering.run(1, INPUTS)
    assert figures.failures == []
    outcomes = {"Absent", "Ambiguous", "Held", "NotSent", "PaymentUpdate", "RefundUpdate", "Refused"}
    assert figures.answers.keys() == outcomes
    assert min(figures.answers.values()) > 10
    assert len(figures.kinds) == 13
    assert figures.grown_kib < MOST_KIB


def asked(operation: Operation, status: int, body: bytes) -> Exchange:
    return Exchange("by hand", operation, status, body, (("Content-Type", "application/json"),))


def blame(made: Exchange, **lie: Any) -> list[str]:
    """What the judge says of a true outcome with one fact replaced."""
    outcome, evidence = answering.outcome_of(made)
    assert isinstance(outcome, PaymentUpdate)
    assert objections(made, outcome, evidence) == []
    return objections(made, dataclasses.replace(outcome, **lie), evidence)


@pytest.mark.parametrize(
    "lie",
    [
        {"status": PaymentStatus.PAID},
        {"amount": Decimal("1.51")},
        {"amount": None},
        {"amount": Decimal("1.5")},
        {"currency": "USD"},
        {"code": "123"},
        {"provider_reference": "D-5"},
    ],
)
def test_the_judge_notices_a_guess(lie: dict[str, Any]) -> None:
    assert blame(asked(Operation.FETCH_PAYMENT, 200, PENDING), **lie)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, PENDING), (500, b'{"code": 7000}'), (400, b"<html>"), (409, b'{"code": 5011}'), (404, b"{}")],
)
def test_the_judge_notices_an_end_that_nobody_announced(status: int, body: bytes) -> None:
    made = asked(Operation.REQUEST_REFUND, status, body)
    _, evidence = answering.outcome_of(made)
    fault = ProviderFault(ErrorCode.REFUND_REJECTED, operation=made.operation)
    for wrong in (Refused(fault), NotSent(fault), Absent(proves_never=True), None):
        assert objections(made, wrong, evidence)
