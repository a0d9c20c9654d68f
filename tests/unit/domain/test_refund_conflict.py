"""A provider that calls a dead refund refunded is believed by nobody and looked at by a person."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pagoefectivo.domain.decisions import Policy, RefundFacts, decide_refund
from pagoefectivo.domain.messages import RefundUpdate
from pagoefectivo.domain.states import FREED_REFUND, AnomalyKind, Proof, RefundState, RefundStatus


@pytest.mark.parametrize("state", sorted(FREED_REFUND))
def test_a_refund_that_ended_without_money_and_is_then_called_refunded_freezes_the_payment(state: RefundState) -> None:
    refund = RefundFacts(state, Decimal("40.00"), "PEN", provider_reference="REF-1")
    said = RefundUpdate(RefundStatus.SUCCEEDED, "SUCCESS", Proof.READ, provider_reference="REF-1")
    decision = decide_refund(refund, said, Policy())
    assert decision.moves == ()
    assert decision.anomalies == (AnomalyKind.STATUS_CONFLICT,)
