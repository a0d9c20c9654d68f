"""What every journey is made of: a report with one line per step, and the steps that several of them take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from pagoefectivo.sandbox.control import SandboxControl
from tooling.demo_clients import ApiClient, Buyer, Document
from tooling.demo_people import BackOffice

PATIENCE_SECONDS = 25.0
LOOK_EVERY_SECONDS = 0.1
PRODUCT, PRICE = "tetera", Decimal("89.90")


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


@dataclass(frozen=True)
class Scene:
    """Who takes part in a journey, and the report of it."""

    report: Report
    psp: SandboxControl
    api: ApiClient
    buyer: Buyer
    back_office: BackOffice


def bought(scene: Scene, account: str) -> tuple[str, str]:
    """Buy in the storefront through a company; return the order's reference and the address of its code's page."""
    page = scene.buyer.check_out(PRODUCT, account)
    reference = scene.buyer.newest_reference()
    observed = f"order {reference} of S/ {PRICE} for the account {account}, buyer sent to the protected page"
    holds = "/v/" in page and scene.api.order(reference)["account"] == account
    scene.report.step("checkout", observed, holds=holds)
    return reference, page


def issued(scene: Scene, reference: str) -> Document:
    """Return the only payment at the PSP that bears the order's code."""
    voucher = scene.api.order(reference)["voucher"]
    at_the_psp = [each for each in scene.psp.payments() if each["code"] == voucher["code"]]
    observed = f"code of {len(voucher['code'])} digits {voucher['state']}, {len(at_the_psp)} payment at the PSP"
    scene.report.step("payment code", observed, holds=voucher["state"] == "issued" and len(at_the_psp) == 1)
    return at_the_psp[0]


def paid(scene: Scene, reference: str, payment: Document) -> None:
    """Pay the code at the counter, and wait until the order knows."""
    scene.psp.pay(payment["code"])
    order = wait(lambda: scene.api.order(reference), lambda seen: seen["state"] == "paid")
    observed = f"order {order['state']}, {order['paid_amount']}"
    scene.report.step("paid at the counter", observed, holds=order["state"] == "paid")


def confirmed_twice(scene: Scene, reference: str, payment: Document) -> None:
    """The notification was taken, and not believed before the PSP was asked."""
    [delivery] = wait(lambda: scene.psp.deliveries(payment["id"]), lambda seen: bool(seen and seen[0]["attempts"]))
    answers = [attempt["status"] for attempt in delivery["attempts"]]
    scene.report.step("webhook", f"{delivery['state']}, our answer {answers[-1]}", holds=answers[-1] == HTTPStatus.OK)
    sources = wait(lambda: scene.api.sources(reference), lambda seen: {"webhook", "poll"} <= seen)
    names = (payment["id"], payment["code"])
    calls = [f"{call['path']} {call['body']}" for call in scene.psp.calls("get_payment")]
    asked = sum(1 for call in calls if any(name in call for name in names))
    observed = f"asked the PSP {asked} time(s); the timeline speaks of {', '.join(sorted(sources))}"
    scene.report.step("double confirmation", observed, holds=asked > 0 and {"webhook", "poll"} <= sources)


def refused(scene: Scene, reference: str, amount: Decimal, code: str) -> None:
    """A refund is refused with its reason, and the PSP is not called."""
    before = scene.psp.call_counts().get("refund", 0)
    status, problem = scene.api.try_refund(reference, amount)
    sent = scene.psp.call_counts().get("refund", 0) - before
    observed = f"{status} {problem.get('code')}, {sent} calls to the PSP: {problem.get('detail', '')}"
    holds = (status, problem.get("code"), sent) == (HTTPStatus.UNPROCESSABLE_ENTITY, code, 0)
    scene.report.step(f"refund of S/ {amount} refused", observed, holds=holds)


def accepted_by_bank(scene: Scene, refund: Document) -> None:
    """The bank behind the PSP accepts a refund, and we hear of it."""
    scene.psp.settle_refund(refund["provider_reference"], "succeed")
    confirmed(scene, refund, "refund accepted by the bank")


def confirmed(scene: Scene, refund: Document, name: str) -> None:
    """A refund is known here to have succeeded."""
    found = wait(lambda: scene.api.refund_named(refund["id"]), lambda seen: seen["state"] == "succeeded")
    observed = f"S/ {found['amount']} {found['state']}"
    scene.report.step(name, observed, holds=found["state"] == "succeeded")


def order_is(scene: Scene, reference: str, state: str, *, refunded: Decimal) -> None:
    """The order stands where its money is."""
    order = scene.api.order(reference)
    observed = f"{order['state']}, S/ {order['refunded_amount']} back, S/ {order['refundable_amount']} left to refund"
    scene.report.step("order", observed, holds=(order["state"], order["refunded_amount"]) == (state, str(refunded)))


def books_agree(scene: Scene, reference: str, payment: Document) -> None:
    """What we say came in and went back is what the PSP says."""
    order, theirs = scene.api.order(reference), scene.psp.totals(payment["id"])
    ours = (order["paid_amount"], order["refunded_amount"])
    holds = ours == (theirs["received"], theirs["paid_out"])
    scene.report.step("our books and the PSP's", f"ours {ours}, theirs {theirs}", holds=holds)


def wait(look: Callable[[], Any], is_it: Callable[[Any], bool]) -> Any:
    """Look until it is so, or until patience ends; return what was seen last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    seen = look()
    while not is_it(seen) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_SECONDS)
        seen = look()
    return seen
