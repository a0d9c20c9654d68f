"""Faults on request: what may go wrong, for which operation, how many times."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import Any

from pagoefectivo.sandbox.refusals import ControlRefused

READS = frozenset({"get_payment", "get_order", "get_refund"})
MONEY = frozenset({"create", "refund"})
WRITES = MONEY | {"cancel", "extend"}
OPERATIONS = READS | WRITES | {"authorize", "payment_methods", "sandbox_tools"}
EVERY = frozenset(OPERATIONS)
SUBJECTS = frozenset({"payment", "refund"})
ANY = "any"


@dataclass(frozen=True)
class Kind:
    """One way to fail: where it may strike and its options with their defaults (None: the switch decides)."""

    strikes: frozenset[str]
    options: dict[str, Any]


API_KINDS: dict[str, Kind] = {
    "timeout_before": Kind(EVERY, {"seconds": None}),
    "timeout_after": Kind(EVERY, {"seconds": None}),
    "late_execution": Kind(WRITES, {"seconds": None, "after": 60.0}),
    "drop_before": Kind(EVERY, {}),
    "drop_after": Kind(EVERY, {}),
    "delay": Kind(EVERY, {"seconds": 1.0}),
    "slow_body": Kind(EVERY, {"seconds": 2.0}),
    "429": Kind(EVERY, {"retry_after": 1}),
    "500": Kind(EVERY, {"work": False}),
    "502": Kind(EVERY, {"work": False}),
    "503": Kind(EVERY, {"work": False, "retry_after": None}),
    "html": Kind(EVERY, {"work": False}),
    "refused": Kind(EVERY, {"code": "9999"}),
    "malformed": Kind(EVERY, {"work": True}),
    "truncated": Kind(EVERY, {"work": True}),
    "wrong_amount": Kind(EVERY, {"amount": None}),
    "unknown_status": Kind(EVERY, {"status": "UNDER_OBSERVATION"}),
    "lag": Kind(READS, {}),
    "not_found": Kind(READS, {}),
    "before_answer": Kind(MONEY, {"settle": True}),
}
WEBHOOK_KINDS: dict[str, Kind] = {
    "lost": Kind(SUBJECTS, {}),
    "duplicated": Kind(SUBJECTS, {"copies": 2}),
    "delayed": Kind(SUBJECTS, {"seconds": 3600.0}),
    "reordered": Kind(SUBJECTS, {}),
    "forged": Kind(SUBJECTS, {}),
    "unsigned": Kind(SUBJECTS, {}),
    "stale": Kind(SUBJECTS, {"seconds": 86400.0}),
    "future": Kind(SUBJECTS, {"seconds": 86400.0}),
    "huge": Kind(SUBJECTS, {"bytes": 1_000_000}),
}


@dataclass
class Fault:
    """One fault waiting to strike; `left` is None when it strikes until it is cleared."""

    id: int
    match: str
    kind: str
    left: int | None
    options: dict[str, Any]


class FaultPlan:
    """Faults in the order they were asked for; each occasion takes at most one, the first that fits."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        self.kinds = kinds
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, match: str, kind: str, times: int | None, options: dict[str, Any]) -> Fault:
        """Plan `kind` for the next `times` occasions at `match` ("any" for all); None means until cleared."""
        if kind not in self.kinds:
            raise ControlRefused(f"there is no fault {kind!r}; there are {sorted(self.kinds)}")
        known = self.kinds[kind]
        if match != ANY and match not in known.strikes:
            raise ControlRefused(f"{kind} strikes at {sorted(known.strikes)} or any, not at {match!r}")
        strange = set(options) - set(known.options)
        if strange:
            raise ControlRefused(f"{kind} takes {sorted(known.options) or 'no options'}, not {sorted(strange)}")
        if times is not None and times < 1:
            raise ControlRefused("times is at least 1, or None until cleared")
        with self._lock:
            fault = Fault(next(self._numbers), match, kind, times, {**known.options, **options})
            self._faults.append(fault)
            return fault

    def take(self, place: str) -> Fault | None:
        """Return the fault that strikes here now, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.match in (place, ANY) and place in self.kinds[fault.kind].strikes:
                    if fault.left is not None:
                        fault.left -= 1
                        if not fault.left:
                            self._faults.remove(fault)
                    return fault
        return None

    def waiting(self) -> list[Fault]:
        """Return the faults that have yet to strike."""
        with self._lock:
            return list(self._faults)

    def clear(self, fault_id: int | None = None) -> None:
        """Drop one planned fault, or all."""
        with self._lock:
            self._faults = [each for each in self._faults if fault_id is not None and each.id != fault_id]
