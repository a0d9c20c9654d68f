"""Whole journeys over real HTTP without a person: each step says what was observed and whether that is how it should be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from pagoefectivo.sandbox.control import SandboxControl
from pagoefectivo.sandbox.refusals import ControlRefused
from tooling import demo_buyers, demo_companies, demo_settlements
from tooling.demo_clients import ApiClient, Buyer
from tooling.demo_people import BackOffice
from tooling.demo_stack import Stack
from tooling.demo_steps import (
    PRICE,
    PRODUCT,
    Report,
    Scene,
    StepFailed,
    accepted_by_bank,
    books_agree,
    bought,
    confirmed_twice,
    issued,
    order_is,
    paid,
    refused,
    wait,
)

PART = Decimal("30.00")
REST = PRICE - PART
TOO_MUCH = REST + Decimal("0.01")
PHONE_ORDER = "TEL-1001"


def walk(stack: Stack, started: float) -> int:
    """Walk all journeys; return 0 only if every step ended as it should."""
    report = Report()
    report.step("stack", "PostgreSQL, Valkey, sandbox PSP, web, Celery worker and beat answer", holds=True)
    journeys = (
        paid_and_refunded,
        webhook_lost,
        demo_buyers.receipt_sent,
        demo_buyers.code_renewed,
        demo_companies.through_ebanx,
        demo_companies.through_mercadopago,
        demo_companies.through_pagoefectivo,
        demo_settlements.month_settled,
        evidence_holds,
    )
    with (
        TemporaryDirectory(prefix="pagoefectivo-payouts-") as folder,
        SandboxControl(stack.sandbox_url) as psp,
        ApiClient(stack) as api,
        Buyer(stack) as buyer,
    ):
        scene = Scene(report, psp, api, buyer, BackOffice(Path(folder)))
        with journey_named(report, three_months.__doc__):
            three_months(report, stack, scene.back_office)
        for journey in journeys:
            with journey_named(report, journey.__doc__):
                journey(scene)
    seconds = time.monotonic() - started
    verdict = "every step ended as it should" if not report.failed else f"{report.failed} did not end as it should"
    print(f"\n{report.passed + report.failed} steps in {seconds:.0f} s: {verdict}.", flush=True)
    return 1 if report.failed else 0


def live_through(stack: Stack) -> None:
    """Let the three months go by, a line for each step; what does not end well is printed."""
    report = Report()
    with TemporaryDirectory(prefix="pagoefectivo-past-") as folder, journey_named(report, three_months.__doc__):
        three_months(report, stack, BackOffice(Path(folder)))


@contextmanager
def journey_named(report: Report, words: str | None) -> Iterator[None]:
    """Walk one journey under its own heading; one that breaks off leaves the others to be walked."""
    print(f"\n{(words or '').strip()}", flush=True)
    try:
        yield
    except StepFailed:
        pass  # it said so itself
    except (requests.RequestException, ControlRefused, LookupError, ValueError) as error:
        report.broke_off(error)


def three_months(report: Report, stack: Stack, office: BackOffice) -> None:
    """Three months lie behind the shop: what each company settled, and dLocal's first month closed by two people"""
    from tooling import demo_months  # models wait until Django is set up

    demo_months.three_months(report, stack, office)


def evidence_holds(scene: Scene) -> None:
    """What must hold, recomputed from all rows, and the chain that seals them"""
    violated, audit = scene.back_office.check_books()
    scene.report.step("invariants", f"{violated} violated", holds=violated == 0)
    observed = f"{audit['rows']} rows in {audit['entries']} entries, {audit['problems']} problems"
    observed = ": ".join([observed, *(each["message"] for each in audit["findings"][:1])])
    scene.report.step("verify-audit", observed, holds=audit["ok"] and audit["rows"] > 0)


def sample_voucher(stack: Stack) -> str:
    """Buy something as a buyer would; return the page of its payment code."""
    with Buyer(stack) as buyer:
        return buyer.check_out(PRODUCT, "default")


def paid_and_refunded(scene: Scene) -> None:
    """A purchase through dLocal in the storefront, paid at the counter, refunded in two parts"""
    report, api, buyer = scene.report, scene.api, scene.buyer
    reference, page = bought(scene, "default")
    payment = issued(scene, reference)
    _protected_page(scene, page, payment["code"])
    refused(scene, reference, PRICE, "REFUND_NOT_PAID")
    paid(scene, reference, payment)
    confirmed_twice(scene, reference, payment)
    said = wait(lambda: buyer.state_of(reference), lambda seen: seen == "paid")
    report.step("storefront heard order_paid", f"its own page says {said}", holds=said == "paid")

    refund = api.refund(reference, PART)
    report.step("partial refund", f"S/ {PART} {refund['state']} at the PSP", holds=refund["state"] == "pending")
    refused(scene, reference, TOO_MUCH, "REFUND_AMOUNT_EXCEEDED")
    accepted_by_bank(scene, refund)
    order_is(scene, reference, "partially_refunded", refunded=PART)
    accepted_by_bank(scene, api.refund(reference, REST))
    order_is(scene, reference, "refunded", refunded=PRICE)
    said = wait(lambda: buyer.state_of(reference), lambda seen: seen == "refunded")
    report.step("storefront heard order_refunded", f"its own page says {said}", holds=said == "refunded")
    books_agree(scene, reference, payment)


def webhook_lost(scene: Scene) -> None:
    """An order through the REST API whose notification never arrives"""
    report, psp, api = scene.report, scene.psp, scene.api
    psp.webhook_fault("lost")
    first, second = api.open_order(PHONE_ORDER, PRICE), api.open_order(PHONE_ORDER, PRICE)
    report.step("order through the API", "same Idempotency-Key twice, same answer", holds=first == second)
    payment = issued(scene, PHONE_ORDER)
    psp.pay(payment["code"])
    order = wait(lambda: api.order(PHONE_ORDER), lambda seen: seen["state"] == "paid")
    report.step("webhook lost, found by poll", f"order {order['state']}", holds=order["state"] == "paid")
    [delivery] = psp.deliveries(payment["id"])
    sources = api.sources(PHONE_ORDER)
    observed = f"notification {delivery['state']}; the order's timeline speaks of {', '.join(sorted(sources))}"
    holds = delivery["state"] == "lost" and "webhook" not in sources and "poll" in sources
    report.step("no webhook was needed", observed, holds=holds)


def _protected_page(scene: Scene, page: str, code: str) -> None:
    answer = scene.buyer.open(page)
    robots, caches = answer.headers.get("X-Robots-Tag", ""), answer.headers.get("Cache-Control", "")
    shown = code in answer.text.replace(" ", "")
    observed = f"{'shows' if shown else 'hides'} the code; for robots {robots!r}, for caches {caches!r}"
    scene.report.step("voucher page", observed, holds=shown and "noindex" in robots and "no-store" in caches)
