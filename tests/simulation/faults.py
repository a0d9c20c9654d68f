"""What may go wrong. Each seed switches each kind on or off, so that rare combinations meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from tests.simulation.profiles import FIRST_DROWSY, FIRST_REAL, INVENTED, REAL

# kind -> how often it strikes where it can, once a seed has switched it on
WIRE = {
    "refused": 0.08,  # no connection
    "lost_request": 0.08,  # it never arrived
    "lost_response": 0.12,  # it arrived and was executed
    "broken": 0.06,  # the connection broke after the execution
    "late_execution": 0.10,  # executed long after we gave up
    "rate_limited": 0.06,
    "server_error": 0.10,  # executed or not
    "unavailable": 0.06,
    "denied": 0.03,
    "garbled": 0.06,  # executed, answered with a page of HTML
    "unlisted": 0.06,  # a code that no table explains
    "lagging_read": 0.30,
    "not_found": 0.05,  # a known object, unknown to one replica
    "unknown_status": 0.06,
}
WEBHOOKS = {
    "webhook_lost": 0.30,
    "webhook_twice": 0.30,
    "webhook_delayed": 0.40,
    "webhook_stale": 0.15,
    "no_webhooks": 1.0,
}
PROCESSES = {
    "crash": 0.012,
    "crash_in_transaction": 0.004,
    "commit_unknown": 0.03,
    "victim": 0.02,
    "stall": 0.02,
    "slow_evidence": 0.15,  # long between deciding to instruct and the first byte
    "bell_lost": 0.50,
    "no_bell": 1.0,
    "restart": 1.0,
    "receiver_fails": 0.30,
}
SURROUNDINGS = {"clock_step": 1.0, "secret_rotation": 1.0, "forgery": 1.0}
MONEY = {
    "short": 0.25,
    "over": 0.20,
    "double": 0.20,
    "late_payment": 0.40,
    "foreign_currency": 0.10,
    "payment_reversed": 0.12,
    "refund_fails": 0.30,
    "refund_returned": 0.20,
    "outside_refund": 0.30,
    "create_mismatch": 0.08,
    "code_reused": 0.08,
    "rejected": 0.06,
}
RATES = {**WIRE, **WEBHOOKS, **PROCESSES, **SURROUNDINGS, **MONEY}
RARE = {"no_webhooks": 0.08, "no_bell": 0.15}
DROWSY, DROWSY_FAULTS = 0.08, frozenset({"stall", "payment_reversed"})  # what a late holder knows is soon stale
ACTORS = ("agents", "approver", "insider", "operator", "forger", "second_worker", "second_order", "sealer", "listener")
SELDOM = {"second_order": 0.5, "sealer": 0.15, "listener": 0.15}  # dear, and they meet little that the others do not


@dataclass(frozen=True, slots=True)
class Setup:
    """What one history is made of."""

    seed: int
    profile: str
    faults: frozenset[str]
    actors: frozenset[str]
    stall_rate: float | None = None  # None: the usual one

    def without(self, *names: str) -> Setup:
        """The same history with some actors and faults left out."""
        return replace(self, faults=self.faults - set(names), actors=self.actors - set(names))


def setup_of(seed: int) -> Setup:
    """Return the setup that a seed stands for."""
    dice = Random(f"{seed}/setup")
    profile = dice.choice(sorted(REAL if FIRST_REAL <= seed < FIRST_DROWSY else INVENTED))
    zeal = dice.choice((0.15, 0.4, 0.6))
    faults = frozenset(kind for kind in RATES if dice.random() < RARE.get(kind, zeal))
    actors = frozenset(actor for actor in ACTORS if dice.random() < SELDOM.get(actor, 0.8))
    if seed < FIRST_DROWSY:
        return Setup(seed, profile, faults, actors)
    return Setup(seed, profile, faults | DROWSY_FAULTS, actors | {"second_worker"}, DROWSY)
