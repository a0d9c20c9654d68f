"""Erasing what has been kept long enough: raw messages, bank accounts, pictures, buyers, answers. The hash chain stays whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from pagoefectivo import conf
from pagoefectivo.domain.states import FINAL_REFUND, LIVE_VOUCHER, OrderState
from pagoefectivo.models import (
    Anomaly,
    ApiExchange,
    BuyerMessage,
    CaseEntry,
    CaseLink,
    IdempotentRequest,
    Job,
    Order,
    OutboxMessage,
    PaymentProof,
    Payout,
    ProofReading,
    Recovery,
    Refund,
    RefundDestination,
    SettlementPiece,
    SettlementReport,
    Voucher,
    WebhookDelivery,
)
from pagoefectivo.services import audit, seams

JOB = "purge"
BATCH = 500
OPEN_ORDER = (OrderState.AWAITING_PAYMENT, OrderState.IN_REVIEW)
_NO_BUYER: dict[str, Any] = {
    "payer_email": "",
    "payer_name": "",
    "payer_phone": "",
    "payer_document_type": "",
    "payer_document_number": "",
    "phone_digest": "",
    "document_digest": "",
    "metadata": {},
}
_NO_PICTURE: dict[str, Any] = {"picture": b"", "operation_number": "", "note": "", "remote_ip": ""}
_NO_ACCOUNT = {
    "holder_name": "",
    "document_type": "",
    "document_number": "",
    "account_number": "",
    "account_digest": "",
    "document_digest": "",
    "tail_digest": "",
}


@dataclass(slots=True)
class Purged:
    """How many rows were emptied or deleted, or would be. `unsealed` messages wait until the chain holds them."""

    deliveries: int = 0
    exchanges: int = 0
    destinations: int = 0
    payouts: int = 0
    proofs: int = 0
    settlements: int = 0
    buyers: int = 0
    answers: int = 0
    unsealed: int = 0


def purge(*, actor: str, batch: int = BATCH, dry_run: bool = False) -> Purged:
    """Erase what is older than RETENTION_DAYS, `batch` rows to a transaction, and note it in the chain and as a job.

    An order is left alone while anything about it is open: a payment code, a refund, a review, an anomaly, a case, a question,
    an announcement or a message to the buyer that is due, a recovery of its account. Its time counts from its last
    change. A second purge at the same time does no harm. Must be called outside a transaction; what was committed stays if it is interrupted.
    """
    return _Purge(actor, batch, dry_run=dry_run).run()


def at_rest(since: datetime) -> QuerySet[Order]:
    """The orders on which nothing has moved since then and nothing can move by itself."""
    moving = Q(changed_at__gt=since) | Q(next_action_at__isnull=False)
    of_order = {"order": OuterRef("pk")}
    return (
        Order.objects.filter(updated_at__lte=since)
        .exclude(state__in=OPEN_ORDER)
        .exclude(Exists(Voucher.objects.filter(moving | Q(state__in=LIVE_VOUCHER), **of_order)))
        .exclude(Exists(Refund.objects.filter(moving | ~Q(state__in=FINAL_REFUND), **of_order)))
        .exclude(Exists(Anomaly.objects.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=since), **of_order)))
        .exclude(
            Exists(CaseLink.objects.filter(Q(case__ended_at__isnull=True) | Q(case__ended_at__gt=since), **of_order))
        )
        .exclude(Exists(OutboxMessage.objects.filter(done_at__isnull=True, **of_order)))
        .exclude(Exists(BuyerMessage.objects.filter(next_action_at__isnull=False, **of_order)))
        .exclude(Exists(Recovery.objects.filter(account=OuterRef("account"), finished_at__isnull=True)))
    )


@dataclass(slots=True)
class _Purge:
    actor: str
    batch: int
    dry_run: bool
    now: datetime = field(default_factory=seams.now)
    purged: Purged = field(default_factory=Purged)

    def run(self) -> Purged:
        keep = conf.current().retention
        self._after(keep.raw, self._messages)
        self._after(keep.raw, self._settlements)
        self._after(keep.bank, self._destinations)
        self._after(keep.bank, self._payouts)
        self._after(keep.proofs, self._proofs)
        self._after(keep.personal, self._buyers)
        self._after(keep.answers, self._answers)
        if not self.dry_run:
            Job.objects.update_or_create(name=JOB, defaults={"ran_at": self.now, "outcome": asdict(self.purged)})
        return self.purged

    def _after(self, days: timedelta | None, erase: Callable[[datetime], None]) -> None:
        if days is not None:
            erase(self.now - days)

    def _messages(self, before: datetime) -> None:
        resting = Q(voucher__isnull=True) | Q(voucher__order__in=at_rest(before))
        deliveries = WebhookDelivery.objects.filter(
            resting, received_at__lte=before, next_action_at__isnull=True, body__gt=b""
        )
        exchanges = ApiExchange.objects.filter(
            resting, Q(request_body__gt=b"") | Q(response_body__gt=b""), sent_at__lte=before
        ).exclude(outcome=ApiExchange.Outcome.SENDING)
        self.purged.deliveries = self._bodies("webhookdelivery", deliveries)
        self.purged.exchanges = self._bodies("apiexchange", exchanges)

    def _bodies(self, table: str, rows: QuerySet[Any]) -> int:
        erased = 0
        for ids in self._batches(rows):
            done = len(ids) if self.dry_run else audit.erase_bodies(table, ids, actor=self.actor, why="retention: raw")
            erased += done
            self.purged.unsealed += len(ids) - done
        return erased

    def _settlements(self, before: datetime) -> None:
        """Files with the e-mails and documents of buyers; what their lines say, and the hash of each file, stay."""
        rows = SettlementReport.objects.filter(
            Exists(SettlementPiece.objects.filter(report=OuterRef("pk"))),
            created_at__lte=before,
            next_action_at__isnull=True,
        )

        def erase(ids: list[int]) -> int:
            pieces = SettlementPiece.objects.filter(report__in=rows.filter(pk__in=ids))
            reports = sorted(set(pieces.values_list("report", flat=True)))
            if reports:
                audit.note_erasure("settlementreport", reports, actor=self.actor, why="retention: raw")
                pieces.delete()
            return len(reports)

        self.purged.settlements = self._in_portions(rows, erase)

    def _destinations(self, before: datetime) -> None:
        needed = Refund.objects.filter(destination=OuterRef("pk")).exclude(order__in=at_rest(before))
        rows = RefundDestination.objects.filter(created_at__lte=before, account_number__gt="").exclude(Exists(needed))

        def erase(ids: list[int]) -> int:
            used = Refund.objects.filter(destination__in=ids)
            locked = _lock(Order.objects.filter(pk__in=used.values("order")))
            busy = used.exclude(order__in=locked).values("destination")
            free = rows.filter(pk__in=ids).exclude(pk__in=busy)
            return self._note("refunddestination", free, _NO_ACCOUNT, "retention: bank")

        self.purged.destinations = self._in_portions(rows, erase)

    def _payouts(self, before: datetime) -> None:
        needed = Refund.objects.filter(payout=OuterRef("pk")).exclude(order__in=at_rest(before))
        rows = Payout.objects.filter(created_at__lte=before, content__gt=b"").exclude(Exists(needed))

        def erase(ids: list[int]) -> int:
            return self._note("payout", rows.filter(pk__in=ids), {"content": b""}, "retention: bank")

        self.purged.payouts = self._in_portions(rows, erase)

    def _proofs(self, before: datetime) -> None:
        rows = PaymentProof.objects.filter(
            order__in=at_rest(before), received_at__lte=before, picture__gt=b"", next_action_at__isnull=True
        )

        def erase(ids: list[int]) -> int:
            locked = _lock(Order.objects.filter(proofs__in=ids))
            free = rows.filter(pk__in=ids, order__in=locked)
            read = ProofReading.objects.filter(proof__in=free, seen__gt="")
            self._note("proofreading", read, {"seen": ""}, "retention: proofs")
            return self._note("paymentproof", free, _NO_PICTURE, "retention: proofs")

        self.purged.proofs = self._in_portions(rows, erase)

    def _buyers(self, before: datetime) -> None:
        rows = at_rest(before).filter(~Q(payer_email="") | ~Q(payer_document_number="") | ~Q(metadata={}))

        def erase(ids: list[int]) -> int:
            locked = _lock(Order.objects.filter(pk__in=ids))
            Refund.objects.filter(order__in=rows.filter(pk__in=locked)).exclude(note="").update(note="")
            said = CaseEntry.objects.filter(
                case__in=CaseLink.objects.filter(order__in=locked).values("case"), note__gt=""
            )
            self._note("caseentry", said, {"note": ""}, "retention: personal")
            return self._note("order", rows.filter(pk__in=locked), _NO_BUYER, "retention: personal")

        self.purged.buyers = self._in_portions(rows, erase)

    def _answers(self, before: datetime) -> None:
        over = Q(status__isnull=False) | Q(locked_until__lte=self.now)
        rows = IdempotentRequest.objects.filter(over, created_at__lte=before)
        self.purged.answers = self._in_portions(rows, lambda ids: rows.filter(pk__in=ids).delete()[0])

    def _note(self, table: str, rows: QuerySet[Any], empty: dict[str, Any], why: str) -> int:
        ids = sorted(rows.values_list("pk", flat=True))
        if ids:
            audit.note_erasure(table, ids, actor=self.actor, why=why)
            rows.model._default_manager.filter(pk__in=ids).update(**empty)
        return len(ids)

    def _in_portions(self, rows: QuerySet[Any], erase: Callable[[list[int]], int]) -> int:
        """The chain is held before any row is locked, so two purges and a seal can never wait for each other."""

        def alone(ids: list[int]) -> int:
            audit.hold_chain()
            return erase(ids)

        return sum(len(ids) if self.dry_run else seams.transact(partial(alone, ids)) for ids in self._batches(rows))

    def _batches(self, rows: QuerySet[Any]) -> Iterator[list[int]]:
        last = 0
        while ids := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[: self.batch]):
            yield ids
            last = ids[-1]


def _lock(orders: QuerySet[Order]) -> list[int]:
    """Lock orders and return those that nobody else works on; whoever moves anything of an order locks it first."""
    free = orders.select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by("pk")
    return list(free.values_list("pk", flat=True))
