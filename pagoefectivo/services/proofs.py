"""Pictures of receipts: taking them, judging them. A picture makes the provider be asked and never marks anything paid."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.crypto import salted_hmac

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.proofs import A_DAY, Judgement, Known, operation_of
from pagoefectivo.domain.states import AnomalyKind, OrderState
from pagoefectivo.models import (
    Anomaly,
    Order,
    PaymentEvent,
    PaymentProof,
    ProofLikeness,
    ProofReview,
    Voucher,
)
from pagoefectivo.ocr.engine import engine
from pagoefectivo.ocr.pictures import Picture, PictureRefused, cleaned
from pagoefectivo.services import polling, seams
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.anomalies import open_anomaly
from pagoefectivo.services.subjects import lock_order

MOST_PER_CODE = 5
READER_COMES_WITHIN = timedelta(minutes=1)  # after that the sweep reads
PROOF_ANOMALIES = (AnomalyKind.PROOF_REUSED, AnomalyKind.PROOF_DOUBTFUL)
_ALREADY_PAID = frozenset({OrderState.PAID, OrderState.PARTIALLY_REFUNDED, OrderState.REFUNDED})
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another on the telephone

logger = logging.getLogger("pagoefectivo.proofs")


@dataclass(frozen=True, slots=True)
class Told:
    """What the buyer says beside the picture; all of it optional and none of it believed."""

    channel: str = ""
    paid_at: datetime | None = None
    amount: Decimal | None = None
    operation_number: str = field(default="", repr=False)
    note: str = field(default="", repr=False)


def send(page_key: str, upload: bytes, told: Told, *, remote_ip: str | None) -> PaymentProof:
    """Keep a buyer's picture of a receipt and have the provider asked at once; the same file again changes nothing.

    The upload is decoded and encoded anew in a caged process before any transaction. Locks the order; commits the proof,
    what it has in common with other orders' proofs, and the question to the provider, which is not asked for a receipt
    that another order has had. Raises NotFound, and RuleRefused: PROOF_NOT_NEEDED, PROOF_TOO_MANY (5 to a code),
    PROOF_FILE_REFUSED with the fault in its values. Nothing is written then.
    """
    order = Order.objects.filter(page_key=page_key).only("state").first() if page_key else None
    if order is None:
        raise NotFound
    _refuse_unneeded(order)
    sha256 = hashlib.sha256(upload).hexdigest()
    known = PaymentProof.objects.defer("picture").filter(order=order, sha256=sha256).first()
    if known is not None:
        return known
    _refuse_full(_shown(list(order.vouchers.order_by("pk"))))  # before anything of a stranger's is decoded
    try:
        picture = cleaned(upload)
    except PictureRefused as refusal:
        raise RuleRefused(Reason(ErrorCode.PROOF_FILE_REFUSED, "picture", {"fault": refusal.fault})) from None
    received = _Received(picture, sha256, len(upload), told, remote_ip)
    return seams.transact(lambda: _keep(order.pk, received))


def is_wanted(order: Order) -> bool:
    """Whether a picture could help: not once the order counts as paid."""
    return order.state not in _ALREADY_PAID


def picture_of(public_id: str, *, actor: Actor) -> bytes:
    """Return the picture as we encoded it; who saw it is logged. Raises PermissionRefused, NotFound, RuleRefused(PROOF_ERASED)."""
    actor.require_person(Permission.REVIEW_PROOFS)
    proof = PaymentProof.objects.select_related("order").filter(public_id=public_id).first()
    if proof is None or not actor.sees(proof.order.account):
        raise NotFound
    if not proof.picture:
        raise RuleRefused(Reason(ErrorCode.PROOF_ERASED))
    logger.info("proof %s seen by user %s", proof.public_id, actor.user_id)
    return bytes(proof.picture)


def review(public_id: str, judgement: Judgement, *, actor: Actor) -> PaymentProof:
    """Write down what a person says of a picture. *Matches* has the provider asked again; nothing counts as paid by it.

    Locks the order; commits the judgement, and closes what was flagged about its code once each of its pictures has been
    judged. Raises PermissionRefused for anybody but a person, and NotFound.
    """
    actor.require_person(Permission.REVIEW_PROOFS)
    proof = PaymentProof.objects.select_related("order").defer("picture").filter(public_id=public_id).first()
    if proof is None or not actor.sees(proof.order.account):
        raise NotFound
    seams.transact(lambda: _review(proof, judgement, actor))
    return proof


def known_of(vouchers: list[Voucher]) -> Known:
    """Return what the provider and we know of an order, to hold a receipt against."""
    paid = next((voucher for voucher in vouchers if voucher.paid_amount > 0), None)
    shown = paid or vouchers[-1]
    created_at = min(voucher.created_at for voucher in vouchers)
    first, last = created_at, seams.now()
    if paid is not None and paid.paid_at is not None:
        first, last = paid.paid_at - A_DAY, paid.paid_at + A_DAY
    named = PaymentEvent.objects.filter(voucher__in=vouchers).exclude(payment_identity="")
    return Known(
        codes=frozenset(voucher.code for voucher in vouchers if voucher.code),
        amount=paid.paid_amount if paid else shown.amount,
        currency=paid.paid_currency if paid else shown.currency,
        first_day=first.astimezone(LIMA).date(),
        last_day=last.astimezone(LIMA).date(),
        operations=frozenset(filter(None, map(operation_of, named.values_list("payment_identity", flat=True)))),
        created_at=created_at,
        paid_at=paid.paid_at if paid else None,
    )


def operation_digest(number: str) -> str:
    """Return what an operation number is found again by; empty for one too short to name anything."""
    bare = operation_of(number)
    return salted_hmac("pagoefectivo.proof", bare, algorithm="sha256").hexdigest() if bare else ""


def flag_reuse(proof: PaymentProof, earlier: QuerySet[PaymentProof], sign: ProofLikeness.Sign, now: datetime) -> bool:
    """Note that other orders have had this receipt; whether there was any. The caller holds the order's lock."""
    found = list(
        earlier.exclude(order=proof.order_id).exclude(pk=proof.pk).values_list("pk", flat=True)[:MOST_PER_CODE]
    )
    for pk in found:
        ProofLikeness.objects.get_or_create(proof=proof, earlier_id=pk, sign=sign, defaults={"found_at": now})
    if found:
        open_anomaly(AnomalyKind.PROOF_REUSED, proof.voucher, None, holds_order=False, now=now, again=True)
    return bool(found)


