"""A real Celery worker makes things fast; killed at the worst moment it costs seconds, never money."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import ApiExchange, BuyerMessage
from pagoefectivo.services.actors import SHOP
from tests.acceptance.children import kill, worker
from tests.integration.ledger import calls_of, cents, everything, moves, only_order, only_refund, only_voucher, outbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers, pytest.mark.celery]


def wait_for(what: Callable[[], bool], seconds: float = 30) -> None:
    """Give another process time to do what it will do anyway."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def _beat() -> bool:
    """Ring as beat does: a provider that asked us to slow down is not called at the first ring."""
    current_app.send_task("pagoefectivo.sweep", queue="pagoefectivo", expires=1)
    time.sleep(0.5)
    return True


def test_F04_the_bell_wakes_a_real_worker_and_a_task_delivered_ten_times_does_its_work_once(
    psp: Any, listening: Any, open_order: Any, tmp_path: Path
) -> None:
    with worker(tmp_path / "worker.log"):
        psp.pay(open_order().current_voucher.code)
        wait_for(lambda: only_order().state == "paid")
        assert moves("voucher") in (
            ["submit", "issue", "begin_confirming", "pay"],
            ["submit", "issue", "pay"],  # the poll was due first
        )
        wait_for(lambda: everything()["OutboxMessage"][-1]["done_at"] is not None)
        wait_for(lambda: BuyerMessage.objects.filter(kind="paid", outcome="sent").exists())
        settled = everything()
        for _ in range(10):
            current_app.send_task("pagoefectivo.sweep", queue="pagoefectivo")
        time.sleep(0.5)
        assert everything() == settled
        assert outbox() == ["voucher_issued", "order_paid"]

        refund = shop.request_refund(reference="A-1042", amount="89.90", reason="other", actor=SHOP)
        psp.settle_refund(refund.provider_reference)
        wait_for(lambda: only_order().state == "refunded")
    assert (len(psp.refunds()), psp.call_counts()["refund"]) == (1, 1)
    log = (tmp_path / "worker.log").read_text()
    assert "Task pagoefectivo.sweep" in log
    assert "Traceback" not in log


def test_F03_a_worker_killed_between_send_and_record_leaves_one_refund_and_the_truth(
    psp: Any, settings: Any, paid_order: Any, world: Any, sweep: Any, tmp_path: Path
) -> None:
    patient = {**settings.PAGOEFECTIVO["TIMING"], "READ": "5s", "LEASE": "15s"}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "TIMING": patient}
    psp.configure(permissive=True)
    paid_order()
    psp.fault("refund", "429", retry_after=1)
    refused = shop.request_refund(reference="A-1042", amount="89.90", reason="other", actor=SHOP)
    assert (refused.state, refused.error_code) == ("submitting", ErrorCode.PSP_RATE_LIMITED)

    psp.fault("refund", "timeout_after", seconds=3)
    with worker(tmp_path / "worker.log") as running:
        wait_for(lambda: world.now() > only_refund().next_action_at)
        wait_for(lambda: _beat() and len(psp.refunds()) == 1)
        kill(running)
    assert only_refund().state == "submitting"
    assert ApiExchange.objects.filter(operation="request_refund", outcome="sending").count() == 1

    sweep()
    assert only_refund().lease_until > world.now(), "the dead worker's lease still stands"
    world.advance(seconds=16)
    sweep()
    assert (only_refund().state, only_refund().provider_reference) == ("pending", psp.refunds()[0]["id"])
    psp.settle_refund(psp.refunds()[0]["id"])
    world.advance(seconds=2)
    sweep()
    assert (only_order().state, only_voucher().refunded_amount) == ("refunded", cents("89.90"))
    assert (len(psp.refunds()), calls_of(psp, "refund")) == (1, 2), "the 429 and the one killed on its way"
    assert psp.totals(psp.payments()[0]["id"])["paid_out"] == "89.90"
