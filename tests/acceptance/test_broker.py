"""The broker only makes things fast: emptied, killed or never there, no work is lost and nobody waits for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import current_app

from pagoefectivo import shop
from pagoefectivo.models import OutboxMessage, Refund, Voucher, WebhookDelivery
from pagoefectivo.services import seams
from pagoefectivo.services.actors import SHOP
from pagoefectivo.services.bell import Bell
from pagoefectivo.tasks.sweep import _wake_a_worker
from tests.integration.ledger import only_order, outbox
from tooling.processes import Child, Children, free_port
from tooling.services import _start_valkey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

QUEUE = "pagoefectivo"


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[tuple[str, Child]]:
    """A Valkey of this test alone, which it may kill."""
    with Children() as children:
        url = _start_valkey(children, tmp_path)
        yield url, children._running[-1]


@pytest.fixture
def ring_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Let the bell ring at another broker."""

    def ring(url: str) -> Bell:
        monkeypatch.setenv("CELERY_BROKER_URL", url)
        current_app.amqp._producer_pool = None  # type: ignore[attr-defined]
        bell = Bell(quiet=0.05, pause=0.05)
        bell.connect(_wake_a_worker)
        return bell

    yield ring
    current_app.amqp._producer_pool = None  # type: ignore[attr-defined]


def rings(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.llen(QUEUE))


def test_F01_a_broker_emptied_and_killed_midway_loses_no_work(
    psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any, ring_at: Any, own_broker: tuple[str, Child]
) -> None:
    url, valkey = own_broker
    with seams.use(ring=ring_at(url).ring):
        emptied = open_order("EMPTIED-1").current_voucher
        psp.pay(emptied.code)
        assert psp.wait_idle()
        until = time.monotonic() + 5
        while not rings(url) and time.monotonic() < until:
            time.sleep(0.05)
        assert rings(url) >= 1, "the bell did ring"
        with redis.Redis.from_url(url) as client:
            client.flushall()

        killed = open_order("KILLED-1").current_voucher
        valkey.process.kill()
        valkey.process.wait()
        psp.pay(killed.code)
        assert psp.wait_idle()
        assert [each["attempts"][0]["status"] for each in psp.deliveries()] == [200, 200]
        open_order("AFTER-1")

        sweep()
        states = list(Voucher.objects.order_by("pk").values_list("order__reference", "state"))
        assert states == [("EMPTIED-1", "paid"), ("KILLED-1", "paid"), ("AFTER-1", "issued")]
        refund = shop.request_refund(reference="KILLED-1", amount="89.90", reason="other", actor=SHOP)
        psp.settle_refund(refund.provider_reference)
        assert psp.wait_idle()
        sweep()
    assert Refund.objects.get().state == "succeeded"
    assert shop.get_order(reference="KILLED-1").state == "refunded"
    assert WebhookDelivery.objects.exclude(outcome="applied").count() == 0
    assert OutboxMessage.objects.filter(done_at=None).count() == 0
    assert sorted(outbox()) == sorted(
        ["voucher_issued"] * 3 + ["order_paid"] * 2 + ["refund_succeeded", "order_refunded"]
    )


def test_F02_a_broker_that_is_not_there_is_felt_by_nobody(
    psp: Any, listening: Any, open_order: Any, sweep: Any, ring_at: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "pagoefectivo.bell")
    with seams.use(ring=ring_at(f"redis://127.0.0.1:{free_port()}/0").ring):
        started = time.perf_counter()
        psp.pay(open_order().current_voucher.code)
        assert time.perf_counter() - started < 1
        assert psp.wait_idle()
        assert psp.deliveries()[0]["attempts"][0]["status"] == 200
        assert psp.deliveries()[0]["attempts"][0]["latency_ms"] < 1000
        complaint, until = "The bell could not be rung; the sweep will find the work.", time.monotonic() + 10
        while complaint not in caplog.messages and time.monotonic() < until:
            time.sleep(0.02)
        sweep()
    assert only_order().state == "paid"
    assert {record.getMessage() for record in caplog.records if record.name == "pagoefectivo.bell"} == {complaint}
