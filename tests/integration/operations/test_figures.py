"""The numbers for dashboards: what waits, what is unknown, what is stopped; for Prometheus, and as JSON without it."""

from __future__ import annotations

import json
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pagoefectivo import metrics, shop
from pagoefectivo.models import Voucher
from pagoefectivo.selectors.figures import Waiting, figures
from pagoefectivo.services.actors import SHOP

pytestmark = pytest.mark.django_db(transaction=True)
QUERIES, LAST_DAY = 16, 9  # the figures of the last day: seven questions, and how long they may take


def test_F05_what_nobody_sweeps_grows_old_and_shows(psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    sweep()
    open_order("OLD-1")
    open_order("OLD-2")
    seen = figures()
    assert seen.due["voucher"] == Waiting(0, 0.0)
    assert seen.sweep_seconds_ago is not None
    assert seen.sweep_seconds_ago < 5
    world.advance(hours=3)
    seen = figures()
    assert seen.due["voucher"].count == 2
    assert seen.due["announcement"].count == 2
    assert 3 * 3600 - 10 < seen.due["voucher"].oldest_seconds < 3 * 3600 + 10
    assert (seen.sweep_seconds_ago or 0) > 3 * 3600 - 10, "nobody sweeps: this is what an alarm looks at"
    sweep()
    seen = figures()
    assert (seen.due["voucher"].count, seen.due["announcement"].count) == (0, 0)
    assert (seen.sweep_seconds_ago or 0) < 5


def test_what_is_unknown_held_or_stopped_is_counted(
    psp: Any, paid_order: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    paid_order("PAID-1")
    psp.fault("refund", "timeout_after")
    shop.request_refund(reference="PAID-1", amount="10.00", reason="other", actor=SHOP)
    short = open_order("SHORT-1", "50.00").current_voucher
    psp.pay(short.code, amount="20.00")
    psp.fault("create", "drop_before", times=None)
    for number in range(5):
        open_order(f"LOST-{number}")
    world.advance(seconds=2)
    psp.fault("get_order", "503", times=None)
    sweep()
    world.advance(minutes=10)
    seen = figures()
    assert seen.ambiguous["refund"].count == 0, "its look-up found it"
    assert seen.ambiguous["voucher"].count == 5
    assert seen.ambiguous["voucher"].oldest_seconds > 600
    assert seen.review["underpaid"].count == 1
    assert seen.orders_held == 1
    creating = next(breaker for breaker in seen.breakers if breaker.operation == "issue_voucher")
    assert (creating.account, creating.failures, creating.by) == ("default", 5, "system")
    assert creating.since is not None
    assert seen.payments_found_by_poll == {"default": 2}
    assert seen.poll_share == 1.0


def test_lag_and_share_of_the_messages(psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any) -> None:
    psp.pay(open_order("TOLD-1").current_voucher.code)
    assert psp.wait_idle()
    assert figures().inbox_backlog == 1
    world.advance(seconds=40)
    sweep()
    seen = figures()
    assert seen.inbox_backlog == 0
    assert seen.webhook_lag_longest_seconds is not None
    assert 40 <= seen.webhook_lag_longest_seconds < 60
    assert (seen.payments_announced, seen.payments_found_by_poll, seen.poll_share) == (
        {"default": 1},
        {"default": 0},
        0.0,
    )


def test_looking_costs_a_fixed_number_of_queries(psp: Any, open_order: Any, paid_order: Any) -> None:
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            figures()
        counts.append(len(queries))
        for more in range(4):
            open_order(f"Q-{number}-{more}")
    assert counts == [QUERIES, QUERIES]


def test_the_command_prints_one_object_without_any_extra_package(psp: Any, open_order: Any) -> None:
    open_order()
    out = StringIO()
    call_command("pagoefectivo", "metrics", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert said["due"]["voucher"] == {"count": 0, "oldest_seconds": 0.0}
    assert (said["poll_share"], said["breakers"], said["accounts_in_recovery"]) == (None, [], [])


def test_prometheus_gets_every_figure_and_no_name_of_a_row(psp: Any, open_order: Any, world: Any) -> None:
    pytest.importorskip("prometheus_client", reason="the extra `metrics` is not installed")
    voucher = open_order().current_voucher
    psp.fault("get_payment", "drop_before", times=5)
    for _ in range(5):
        Voucher.objects.update(lease_until=None)
        with pytest.raises(Exception, match="PSP_UNAVAILABLE"):
            shop.refresh_order(reference="A-1042")
    world.advance(hours=1)
    out = StringIO()
    call_command("pagoefectivo", "metrics", stdout=out)
    said = out.getvalue()
    assert 'pagoefectivo_due_rows{kind="voucher"} 1.0' in said
    assert 'pagoefectivo_breaker_open{account="default",operation="fetch_payment",why="PSP_UNAVAILABLE"} 0.0' in said
    assert said.count("# TYPE pagoefectivo_") == 29
    for secret in (voucher.code, voucher.reference, "A-1042", "maria"):
        assert secret not in said


def test_a_registry_asks_the_database_only_when_it_is_scraped(psp: Any, django_assert_num_queries: Any) -> None:
    client = pytest.importorskip("prometheus_client", reason="the extra `metrics` is not installed")
    registry = client.CollectorRegistry()
    with django_assert_num_queries(0):
        metrics.register(registry)
    with django_assert_num_queries(QUERIES + LAST_DAY):
        assert registry.get_sample_value("pagoefectivo_inbox_backlog") == 0


def test_without_the_extra_the_command_says_what_to_install(psp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("pagoefectivo", "metrics", stdout=out)
    assert end.value.code == 2
    assert "pip install" in out.getvalue()
