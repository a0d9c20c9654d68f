"""What may go wrong between asking for a voucher and knowing its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, transaction

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import ApiExchange, ErrorOccurrence, Order, Voucher
from pagoefectivo.models.digests import payer_digests
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.sandbox.wire import json_answer
from pagoefectivo.services import seams, submission
from pagoefectivo.services.exchanges import ExchangeRecorder
from tests.integration.conftest import PAYER, WAITS
from tests.integration.ledger import calls_of, everything, moves, oddities, only_order, only_voucher, outbox

pytestmark = pytest.mark.django_db(transaction=True)

ONLY_RETRIES = {"POLL": ["1h"], "RETRY": ["1s", "60s", "1h"], **WAITS}


class Crash(BaseException):
    """The process is gone: nothing after this line runs."""


def errors() -> list[str]:
    return list(ErrorOccurrence.objects.order_by("pk").values_list("code", flat=True))


@pytest.fixture
def answering(sandbox: SandboxServer, psp: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let dLocal answer the next call of an operation with something of our choice, without doing the work."""

    def answer(operation: str, status: int, document: dict[str, Any]) -> None:
        face = sandbox.company.faces["dlocal"]
        handle = face.handle
        used: list[Any] = []

        def once(asked: str, request: Any) -> Any:
            if asked != operation or used:
                return handle(asked, request)
            used.append(request)
            return json_answer(status, document)

        monkeypatch.setattr(face, "handle", once)

    return answer


def test_B04_a_5xx_is_tried_again_later_each_time_and_each_time_written_down(
    psp: Any, settings: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "TIMING": ONLY_RETRIES}
    psp.fault("create", "502")
    psp.fault("get_order", "500", times=2)
    assert open_order().current_voucher.state == "unknown"
    waits = []
    for _ in range(3):
        waits.append((only_voucher().next_action_at - world.now()).total_seconds())
        world.advance(seconds=waits[-1] + 1)
        sweep()
    assert 0 < waits[0] < 2 < waits[1] < 73 < waits[2], "longer each time"
    assert errors() == ["CREATE_OUTCOME_UNKNOWN", "PSP_UNAVAILABLE", "PSP_UNAVAILABLE"]
    assert list(ErrorOccurrence.objects.order_by("pk").values_list("http_status", flat=True)) == [502, 500, 500]
    assert (only_voucher().state, len(psp.payments()), calls_of(psp, "create")) == ("issued", 1, 2)


@pytest.mark.parametrize("says", [{"code": 5016, "message": "Amount too low"}, {"status": "ERROR", "code": 5016}])
def test_B05_an_error_inside_a_200_is_no_voucher(
    says: dict[str, Any], answering: Any, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    answering("create", 200, says)
    voucher = open_order().current_voucher
    assert (voucher.state, voucher.code, psp.payments(), outbox()) == ("unknown", "", [], [])
    noticed = (errors(), oddities())
    assert noticed == (([], ["status_unrecognised"]) if "status" in says else (["PSP_BAD_RESPONSE"], []))
    world.advance(minutes=3)
    sweep()
    assert (only_voucher().state, len(psp.payments()), oddities()) == ("issued", 1, [])


def test_B05_a_200_that_says_rejected_is_final(answering: Any, open_order: Any, psp: Any) -> None:
    answering("create", 200, {"id": "D-4-1", "status": "REJECTED", "status_code": "303", "amount": 89.9})
    voucher = open_order().current_voucher
    assert (voucher.state, voucher.error_code, voucher.raw_code) == ("failed", ErrorCode.CREATE_RISK_REJECTED, "303")


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("html", {"work": True}),
        ("malformed", {}),
        ("truncated", {}),
        ("slow_body", {"seconds": 4.0}),
        ("drop_after", {}),
    ],
)
def test_B06_an_unreadable_answer_is_looked_up(
    fault: str, options: dict[str, Any], psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", fault, **options)
    assert open_order().current_voucher.state == "unknown"
    world.advance(seconds=2)
    sweep()
    [payment] = psp.payments()
    assert (only_voucher().state, only_voucher().code) == ("issued", payment["code"])
    assert (calls_of(psp, "create"), oddities()) == (1, [])


def test_B07_already_exists_is_adopted_when_everything_matches(
    answering: Any, psp: Any, sandbox: SandboxServer, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "500", work=True)
    assert open_order().current_voucher.state == "unknown"
    psp.fault("get_order", "not_found")  # a lagging copy of their books
    sandbox.company.faces["dlocal"].reset()
    world.advance(minutes=3)
    sweep()
    assert errors()[-1] == ErrorCode.CREATE_DUPLICATE_REFERENCE
    assert (only_voucher().state, calls_of(psp, "create")) == ("unknown", 2)
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, only_voucher().code) == ("issued", psp.payments()[0]["code"])
    assert (len(psp.payments()), calls_of(psp, "create")) == (1, 2)


