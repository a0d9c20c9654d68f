"""What happens in the world outside: codes are issued, paid, expired and reversed, refunds are settled."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.ledger import ZERO, Ledger, Payment, Receipt, Refund
from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.switches import Switches

LIMA = timedelta(hours=-5)
CODE_SPACE = 900_000_000
CODES_PER_SECOND = 10

Announce = Callable[[Payment | Refund], None]


class Script(Protocol):
    """Who decides what becomes of a new code and a new refund."""

    def issued(self, payment: Payment) -> None: ...

    def opened(self, refund: Refund) -> None: ...


class Counter:
    """Acts on the ledger under its lock and announces each change; nothing here knows a PSP's words."""

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, announce: Announce, script: Script) -> None:
        self._ledger = ledger
        self._clock = clock
        self._switches = switches
        self._announce = announce
        self._script = script
        # Starts from the time of day, so that a restarted company does not repeat codes a shop still remembers.
        self._codes = itertools.count(int(time.time() * CODES_PER_SECOND))
        self._operations = itertools.count(1)

    def next_code(self) -> str:
        return str(100_000_000 + next(self._codes) % CODE_SPACE)

    def deadline(self, created_at: datetime) -> datetime:
        """Return when a code issued now dies: 23:59 in Lima some days on, or a fixed time if the switch says so."""
        if self._switches.expires_in_seconds is not None:
            return created_at + timedelta(seconds=self._switches.expires_in_seconds)
        last_day = created_at + LIMA + timedelta(days=self._switches.expiry_days)
        return last_day.replace(hour=23, minute=59, second=0, microsecond=0) - LIMA

    def announce(self, subject: Payment | Refund) -> None:
        """Book the notification of a step that only its own PSP knows."""
        self._announce(subject)

    def issue(self, payment: Payment) -> None:
        """Enter a new code in the books and book its expiry."""
        self._ledger.add_payment(payment)
        self._clock.call_at(payment.expires_at, lambda: self._expire_if_due(payment))
        if self._switches.notify_created:
            self._announce(payment)
        self._script.issued(payment)

    def pay(
        self,
        payment: Payment,
        *,
        amount: Decimal | None = None,
        currency: str | None = None,
        late: bool = False,
        twice: bool = False,
    ) -> None:
        """Take cash for a code. Refused for a dead code unless `late`, for a paid one unless `twice`."""
        with self._ledger.lock:
            times = 2 if twice and payment.state == "pending" else 1
            if late and payment.state == "pending":
                self.expire(payment)
            if payment.state == "paid" and not twice:
                raise ControlRefused("this code is paid already; say twice=True to take the cash again")
            if payment.state in ("expired", "canceled", "rejected") and not late:
                raise ControlRefused(
                    "this code is {state}; say late=True to take the cash all the same", state=payment.state
                )
            for _ in range(times):
                self._receive(payment, payment.amount if amount is None else amount, currency or payment.currency)

    def _receive(self, payment: Payment, amount: Decimal, currency: str) -> None:
        now = self._clock.now()
        is_late = payment.state not in {"pending", "paid"}
        if is_late and not payment.takes_late_money:
            return
        payment.receipts.append(Receipt(amount, currency, now, f"{next(self._operations):08d}"))
        is_off = (payment.received, payment.received_currency) != (payment.amount, payment.currency)
        refused = (is_off and self._switches.off_amount == "cancel") or (
            is_late and self._switches.late_payment == "cancel"
        )
        payment.state = "canceled" if refused else "paid"
        payment.approved_at = None if refused else payment.approved_at or now
        payment.reversed_at = None
        self._announce(payment)

    def expire(self, payment: Payment) -> None:
        """Let an unpaid code die now."""
        self._end(payment, "pending", "expired", announce=self._switches.notify_expiry)

    def cancel(self, payment: Payment) -> None:
        """Withdraw an unpaid code."""
        self._end(payment, "pending", "canceled")

    def extend(self, payment: Payment, expires_at: datetime) -> None:
        """Move an unpaid code's deadline; one that had expired comes alive again."""
        with self._ledger.lock:
            if payment.state not in ("pending", "expired"):
                raise ControlRefused("this code is {state}, not {expected}", state=payment.state, expected="pending")
            payment.state, payment.expires_at = "pending", expires_at
            self._clock.call_at(expires_at, lambda: self._expire_if_due(payment))

    def reject(self, payment: Payment) -> None:
        """Let the PSP turn an unpaid code down."""
        self._end(payment, "pending", "rejected")

    def reverse(self, payment: Payment) -> None:
        """Take a payment back: paid becomes canceled and the money is gone."""
        with self._ledger.lock:
            self._end(payment, "paid", "canceled", announce=False)
            payment.reversed_at = self._clock.now()
            self._announce(payment)

    def _end(self, payment: Payment, expected: str, state: str, *, announce: bool = True) -> None:
        with self._ledger.lock:
            if payment.state != expected:
                raise ControlRefused("this code is {state}, not {expected}", state=payment.state, expected=expected)
            payment.state = state
            if announce:
                self._announce(payment)

    def _expire_if_due(self, payment: Payment) -> None:
        with self._ledger.lock:
            is_known = self._ledger.payment(payment.id) is payment
            if is_known and payment.state == "pending" and payment.expires_at <= self._clock.now():
                self.expire(payment)

    def left_to_refund(self, payment: Payment) -> Decimal:
        """Return what came in and is not yet on its way back."""
        return self._ledger.received_total(payment.id) - self._ledger.refunded_total(payment.id)

    def open_refund(self, refund: Refund) -> None:
        """Enter a pending refund; it settles by itself if the switches say so, or lapses without bank details."""
        self._ledger.add_refund(refund)
        self._script.opened(refund)
        outcome = self._switches.auto_refund
        if outcome is not None:
            due_at = refund.created_at + timedelta(seconds=self._switches.auto_refund_seconds)
            self._clock.call_at(due_at, lambda: self._settle_if_pending(refund, outcome, None))
        elif not refund.bank:
            due_at = refund.created_at + timedelta(days=self._switches.payer_form_days)
            reason = "The payer did not fill in the bank details."
            self._clock.call_at(due_at, lambda: self._settle_if_pending(refund, "cancel", reason))

    def refund_from_dashboard(self, payment: Payment, amount: Decimal) -> Refund:
        """Refund on the PSP's own screen, where no merchant reference exists."""
        with self._ledger.lock:
            if payment.state != "paid":
                raise ControlRefused("this code is {state}, not {expected}", state=payment.state, expected="paid")
            if amount <= ZERO or (amount > self.left_to_refund(payment) and not self._switches.permissive):
                raise ControlRefused("more than is left to refund")
            refund = Refund(
                id=f"REF-{uuid.uuid4()}",
                payment_id=payment.id,
                psp=payment.psp,
                login=payment.login,
                amount=amount,
                currency=payment.received_currency,
                created_at=self._clock.now(),
                reference=None,
                notification_url=payment.notification_url,
                description="Refunded from the dashboard",
                bank={"bank": "dashboard"},
                origin="dashboard",
            )
            self.open_refund(refund)
            return refund

    def settle(self, refund: Refund, outcome: str, *, amount: Decimal | None = None, reason: str | None = None) -> None:
        """Decide a refund: succeed (or pay out another `amount`), reject, cancel, or return after success."""
        states = {"succeed": "succeeded", "reject": "rejected", "cancel": "canceled", "return": "canceled"}
        if outcome not in states:
            raise ControlRefused(f"an outcome is one of {sorted(states)}, not {outcome!r}")
        expected = "succeeded" if outcome == "return" else "pending"
        with self._ledger.lock:
            if refund.state != expected:
                raise ControlRefused("this refund is {state}, not {expected}", state=refund.state, expected=expected)
            refund.state = states[outcome]
            refund.reason = reason
            refund.paid_out = (refund.amount if amount is None else amount) if outcome == "succeed" else ZERO
            if outcome == "succeed":
                refund.settled_at = self._clock.now()
            elif outcome == "return":
                refund.returned_at = self._clock.now()
            self._announce(refund)

    def _settle_if_pending(self, refund: Refund, outcome: str, reason: str | None) -> None:
        with self._ledger.lock:
            if refund.state == "pending" and self._ledger.refund(refund.id) is refund:
                self.settle(refund, outcome, reason=reason)
