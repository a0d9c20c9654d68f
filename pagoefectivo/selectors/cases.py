"""Cases as people read them: what is due, what each is about, what speaks for the shop, and what may be linked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, Q, QuerySet

from pagoefectivo.domain.business_days import business_days_until
from pagoefectivo.domain.cases import BY_HAND, CaseAct, Exhibit, LinkKind
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundState
from pagoefectivo.models import (
    Anomaly,
    ApiExchange,
    BuyerMessage,
    Case,
    CaseEntry,
    CaseLink,
    Order,
    PaymentEvent,
    PaymentProof,
    Refund,
    Voucher,
)
from pagoefectivo.selectors import calendar

MOST_COUNTED = 100
_TABLES: dict[LinkKind, type[Model]] = {
    LinkKind.ORDER: Order,
    LinkKind.VOUCHER: Voucher,
    LinkKind.REFUND: Refund,
    LinkKind.ANOMALY: Anomaly,
    LinkKind.PROOF: PaymentProof,
    LinkKind.EXCHANGE: ApiExchange,
}
# Of each kind: which of its columns name what goes along with it, and where its account stands.
_ALONG = {
    LinkKind.ORDER: ({LinkKind.ORDER: "pk"}, "account"),
    LinkKind.VOUCHER: ({LinkKind.ORDER: "order_id", LinkKind.VOUCHER: "pk"}, "account"),
    LinkKind.REFUND: ({LinkKind.ORDER: "order_id", LinkKind.VOUCHER: "voucher_id", LinkKind.REFUND: "pk"}, "account"),
    LinkKind.ANOMALY: (
        {
            LinkKind.ORDER: "order_id",
            LinkKind.VOUCHER: "voucher_id",
            LinkKind.REFUND: "refund_id",
            LinkKind.ANOMALY: "pk",
        },
        "order__account",
    ),
    LinkKind.PROOF: (
        {LinkKind.ORDER: "order_id", LinkKind.VOUCHER: "voucher_id", LinkKind.PROOF: "pk"},
        "order__account",
    ),
    LinkKind.EXCHANGE: (
        {
            LinkKind.ORDER: "voucher__order_id",
            LinkKind.VOUCHER: "voucher_id",
            LinkKind.REFUND: "refund_id",
            LinkKind.EXCHANGE: "pk",
        },
        "account",
    ),
}
_UNREAD: dict[LinkKind, tuple[str, ...]] = {
    LinkKind.ORDER: ("payer_document_number", "metadata"),
    LinkKind.VOUCHER: ("barcode_svg",),
    LinkKind.REFUND: (),
    LinkKind.ANOMALY: (),
    LinkKind.PROOF: ("picture", "operation_number", "note", "remote_ip"),
    LinkKind.EXCHANGE: ("request_body", "response_body", "request_headers", "response_headers"),
}
_NAMES: tuple[tuple[LinkKind, str], ...] = (
    (LinkKind.ORDER, "reference"),
    (LinkKind.REFUND, "public_id"),
    (LinkKind.VOUCHER, "public_id"),
    (LinkKind.PROOF, "public_id"),
    (LinkKind.EXCHANGE, "request_id"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing hangs: its order and account, and the rows that are linked with it, itself included."""

    order_id: int
    account: str
    rows: Mapping[LinkKind, int]


