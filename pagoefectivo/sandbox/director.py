"""The director: sees to it that a code, and the refunds of it, go the way of their scenario."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pagoefectivo.sandbox.ledger import Payment, Refund
from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.scenarios import ENDINGS, SCENARIOS, Scenario

if TYPE_CHECKING:
    from pagoefectivo.sandbox.company import Company

MAGIC = re.compile(r"([a-z-]+)@sandbox\.example")
BEFORE = {"create": "before_code", "refund": "before_refund"}


class Director:
    """Acts for the company on its own clock. An act that no longer makes sense by then is left out."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._next: Scenario | None = None
        self._begun: set[str] = set()
        self._lock = threading.Lock()

    @property
    def next_slug(self) -> str:
        """Return the scenario that waits for the next code, or nothing."""
        return self._next.slug if self._next else ""

    def choose(self, slug: str) -> None:
        """Let the next code follow this scenario; "" takes the choice back."""
        if slug and slug not in SCENARIOS:
            raise ControlRefused("there is no scenario {name}", name=slug)
        with self._lock:
            self._next = SCENARIOS.get(slug)
            self._begun.clear()

    def before(self, operation: str, body: bytes) -> None:
        """Prepare what the scenario of this request wants to go wrong; once for each code and each refund."""
        part = BEFORE.get(operation)
        if part is None:
            return
        said = body.decode(errors="replace")
        named = self._named_in(said) if operation == "create" else self._of_payment_in(said)
        scenario = named or (self._next if operation == "create" else None)
        prepare = getattr(scenario, part) if scenario else None
        if prepare is None:
            return
        occasion = f"{operation} {said if named else 'the next'}"  # a request that comes again is the same occasion
        with self._lock:
            if occasion in self._begun:
                return
            self._begun.add(occasion)
        prepare(self)

    def issued(self, payment: Payment) -> None:
        """Give a new code its scenario, by the buyer's address or by the choice made at the console."""
        scenario = self._named_in(" ".join(payment.payer.values()))
        with self._lock:
            if scenario is None and self._next is not None:
                scenario, self._next = self._next, None
        if scenario is None:
            return
        payment.scenario = scenario.slug
        if scenario.code:
            scenario.code(self, payment)

    def opened(self, refund: Refund) -> None:
        """Let a new refund go the way of its bank account's last digits, or of its code's scenario."""
        endings = (value[-4:] for value in refund.bank.values())
        slug = next((ENDINGS[each] for each in endings if each in ENDINGS), "")
        payment = self._company.ledger.payment(refund.payment_id)
        scenario = SCENARIOS.get(slug or (payment.scenario if payment else ""))
        if scenario and scenario.refund:
            scenario.refund(self, refund)

    # --- what a scenario may do ------------------------------------------------------------------------------------

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        def unless_refused() -> None:
            try:
                act()
            except ControlRefused:
                return  # the code or the refund went another way meanwhile

        self._company.clock.call_at(self._company.clock.now() + timedelta(seconds=seconds), unless_refused)

    def pay(self, payment: Payment, *, amount: Decimal | None = None, currency: str | None = None, **how: bool) -> None:
        self._company.counter.pay(payment, amount=amount, currency=currency, **how)

    def expire(self, payment: Payment) -> None:
        self._company.counter.expire(payment)

    def reverse(self, payment: Payment) -> None:
        self._company.counter.reverse(payment)

    def refund_outside(self, payment: Payment) -> None:
        counter = self._company.counter
        counter.refund_from_dashboard(payment, counter.left_to_refund(payment))

    def settle(self, refund: Refund, outcome: str, reason: str | None = None) -> None:
        self._company.counter.settle(refund, outcome, reason=reason)

    def fault(self, operation: str, kind: str, **options: Any) -> None:
        self._company.faults.add(operation, kind, 1, options)

    def webhook_fault(self, kind: str, subject: str, times: int | None) -> None:
        self._company.webhook_faults.add(subject, kind, times, {})

    def clear_webhook_faults(self) -> None:
        self._company.webhook_faults.clear()

    def switch(self, **switches: Any) -> None:
        self._company.switches.update(switches)

    def _named_in(self, said: str) -> Scenario | None:
        found = MAGIC.search(said)
        return SCENARIOS.get(found[1]) if found else None

    def _of_payment_in(self, said: str) -> Scenario | None:
        """Find the code that a refund's request speaks of: every PSP names it by an id of its own somewhere in it."""
        payments = (each for each in self._company.ledger.payments() if each.scenario and each.id in said)
        return next((SCENARIOS[each.scenario] for each in payments), None)
