"""One order with all that its page in the back office speaks of, in as many queries at any size of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import CharField, F, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, JSONObject

from pagoefectivo.domain.settlements import UNCOUNTED, Verdict
from pagoefectivo.models import (
    Anomaly,
    CaseLink,
    Discrepancy,
    Order,
    PaymentEvent,
    PaymentProof,
    ProofReview,
    Refund,
    RiskFlag,
    SettlementLine,
    Voucher,
)
from pagoefectivo.selectors.proofs import in_a_case
from pagoefectivo.selectors.timeline_words import as_mapping
from pagoefectivo.services.facts import FREEZING


@dataclass(frozen=True, slots=True)
class Said:
    """The newest statement of one kind about one payment or refund, in our words."""

    voucher_id: int
    refund_id: int | None
    source: str
    proof: str
    status: str
    amount: Decimal | None
    currency: str
    at: datetime
    is_believed: bool


@dataclass(frozen=True, slots=True)
class SentPicture:
    """One receipt of the buyer's, what a person said of it, and how each field that was read stood to the provider's word.

    `is_in_a_case`: somebody opened a case on the order since it came.
    """

    proof: PaymentProof
    judgement: str
    judged_by: str
    verdicts: dict[str, str]
    is_in_a_case: bool = False


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case about an order that has not ended: who works on it, empty for nobody, and until which day in Lima."""

    pk: int
    number: str
    owner: str
    due: date


@dataclass(frozen=True, slots=True)
class Settled:
    """What a line of a settlement file changed in the shop's balance for a payment, or for a refund of it; signed as there."""

    pk: int
    voucher_id: int
    kind: str
    cost: Decimal
    net: Decimal
    currency: str
    day: date | None
    transfer: str


@dataclass(frozen=True, slots=True)
class OpenDifference:
    """What does not add up between a provider's file and a payment, or a refund of it: who works on it, empty for nobody."""

    pk: int
    verdict: str
    amount: Decimal
    currency: str
    owner: str


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """An order with everything below it, each oldest first; `anomalies` are the open ones."""

    order: Order
    vouchers: Sequence[Voucher]
    refunds: Sequence[Refund]
    anomalies: Sequence[Anomaly] = ()
    accepted_by: str = ""
    said: Sequence[Said] = ()
    pictures: Sequence[SentPicture] = ()
    flags: Sequence[RiskFlag] = ()
    cases: Sequence[OpenCase] = ()
    settled: Sequence[Settled] = ()
    differences: Sequence[OpenDifference] = ()

    @property
    def newest(self) -> Voucher | None:
        """The payment code that the buyer is shown."""
        return self.vouchers[-1] if self.vouchers else None

    @property
    def frozen(self) -> frozenset[int]:
        """The ids of payments that an open question keeps from being given back."""
        return frozenset(each.voucher_id for each in self.anomalies if each.kind in FREEZING)


def whole_order(order_id: int) -> WholeOrder | None:
    """Return one order with everything below it in three queries; None where there is none."""
    found = Voucher.objects.select_related("order").filter(order=order_id)
    vouchers = sorted(found, key=lambda voucher: voucher.attempt)
    order = vouchers[0].order if vouchers else Order.objects.filter(pk=order_id).first()
    if order is None:
        return None
    for voucher in vouchers:
        voucher.order = order
    refunds = list(Refund.objects.select_related("destination").filter(order=order_id).order_by("pk"))
    for refund in refunds:
        refund.order = order
    return _with_remarks(WholeOrder(order, vouchers, refunds))


def _with_remarks(whole: WholeOrder) -> WholeOrder:
    """Add what was said and asked about an order: rows of seven tables, small in number, by one statement."""
    ids = [voucher.pk for voucher in whole.vouchers]
    besides = (
        *(_oddities(whole.order), _pictures(whole.order), _flags(whole.order), _cases(whole.order)),
        *(_settlements(ids), _differences(ids)),
    )
    rows = _statements(ids).union(*besides, all=True).order_by("e_kind", "e_id")
    said: list[Said] = []
    pictures: list[SentPicture] = []
    anomalies: list[Anomaly] = []
    flags: list[RiskFlag] = []
    cases: dict[int, OpenCase] = {}
    settled: list[Settled] = []
    differences: list[OpenDifference] = []
    accepted_by = ""
    for at, row_id, kind, facts in rows:
        if kind == "said":
            said.append(_said(at, facts))
        elif kind == "picture":
            pictures.append(_picture(at, row_id, facts))
        elif kind == "flag":
            flags.append(RiskFlag(pk=row_id, order=whole.order, raised_at=at, **facts))
        elif kind == "case":
            if facts["ended"] is None:
                due = date.fromisoformat(facts["due"])
                cases[facts["case"]] = OpenCase(facts["case"], facts["number"], facts["owner"] or "", due)
        elif kind == "settled":
            settled.append(_settled(row_id, facts))
        elif kind == "difference":
            differences.append(_difference(row_id, facts))
        elif facts["closed_at"] is None:
            anomalies.append(_anomaly(whole.order, at, row_id, facts))
        else:
            accepted_by = facts["closed_by"]
    found = replace(whole, said=said, pictures=pictures, anomalies=anomalies, flags=flags)
    found = replace(found, settled=settled, differences=differences)
    return replace(found, accepted_by=accepted_by, cases=list(cases.values()))


def _branch(kind: str, rows: QuerySet[Any], at: Any, facts: Mapping[str, Any]) -> QuerySet[Any]:
    told = {
        "e_at": at,
        "e_id": F("pk"),
        "e_kind": Cast(Value(kind), CharField()),
        "e_facts": JSONObject(**facts),
    }
    as_told: QuerySet[Any] = rows.order_by().annotate(**told).values_list(*told)
    return as_told


