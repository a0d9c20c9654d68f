"""What a person works on until it is settled: its words, its outcomes, and what speaks for the shop in it."""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum

from pagoefectivo.domain.localtime import month_named


class CaseKind(StrEnum):
    """Who is not content: the buyer or the bank, the facts themselves, or the shop with the provider."""

    DISPUTE = "dispute"
    ANOMALY = "anomaly"
    INQUIRY = "inquiry"


class CaseStanding(StrEnum):
    """How far a case has come. It says nothing of money: what is paid or given back, orders and refunds say."""

    OPEN = "open"
    EVIDENCE_SENT = "evidence_sent"
    WON = "won"
    LOST = "lost"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class Responsible(StrEnum):
    """Whose doing it was."""

    UNDECIDED = ""
    SHOP = "shop"
    BUYER = "buyer"
    PROVIDER = "provider"
    BANK = "bank"
    US = "us"  # the software of the shop


class LinkKind(StrEnum):
    """What a case may be about, in the order in which a page lists it."""

    ORDER = "order"
    VOUCHER = "voucher"
    REFUND = "refund"
    ANOMALY = "anomaly"
    PROOF = "proof"
    EXCHANGE = "exchange"


class Exhibit(StrEnum):
    """One line of the checklist of evidence."""

    PAYMENT = "payment"
    REFUND = "refund"
    MESSAGES = "messages"
    PROOFS = "proofs"
    CONVERSATION = "conversation"
    DELIVERY = "delivery"


class CaseAct(StrEnum):
    """What a line of a case's history says."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    NOTED = "noted"
    LINKED = "linked"
    UNLINKED = "unlinked"
    DUE_MOVED = "due_moved"
    JUDGED = "judged"
    TICKED = "ticked"
    UNTICKED = "unticked"
    EVIDENCE_SENT = "evidence_sent"
    ENDED = "ended"
    BUNDLED = "bundled"


UNDER_WORK = frozenset({CaseStanding.OPEN, CaseStanding.EVIDENCE_SENT})
OUTCOMES = {
    CaseKind.DISPUTE: (CaseStanding.WON, CaseStanding.LOST, CaseStanding.WITHDRAWN, CaseStanding.CLOSED),
    CaseKind.ANOMALY: (CaseStanding.CLOSED, CaseStanding.WITHDRAWN),
    CaseKind.INQUIRY: (CaseStanding.CLOSED, CaseStanding.WITHDRAWN),
}
DAYS_TO_WORK = {CaseKind.DISPUTE: 5, CaseKind.ANOMALY: 2, CaseKind.INQUIRY: 5}  # business days; a proposal, no law
MOST_DAYS = 90
BY_HAND = (Exhibit.CONVERSATION, Exhibit.DELIVERY)  # nothing of ours can tell whether these are at hand
_CLAIM = "claim:"
EVIDENCE_GOES_TO = (Responsible.PROVIDER, Responsible.BANK, Responsible.BUYER)


def subject_of(kind: CaseKind, what: LinkKind, row_id: int) -> str:
    """Name what at most one open case may be about: an anomaly at all, anything else once for each kind of case."""
    return f"{what}:{row_id}" if what is LinkKind.ANOMALY else f"{what}:{row_id}:{kind}"


def claim_subject(account: str, month: date) -> str:
    """Name what at most one open claim may be about: the costs of a month of one account, however long its name."""
    return f"{_CLAIM}{month:%Y-%m}:{hashlib.sha256(account.encode()).hexdigest()[:32]}"


def claimed_month(subject: str) -> date | None:
    """Return the month whose costs a case claims; None for a case about anything else."""
    return month_named(subject[len(_CLAIM) :][:7]) if subject.startswith(_CLAIM) else None
