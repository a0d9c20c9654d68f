"""A code whose deadline moves: asked for once, read back where no answer came, and never past what is allowed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import PagoEfectivoError, Refused, RuleRefused, StateConflict
from pagoefectivo.models import ErrorOccurrence, StateChange
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services.claiming import claim_row
from tests.integration.ledger import calls_of, everything, moves, oddities, only_order, only_voucher, outbox

pytestmark = pytest.mark.django_db(transaction=True)

DAY, TWO_DAYS = timedelta(hours=24), timedelta(hours=48)


@pytest.fixture
def provider() -> str:
    return "pagoefectivo_direct"


@pytest.fixture
def waiting(psp: Any, world: Any, open_order: Any) -> Any:
    """A code that can be paid for a day, of which ten hours are over."""
    open_order(expires_in=DAY)
    world.advance(hours=10)
    psp.clear_calls()
    return only_voucher()


def more(expires_in: timedelta = TWO_DAYS) -> Any:
    return shop.extend_voucher(reference="A-1042", expires_in=expires_in).current_voucher


def refused(psp: Any, kind: type[PagoEfectivoError], expires_in: timedelta = TWO_DAYS) -> ErrorCode:
    """Why there is no more time; nothing was sent, and not one row is different."""
    psp.clear_calls()
    before = everything()
    with pytest.raises(kind) as no:
        more(expires_in)
    assert (psp.call_counts(), everything()) == ({}, before)
    return no.value.code


def test_the_deadline_moves_and_the_code_stays(waiting: Any, psp: Any, world: Any, sweep: Any) -> None:
    moved = more()
    assert (moved.code, moved.state, moved.extend_wanted_until, moved.lease_until) == (
        waiting.code,
        "issued",
        None,
        None,
    )
    assert abs(moved.expires_at - world.now() - TWO_DAYS) < timedelta(seconds=5)
    assert (calls_of(psp, "get_payment"), calls_of(psp, "extend")) == (1, 1)
    asked = StateChange.objects.get(transition="prolong")
    assert (asked.actor, asked.source, asked.why) == ("shop", "api", f"until {moved.expires_at:%Y-%m-%dT%H:%M:%SZ}")
    assert [each.sentence for each in timeline_of(only_order()) if each.details.get("why") == asked.why]

    world.advance(hours=20)
    sweep()
    assert (only_voucher().state, only_order().state) == ("issued", "awaiting_payment"), "the old deadline is over"
    psp.pay(waiting.code)
    world.advance(seconds=2)
    sweep()
    assert (only_order().state, oddities(), outbox()) == ("paid", [], ["voucher_issued", "order_paid"])
    assert moves("voucher") == ["submit", "issue", "prolong", "pay"]


def test_an_answer_that_was_lost_is_read_back(waiting: Any, psp: Any, world: Any, sweep: Any) -> None:
    psp.fault("extend", "html", work=True)
    moving = more()
    assert (moving.expires_at, moving.is_being_extended(world.now())) == (waiting.expires_at, True)
    with pytest.raises(StateConflict):
        more(timedelta(hours=72))
    world.advance(seconds=2)
    sweep()
    moved = only_voucher()
    assert (moved.expires_at, moved.extend_wanted_until) == (moving.extend_wanted_until, None)
    assert calls_of(psp, "extend") == 1
    assert ErrorOccurrence.objects.get().operation == "extend_voucher"


def test_what_did_not_happen_is_asked_for_again_once_it_can_no_longer_be_under_way(
    waiting: Any, psp: Any, world: Any, sweep: Any
) -> None:
    psp.fault("extend", "500")
    wanted = more().extend_wanted_until
    world.advance(seconds=30)
    sweep()
    assert (only_voucher().expires_at, calls_of(psp, "extend")) == (waiting.expires_at, 1), "it may come late"
    world.advance(minutes=3)
    sweep()
    assert (only_voucher().expires_at, only_voucher().extend_wanted_until) == (wanted, None)
    assert calls_of(psp, "extend") == 2
    first, second = psp.calls("extend")
    assert first["body"] == second["body"]
    world.advance(hours=1)
    sweep()
    assert (calls_of(psp, "extend"), oddities()) == (2, [])


def test_a_code_that_was_paid_meanwhile_gets_no_more_time(waiting: Any, psp: Any) -> None:
    psp.pay(waiting.code)
    with pytest.raises(StateConflict) as no:
        more()
    assert (no.value.code, only_order().state) == (ErrorCode.ORDER_ALREADY_PAID, "paid")
    assert psp.call_counts().get("extend", 0) == 0
    assert (only_voucher().extend_wanted_until, only_voucher().lease_until) == (None, None)


def test_while_somebody_asks_about_the_code_its_deadline_is_not_moved(
    waiting: Any, psp: Any, world: Any, sweep: Any
) -> None:
    held = claim_row(type(waiting), waiting.pk)
    assert held is not None
    with pytest.raises(StateConflict):
        more()
    assert psp.call_counts() == {}, "who asks now has to end first"
    world.advance(minutes=1)
    sweep()
    assert more().expires_at > waiting.expires_at


def test_outside_the_limits_of_the_account_nobody_is_called(waiting: Any, psp: Any, account: Any) -> None:
    account(EXPIRY=["12h", "72h"])
    assert refused(psp, RuleRefused, timedelta(hours=73)) is ErrorCode.CREATE_EXPIRY_INVALID
    assert refused(psp, RuleRefused, timedelta(hours=11)) is ErrorCode.CREATE_EXPIRY_INVALID
    assert refused(psp, RuleRefused, timedelta(days=10**6)) is ErrorCode.CREATE_EXPIRY_INVALID
    assert refused(psp, RuleRefused, timedelta(hours=13)) is ErrorCode.EXTEND_NOT_LATER
    assert more(timedelta(hours=72)).expires_at > waiting.expires_at


def test_what_is_over_or_withdrawn_gets_no_more_time(
    waiting: Any, psp: Any, world: Any, sweep: Any, open_order: Any
) -> None:
    world.advance(hours=15)
    sweep()
    assert refused(psp, RuleRefused) is ErrorCode.EXTEND_ENDED
    shop.cancel_order(reference="A-1042")
    assert refused(psp, StateConflict) is ErrorCode.ORDER_CLOSED


def test_a_refusal_by_the_provider_leaves_the_deadline_and_is_kept(
    waiting: Any, psp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pagoefectivo.providers.pagoefectivo_direct.gateway.written", lambda _: "tomorrow")
    with pytest.raises(Refused) as no:
        more()
    kept = only_voucher()
    assert (kept.state, kept.expires_at, kept.extend_wanted_until) == ("issued", waiting.expires_at, None)
    assert ErrorOccurrence.objects.get().code == no.value.code
