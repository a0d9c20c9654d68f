"""The sandbox writes each PSP's report from its ledger, our readers read it: the rows are the ledger, to the cent."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from django.utils.translation import override

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.messages import SettlementKind, SettlementRow
from pagoefectivo.providers.reports import reader_of
from pagoefectivo.sandbox.control import SandboxControl
from pagoefectivo.sandbox.ledger import Ledger, Payment, Receipt, Refund
from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Shop
from tests.unit.providers.reports_stage import read, readers

CENT = Decimal("0.01")
RATE = Decimal("3.75")
NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
K = SettlementKind


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def busy(sandbox: SandboxServer) -> Iterator[SandboxServer]:
    """Three codes, two paid, one of them refunded in part; another refund is still open."""
    shop = Shop(sandbox.url_of("dlocal"), "http://127.0.0.1:9/")
    for order, amount in (("ORD-1", 100.50), ("ORD-2", 40), ("ORD-3", 70)):
        shop.issue(order_id=order, amount=amount)
    for order in ("ORD-1", "ORD-2"):
        sandbox.control.pay(sandbox.control.payments(order)[0]["code"])
    paid = sandbox.control.payments("ORD-1")[0]["id"]
    done = shop.refund(paid, amount=25.25, currency="PEN", order_refund_id="RF-1").json()
    shop.refund(paid, amount=10, currency="PEN", order_refund_id="RF-2")
    sandbox.control.settle_refund(done["id"])
    yield sandbox
    shop.session.close()


def at(psp: str, layout: str, sandbox: SandboxServer, **period: str) -> list[SettlementRow]:
    """Take a report, and read it by the layout that its content names."""
    content = sandbox.control.statement(psp, layout, **period).encode()
    reader = reader_of(readers(psp), io.BytesIO(content))
    assert reader.layout == layout
    return list(reader.read(io.BytesIO(content)))


@pytest.mark.parametrize("layout", ["settlement", "transactions"])
def test_what_was_paid_and_refunded_at_dlocal_is_what_its_report_says(busy: SandboxServer, layout: str) -> None:
    first, second, refund = at("dlocal", layout, busy)
    one, two = busy.control.payments("ORD-1")[0], busy.control.payments("ORD-2")[0]
    assert [
        (row.facts.kind, row.reference, row.provider_reference, row.facts.amount, row.facts.currency)
        for row in (first, second)
    ] == [
        (K.PAYMENT, "ORD-1", one["id"], Decimal("100.50"), "PEN"),
        (K.PAYMENT, "ORD-2", two["id"], Decimal("40.00"), "PEN"),
    ]
    (done,) = [each for each in busy.control.refunds() if each["state"] == "succeeded"]
    assert (refund.facts.kind, refund.refund_provider_reference, refund.facts.amount) == (
        K.REFUND,
        done["id"],
        Decimal("-25.25"),
    )
    assert refund.reference == "ORD-1"
    for row in (first, second, refund):
        assert row.facts.settled_currency == "USD"
        assert row.facts.amount is not None
        assert row.facts.settled_amount is not None
        assert abs(row.facts.settled_amount - row.facts.amount / RATE) < CENT
    # 3.49 % of 100.50 and 1.00 are 4.51, with 18 % of tax 5.32; in dollars 1.42
    assert first.facts.fee is not None
    assert first.facts.fee.quantize(CENT) == Decimal("-1.42")


def test_a_period_holds_what_moved_in_it_and_a_reversal_is_a_row_of_its_own(busy: SandboxServer) -> None:
    later = busy.control.advance(86_400)
    busy.control.reverse(busy.control.payments("ORD-2")[0]["code"])
    (reversal,) = at("dlocal", "settlement", busy, since=later)
    assert (reversal.facts.kind, reversal.reference, reversal.facts.amount) == (
        K.CHARGEBACK,
        "ORD-2",
        Decimal("-40.00"),
    )
    assert len(at("dlocal", "settlement", busy, until=later)) == 3
    with override("en"), pytest.raises(UnreadableFile, match="no rows"):
        at("dlocal", "settlement", busy, until=busy.control.payments("ORD-1")[0]["created_at"])


def test_a_refund_that_the_bank_sent_back_comes_back_in_the_report(busy: SandboxServer) -> None:
    (done,) = [each for each in busy.control.refunds() if each["state"] == "succeeded"]
    busy.control.settle_refund(done["id"], "return")
    rows = at("dlocal", "settlement", busy)
    assert [row.facts.kind for row in rows[2:]] == [K.REFUND, K.ADJUSTMENT]
    assert sum((row.facts.settled_amount or 0 for row in rows[2:]), Decimal(0)) == 0


def entered(ledger: Ledger, psp: str) -> None:
    """Put what a face would enter into the books of a PSP, on 23 November 2026 in Lima."""
    for number, amount in enumerate((Decimal("100.50"), Decimal("40.00")), 1):
        paid_at = NOON + timedelta(minutes=number)
        payment = Payment(
            id=f"2430876{number}", psp=psp, login="1001", order_id=f"ORD-{number}", code=f"23017{number}",
            amount=amount, currency="PEN", created_at=NOON, expires_at=NOON, notification_url=None, payer={},
            state="paid", approved_at=paid_at, receipts=[Receipt(amount, "PEN", paid_at, "1")],
        )  # fmt: skip
        ledger.add_payment(payment)
    refund = Refund(
        id="7412563211", payment_id="24308761", psp=psp, login="1001", amount=Decimal("25.25"), currency="PEN",
        created_at=NOON, reference="RF-1", notification_url=None, description=None, bank={}, state="succeeded",
        settled_at=NOON + timedelta(hours=1),
    )  # fmt: skip
    ledger.add_refund(refund)


@pytest.mark.parametrize(
    ("psp", "layout"),
    [
        ("ebanx", "settlement-csv"),
        ("ebanx", "settlement-json"),
        ("mercadopago", "release"),
        ("mercadopago", "account-money"),
    ],
)
def test_the_reports_of_the_others_say_what_their_ledger_says(sandbox: SandboxServer, psp: str, layout: str) -> None:
    entered(sandbox.ledger, psp)
    rows = [row for row in at(psp, layout, sandbox) if row.facts.kind is not K.BALANCE]
    assert [
        (row.facts.kind, row.reference, row.provider_reference, row.facts.amount, row.occurred_at) for row in rows
    ] == [
        (K.PAYMENT, "ORD-1", "24308761", Decimal("100.50"), NOON + timedelta(minutes=1)),
        (K.PAYMENT, "ORD-2", "24308762", Decimal("40.00"), NOON + timedelta(minutes=2)),
        (K.REFUND, "ORD-1", "24308761", Decimal("-25.25"), NOON + timedelta(hours=1)),
    ]
    if psp == "ebanx":
        assert (rows[2].refund_reference, rows[2].refund_provider_reference) == ("RF-1", "7412563211")
        assert [row.facts.net for row in rows] == [Decimal("25.38"), Decimal("9.92"), Decimal("-7.36")]
    else:
        assert [row.facts.net for row in rows] == [Decimal("95.18"), Decimal("37.17"), Decimal("-27.61")]


def test_the_plain_report_of_pagoefectivo_names_a_payment_as_its_gateway_does(sandbox: SandboxServer) -> None:
    entered(sandbox.ledger, "pagoefectivo_direct")
    sandbox.ledger.payment("24308762").reversed_at = NOON + timedelta(hours=2)  # type: ignore[union-attr]
    rows = at("pagoefectivo_direct", "plain", sandbox)
    assert [
        (row.facts.kind, row.reference, row.code, row.facts.amount, row.facts.net, row.occurred_at) for row in rows
    ] == [
        (K.PAYMENT, "ORD-1", "230171", Decimal("100.50"), Decimal("95.18"), NOON + timedelta(minutes=1)),
        (K.PAYMENT, "ORD-2", "230172", Decimal("40.00"), Decimal("37.17"), NOON + timedelta(minutes=2)),
        (K.REFUND, "ORD-1", "230171", Decimal("-25.25"), Decimal("-27.61"), NOON + timedelta(hours=1)),
        (K.CHARGEBACK, "ORD-2", "230172", Decimal("-40.00"), Decimal("-40.00"), NOON + timedelta(hours=2)),
    ]
    assert all(row.provider_reference == row.code for row in rows)


def test_a_release_report_of_a_period_opens_with_the_balance_before_it(sandbox: SandboxServer) -> None:
    entered(sandbox.ledger, "mercadopago")
    opening, refund, closing = at("mercadopago", "release", sandbox, since="2026-11-23T17:30:00Z")
    assert (opening.facts.amount, refund.facts.net, closing.facts.amount) == (
        Decimal("132.35"),
        Decimal("-27.61"),
        Decimal("104.74"),
    )


def test_the_report_is_had_over_http_and_from_the_console(busy: SandboxServer) -> None:
    with SandboxControl(busy.url) as control:
        until = control.advance(60)
        assert control.statement("dlocal", "settlement", until=until) == busy.control.statement(
            "dlocal", "settlement", until=until
        )
        with pytest.raises(ControlRefused, match="there are: dlocal settlement, dlocal transactions"):
            control.statement("dlocal", "daily")
    page = requests.get(busy.url, timeout=5).text
    assert 'href="/statements/dlocal/transactions"' in page
    download = requests.get(f"{busy.url}/statements/dlocal/transactions", timeout=5)
    assert download.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "dlocal-transactions.csv" in download.headers["Content-Disposition"]
    assert len(read("dlocal", download.content)) == 3
    assert requests.get(f"{busy.url}/statements/dlocal/daily", timeout=5).status_code == 404
