"""Refunds that people pay out by bank transfer: the file for the bank, and waiting for its word. No provider is asked."""

from __future__ import annotations

import hashlib
import logging

from django.db.models import QuerySet

from pagoefectivo.domain.bank_accounts import TRANSFER_FIELDS, destination_objections
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import Verb
from pagoefectivo.domain.payouts import Transfer, payout_csv
from pagoefectivo.domain.states import FINAL_REFUND, RefundState, Source
from pagoefectivo.domain.timing import WAIT_FOR_PERSON
from pagoefectivo.models import Payout, Recovery, Refund
from pagoefectivo.services import access, delays, seams, submission
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.claiming import Claim
from pagoefectivo.services.commands import choose, command
from pagoefectivo.services.requests import destination_of
from pagoefectivo.services.scheduling import let_go
from pagoefectivo.services.subjects import Locked, lock_order

MOST_TRANSFERS = 500
OPERATION = "bank_transfer"

logger = logging.getLogger("pagoefectivo.payouts")


def ready(account: str, currency: str) -> QuerySet[Refund]:
    """The approved refunds of an account by hand that are in no payout file yet, oldest first.

    One that may have been paid before a restored backup is left out: it is withdrawn once the bank's statement is read.
    """
    waiting = Refund.objects.filter(account=account, currency=currency, state=RefundState.REQUESTED, payout=None)
    return waiting.filter(first_sent_at=None, destination__isnull=False).exclude(approved_by="").order_by("pk")


def make(account: str, currency: str, *, actor: Actor, source: Source) -> Payout:
    """Put every ready refund (500 at most) into one payout file; each is *pending* on return, and in no other file ever.

    What the rules no longer allow to be given back fails instead, and what has no CCI waits for one. Raises
    PermissionRefused for anybody but a person, NotFound, and RuleRefused(PAYOUT_NOTHING_READY, PAYOUT_STOPPED).
    """
    actor.require_person(Permission.MAKE_PAYOUTS)
    if not actor.sees(account) or not account_named(account).refunds_by_hand:
        raise NotFound
    payout = seams.transact(lambda: _make(account, currency, actor, source))
    if payout is None:
        raise RuleRefused(Reason(ErrorCode.PAYOUT_NOTHING_READY))
    logger.info("payout file %s made by user %s", payout.reference, actor.user_id)
    return payout


def payout_named(reference: str, *, actor: Actor) -> Payout:
    """Return one payout file's record; raises NotFound also where the actor may not know of it."""
    payout = Payout.objects.filter(reference=reference).first()
    if payout is None or not actor.sees(payout.account):
        raise NotFound
    return payout


def file_of(
    reference: str, *, actor: Actor, why: str = access.NO_REASON, page: str = "", remote_ip: str | None = None
) -> bytes:
    """Return a payout file, the same bytes each time, after noting who takes it and `why`; what cannot be noted is not given.

    Raises NotFound once it was erased, RuleRefused(PAYOUT_FILE_DAMAGED) where it is no longer what was made.
    """
    actor.require_person(Permission.DOWNLOAD_PAYOUTS)
    payout = payout_named(reference, actor=actor)
    if not payout.content:
        raise NotFound
    if hashlib.sha256(payout.content).hexdigest() != payout.sha256:
        logger.error("payout file %s is not what was made", payout.reference)
        raise RuleRefused(Reason(ErrorCode.PAYOUT_FILE_DAMAGED))
    access.log(
        access.Kind.EXPORT,
        actor=actor,
        subject=payout.reference,
        why=why.strip() or access.NO_REASON,
        page=page,
        remote_ip=remote_ip,
    )
    logger.info("payout file %s downloaded by user %s", payout.reference, actor.user_id)
    return bytes(payout.content)


def attend(refund: Refund, claim: Claim) -> None:
    """Look at a due refund that is with the bank: past its expected days without the bank's word, finance is told once."""
    if refund.state in FINAL_REFUND:
        let_go(Refund, [claim])
        return
    delays.note(refund, OPERATION)
    held = Refund.objects.filter(pk=refund.pk, lease_token=claim.token)
    held.update(next_action_at=seams.now() + WAIT_FOR_PERSON, lease_until=None)


def _make(account: str, currency: str, actor: Actor, source: Source) -> Payout | None:
    if Recovery.objects.filter(account=account, finished_at=None).exists():
        raise RuleRefused(Reason(ErrorCode.PAYOUT_STOPPED))
    chosen = _choose(account, currency, actor, source)
    if not chosen:
        return None
    payout = _kept([refund for _, refund in chosen], actor)
    for locked, refund in chosen:
        refund.payout, refund.first_sent_at = payout, payout.created_at
        for verb in (Verb.SUBMIT, Verb.HAND_OVER):
            command(locked, refund, verb, actor=actor, source=source, why="payout_file")
    return payout


def _choose(account: str, currency: str, actor: Actor, source: Source) -> list[tuple[Locked, Refund]]:
    """Lock the orders by ascending id and return what is still ready under the locks, by ascending id."""
    oldest = ready(account, currency).values_list("pk", "order_id")[:MOST_TRANSFERS]
    wanted = {pk for pk, _ in oldest}
    chosen = []
    for order_id in sorted({order_id for _, order_id in oldest}):
        locked = lock_order(order_id)
        still = set(ready(account, currency).filter(order=order_id, pk__in=wanted).values_list("pk", flat=True))
        mine = [each for each in locked.refunds if each.pk in still and each.is_approved]
        chosen += [(locked, each) for each in mine if _may_leave(locked, each, actor, source)]
    return sorted(chosen, key=lambda pair: pair[1].pk)


def _may_leave(locked: Locked, refund: Refund, actor: Actor, source: Source) -> bool:
    choose(locked, refund)
    destination = destination_of(refund.destination)
    if destination is None or destination_objections(destination, TRANSFER_FIELDS, needs_cci=True):
        command(locked, refund, Verb.REQUIRE_DESTINATION, actor=actor, source=source, why="account_invalid")
        return False
    if objection := submission.objection_to(refund):
        command(locked, refund, Verb.SUBMIT, actor=actor, source=source, why="payout_file")
        command(locked, refund, Verb.FAIL, actor=actor, source=source, why=objection, error_code=objection)
        return False
    return True


def _kept(refunds: list[Refund], actor: Actor) -> Payout:
    now, content = seams.now(), payout_csv(_transfer(refund) for refund in refunds)
    return Payout.objects.create(
        reference=f"P-{now.astimezone(LIMA):%Y%m%d}-{seams.new_id()[:8].upper()}",
        account=refunds[0].account,
        currency=refunds[0].currency,
        count=len(refunds),
        total=sum(refund.amount for refund in refunds),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        made_by=actor.name,
        maker_id=actor.user_id,
        created_at=now,
    )


def _transfer(refund: Refund) -> Transfer:
    payee = refund.destination
    if payee is None:
        raise LookupError("a refund without a bank account was about to enter a payout file")
    return Transfer(
        cci=payee.account_number,
        holder_name=payee.holder_name,
        document_type=payee.document_type,
        document_number=payee.document_number,
        amount=refund.amount,
        currency=refund.currency,
        reference=refund.reference,
        purpose=f"Devolucion {refund.order.reference}"[:40],
    )
