"""What a timeline is made of: rows of many tables, brought together by one statement, bodies left where they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import CharField, F, Q, QuerySet, Value, Window
from django.db.models.functions import Cast, JSONObject, RowNumber

from pagoefectivo.domain.cases import CaseAct
from pagoefectivo.models import (
    Anomaly,
    ApiExchange,
    BuyerMessage,
    BuyerView,
    CaseEntry,
    CaseLink,
    ErrorOccurrence,
    Order,
    OrderNote,
    PaymentEvent,
    PaymentProof,
    ProofReading,
    ProofReview,
    StateChange,
    WebhookDelivery,
)
from pagoefectivo.services.actors import BUYER


class Row(NamedTuple):
    """One happening as the statement returns it. `rank` settles what comes first within one instant."""

    at: datetime
    rank: int
    row_id: int
    kind: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """An order and the ids of its payment codes; `by_people` leaves out what no person did."""

    order: Order
    vouchers: Sequence[int]
    by_people: bool = False

    def done_by(self, column: str) -> Q:
        """Narrow a table to what people did, where that is asked for; `column` holds who it was."""
        persons = Q(**{f"{column}__startswith": "staff:"}) | Q(**{column: BUYER.name})
        return persons if self.by_people else Q()


def rows_about(about: About, kinds: Collection[str]) -> QuerySet[Any]:
    """Return the rows of these kinds as one statement, to be ordered and cut by `in_time`."""
    first, *others = (_BRANCHES[kind](about) for kind in _BRANCHES if kind in kinds)
    return first.union(*others, all=True) if others else first


def in_time(rows: QuerySet[Any], *, newest_first: bool) -> QuerySet[Any]:
    """Order rows by their instant; what fell into one instant stays in the order in which one thing leads to another."""
    sign = "-" if newest_first else ""
    return rows.order_by(*(f"{sign}{column}" for column in ("e_at", "e_rank", "e_id")))


def _branch(kind: str, rows: QuerySet[Any], at: str, facts: Mapping[str, Any]) -> QuerySet[Any]:
    told = {
        "e_at": F(at),
        "e_rank": Value(list(_BRANCHES).index(kind)),
        "e_id": F("pk"),
        "e_kind": Cast(Value(kind), CharField()),
        "e_facts": JSONObject(**facts),
    }
    as_told: QuerySet[Any] = rows.order_by().annotate(**told).values_list(*told)
    return as_told


def _same(*names: str, **others: Any) -> Mapping[str, Any]:
    return {name: name for name in names} | others


def _calls(about: About) -> QuerySet[Any]:
    nth = Window(
        RowNumber(),
        partition_by=[F("operation"), F("voucher_id"), F("refund_id")],
        order_by=[F("sent_at").asc(), F("pk").asc()],
    )
    columns = ("request_id", "operation", "voucher_id", "refund_id", "outcome", "http_status", "duration_ms")
    rows = ApiExchange.objects.filter(voucher__in=about.vouchers)
    return _branch("exchange", rows, "sent_at", _same(*columns, nth=nth))


def _deliveries(about: About) -> QuerySet[Any]:
    columns = ("verdict", "outcome", "repeats", "voucher_id", "refund_id")
    rows = WebhookDelivery.objects.filter(voucher__in=about.vouchers)
    return _branch("delivery", rows, "received_at", _same(*columns))


def _events(about: About) -> QuerySet[Any]:
    columns = (
        "voucher_id",
        "refund_id",
        "status",
        "raw_status",
        "currency",
        "proof",
        "source",
        "is_believed",
        "request_id",
    )
    amount = Cast("amount", CharField())  # a number would come back as a float
    rows = PaymentEvent.objects.filter(voucher__in=about.vouchers)
    return _branch("event", rows, "recorded_at", _same(*columns, amount=amount))


def _changes(about: About) -> QuerySet[Any]:
    columns = ("subject", "voucher_id", "refund_id", "from_state", "to_state", "transition", "why", "source", "actor")
    rows = StateChange.objects.filter(about.done_by("actor"), order=about.order)
    return _branch("state_change", rows, "at", _same(*columns))


def _errors(about: About) -> QuerySet[Any]:
    columns = ("code", "raw_code", "raw_message", "http_status", "operation", "voucher_id", "refund_id", "request_id")
    rows = ErrorOccurrence.objects.filter(voucher__in=about.vouchers)
    return _branch("error", rows, "occurred_at", _same(*columns))


def _anomalies(about: About) -> QuerySet[Any]:
    rows = Anomaly.objects.filter(order=about.order)
    return _branch("anomaly_opened", rows, "opened_at", _same("voucher_id", "refund_id", "holds_order", anomaly="kind"))


def _settled(about: About) -> QuerySet[Any]:
    columns = ("voucher_id", "refund_id", "holds_order", "closed_by", "resolution")
    rows = Anomaly.objects.filter(about.done_by("closed_by"), order=about.order, closed_at__isnull=False)
    return _branch("anomaly_closed", rows, "closed_at", _same(*columns, anomaly="kind"))


def _messages(about: About) -> QuerySet[Any]:
    """What left for the buyer, or was to; what nobody needed any more is no happening."""
    unseen = (BuyerMessage.Outcome.WAITING, BuyerMessage.Outcome.SENDING, BuyerMessage.Outcome.NOT_NEEDED)
    columns = ("public_id", "channel", "outcome", "failure", "repeat", "voucher_id", "refund_id", "requested_by")
    rows = BuyerMessage.objects.filter(about.done_by("requested_by"), order=about.order, done_at__isnull=False)
    return _branch("message", rows.exclude(outcome__in=unseen), "done_at", _same(*columns, message="kind"))


def _proofs(about: About) -> QuerySet[Any]:
    rows = PaymentProof.objects.filter(order=about.order)
    return _branch("proof_received", rows, "received_at", _same("public_id", "voucher_id", "sha256", "size"))


def _readings(about: About) -> QuerySet[Any]:
    rows = ProofReading.objects.filter(proof__order=about.order)
    columns = _same("engine", "duration_ms", "verdicts", "outcome", public_id="proof__public_id")
    return _branch("proof_read", rows, "read_at", columns)


def _reviews(about: About) -> QuerySet[Any]:
    rows = ProofReview.objects.filter(proof__order=about.order)
    return _branch("proof_judged", rows, "at", _same("judgement", "actor", public_id="proof__public_id"))


def _notes(about: About) -> QuerySet[Any]:
    rows = OrderNote.objects.filter(order=about.order)
    return _branch("note", rows, "at", _same("actor", "text", what="kind"))


def _views(about: About) -> QuerySet[Any]:
    rows = BuyerView.objects.filter(order=about.order)
    return _branch("buyer_view", rows, "at", _same("actor"))


def _cases(about: About) -> QuerySet[Any]:
    linked = CaseLink.objects.filter(order=about.order).values("case")
    rows = CaseEntry.objects.filter(case__in=linked, act__in=[CaseAct.OPENED.value, CaseAct.ENDED.value])
    return _branch("case", rows, "at", _same("act", "actor", number="case__public_id"))


_BRANCHES: dict[str, Callable[[About], QuerySet[Any]]] = {
    "exchange": _calls,
    "delivery": _deliveries,
    "event": _events,
    "state_change": _changes,
    "error": _errors,
    "anomaly_opened": _anomalies,
    "anomaly_closed": _settled,
    "message": _messages,
    "proof_received": _proofs,
    "proof_read": _readings,
    "proof_judged": _reviews,
    "note": _notes,
    "buyer_view": _views,
    "case": _cases,
}
KINDS = frozenset(_BRANCHES)