@dataclass(frozen=True, slots=True)
class _Received:
    picture: Picture
    sha256: str
    size: int
    told: Told
    remote_ip: str | None


def _keep(order_id: int, received: _Received) -> PaymentProof:
    locked = lock_order(order_id)
    _refuse_unneeded(locked.order)
    voucher = _shown(locked.vouchers)
    known = PaymentProof.objects.filter(order=order_id, sha256=received.sha256).defer("picture").first()
    if known is not None:
        return known
    _refuse_full(voucher)  # again: another one may have come while this one was decoded
    now, reads = seams.now(), engine() is not None
    proof = _insert(voucher, received, now, due=now + READER_COMES_WITHIN if reads else now)
    others = PaymentProof.objects.all()
    is_reused = flag_reuse(proof, others.filter(sha256=proof.sha256), ProofLikeness.Sign.SAME_FILE, now)
    if proof.operation_digest:
        same = others.filter(operation_digest=proof.operation_digest)
        is_reused |= flag_reuse(proof, same, ProofLikeness.Sign.SAME_OPERATION, now)
    if not is_reused:
        polling.ask_soon(locked.vouchers)
    if reads:
        seams.ring_readers()
    else:
        seams.ring()
    return proof


def _insert(voucher: Voucher, received: _Received, now: datetime, *, due: datetime) -> PaymentProof:
    picture, told = received.picture, received.told
    return PaymentProof.objects.create(
        public_id="C-" + "".join(secrets.choice(_LETTERS) for _ in range(8)),
        order_id=voucher.order_id,
        voucher=voucher,
        picture=picture.content,
        width=picture.width,
        height=picture.height,
        size=received.size,
        sha256=received.sha256,
        looks=picture.looks,
        edited=picture.edited,
        channel=told.channel,
        paid_at=told.paid_at,
        amount=told.amount,
        operation_number=told.operation_number,
        operation_digest=operation_digest(told.operation_number),
        note=told.note,
        remote_ip=received.remote_ip or "",
        received_at=now,
        next_action_at=due,
    )


def _refuse_unneeded(order: Order) -> None:
    if not is_wanted(order):
        raise RuleRefused(Reason(ErrorCode.PROOF_NOT_NEEDED))


def _refuse_full(voucher: Voucher) -> None:
    if _standing(voucher) >= MOST_PER_CODE:
        raise RuleRefused(Reason(ErrorCode.PROOF_TOO_MANY))


def _shown(vouchers: list[Voucher]) -> Voucher:
    """The newest voucher whose code the buyer can have seen."""
    with_code = [voucher for voucher in vouchers if voucher.code]
    if not with_code:
        raise RuleRefused(Reason(ErrorCode.PROOF_NOT_NEEDED))
    return with_code[-1]


def _standing(voucher: Voucher) -> int:
    """How many pictures count for a code: one for which a better one was asked makes room for it."""
    asked_again = ProofReview.objects.filter(proof=OuterRef("pk"), judgement=Judgement.BETTER_PICTURE)
    return PaymentProof.objects.filter(voucher=voucher).exclude(Exists(asked_again)).count()


def _review(proof: PaymentProof, judgement: Judgement, actor: Actor) -> None:
    locked, now = lock_order(proof.order_id), seams.now()
    ProofReview.objects.create(proof=proof, judgement=judgement, actor=actor.name, at=now)
    unjudged = PaymentProof.objects.filter(voucher=proof.voucher_id, reviews=None)
    if not unjudged.exists():
        flagged = Anomaly.objects.filter(voucher=proof.voucher_id, kind__in=PROOF_ANOMALIES, closed_at=None)
        flagged.update(closed_at=now, closed_by=actor.name, resolution=f"{proof.public_id}: {judgement}")
    if judgement is Judgement.MATCHES:
        polling.ask_soon(locked.vouchers)
