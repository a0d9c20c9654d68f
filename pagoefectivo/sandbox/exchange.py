"""One request and its answer, with the fault planned for it, if any; and the record of both."""

from __future__ import annotations

import itertools
import threading
from collections import Counter as Tally
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.faults import Fault
from pagoefectivo.sandbox.psps.face import Face
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Answer, Request

KEPT_CALLS = 20_000
KEPT_BODY = 20_000
HTML = b"<!doctype html><html><head><title>One moment</title></head><body><h1>We will be right back</h1></body></html>"

Pause = Callable[[float], None]
Hurry = Callable[[Face, Answer, bool], None]


@dataclass(frozen=True)
class Call:
    """One request to a face and what it got; `status` is None while it has no answer, or when it got none."""

    number: int
    at: datetime
    psp: str
    method: str
    path: str
    operation: str | None
    headers: Mapping[str, str]
    body: str
    fault: str | None
    status: int | None = None
    answer: str = ""


class CallLog:
    """The last calls, and the count of all of them per operation: noted as they arrive, however long the answer takes."""

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}
        self._tally: Tally[str] = Tally()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def arrived(self, at: datetime, face: Face, request: Request, operation: str | None, fault: Fault | None) -> int:
        """Note a request and return its number."""
        with self._lock:
            number = next(self._numbers)
            self._tally[operation or "unrouted"] += 1
            self._calls[number] = Call(
                number=number,
                at=at,
                psp=face.name,
                method=request.method,
                path=request.path,
                operation=operation,
                headers=request.headers,
                body=request.body[:KEPT_BODY].decode(errors="replace"),
                fault=fault.kind if fault else None,
            )
            if len(self._calls) > KEPT_CALLS:
                del self._calls[next(iter(self._calls))]
            return number

    def answered(self, number: int, answer: Answer) -> None:
        """Add what the request got; one that was cleared away meanwhile stays away."""
        if answer.manner in ("silence", "reset"):
            return
        text = answer.body[:KEPT_BODY].decode(errors="replace")
        with self._lock:
            if number in self._calls:
                self._calls[number] = replace(self._calls[number], status=answer.status, answer=text)

    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls.values())

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(self._tally)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._tally.clear()


class Exchange:
    """Answers a request through its face, well or with the fault that strikes it."""

    def __init__(self, clock: Clock, switches: Switches, pause: Pause, hurry: Hurry) -> None:
        self._clock = clock
        self._switches = switches
        self._pause = pause
        self._hurry = hurry

    def answer(self, face: Face, operation: str, request: Request, fault: Fault | None) -> Answer:
        """Return what leaves the door; hangs here, in the caller's thread, when the fault says so."""
        if self._switches.latency_seconds:
            self._pause(self._switches.latency_seconds)
        if fault is None:
            return face.handle(operation, request)
        if fault.kind in ("timeout_before", "timeout_after", "late_execution"):
            return self._hang(face, operation, request, fault)
        if fault.kind == "refused":
            return face.refusal(str(fault.options["code"]))
        if fault.kind in ("429", "500", "502", "503", "html"):
            return self._stand_in(face, operation, request, fault)
        return self._spoil(face, operation, face.handle(operation, request), fault)

    def _hang(self, face: Face, operation: str, request: Request, fault: Fault) -> Answer:
        if fault.kind == "timeout_after":
            face.handle(operation, request)
        elif fault.kind == "late_execution":
            due_at = self._clock.now() + timedelta(seconds=float(fault.options["after"]))
            self._clock.call_at(due_at, lambda: face.handle(operation, request))
        seconds = fault.options["seconds"]
        self._pause(self._switches.hang_seconds if seconds is None else float(seconds))
        return Answer(0, b"", manner="silence")

    def _stand_in(self, face: Face, operation: str, request: Request, fault: Fault) -> Answer:
        if fault.options.get("work"):
            face.handle(operation, request)
        if fault.kind == "html":
            return Answer(200, HTML, "text/html; charset=utf-8")
        retry_after = fault.options.get("retry_after")
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return replace(face.error(int(fault.kind)), headers=headers)

    def _spoil(self, face: Face, operation: str, answer: Answer, fault: Fault) -> Answer:
        match fault.kind:
            case "delay":
                self._pause(float(fault.options["seconds"]))
            case "before_answer":
                self._hurry(face, answer, bool(fault.options["settle"]))
            case "drop_after":
                answer = replace(answer, manner="reset")
            case "slow_body":
                answer = replace(answer, manner="slow", seconds=float(fault.options["seconds"]))
            case "malformed":
                answer = replace(answer, body=b"{'status': " + answer.body)
            case "truncated":
                answer = replace(answer, body=answer.body[: len(answer.body) // 2])
            case "not_found":
                answer = face.not_found(operation)
            case _:
                answer = face.distort(fault.kind, answer, fault.options)
        return answer
