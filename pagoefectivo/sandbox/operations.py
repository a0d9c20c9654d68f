"""Everything a person or a test may do to the company. `control.py` offers the same methods over HTTP."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from pagoefectivo.sandbox import records, statements
from pagoefectivo.sandbox.company import Company
from pagoefectivo.sandbox.ledger import Merchant, Payment, Refund
from pagoefectivo.sandbox.records import Record
from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.scenarios import playable
from pagoefectivo.sandbox.webhooks import forger_of

POLL_SECONDS = 0.01
INSTANT = timedelta(microseconds=1)


class Operations:
    """Acts and questions in plain JSON values; ControlRefused says why an act makes no sense."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def reset(self) -> None:
        """Empty the books: one merchant, real time, no faults, switches as at the start."""
        self._company.reset()

    def payments(self, order_id: str | None = None) -> list[Record]:
        """Return all codes, or those of one order_id, oldest first."""
        ledger = self._company.ledger
        with ledger.lock:
            known = [each for each in ledger.payments() if order_id in (None, each.order_id)]
            return [records.payment_record(each, ledger) for each in known]

    def refunds(self, payment_id: str | None = None) -> list[Record]:
        """Return all refunds, or those of one payment, oldest first."""
        return [records.refund_record(each) for each in self._company.ledger.refunds(payment_id)]

    def calls(self, operation: str | None = None) -> list[Record]:
        """Return every request to the API with its answer, or those of one operation, oldest first."""
        known = self._company.calls.calls()
        return [records.call_record(each) for each in known if operation in (None, each.operation)]

    def call_counts(self) -> dict[str, int]:
        """Return how many requests each operation has had."""
        return self._company.calls.counts()

    def clear_calls(self) -> None:
        """Forget the requests and their counts."""
        self._company.calls.clear()

    def deliveries(self, subject_id: str | None = None) -> list[Record]:
        """Return every notification with its attempts, or those about one payment or refund."""
        known = self._company.notifier.deliveries()
        return [records.delivery_record(each) for each in known if subject_id in (None, each.subject_id)]

    def totals(self, payment_id: str) -> dict[str, str]:
        """Return what came in, what is on its way back or back, and what reached the buyer."""
        ledger, payment = self._company.ledger, self._payment(payment_id)
        return {
            "received": f"{ledger.received_total(payment.id):.2f}",
            "refunded": f"{ledger.refunded_total(payment.id):.2f}",
            "paid_out": f"{ledger.paid_out_total(payment.id):.2f}",
        }

    def pay(
        self,
        code: str,
        amount: str | None = None,
        currency: str | None = None,
        *,
        late: bool = False,
        twice: bool = False,
    ) -> Record:
        """Take cash at the counter: any `amount` and `currency`, `late` for a dead code, `twice` for two payments."""
        payment = self._payment(code)
        self._company.counter.pay(payment, amount=_money(amount), currency=currency, late=late, twice=twice)
        return self._record(payment)

    def expire(self, code: str) -> Record:
        """Let an unpaid code die now."""
        return self._end(code, "expire")

    def cancel(self, code: str) -> Record:
        """Withdraw an unpaid code."""
        return self._end(code, "cancel")

    def reject(self, code: str) -> Record:
        """Turn an unpaid code down."""
        return self._end(code, "reject")

    def reverse(self, code: str) -> Record:
        """Take a payment back: the PSP says canceled after it said paid."""
        return self._end(code, "reverse")

    def settle_refund(
        self, refund_id: str, outcome: str = "succeed", amount: str | None = None, reason: str | None = None
    ) -> Record:
        """Decide a refund: succeed (paying out `amount`), reject, cancel, or return after success."""
        refund = self._company.ledger.refund(refund_id)
        if refund is None:
            raise ControlRefused("there is no refund {id}", id=refund_id)
        self._company.counter.settle(refund, outcome, amount=_money(amount), reason=reason)
        return records.refund_record(refund)

    def dashboard_refund(self, code: str, amount: str | None = None) -> Record:
        """Refund on the PSP's own screen; without an amount all that is left."""
        payment = self._payment(code)
        wanted = _money(amount) or self._company.counter.left_to_refund(payment)
        refund: Refund = self._company.counter.refund_from_dashboard(payment, wanted)
        return records.refund_record(refund)

    def fault(self, operation: str, kind: str, times: int | None = 1, **options: Any) -> Record:
        """Plan a fault for the next `times` requests of `operation` (or "any"); None until cleared."""
        return records.fault_record(self._company.faults.add(operation, kind, times, options))

    def webhook_fault(self, kind: str, times: int | None = 1, subject: str = "any", **options: Any) -> Record:
        """Plan a fault for the next `times` notifications about a payment, a refund or any; None until cleared."""
        if kind == "before_answer":
            return self.fault({"payment": "create"}.get(subject, subject), kind, times, **options)
        return records.fault_record(self._company.webhook_faults.add(subject, kind, times, options))

    def scenario(self, name: str) -> None:
        """Let the next code follow a named scenario; "" takes the choice back."""
        self._company.director.choose(name)

    def scenarios(self, psp: str | None = None) -> list[Record]:
        """Return every scenario, or those that this PSP can play."""
        able = self._company.faces[psp].abilities if psp else None
        return [
            {"name": each.slug, "title": each.title, "story": each.story, "refund": each.gives_back}
            for each in playable(able)
        ]

    def faults(self) -> dict[str, list[Record]]:
        """Return the faults that have yet to strike, under `api` and `webhooks`."""
        return {
            "api": [records.fault_record(each) for each in self._company.faults.waiting()],
            "webhooks": [records.fault_record(each) for each in self._company.webhook_faults.waiting()],
        }

    def clear_faults(self) -> None:
        """Drop all planned faults."""
        self._company.faults.clear()
        self._company.webhook_faults.clear()

    def now(self) -> str:
        """Return the sandbox's time."""
        return str(records.instant(self._company.clock.now()))

    def advance(self, seconds: float) -> str:
        """Move the clock; what falls due on the way has happened when this returns."""
        self._company.clock.advance(seconds)
        return self.now()

    def set_clock(self, moment: str) -> str:
        """Move the clock to an instant."""
        self._company.clock.set(_moment(moment))
        return self.now()

    def advance_to_next_expiry(self) -> str:
        """Move the clock to the nearest deadline of an unpaid code."""
        deadlines = [each.expires_at for each in self._company.ledger.payments() if each.state == "pending"]
        if not deadlines:
            raise ControlRefused("no code is waiting to expire")
        self._company.clock.set(max(min(deadlines), self._company.clock.now()))
        return self.now()

    def configure(self, **switches: Any) -> dict[str, Any]:
        """Set switches by name and return all of them."""
        self._company.switches.update(switches)
        return self._company.switches.as_dict()

    def add_merchant(
        self, login: str, secrets: dict[str, str], notification_url: str | None = None, psp: str = "dlocal"
    ) -> dict[str, str | None]:
        """Open an account for another merchant at one of the faces."""
        self._company.ledger.merchants[psp, login] = Merchant(psp, login, secrets, notification_url)
        return {"login": login, "notification_url": notification_url}

    def resend(self, delivery_id: int) -> Record:
        """Send a notification once more, freshly signed and without any fault."""
        return records.delivery_record(self._company.notifier.resend(delivery_id))

    def inject(
        self,
        url: str,
        body: str,
        *,
        signed: bool = True,
        x_date: str | None = None,
        login: str | None = None,
        psp: str = "dlocal",
    ) -> Record:
        """Send any body to any receiver on this machine, well signed or forged, and return what it answered."""
        face = self._company.faces[psp]
        merchant = self._company.ledger.merchants.get((psp, login or face.merchant().login))
        if merchant is None:
            raise ControlRefused(f"there is no merchant {login!r}")
        raw = body.encode(errors="surrogateescape")
        signer = merchant if signed else forger_of(merchant)
        headers = face.signed_headers(signer, raw, self._company.clock.now(), x_date)
        return records.delivery_record(
            self._company.notifier.inject(face, merchant, face.address(url, raw), raw, headers)
        )

    def statement(self, psp: str, layout: str, since: str | None = None, until: str | None = None) -> str:
        """Return a PSP's report on the money that moved from `since` on and before `until`, in one of its layouts."""
        known = statements.layouts()
        render = known.get(psp, {}).get(layout)
        if render is None:
            names = [f"{name} {each}" for name, theirs in sorted(known.items()) for each in theirs]
            raise ControlRefused(f"there is no statement {psp!r} {layout!r}; there are: {', '.join(names)}")
        begins = None if since is None else _moment(since)
        ends = self._company.clock.now() + INSTANT if until is None else _moment(until)
        return render(statements.draw_up(self._company.ledger, psp, begins, ends))

    def wait_idle(self, timeout: float = 10.0, horizon: float = 1.0) -> bool:
        """Wait until no notification is on its way or due within `horizon` seconds; False after `timeout`."""
        deadline = time.monotonic() + timeout
        while self._company.notifier.is_busy(horizon) or self._company.clock.is_busy(horizon):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _payment(self, code: str) -> Payment:
        ledger = self._company.ledger
        payment = ledger.payment_by_code(code) or ledger.payment(code)
        if payment is None:
            raise ControlRefused("there is no code {code}", code=code)
        return payment

    def _record(self, payment: Payment) -> Record:
        return records.payment_record(payment, self._company.ledger)

    def _end(self, code: str, act: str) -> Record:
        payment = self._payment(code)
        getattr(self._company.counter, act)(payment)
        return self._record(payment)


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ControlRefused(f"{written!r} is not an instant like 2026-11-22T14:05:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _money(amount: str | None) -> Decimal | None:
    if amount is None:
        return None
    try:
        number = Decimal(str(amount)).quantize(Decimal("0.01"))
    except InvalidOperation:
        number = Decimal(0)
    if number <= 0:
        raise ControlRefused("{amount} is not an amount", amount=str(amount))
    return number