@dataclass(frozen=True, slots=True)
class Due:
    """Open cases whose day has come. `count` stops at 100, then `is_more`; `overdue` of them were due before today.

    `oldest` is the one that was due first.
    """

    count: int
    overdue: int
    is_more: bool
    oldest: Case | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of the checklist: how many pieces of it there are, of how many that there should be; or who ticked it."""

    exhibit: Exhibit
    found: int = 0
    wanted: int = 0
    tick: CaseEntry | None = None

    @property
    def is_by_hand(self) -> bool:
        return self.exhibit in BY_HAND

    @property
    def is_there(self) -> bool:
        return self.tick is not None if self.is_by_hand else 0 < self.wanted <= self.found

    @property
    def is_needed(self) -> bool:
        """Whether a case without it lacks something: nobody need have sent a receipt or asked for a refund."""
        return self.is_by_hand or self.exhibit is Exhibit.PAYMENT or self.wanted > 0


def cases_due(now: datetime) -> Due:
    """Return the open cases that are due today in Lima or overdue; two queries on an index of open cases."""
    today = now.astimezone(LIMA).date()
    due = open_cases().filter(due_date__lte=today).order_by("due_date", "id")
    days = list(due.values_list("due_date", flat=True)[: MOST_COUNTED + 1])
    return Due(
        count=min(len(days), MOST_COUNTED),
        overdue=sum(1 for day in days[:MOST_COUNTED] if day < today),
        is_more=len(days) > MOST_COUNTED,
        oldest=due.select_related("owner").first() if days else None,
    )


def open_cases() -> QuerySet[Case]:
    """The cases that somebody still works on."""
    return Case.objects.filter(ended_at__isnull=True)


def open_about(what: LinkKind, row_id: int) -> QuerySet[Case]:
    """The open cases that one thing is linked to."""
    return open_cases().filter(links__what=what, links__row_id=row_id).order_by("due_date", "id")


def is_overdue(case: Case) -> bool:
    """Whether the day of an open case is over in Lima."""
    return case.ended_at is None and case.due_date < calendar.today()


def days_left(case: Case) -> int:
    """Return how many business days are left for an open case; negative: so many have begun since its day was over."""
    return business_days_until(calendar.today(), case.due_date, calendar.is_closed)


def place_of(what: LinkKind, row_id: int) -> Place | None:
    """Return where a thing hangs; None where there is none, or no order is above it."""
    columns, account = _ALONG[what]
    row = _TABLES[what]._default_manager.filter(pk=row_id).values(*columns.values(), account).first()
    if row is None or row[columns[LinkKind.ORDER]] is None:
        return None
    rows = {kind: row[column] for kind, column in columns.items() if row[column] is not None}
    return Place(rows[LinkKind.ORDER], row[account], rows)


def proposed_amount(place: Place) -> tuple[Decimal, str]:
    """Return the money that a case is likely over: the refund's, else what was paid for its order, else what was asked."""
    if (refund_id := place.rows.get(LinkKind.REFUND)) is not None:
        refund: tuple[Decimal, str] = Refund.objects.values_list("amount", "currency").get(pk=refund_id)
        return refund
    order = Order.objects.only("amount", "paid_amount", "currency").get(pk=place.order_id)
    return order.paid_amount or order.amount, order.currency


def named(text: str) -> tuple[LinkKind, int] | None:
    """Return what bears a number: an order's reference, a refund, a code, a receipt or a call; five queries at most."""
    for what, column in _NAMES:
        found = _TABLES[what]._default_manager.filter(**{column: text}).values_list("pk", flat=True).first()
        if found is not None:
            return what, found
    return None


def linked_rows(links: Iterable[CaseLink]) -> list[tuple[CaseLink, Any]]:
    """Return each link with its row, in the order of their kinds; one query for each kind that there is."""
    by_kind: dict[LinkKind, list[CaseLink]] = {}
    for link in links:
        by_kind.setdefault(LinkKind(link.what), []).append(link)
    found: list[tuple[CaseLink, Any]] = []
    for what in LinkKind:
        rows: QuerySet[Any] = _TABLES[what]._default_manager.defer(*_UNREAD[what])
        held = rows.in_bulk([link.row_id for link in by_kind[what]]) if what in by_kind else {}
        found += [(link, held[link.row_id]) for link in by_kind.get(what, ()) if link.row_id in held]
    return found


def checklist(order_ids: Sequence[int], entries: Iterable[CaseEntry]) -> list[Evidence]:
    """Return what speaks for the shop, line by line, in four queries. `entries` is the whole history, oldest first."""
    paid = PaymentEvent.objects.filter(
        ~Q(proof=Proof.HINT),
        voucher__order__in=order_ids,
        refund=None,
        is_believed=True,
        status=PaymentStatus.PAID,
    )
    states = list(Refund.objects.filter(order__in=order_ids).values_list("state", flat=True))
    sent = BuyerMessage.objects.filter(order__in=order_ids, outcome=BuyerMessage.Outcome.SENT)
    proofs = PaymentProof.objects.filter(order__in=order_ids)
    wanted = [state for state in states if state != RefundState.CANCELED]
    told, received = sent.count(), proofs.count()
    ticks = _ticks(entries)
    return [
        Evidence(Exhibit.PAYMENT, paid.values("voucher").distinct().count(), 1),
        Evidence(Exhibit.REFUND, wanted.count(RefundState.SUCCEEDED), len(wanted)),
        Evidence(Exhibit.MESSAGES, told, told),
        Evidence(Exhibit.PROOFS, received, received),
        *(Evidence(exhibit, tick=ticks.get(exhibit)) for exhibit in BY_HAND),
    ]


def _ticks(entries: Iterable[CaseEntry]) -> dict[str, CaseEntry]:
    held: dict[str, CaseEntry] = {}
    for entry in entries:
        if entry.act == CaseAct.TICKED:
            held[entry.details["exhibit"]] = entry
        elif entry.act == CaseAct.UNTICKED:
            held.pop(entry.details["exhibit"], None)
    return held