def _statements(vouchers: Sequence[int]) -> QuerySet[Any]:
    """The newest statement of each kind about each payment and refund: what was said before it no longer stands."""
    heard = PaymentEvent.objects.filter(voucher__in=vouchers).order_by()
    newest = heard.values("voucher", "refund", "source", "proof").annotate(last=Max("pk")).values("last")
    columns = ("voucher_id", "refund_id", "source", "proof", "status", "currency", "is_believed")
    facts = {name: name for name in columns} | {"amount": Cast("amount", CharField())}
    return _branch("said", PaymentEvent.objects.filter(pk__in=newest), Coalesce("occurred_at", "recorded_at"), facts)


def _oddities(order: Order) -> QuerySet[Any]:
    """What is open, and what a person took all the same."""
    accepted = Q(holds_order=True, closed_by__startswith="staff:")
    rows = Anomaly.objects.filter(Q(closed_at__isnull=True) | accepted, order=order)
    columns = ("kind", "voucher_id", "refund_id", "holds_order", "closed_by", "closed_at")
    return _branch("anomaly", rows, F("opened_at"), {name: name for name in columns})


def _pictures(order: Order) -> QuerySet[Any]:
    reviews = ProofReview.objects.filter(proof=OuterRef("pk")).order_by("-pk")
    rows = PaymentProof.objects.filter(order=order).annotate(
        e_judgement=Subquery(reviews.values("judgement")[:1]),
        e_judge=Subquery(reviews.values("actor")[:1]),
        e_in_a_case=in_a_case(),
    )
    facts = {
        "number": "public_id",
        "judgement": "e_judgement",
        "judge": "e_judge",
        "verdicts": "reading__verdicts",
        "in_a_case": "e_in_a_case",
    }
    return _branch("picture", rows, F("received_at"), facts)


def _flags(order: Order) -> QuerySet[Any]:
    columns = ("rule", "facts", "dismissed_at", "dismissed_why")
    return _branch("flag", RiskFlag.objects.filter(order=order), F("raised_at"), {name: name for name in columns})


def _cases(order: Order) -> QuerySet[Any]:
    """By its links, several of which may lead to one case: they stand on an index of the order."""
    rows = CaseLink.objects.filter(order=order)
    owner = f"case__owner__{get_user_model().USERNAME_FIELD}"
    facts: dict[str, Any] = {"case": "case_id", "number": "case__public_id", "owner": owner, "ended": "case__ended_at"}
    facts |= {"due": Cast("case__due_date", CharField())}
    return _branch("case", rows, F("linked_at"), facts)


def _settlements(vouchers: Sequence[int]) -> QuerySet[Any]:
    """What is counted in the shop's balance and known to be theirs; amounts as text, for numbers would come back as floats."""
    unsure = UNCOUNTED | {Verdict.PROPOSED}
    rows = SettlementLine.objects.filter(voucher__in=vouchers).exclude(verdict__in=unsure)
    facts: dict[str, Any] = {name: name for name in ("voucher_id", "kind", "batch", "book_currency")}
    facts |= {name: Cast(name, CharField()) for name in ("fee", "tax", "booked", "settled_date")}
    return _branch("settled", rows, Coalesce("occurred_at", "report__created_at"), facts)


def _differences(vouchers: Sequence[int]) -> QuerySet[Any]:
    rows = Discrepancy.objects.filter(voucher__in=vouchers, settled_at__isnull=True)
    facts: dict[str, Any] = {"verdict": "verdict", "currency": "currency", "amount": Cast("amount", CharField())}
    facts |= {"owner": f"owner__{get_user_model().USERNAME_FIELD}"}
    return _branch("difference", rows, F("opened_at"), facts)


def _settled(row_id: int, facts: dict[str, Any]) -> Settled:
    return Settled(
        pk=row_id,
        voucher_id=facts["voucher_id"],
        kind=facts["kind"],
        cost=Decimal(facts["fee"] or 0) + Decimal(facts["tax"] or 0),
        net=Decimal(facts["booked"]),
        currency=facts["book_currency"],
        day=date.fromisoformat(facts["settled_date"]) if facts["settled_date"] else None,
        transfer=facts["batch"],
    )


def _difference(row_id: int, facts: dict[str, Any]) -> OpenDifference:
    amount = Decimal(facts["amount"])
    return OpenDifference(row_id, facts["verdict"], amount, facts["currency"], facts["owner"] or "")


def _said(at: datetime, facts: dict[str, Any]) -> Said:
    return Said(
        voucher_id=facts["voucher_id"],
        refund_id=facts["refund_id"],
        source=facts["source"],
        proof=facts["proof"],
        status=facts["status"],
        amount=None if facts["amount"] is None else Decimal(facts["amount"]),
        currency=facts["currency"],
        at=at,
        is_believed=bool(facts["is_believed"]),
    )


def _picture(at: datetime, row_id: int, facts: dict[str, Any]) -> SentPicture:
    proof = PaymentProof(pk=row_id, public_id=facts["number"], received_at=at)
    verdicts = as_mapping(facts["verdicts"] or {})
    return SentPicture(proof, facts["judgement"] or "", facts["judge"] or "", verdicts, bool(facts["in_a_case"]))


def _anomaly(order: Order, at: datetime, row_id: int, facts: dict[str, Any]) -> Anomaly:
    return Anomaly(
        pk=row_id,
        order=order,
        kind=facts["kind"],
        voucher_id=facts["voucher_id"],
        refund_id=facts["refund_id"],
        holds_order=bool(facts["holds_order"]),
        opened_at=at,
    )
