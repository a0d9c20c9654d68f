"""The company: its clock, ledger, counter, faces, notifications and faults, put together."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.director import Director
from pagoefectivo.sandbox.exchange import CallLog, Exchange
from pagoefectivo.sandbox.faults import API_KINDS, WEBHOOK_KINDS, FaultPlan
from pagoefectivo.sandbox.ledger import Ledger, Payment, Refund
from pagoefectivo.sandbox.psps import faces
from pagoefectivo.sandbox.psps.face import Face
from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.webhooks import Notifier
from pagoefectivo.sandbox.wire import Answer


class Company:
    """One company in memory. `start` brings its clock and its notifications to life.

    `addresses` says, by face, where its first customer wants notifications; ControlRefused for a face that is none.
    """

    def __init__(self, switches: Mapping[str, Any] | None = None, addresses: Mapping[str, str] | None = None) -> None:
        self._own_switches = dict(switches or {})
        self._addresses = dict(addresses or {})
        self.switches = Switches()
        self.switches.update(self._own_switches)
        self.clock = Clock()
        self.ledger = Ledger()
        self.calls = CallLog()
        self.faults = FaultPlan(API_KINDS)
        self.webhook_faults = FaultPlan(WEBHOOK_KINDS)
        self.director = Director(self)
        self.counter = Counter(self.ledger, self.clock, self.switches, self.announce, self.director)
        self.faces: dict[str, Face] = {
            face.name: face(self.ledger, self.clock, self.switches, self.counter) for face in faces()
        }
        self.notifier = Notifier(self.ledger, self.clock, self.switches, self.webhook_faults, self.faces)
        self.exchange = Exchange(self.clock, self.switches, self.pause, self._notify_before_answer)
        self._stopping = threading.Event()
        for name in self._addresses:
            if name not in self.faces:
                raise ControlRefused(f"there is no PSP {name!r}; there are: {', '.join(self.faces)}")
        self.add_default_merchants()

    def add_default_merchants(self) -> None:
        """Open one account at each face, with the credentials and the address that its first customer always has."""
        first = [face.merchant() for face in self.faces.values()]
        self.ledger.merchants = {
            (each.psp, each.login): replace(each, notification_url=self._addresses.get(each.psp)) for each in first
        }

    def start(self) -> None:
        self._stopping.clear()
        self.clock.start()
        self.notifier.start()

    def stop(self) -> None:
        self._stopping.set()
        self.notifier.stop()
        self.clock.stop()

    def pause(self, seconds: float) -> None:
        """Wait in real time; `stop` ends the wait."""
        self._stopping.wait(seconds)

    def announce(self, subject: Payment | Refund) -> None:
        """Book the notification about this subject as it stands now."""
        face = self.faces[subject.psp]
        kind = "refund" if isinstance(subject, Refund) else "payment"
        body = face.notification(subject)
        if not body:
            return
        self.notifier.enqueue(face, subject.login, kind, subject.id, subject.notification_url, body)

    def _notify_before_answer(self, face: Face, answer: Answer, settle: bool) -> None:  # noqa: FBT001 - a callback
        """Bring the fresh payment or refund to its good end and deliver that before its own answer has left."""
        subject = face.subject(answer)
        if subject is None:
            return
        known = {each.id for each in self.notifier.deliveries()}
        if not settle or subject.state != "pending":  # where a PSP works while we wait, it is at its end already
            self.announce(subject)
        elif isinstance(subject, Refund):
            self.counter.settle(subject, "succeed")
        else:
            self.counter.pay(subject)
        self.notifier.flush(subject.id, known)

    def reset(self) -> None:
        """Start again as a new company: one merchant at each face, empty books, real time, no faults, switches as at the start."""
        self.notifier.reset()
        self.clock.reset()
        self.ledger.reset()
        self.add_default_merchants()
        self.calls.clear()
        self.faults.clear()
        self.webhook_faults.clear()
        self.director.choose("")
        self.switches.update(Switches().as_dict() | self._own_switches)
        for face in self.faces.values():
            face.reset()
