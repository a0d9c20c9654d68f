"""What goes into an evidence bundle, file by file, masked: no buyer, no bank account, no code, no colleague's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from pagoefectivo.domain.bundles import as_json
from pagoefectivo.domain.cases import CaseAct
from pagoefectivo.domain.localtime import LIMA, NARROW
from pagoefectivo.domain.redaction import MASK, SHORTEST_TRACE, mask_code, redact_text
from pagoefectivo.domain.spreadsheets import csv_lines
from pagoefectivo.models import (
    ApiExchange,
    Case,
    CaseEntry,
    Order,
    PaymentEvent,
    PaymentProof,
    Refund,
    StateChange,
    Voucher,
    WebhookDelivery,
)
from pagoefectivo.models.labels import EXHIBIT_LABELS
from pagoefectivo.selectors.cases import checklist
from pagoefectivo.selectors.seals import seals_of
from pagoefectivo.selectors.timeline import TimelineEntry, timeline_of
from pagoefectivo.services.accounts import EffectiveAccount
from pagoefectivo.services.support_ids import ProviderIds, provider_ids

MOST_MESSAGES = 1000  # calls, and as many notifications: the newest
_STAYS_INSIDE = (CaseAct.BUNDLED, CaseAct.NOTED)  # a bundle is not evidence of itself, and notes are for colleagues
_STAFF = re.compile(r"^(staff|shell|key):.*", re.DOTALL)
File = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Masking:
    """Takes out of every text what is known of the buyers, wherever it hides."""

    pattern: re.Pattern[str] | None
    codes: frozenset[str] = field(repr=False)

    @classmethod
    def of(cls, orders: Iterable[Order], vouchers: Iterable[Voucher], refunds: Iterable[Refund]) -> Masking:
        known: set[str] = set()
        for order in orders:
            known |= {order.payer_email, order.payer_name, order.payer_phone, order.payer_phone[-9:]}
            known |= {order.payer_document_number}
        for refund in refunds:
            if (account := refund.destination) is not None:
                known |= {account.holder_name, account.document_number, account.account_number}
        codes = {voucher.code for voucher in vouchers if voucher.code}
        words = sorted((each for each in known | codes if len(each) >= SHORTEST_TRACE), key=len, reverse=True)
        either = re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None
        return cls(either, frozenset(codes))

    def __call__(self, text: str) -> str:
        return self.pattern.sub(self._masked, text) if self.pattern is not None else text

    def _masked(self, found: re.Match[str]) -> str:
        return mask_code(found[0]) if found[0] in self.codes else MASK


@dataclass(slots=True)
class Contents:
    """One case with everything below its orders, as far as it is bundled. `left_out` fills while files are drawn."""

    case: Case
    account: EffectiveAccount
    with_pictures: bool
    orders: list[Order] = field(init=False)
    vouchers: list[Voucher] = field(init=False)
    refunds: list[Refund] = field(init=False)
    masked: Masking = field(init=False)
    left_out: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = sorted(set(self.case.links.values_list("order_id", flat=True)))
        self.orders = list(Order.objects.filter(pk__in=ids).defer("metadata").order_by("pk"))
        self.vouchers = list(Voucher.objects.filter(order__in=ids).defer("barcode_svg").order_by("pk"))
        self.refunds = list(Refund.objects.filter(order__in=ids).select_related("destination").order_by("pk"))
        self.masked = Masking.of(self.orders, self.vouchers, self.refunds)

    def files(self) -> Iterator[File]:
        """Yield each file once, by name and content; bodies are read a few at a time."""
        entries = list(CaseEntry.objects.filter(case=self.case))
        yield "case.json", self._json(_case(self.case, self.orders, entries))
        ids = provider_ids(self.account, self.orders, self.vouchers, self.refunds)
        yield "provider-ids.json", as_json(ids.as_document())
        yield "provider-ids.csv", "".join(csv_lines(ProviderIds.COLUMNS, ids.as_rows())).encode()
        yield from self._timeline()
        yield "chain.json", self._json(self._chain())
        calls = ApiExchange.objects.filter(voucher__in=self.vouchers)
        yield from self._messages("calls", calls, "sent_at", _call, "apiexchange")
        deliveries = WebhookDelivery.objects.filter(voucher__in=self.vouchers)
        yield from self._messages("notifications", deliveries, "received_at", _notification, "webhookdelivery")
        yield from self._proofs()

    def _json(self, content: object) -> bytes:
        return self.masked(as_json(content).decode()).encode()

    def _timeline(self) -> Iterator[File]:
        rows = [(order, entry) for order in self.orders for entry in timeline_of(order) if entry.kind != "note"]
        rows.sort(key=lambda row: row[1].at)
        yield "timeline.json", self._json([_happening(order, entry) for order, entry in rows])
        lines = (
            f"{_lima(entry.at)}  {order.reference}  {_who(entry.actor)}{_over(entry)}  {entry.sentence}\n"
            for order, entry in rows
        )
        yield "timeline.txt", self.masked("".join(lines)).replace(NARROW, " ").encode()
        columns = ("at_lima", "at_utc", "order", "kind", "who", "path", "sentence", "details")
        cells = (
            (
                *(entry.at, _utc(entry.at), order.reference, entry.kind, _who(entry.actor), str(entry.source)),
                *(entry.sentence, as_json(entry.details).decode().strip()),
            )
            for order, entry in rows
        )
        yield "timeline.csv", self.masked("".join(csv_lines(columns, cells))).encode()

    def _chain(self) -> dict[str, Any]:
        changes = list(StateChange.objects.filter(order__in=self.orders).order_by("pk"))
        events = list(PaymentEvent.objects.filter(voucher__in=self.vouchers).order_by("pk"))
        sealed = {"statechange": _seals("statechange", changes), "paymentevent": _seals("paymentevent", events)}
        return {
            "statechange": [_change(each) | {"seal": sealed["statechange"].get(each.pk)} for each in changes],
            "paymentevent": [_event(each) | {"seal": sealed["paymentevent"].get(each.pk)} for each in events],
        }

    def _messages(
        self, folder: str, rows: QuerySet[Any], instant: str, written: Callable[[Any], dict[str, Any]], table: str
    ) -> Iterator[File]:
        newest = list(rows.order_by(f"-{instant}", "-pk").values_list("pk", flat=True)[: MOST_MESSAGES + 1])
        if len(newest) > MOST_MESSAGES:
            self.left_out[folder] = rows.count() - MOST_MESSAGES
        kept = newest[:MOST_MESSAGES]
        sealed = _seals_of_ids(table, kept)
        for number, row in enumerate(rows.filter(pk__in=kept).order_by(instant, "pk").iterator(chunk_size=50), start=1):
            yield f"{folder}/{number:04}.json", self._json(written(row) | {"seal": sealed.get(row.pk)})

    def _proofs(self) -> Iterator[File]:
        unread = ("operation_number", "note", "remote_ip", *(() if self.with_pictures else ("picture",)))
        for proof in PaymentProof.objects.filter(order__in=self.orders).defer(*unread).order_by("pk").iterator():
            yield f"proofs/{proof.public_id}.json", self._json(_proof(proof))
            if self.with_pictures and proof.picture:
                yield f"proofs/{proof.public_id}.jpg", bytes(proof.picture)


def _case(case: Case, orders: Sequence[Order], entries: Sequence[CaseEntry]) -> dict[str, Any]:
    labels = dict(EXHIBIT_LABELS)
    return {
        "case": case.public_id,
        "kind": case.kind,
        "state": case.standing,
        "account": case.account,
        "about": redact_text(case.about),
        "amount": None if case.amount is None else f"{case.amount:.2f}",
        "currency": case.currency,
        "responsible": case.responsible,
        "responsible_why": redact_text(case.responsible_why, longest=300),
        "due_date": case.due_date.isoformat(),
        "opened_at": _utc(case.opened_at),
        "ended_at": _utc(case.ended_at),
        "orders": [
            {
                "reference": order.reference,
                "state": order.state,
                "amount": f"{order.amount:.2f}",
                "paid_amount": f"{order.paid_amount:.2f}",
                "refunded_amount": f"{order.refunded_amount:.2f}",
                "currency": order.currency,
                "created_at": _utc(order.created_at),
            }
            for order in orders
        ],
        "checklist": [
            {"exhibit": each.exhibit.value, "what": str(labels[each.exhibit.value]), "is_there": each.is_there}
            for each in checklist([order.pk for order in orders], entries)
        ],
        "history": [
            {"at": _utc(entry.at), "act": entry.act, "who": _who(entry.actor)}
            for entry in entries
            if entry.act not in _STAYS_INSIDE
        ],
    }


def _happening(order: Order, entry: TimelineEntry) -> dict[str, Any]:
    return {
        "at": _utc(entry.at),
        "order": order.reference,
        "kind": entry.kind,
        "who": _who(entry.actor),
        "path": str(entry.source),
        "sentence": entry.sentence,
        "details": entry.details,
    }


def _change(row: StateChange) -> dict[str, Any]:
    return {
        "id": row.pk,
        "subject": row.subject,
        "from": row.from_state,
        "to": row.to_state,
        "path": row.source,
        "who": _who(row.actor),
        "why": row.why,
        "at": _utc(row.at),
    }


def _event(row: PaymentEvent) -> dict[str, Any]:
    return {
        "id": row.pk,
        "status": row.status,
        "provider_status": row.raw_status,
        "amount": None if row.amount is None else f"{row.amount:.2f}",
        "currency": row.currency,
        "path": row.source,
        "proof": row.proof,
        "is_believed": row.is_believed,
        "occurred_at": _utc(row.occurred_at),
        "recorded_at": _utc(row.recorded_at),
        "request_id": row.request_id,
    }


def _call(row: ApiExchange) -> dict[str, Any]:
    return {
        "request_id": row.request_id,
        "operation": row.operation,
        "method": row.method,
        "url": row.url,
        "request_headers": row.request_headers,
        "request_body": row.masked_request,
        "sent_at": _utc(row.sent_at),
        "outcome": row.outcome,
        "http_status": row.http_status,
        "response_headers": row.response_headers,
        "response_body": row.masked_response,
        "duration_ms": row.duration_ms,
        "loss": redact_text(row.loss),
    }


def _notification(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "received_at": _utc(row.received_at),
        "event_identity": row.event_identity,
        "verdict": row.verdict,
        "signed_at": _utc(row.signed_at),
        "headers": row.headers,
        "body": row.masked_body,
        "outcome": row.outcome,
        "repeats": row.repeats,
    }


def _proof(row: PaymentProof) -> dict[str, Any]:
    return {
        "receipt": row.public_id,
        "received_at": _utc(row.received_at),
        "sha256_of_what_came": row.sha256,
        "bytes": row.size,
        "picture": f"{row.width}x{row.height}",
    }


def _seals(table: str, rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
    return _seals_of_ids(table, [row.pk for row in rows])


def _seals_of_ids(table: str, row_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    return {
        row_id: {"entry": seal.position, "entry_hash": seal.entry_hash, "row_digest": seal.row_digest}
        for row_id, seal in seals_of(table, row_ids).items()
    }


def _who(actor: str) -> str:
    """People of the shop stay people of the shop: the other side need not know their names."""
    return _STAFF.sub(lambda found: found[1], actor)


def _over(entry: TimelineEntry) -> str:
    return f" ({entry.source})" if entry.source else ""


def _utc(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _lima(instant: datetime) -> str:
    return f"{instant.astimezone(LIMA):%Y-%m-%d %H:%M:%S} {_('Lima time')}"
