"""What a provider really writes, as the mutators find it: payments, refunds, orders, complaints."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.fuzz.grammar import weighted
from tests.unit.providers.stage import sample

KNOWN_STATUSES = ("PENDING", "PAID", "EXPIRED", "CANCELLED", "REJECTED", "SUCCESS")
UNKNOWN_STATUSES = (
    *(
        "AUTHORIZED",
        "VERIFIED",
        "REFUNDED",
        "CHARGEBACK",
        "COMPLETED",
        "IN_PROCESS",
        "paid",
        "Paid",
        "PAID ",
        "SUCCEEDED",
    ),
    *("PAID_LATE", "PARTIALLY_PAID", "APPROVED", "OK", "ERROR", "CANCELED", "APPROVED_BY_BANK", "IN_MEDIATION"),
)
ERROR_CODES = (
    *(3001, 3002, 3003, 4000, 4001, 5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 5010, 5011, 5012),
    *(5013, 5014, 5016, 5017, 5018, 5020, 5021, 6000, 7000, 1, 0, -1, 9999, "5001", "5010 ", "E-1", "", "x" * 40),
)

_PAYMENT = json.loads(sample("payment_pending.json"))
_PAID = json.loads(sample("payment_paid_with_refunds.json"))
_REFUND = json.loads(sample("refund_pending.json"))
_ORDER = json.loads(sample("order.json"))
_CHARGEBACK = json.loads(sample("chargeback.json"))


def payment(chance: random.Random, **said: Any) -> dict[str, Any]:
    """A payment object; `said` replaces what the sample says."""
    base = chance.choice((_PAYMENT, _PAYMENT, _PAID))
    return {**base, "status": _status(chance), **said}


def refund(chance: random.Random, **said: Any) -> dict[str, Any]:
    """A refund object."""
    return {**_REFUND, "status": _status(chance), **said}


def order(**said: Any) -> dict[str, Any]:
    """What dLocal answers to a question by our reference."""
    return {**_ORDER, **said}


def chargeback(**said: Any) -> dict[str, Any]:
    """A notification about something that is neither payment nor refund."""
    return {**_CHARGEBACK, **said}


def complaint(chance: random.Random) -> dict[str, Any]:
    """An error document."""
    return {
        "code": chance.choice(ERROR_CODES),
        "message": "Invalid parameter: payer.document",
        "param": "payer.document",
    }


def _status(chance: random.Random) -> str:
    known = weighted(chance, (("known", 3), ("unknown", 1))) == "known"
    return chance.choice(KNOWN_STATUSES if known else UNKNOWN_STATUSES)
