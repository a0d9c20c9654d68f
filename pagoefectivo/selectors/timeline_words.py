"""One happening as people read it: a sentence in the active language, and the facts behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.domain import refund_marks
from pagoefectivo.domain.cases import CaseAct
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.redaction import redact_text
from pagoefectivo.domain.states import Proof, Source
from pagoefectivo.models import (
    Anomaly,
    ApiExchange,
    BuyerMessage,
    OrderNote,
    ProofReading,
    ProofReview,
    StateChange,
    WebhookDelivery,
)
from pagoefectivo.models.labels import (
    ORDER_LABELS,
    PAYMENT_STATUS_LABELS,
    REFUND_LABELS,
    REFUND_STATUS_LABELS,
    VOUCHER_LABELS,
)
from pagoefectivo.selectors.refund_words import told_by
from pagoefectivo.selectors.timeline_rows import Row
from pagoefectivo.services.actors import BUYER

PROVIDER = "provider"
SYSTEM = "system"
_LABELS = {"order": dict(ORDER_LABELS), "voucher": dict(VOUCHER_LABELS), "refund": dict(REFUND_LABELS)}
_PAYMENT_WORDS, _REFUND_WORDS = dict(PAYMENT_STATUS_LABELS), dict(REFUND_STATUS_LABELS)
_OPERATIONS = {
    "issue_voucher": gettext_lazy("make a code"),
    "fetch_payment": gettext_lazy("ask about the payment"),
    "find_payment": gettext_lazy("look the payment up"),
    "cancel_voucher": gettext_lazy("withdraw the code"),
    "extend_voucher": gettext_lazy("move the deadline"),
    "request_refund": gettext_lazy("refund"),
    "fetch_refund": gettext_lazy("ask about the refund"),
    "find_refund": gettext_lazy("look the refund up"),
    "authorize": gettext_lazy("get a token"),
}
Facts = Mapping[str, Any]


def operation_word(operation: str) -> str:
    """Return what is asked of a provider in words, in the reader's language; as it is called where we have none."""
    return str(_OPERATIONS.get(operation, operation))


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One happening: when, of which kind, by whom, over which path, in one sentence, with its facts and its row."""

    at: datetime
    kind: str
    actor: str
    source: str
    sentence: str
    details: dict[str, Any] = field(default_factory=dict)
    row_id: int = 0


@dataclass(frozen=True, slots=True)
class Names:
    """The public names of an order and what is below it, by primary key."""

    order: str
    vouchers: Mapping[int, str]
    refunds: Mapping[int, str]

    def of(self, facts: Facts) -> str:
        """The public name of what a row is about: the refund, else the payment code, else the order."""
        if facts.get("refund_id") is not None:
            return self.refunds.get(facts["refund_id"], "")
        voucher_id = facts.get("voucher_id")
        return self.vouchers.get(voucher_id, "") if voucher_id is not None else self.order


def entry_of(row: Row, names: Names) -> TimelineEntry:
    """Put one row into words; nothing personal is in them."""
    actor, source, sentence, details = _WORDS[row.kind](row, names)
    return TimelineEntry(row.at, row.kind, actor, str(source), sentence, details, row.row_id)


Told = tuple[str, str, str, dict[str, Any]]  # who, by which path, the sentence, the facts


def _label(model: type[Model], column: str, value: str) -> object:
    choices: Any = model._meta.get_field(column)
    return dict(choices.flatchoices).get(value, value)


def _change(row: Row, names: Names) -> Told:
    facts = row.facts
    labels = _LABELS[facts["subject"]]
    sentence = _("%(subject)s: %(before)s → %(after)s") % {
        "subject": _label(StateChange, "subject", facts["subject"]),
        "before": labels.get(facts["from_state"], facts["from_state"]),
        "after": labels.get(facts["to_state"], facts["to_state"]),
    }
    if facts["transition"] == "prolong":
        sentence = _("A later deadline was asked for")
    if facts["subject"] == "refund":
        sentence = told_by(facts["transition"], facts["why"]) or sentence
    about = names.order if facts["subject"] == "order" else names.of(_only(facts, f"{facts['subject']}_id"))
    details = {
        "subject": facts["subject"],
        "id": about,
        "from": facts["from_state"],
        "to": facts["to_state"],
        "why": refund_marks.read(facts["why"])[0],
    }
    return facts["actor"], facts["source"], sentence, details


def _only(facts: Facts, key: str) -> Facts:
    return {key: facts[key]}


def _event(row: Row, names: Names) -> Told:
    facts = row.facts
    amount = None if facts["amount"] is None else Decimal(facts["amount"])
    money = "" if amount is None else f" · {format_money(amount, facts['currency'])}"
    words = _PAYMENT_WORDS if facts["refund_id"] is None else _REFUND_WORDS
    values = {"status": words.get(facts["status"], facts["status"]), "money": money}
    sentence = (
        _("Recorded by a person: %(status)s%(money)s") % values
        if facts["proof"] == Proof.ATTESTED
        else _("The provider says: %(status)s%(money)s") % values
    )
    details = {
        "id": names.of(facts),
        "status": facts["status"],
        "raw_status": facts["raw_status"],
        "amount": None if amount is None else f"{amount:.2f}",
        "currency": facts["currency"],
        "proof": facts["proof"],
        "believed": bool(facts["is_believed"]),
        "request_id": facts["request_id"],
    }
    return PROVIDER, facts["source"], sentence, details


def _delivery(row: Row, names: Names) -> Told:
    facts = row.facts
    sentence = _("A notification arrived: %(verdict)s, %(outcome)s") % {
        "verdict": _label(WebhookDelivery, "verdict", facts["verdict"]),
        "outcome": _label(WebhookDelivery, "outcome", facts["outcome"]),
    }
    details = {"id": names.of(facts), "delivery": row.row_id}
    details |= {name: facts[name] for name in ("verdict", "outcome", "repeats")}
    return PROVIDER, Source.WEBHOOK, sentence, details


def _call(row: Row, names: Names) -> Told:
    facts = row.facts
    sentence = _("We called the provider (%(operation)s): %(outcome)s") % {
        "operation": operation_word(facts["operation"]),
        "outcome": _label(ApiExchange, "outcome", facts["outcome"]),
    }
    details = {"id": names.of(facts)}
    details |= {name: facts[name] for name in ("operation", "outcome", "http_status", "duration_ms", "request_id")}
    return SYSTEM, Source.API, sentence, details | {"try": facts["nth"]}


def _error(row: Row, names: Names) -> Told:
    facts = row.facts
    entry = CATALOGUE[ErrorCode.__members__.get(facts["code"], ErrorCode.PSP_UNMAPPED)]
    values = {"raw": facts["raw_code"]} if facts["raw_code"] else {}
    told = ("code", "raw_code", "raw_message", "http_status", "operation", "request_id")
    details = {"id": names.of(facts)} | {name: facts[name] for name in told}
    details |= {"who": entry.who.value, "next_step": entry.next_sentence(**values)}
    return PROVIDER, "", entry.sentence(**values), details


def _anomaly(row: Row, names: Names) -> Told:
    facts = row.facts
    sentence = _("Needs a look: %(what)s") % {"what": _label(Anomaly, "kind", facts["anomaly"])}
    return SYSTEM, "", sentence, _of_anomaly(facts, names)


def _settled(row: Row, names: Names) -> Told:
    facts = row.facts
    sentence = _("Settled: %(what)s") % {"what": _label(Anomaly, "kind", facts["anomaly"])}
    details = _of_anomaly(facts, names) | {"resolution": redact_text(facts["resolution"], longest=500)}
    return facts["closed_by"] or SYSTEM, "", sentence, details


def _of_anomaly(facts: Facts, names: Names) -> dict[str, Any]:
    return {"id": names.of(facts), "anomaly": facts["anomaly"], "holds_order": bool(facts["holds_order"])}


def _message(row: Row, names: Names) -> Told:
    facts = row.facts
    sentence = _("Message to the buyer: %(kind)s (%(channel)s), %(outcome)s") % {
        "kind": _label(BuyerMessage, "kind", facts["message"]),
        "channel": BuyerMessage(channel=facts["channel"]).channel_word,
        "outcome": _label(BuyerMessage, "outcome", facts["outcome"]),
    }
    details = {"id": names.of(facts), "message": facts["public_id"], "kind": facts["message"]}
    details |= {name: facts[name] for name in ("channel", "outcome", "failure", "repeat")}
    return facts["requested_by"] or SYSTEM, "", sentence, details


def _proof(row: Row, names: Names) -> Told:
    facts = row.facts
    sentence = _("The buyer sent a receipt: %(number)s") % {"number": facts["public_id"]}
    details = {"id": names.of(facts), "sha256": facts["sha256"], "bytes": facts["size"]}
    return BUYER.name, "", sentence, details


def _reading(row: Row, _names: Names) -> Told:
    facts = row.facts
    values = {"number": facts["public_id"], "outcome": _label(ProofReading, "outcome", facts["outcome"])}
    verdicts = as_mapping(facts["verdicts"])
    details = {"engine": facts["engine"], "duration_ms": facts["duration_ms"], **verdicts}
    return SYSTEM, "", _("Receipt %(number)s: %(outcome)s") % values, details


def as_mapping(value: Any) -> dict[str, Any]:
    """Return JSON that stood inside JSON; SQLite hands it over as a text."""
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found


def _review(row: Row, _names: Names) -> Told:
    facts = row.facts
    values = {"number": facts["public_id"], "judgement": _label(ProofReview, "judgement", facts["judgement"])}
    return facts["actor"], Source.STAFF, _("Receipt %(number)s was judged: %(judgement)s") % values, {}


def _note(row: Row, _names: Names) -> Told:
    text = row.facts["text"]
    details = {"note": row.facts["what"]}
    if row.facts["what"] == OrderNote.Kind.RELINK:
        renewed = _("Gave the buyer a new link to the page; the old one opens nothing")
        return row.facts["actor"], Source.STAFF, renewed, {**details, "why": text}
    return row.facts["actor"], Source.STAFF, text, details


def _view(row: Row, _names: Names) -> Told:
    return row.facts["actor"], Source.STAFF, _("Looked at the buyer's page, for the first time"), {}


def _case(row: Row, _names: Names) -> Told:
    is_opened = row.facts["act"] == CaseAct.OPENED
    told = _("Case %(number)s was opened") if is_opened else _("Case %(number)s ended")
    return row.facts["actor"], Source.STAFF, told % {"number": row.facts["number"]}, {}


_WORDS: dict[str, Callable[[Row, Names], Told]] = {
    "exchange": _call,
    "delivery": _delivery,
    "event": _event,
    "state_change": _change,
    "error": _error,
    "anomaly_opened": _anomaly,
    "anomaly_closed": _settled,
    "message": _message,
    "proof_received": _proof,
    "proof_read": _reading,
    "proof_judged": _review,
    "note": _note,
    "buyer_view": _view,
    "case": _case,
}