@pytest.mark.parametrize("difference", ["wrong_amount", "currency"])
def test_B07_B09_an_answer_other_than_asked_is_never_shown(
    difference: str, psp: Any, sandbox: SandboxServer, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "wrong_amount", amount="9.90")
    psp.fault("get_payment", "wrong_amount", times=None, amount="9.90")
    voucher = open_order().current_voucher
    assert (voucher.state, only_order().state) == ("unknown", "in_review")
    assert oddities() == ["create_mismatch"]
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, oddities(), outbox()) == ("unknown", ["create_mismatch"], ["order_in_review"])
    assert (len(psp.payments()), calls_of(psp, "create")) == (1, 1)

    psp.clear_faults()
    world.advance(seconds=3)
    sweep()
    assert (only_voucher().state, only_order().state, oddities()) == ("issued", "awaiting_payment", [])


def test_B10_a_code_that_another_order_has_freezes_both(
    psp: Any, sandbox: SandboxServer, open_order: Any, world: Any, sweep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_order("FIRST-1").current_voucher
    monkeypatch.setattr(sandbox.company.counter, "next_code", lambda: first.code)
    second = open_order("SECOND-1").current_voucher
    assert (second.state, second.code) == ("unknown", "")
    assert sorted(
        (order.reference, anomaly.kind) for order in Order.objects.all() for anomaly in order.anomalies.all()
    ) == [("FIRST-1", "code_reused"), ("SECOND-1", "code_reused")]
    assert shop.get_order(reference="SECOND-1").state == "in_review"

    psp.pay(first.provider_reference)
    world.advance(seconds=2)
    sweep()
    assert shop.get_order(reference="FIRST-1").state == "in_review", "nobody knows whose money this is"


def test_B12_refused_keys_pause_the_account_and_burn_no_retries(
    psp: Any, account: Any, settings: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    right = settings.PAGOEFECTIVO["ACCOUNTS"]["default"]["CREDENTIALS"]
    account(CREDENTIALS={**right, "trans_key": "mistyped"})
    vouchers = [open_order(f"B12-{number}").current_voucher for number in range(4)]
    assert {voucher.state for voucher in vouchers} <= {"submitting", "requested"}
    for _ in range(3):
        world.advance(seconds=10)
        sweep()
    assert psp.call_counts() == {"create": 1}, "one call was enough to know"
    assert errors()[0] == ErrorCode.AUTH_INVALID_CREDENTIALS

    account(CREDENTIALS=right)
    cache.clear()  # a minute later
    world.advance(minutes=2)
    sweep()
    assert set(Voucher.objects.values_list("state", flat=True)) == {"issued"}
    assert (len(psp.payments()), Order.objects.count()) == (4, 4)


def test_B13_a_crash_before_the_intent_is_committed_leaves_nothing_anywhere(psp: Any, open_order: Any) -> None:
    before = everything()

    @contextmanager
    def dying() -> Iterator[None]:
        with transaction.atomic(durable=True):
            yield
            raise Crash

    with seams.use(unit_of_work=dying), pytest.raises(Crash):
        open_order()
    assert (everything(), psp.call_counts()) == (before, {})


def crash_at(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process die when it reaches a named place of the write path."""

    def die(*_: Any, **__: Any) -> None:
        raise Crash

    places = {"before HTTP": (submission, "submit"), "before save": (submission, "record")}
    monkeypatch.setattr(*places[moment], die)


def test_B14_after_a_crash_between_intent_and_call_the_sweep_sends(
    psp: Any, open_order: Any, world: Any, sweep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        crash_at("before HTTP", patch)
        with pytest.raises(Crash):
            open_order()
    assert (only_voucher().state, psp.call_counts(), ApiExchange.objects.count()) == ("requested", {}, 0)
    sweep()
    assert psp.call_counts() == {}, "its maker might still live"
    world.advance(seconds=10)
    sweep()
    assert (only_voucher().state, len(psp.payments()), psp.call_counts()) == ("issued", 1, {"create": 1})


def test_B15_after_a_crash_between_success_and_save_the_code_is_looked_up(
    psp: Any, open_order: Any, world: Any, sweep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        crash_at("before save", patch)
        with pytest.raises(Crash):
            open_order()
    assert (only_voucher().state, only_voucher().code, len(psp.payments())) == ("submitting", "", 1)
    world.advance(seconds=10)
    sweep()
    assert (only_voucher().state, only_voucher().code) == ("issued", psp.payments()[0]["code"])
    assert psp.call_counts() == {"create": 1, "get_order": 1, "get_payment": 1}
    assert moves("voucher") == ["submit", "issue"]


@pytest.mark.parametrize("is_committed", [True, False])
def test_B16_F06_a_commit_of_unknown_outcome_is_read_again_by_its_reference(
    is_committed: bool, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    @contextmanager
    def failing_over() -> Iterator[None]:
        with transaction.atomic(durable=True):
            yield
            transaction.set_rollback(not is_committed)
        raise OperationalError("server closed the connection unexpectedly")

    with seams.use(unit_of_work=failing_over), pytest.raises(OperationalError):
        open_order()
    assert (Order.objects.count(), psp.call_counts()) == (int(is_committed), {})

    open_order()
    world.advance(seconds=10)
    sweep()
    assert (only_voucher().state, len(psp.payments()), psp.call_counts()["create"]) == ("issued", 1, 1)


@pytest.mark.parametrize("is_paid", [False, True])
def test_B17_an_order_cancelled_while_its_voucher_is_created_ends_canceled_unless_paid(
    is_paid: bool, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "timeout_after")
    assert open_order().current_voucher.state == "unknown"
    assert shop.cancel_order(reference="A-1042").state == "awaiting_payment", "nobody knows yet whether a code exists"
    if is_paid:
        psp.pay(psp.payments()[0]["code"])
    world.advance(seconds=2)
    sweep()
    ended = (only_voucher().state, only_order().state, oddities())
    assert ended == (("paid", "in_review", ["paid_after_cancel"]) if is_paid else ("canceled", "canceled", []))
    assert (len(psp.payments()), calls_of(psp, "create")) == (1, 1)


def test_F14_without_its_evidence_row_nothing_is_sent(
    psp: Any, open_order: Any, world: Any, sweep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OperationalError("could not extend file: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ExchangeRecorder, "sending", full)
        with pytest.raises(OperationalError):
            open_order()
    assert (psp.call_counts(), ApiExchange.objects.count(), only_voucher().state) == ({}, 0, "submitting")
    world.advance(minutes=3)
    sweep()
    assert (only_voucher().state, len(psp.payments())) == ("issued", 1)


def test_who_tries_again_with_another_phone_is_found_by_that_one(answering: Any, open_order: Any) -> None:
    answering("create", 200, {"id": "D-4-1", "status": "REJECTED", "status_code": "303", "amount": 89.9})
    order = open_order()
    again = open_order(payer=replace(PAYER, phone="+51912345678", document_number="11223344"))
    assert again.pk == order.pk
    kept = [(each.phone_digest, each.document_digest) for each in (order, again)]
    assert kept == [payer_digests("987 654 321", "45678912"), payer_digests("912345678", "11223344")]
