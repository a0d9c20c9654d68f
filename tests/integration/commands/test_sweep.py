"""`manage.py pagoefectivo sweep` does everything that is due, says how much, and ends with the right code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from pagoefectivo import shop, signals
from pagoefectivo.models import Order, Voucher
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.testing import IssueVoucher

ROOT = Path(__file__).resolve().parents[3]


def swept(*arguments: str) -> tuple[dict[str, int], int]:
    out = StringIO()
    try:
        call_command("pagoefectivo", "sweep", "--json", *arguments, stdout=out)
    except SystemExit as end:
        return json.loads(out.getvalue()), int(end.code or 0)
    return json.loads(out.getvalue()), 0


@pytest.fixture
def order(issue_voucher: IssueVoucher) -> Order:
    """An issued order whose next question is due now."""
    made = issue_voucher()
    Voucher.objects.update(next_action_at=timezone.now())
    return made


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """The orders that a receiver of `order_paid` was told of."""
    orders: list[Any] = []

    def hear(*, order: Order, **_: Any) -> None:
        orders.append(order.reference)

    signals.order_paid.connect(hear, weak=False)
    yield orders
    signals.order_paid.disconnect(hear)


def test_F05_a_paid_code_is_found_and_announced_by_one_sweep(
    order: Order, psp: SandboxServer, heard: list[Any]
) -> None:
    psp.control.pay(order.vouchers.get().code)
    report, code = swept()
    assert code == 0
    assert (report["vouchers"], report["failures"], report["unanswered"]) == (1, 0, 0)
    assert report["announcements"] >= 1
    assert shop.get_order(reference=order.reference).state == "paid"
    assert heard == [order.reference]


def test_a_second_sweep_finds_nothing_to_do(order: Order) -> None:
    swept()
    report, code = swept()
    assert code == 0
    assert (report["vouchers"], report["refunds"], report["deliveries"], report["announcements"]) == (0, 0, 0, 0)


def test_a_provider_that_does_not_answer_ends_with_3_and_changes_nothing(order: Order, psp: SandboxServer) -> None:
    psp.control.fault("get_payment", "503", times=None)
    report, code = swept()
    assert code == 3
    assert report["unanswered"] >= 1
    assert shop.get_order(reference=order.reference).state == "awaiting_payment"


def test_work_that_fails_unexpectedly_ends_with_1(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault that nobody foresaw")

    monkeypatch.setattr("pagoefectivo.services.polling.ask_vouchers", broken)
    report, code = swept()
    assert (report["failures"], code) == (1, 1)


def test_a_sentence_tells_a_person_what_was_done(order: Order) -> None:
    out = StringIO()
    call_command("pagoefectivo", "sweep", stdout=out)
    assert "1 payment codes" in out.getvalue()
    assert "0 failed" in out.getvalue()


@pytest.mark.servers
def test_the_loop_goes_on_until_it_is_interrupted(transactional_db: None) -> None:
    command = [sys.executable, "manage.py", "pagoefectivo", "sweep", "--loop", "--every", "0.1", "--json"]
    environment = {**os.environ, "PAGOEFECTIVO_DB_NAME": connection.settings_dict["NAME"]}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        passes = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert [each["failures"] for each in passes] == [0, 0, 0]
