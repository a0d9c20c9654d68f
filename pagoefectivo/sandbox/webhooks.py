"""Notifications: signed at the moment they leave, sent by one background thread, retried on the company's clock."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.courier import Attempt, Courier, Parcel
from pagoefectivo.sandbox.faults import Fault, FaultPlan
from pagoefectivo.sandbox.ledger import Ledger, Merchant
from pagoefectivo.sandbox.psps.face import Face
from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.switches import Switches

LONGEST_WAIT_SECONDS = 0.5
WAITING, SENDING, HELD = "waiting", "sending", "held"


@dataclass
class Delivery:
    """One notification. `state` is waiting, sending, held, delivered, lost, or gave_up when the retries are over."""

    id: int
    psp: str
    login: str
    subject: str
    subject_id: str
    url: str
    body: bytes
    due_at: datetime
    fault: Fault | None = None
    first_date: datetime | None = None
    state: str = WAITING
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def kind(self) -> str | None:
        return self.fault.kind if self.fault else None


class Notifier:
    """All deliveries of the company, in order, and the thread that sends them."""

    def __init__(
        self, ledger: Ledger, clock: Clock, switches: Switches, faults: FaultPlan, faces: Mapping[str, Face]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._switches = switches
        self._faults = faults
        self._faces = faces
        self._courier = Courier(switches)
        self._deliveries: list[Delivery] = []
        self._open: list[Delivery] = []
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        clock.on_move(self._wake)

    def enqueue(self, face: Face, login: str, subject: str, subject_id: str, url: str | None, body: bytes) -> None:
        """Book a notification for now; the planned webhook fault, if any, strikes it. Nothing without an address."""
        if not url:
            return
        with self._changed:
            fault = self._faults.take(subject)
            now = self._clock.now()
            delivery = Delivery(next(self._numbers), face.name, login, subject, subject_id, url, body, now, fault)
            held = [each for each in self._open if each.state == HELD]
            if delivery.kind == "lost":
                delivery.state = "lost"
            elif delivery.kind == "reordered":
                delivery.state = HELD
            elif fault and fault.kind == "delayed":
                delivery.due_at += timedelta(seconds=float(fault.options["seconds"]))
            self._deliveries.append(delivery)
            if delivery.state != "lost":
                self._open.append(delivery)
            if delivery.state == WAITING:
                for earlier in held:
                    earlier.state, earlier.due_at = WAITING, delivery.due_at + timedelta(microseconds=1)
            self._changed.notify_all()

    def flush(self, subject_id: str, known: set[int], seconds: float = 10.0) -> None:
        """Wait, at most `seconds`, until the subject's deliveries other than the `known` ones have been tried once."""
        with self._changed:
            self._changed.wait_for(
                lambda: all(
                    each.attempts or each.state in (HELD, "lost")
                    for each in self._deliveries
                    if each.subject_id == subject_id and each.id not in known
                ),
                seconds,
            )

    def resend(self, delivery_id: int) -> Delivery:
        """Book the same body once more, freshly signed and without any fault."""
        with self._changed:
            old = next((each for each in self._deliveries if each.id == delivery_id), None)
            if old is None:
                raise ControlRefused(f"there is no delivery {delivery_id}")
            again = Delivery(
                next(self._numbers),
                old.psp,
                old.login,
                old.subject,
                old.subject_id,
                old.url,
                old.body,
                self._clock.now(),
            )
            self._deliveries.append(again)
            self._open.append(again)
            self._changed.notify_all()
            return again

    def inject(self, face: Face, merchant: Merchant, url: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """Send any bytes with any headers to any receiver, once and now."""
        with self._changed:
            number = next(self._numbers)
            delivery = Delivery(number, face.name, merchant.login, "injected", "", url, body, self._clock.now())
            delivery.state = SENDING
            self._deliveries.append(delivery)
        delivery.attempts.append(self._courier.carry(Parcel(url, body, headers), self._clock.now()))
        delivery.state = "delivered" if delivery.attempts[-1].accepted else "gave_up"
        return delivery

    def deliveries(self) -> list[Delivery]:
        """Return every delivery, oldest first."""
        with self._changed:
            return list(self._deliveries)

    def is_busy(self, horizon: float) -> bool:
        """Return whether a delivery is on its way or due within `horizon` seconds of the company's clock."""
        limit = self._clock.now() + timedelta(seconds=horizon)
        with self._changed:
            return any(each.state == SENDING or (each.state == WAITING and each.due_at <= limit) for each in self._open)

    def start(self) -> None:
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake()
        if self._thread:
            self._thread.join(timeout=5)
        self._courier.close()

    def reset(self) -> None:
        with self._changed:
            self._deliveries.clear()
            self._open.clear()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._stopping:
            with self._changed:
                delivery = self._claim()
                if delivery is None:
                    self._changed.wait(self._wait_seconds())
            if delivery is not None:
                self._send(delivery)

    def _claim(self) -> Delivery | None:
        waiting = [each for each in self._open if each.state == WAITING and each.due_at <= self._clock.now()]
        if not waiting:
            return None
        delivery = min(waiting, key=lambda each: (each.due_at, each.id))
        delivery.state = SENDING
        return delivery

    def _wait_seconds(self) -> float:
        now = self._clock.now()
        dues = [(each.due_at - now).total_seconds() for each in self._open if each.state == WAITING]
        return max(0.0, min([LONGEST_WAIT_SECONDS, *dues]))

    def _send(self, delivery: Delivery) -> Attempt:
        now = self._clock.now()
        parcel = self._pack(delivery, now)
        copies = int(delivery.fault.options["copies"]) if delivery.fault and delivery.kind == "duplicated" else 1
        attempts = [self._courier.carry(parcel, now) for _ in range(copies)]
        with self._changed:
            delivery.attempts.extend(attempts)
            self._decide(delivery, attempts[-1])
            self._changed.notify_all()
        return attempts[-1]

    def _pack(self, delivery: Delivery, now: datetime) -> Parcel:
        face, merchant = self._faces[delivery.psp], self._ledger.merchants[delivery.psp, delivery.login]
        first_date = delivery.first_date = delivery.first_date or now
        sent_at = first_date if self._switches.reuse_x_date else now
        body, options = delivery.body, delivery.fault.options if delivery.fault else {}
        if delivery.kind == "stale":
            sent_at -= timedelta(seconds=float(options["seconds"]))
        elif delivery.kind == "future":
            sent_at += timedelta(seconds=float(options["seconds"]))
        elif delivery.kind == "huge":
            body = body[:-1] + b',"padding":"' + b"x" * int(options["bytes"]) + b'"}'
        url = face.address(delivery.url, body)
        if delivery.kind == "unsigned":
            return Parcel(url, body, face.unsigned_headers(merchant, sent_at))
        if delivery.kind == "forged":
            merchant = forger_of(merchant)
        return Parcel(url, body, face.signed_headers(merchant, body, sent_at))

    def _decide(self, delivery: Delivery, attempt: Attempt) -> None:
        waits = self._switches.retry_seconds[: self._faces[delivery.psp].most_retries]
        retries = len(delivery.attempts) - 1
        if attempt.accepted:
            delivery.state = "delivered"
        elif attempt.blocked or retries >= len(waits):
            delivery.state = "gave_up"
        else:
            delivery.state = WAITING
            delivery.due_at = self._clock.now() + timedelta(seconds=waits[retries])
        if delivery.state != WAITING and delivery in self._open:
            self._open.remove(delivery)


def forger_of(merchant: Merchant) -> Merchant:
    """Return somebody who knows the merchant's login and not its secret."""
    return replace(merchant, secrets={name: f"not-{secret}" for name, secret in merchant.secrets.items()})
