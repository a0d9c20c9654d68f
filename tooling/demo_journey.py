"""Whole journeys over real HTTP without a person: each step says what was observed and whether that is how it should be."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import requests

from pagoefectivo.sandbox.control import SandboxControl
from pagoefectivo.sandbox.refusals import ControlRefused
from tooling.demo_clients import ApiClient, Buyer, Document
from tooling.demo_stack import Stack

PATIENCE_SECONDS = 25.0
LOOK_EVERY_SECONDS = 0.1
PRODUCT, PRICE = "tetera", Decimal("89.90")
PART = Decimal("30.00")
REST = PRICE - PART
TOO_MUCH = REST + Decimal("0.01")
PHONE_ORDER = "TEL-1001"


class StepFailed(Exception):
    """What was observed is not what should have happened; the journey cannot go on."""


@dataclass
class Report:
    """One line per step as it happens."""

    passed: int = 0
    failed: int = 0
    at: float = field(default_factory=time.monotonic)

    def step(self, name: str, observed: str, *, holds: bool) -> None:
        """Print one observation; raises StepFailed when it does not hold."""
        now = time.monotonic()
        print(f"{'✓' if holds else '✗'} {name}: {observed}  ({now - self.at:.1f} s)", flush=True)
        self.at = now
        if not holds:
            self.failed += 1
            raise StepFailed(name)
        self.passed += 1

    def broke_off(self, error: Exception) -> None:
        """Note that a step could not even be observed."""
        self.failed += 1
        print(f"✗ the journey broke off: {type(error).__name__}: {error}", flush=True)


def walk(stack: Stack, started: float) -> int:
    """Walk both journeys; return 0 only if every step ended as it should."""
    report = Report()
    report.step("stack", "PostgreSQL, Valkey, sandbox PSP, web, Celery worker and beat answer", holds=True)
    with SandboxControl(stack.sandbox_url) as psp, ApiClient(stack) as api, Buyer(stack) as buyer:
        for journey in (paid_and_refunded, webhook_lost):
            print(f"\n{(journey.__doc__ or '').strip()}", flush=True)
            try:
                journey(report, psp, api, buyer)
            except StepFailed:
                continue
            except (requests.RequestException, ControlRefused, LookupError, ValueError) as error:
                report.broke_off(error)
    seconds = time.monotonic() - started
    verdict = "every step ended as it should" if not report.failed else f"{report.failed} did not end as it should"
    print(f"\n{report.passed + report.failed} steps in {seconds:.0f} s: {verdict}.", flush=True)
    return 1 if report.failed else 0


def sample_voucher(stack: Stack) -> str:
    """Buy something as a buyer would; return the page of its payment code."""
    with Buyer(stack) as buyer:
        return buyer.check_out(PRODUCT)


def paid_and_refunded(report: Report, psp: SandboxControl, api: ApiClient, buyer: Buyer) -> None:
    """A purchase in the storefront, paid at the counter, refunded in two parts"""
    page = buyer.check_out(PRODUCT)
    reference = buyer.newest_reference()
    report.step("checkout", f"order {reference} of S/ {PRICE}, buyer sent to the protected page", holds="/v/" in page)
    order = api.order(reference)
    code, payment = _issued(report, psp, order)
    _protected_page(report, buyer, page, code)
    _refused(report, psp, api, reference, PRICE, "REFUND_NOT_PAID")
    psp.pay(code)
    order = _wait(lambda: api.order(reference), lambda seen: seen["state"] == "paid")
    report.step(
        "paid at the counter", f"order {order['state']}, {order['paid_amount']}", holds=order["state"] == "paid"
    )
    _confirmed_twice(report, psp, api, reference, payment)
    said = _wait(lambda: buyer.state_of(reference), lambda seen: seen == "paid")
    report.step("storefront heard order_paid", f"its own page says {said}", holds=said == "paid")

    refund = api.refund(reference, PART)
    report.step("partial refund", f"S/ {PART} {refund['state']} at the PSP", holds=refund["state"] == "pending")
    _refused(report, psp, api, reference, TOO_MUCH, "REFUND_AMOUNT_EXCEEDED")
    order = _accepted_by_bank(report, psp, api, reference, refund)
    holds = order["state"] == "partially_refunded" and order["refundable_amount"] == str(REST)
    report.step("order", f"{order['state']}, S/ {order['refundable_amount']} left to refund", holds=holds)
    order = _accepted_by_bank(report, psp, api, reference, api.refund(reference, REST))
    report.step("order", f"{order['state']}, S/ {order['refunded_amount']} back", holds=order["state"] == "refunded")
    said = _wait(lambda: buyer.state_of(reference), lambda seen: seen == "refunded")
    report.step("storefront heard order_refunded", f"its own page says {said}", holds=said == "refunded")
    _books_agree(report, psp, order, payment)


def webhook_lost(report: Report, psp: SandboxControl, api: ApiClient, _: Buyer) -> None:
    """An order through the REST API whose notification never arrives"""
    psp.webhook_fault("lost")
    first, second = api.open_order(PHONE_ORDER, PRICE), api.open_order(PHONE_ORDER, PRICE)
    report.step("order through the API", "same Idempotency-Key twice, same answer", holds=first == second)
    code, payment = _issued(report, psp, first)
    psp.pay(code)
    order = _wait(lambda: api.order(PHONE_ORDER), lambda seen: seen["state"] == "paid")
    report.step("webhook lost, found by poll", f"order {order['state']}", holds=order["state"] == "paid")
    [delivery] = psp.deliveries(payment["id"])
    sources = api.sources(PHONE_ORDER)
    observed = f"notification {delivery['state']}; the order's timeline speaks of {', '.join(sorted(sources))}"
    holds = delivery["state"] == "lost" and "webhook" not in sources and "poll" in sources
    report.step("no webhook was needed", observed, holds=holds)


def _issued(report: Report, psp: SandboxControl, order: Document) -> tuple[str, Document]:
    voucher = order["voucher"]
    at_the_psp = [each for each in psp.payments() if each["code"] == voucher["code"]]
    observed = f"code of {len(voucher['code'])} digits {voucher['state']}, {len(at_the_psp)} payment at the PSP"
    report.step("payment code", observed, holds=voucher["state"] == "issued" and len(at_the_psp) == 1)
    return voucher["code"], at_the_psp[0]


def _protected_page(report: Report, buyer: Buyer, page: str, code: str) -> None:
    answer = buyer.open(page)
    robots, caches = answer.headers.get("X-Robots-Tag", ""), answer.headers.get("Cache-Control", "")
    shown = code in answer.text.replace(" ", "")
    observed = f"{'shows' if shown else 'hides'} the code; for robots {robots!r}, for caches {caches!r}"
    report.step("voucher page", observed, holds=shown and "noindex" in robots and "no-store" in caches)


def _confirmed_twice(report: Report, psp: SandboxControl, api: ApiClient, reference: str, payment: Document) -> None:
    [delivery] = psp.deliveries(payment["id"])
    answers = [attempt["status"] for attempt in delivery["attempts"]]
    report.step("webhook", f"{delivery['state']}, our answer {answers[-1]}", holds=answers[-1] == HTTPStatus.OK)
    sources = api.sources(reference)
    asked = sum(1 for call in psp.calls("get_payment") if payment["id"] in call["path"])
    observed = f"asked the PSP {asked} time(s); the timeline speaks of {', '.join(sorted(sources))}"
    report.step("double confirmation", observed, holds=asked > 0 and {"webhook", "poll"} <= sources)


def _refused(report: Report, psp: SandboxControl, api: ApiClient, reference: str, amount: Decimal, code: str) -> None:
    before = psp.call_counts().get("refund", 0)
    status, problem = api.try_refund(reference, amount)
    sent = psp.call_counts().get("refund", 0) - before
    observed = f"{status} {problem.get('code')}, {sent} calls to the PSP: {problem.get('detail', '')}"
    holds = (status, problem.get("code"), sent) == (HTTPStatus.UNPROCESSABLE_ENTITY, code, 0)
    report.step(f"refund of S/ {amount} refused", observed, holds=holds)


def _accepted_by_bank(
    report: Report, psp: SandboxControl, api: ApiClient, reference: str, refund: Document
) -> Document:
    psp.settle_refund(refund["provider_reference"], "succeed")
    found = _wait(lambda: api.refund_named(refund["id"]), lambda seen: seen["state"] == "succeeded")
    observed = f"S/ {found['amount']} {found['state']}"
    report.step("refund accepted by the bank", observed, holds=found["state"] == "succeeded")
    return api.order(reference)


def _books_agree(report: Report, psp: SandboxControl, order: Document, payment: Document) -> None:
    theirs = psp.totals(payment["id"])
    ours = (order["paid_amount"], order["refunded_amount"])
    holds = ours == (theirs["received"], theirs["paid_out"])
    report.step("our books and the PSP's", f"ours {ours}, theirs {theirs}", holds=holds)


def _wait(look: Callable[[], Any], is_it: Callable[[Any], bool]) -> Any:
    """Look until it is so, or until patience ends; return what was seen last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    seen = look()
    while not is_it(seen) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_SECONDS)
        seen = look()
    return seen
