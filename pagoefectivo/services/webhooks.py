"""What providers tell us: verified over the raw bytes, stored, answered, and only then acted on."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import InvalidSignature, NotFound, UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, PointerKind, RefundUpdate, Verification
from pagoefectivo.domain.redaction import redact_headers
from pagoefectivo.domain.states import Source
from pagoefectivo.domain.timing import spread, step
from pagoefectivo.models import ErrorOccurrence, WebhookDelivery
from pagoefectivo.models.fields import cipher
from pagoefectivo.selectors.deliveries import is_from_the_future
from pagoefectivo.services import lifecycle, occurrences, polling, recovery, rejections, seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.claiming import Claim
from pagoefectivo.services.rejections import QUERY

LARGEST_BODY = 256 * 1024
OPERATION = "webhook"
STRANGER_AFTER = timedelta(hours=24)
Outcome = WebhookDelivery.Outcome
Verdict = WebhookDelivery.Verdict
Statement = PaymentUpdate | RefundUpdate | Pointer

logger = logging.getLogger("pagoefectivo.webhooks")

_STORE = """
INSERT INTO pagoefectivo_webhookdelivery
    (account, event_identity, body, headers, verdict, fault, secret_index, signed_at, received_at, remote_ip,
     repeats, outcome, next_action_at, lease_token, attempts)
VALUES (%s, %s, %s, %s, %s, '', %s, %s, %s, %s, 0, 'waiting', %s, 0, 0)
ON CONFLICT (account, event_identity) DO UPDATE
SET repeats = pagoefectivo_webhookdelivery.repeats + 1, next_action_at = excluded.next_action_at
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One inbound message as it lies in the letterbox; `query` is the raw query string of its address."""

    account: str
    body: bytes
    headers: Mapping[str, str]
    remote_ip: str | None
    query: str = ""


def accept(letter: Letter) -> None:
    """Verify and store one message with a single INSERT, committed on return; nothing is applied yet.

    A repetition of a stored message only brings the next look at it forward. Raises RuleRefused(ACCOUNT_UNKNOWN),
    and InvalidSignature after counting the attempt (a capped sample of such messages is kept).
    """
    reader = account_named(letter.account).webhook_reader()
    now = seams.now()
    try:
        verification = reader.verify(letter.body, letter.headers, letter.query)
    except InvalidSignature as refusal:
        rejections.count(letter, refusal.reason, now)
        raise
    _store(letter, verification, now)
    seams.ring()


def identity_of(account: str, signed: bytes) -> str:
    """Name a message by its signed bytes: providers that number their messages are rarer than those that repeat them.

    What is not signed is not in its name, or one captured signature could make any number of messages.
    """
    return hashlib.sha256(account.encode() + b"\0" + signed).hexdigest()


def process(claim: Claim) -> None:
    """Read one stored message, apply what it says, and mark it done in the transaction of its last statement."""
    delivery = WebhookDelivery.objects.get(pk=claim.row_id)
    try:
        statements = statements_of(delivery)
    except UnreadableMessage:
        _park(delivery, claim)
        return
    heard = [_apply(statement, delivery) for statement in statements]
    _finish(delivery, claim, heard)
    if claim.attempts == 1 and is_from_the_future(delivery):
        _keep_error(ErrorCode.AUTH_CLOCK_SKEW, delivery, seams.now())


def statements_of(delivery: WebhookDelivery) -> Sequence[Statement]:
    """Read what a stored message says. Raises UnreadableMessage."""
    account = account_named(delivery.account)
    fresh = delivery.verdict == Verdict.VERIFIED and account.capabilities.webhook_covers_body
    query = delivery.headers.get(QUERY, "")
    return account.webhook_reader().parse(bytes(delivery.body), query, believed=fresh)


def _store(letter: Letter, verification: Verification, now: datetime) -> None:
    values = (
        letter.account,
        identity_of(letter.account, verification.signed or letter.body),
        cipher().encrypt(letter.body) if letter.body else b"",
        json.dumps(redact_headers(letter.headers) | ({QUERY: verification.query} if verification.query else {})),
        _verdict(verification, now),
        verification.secret_index,
        verification.signed_at,
        now,
        letter.remote_ip,
        now,
    )
    with connection.cursor() as cursor:
        cursor.execute(_STORE, values)


def _verdict(verification: Verification, now: datetime) -> str:
    tolerated = conf.current().timing.stale
    if verification.signed_at is None or abs(now - verification.signed_at) > tolerated:
        if verification.signed_at is not None and verification.signed_at > now:
            logger.error("A notification was signed in the future: check the clock of this server.")
        return Verdict.STALE
    return Verdict.VERIFIED


def hear(statement: PaymentUpdate | RefundUpdate, delivery: WebhookDelivery) -> lifecycle.Applied:
    """Carry what a message states into the rows it concerns; its caller holds a unit of work. Raises NotFound."""
    evidence = lifecycle.Evidence(delivery.account, delivery_id=delivery.pk)
    return lifecycle.apply(statement, source=Source.WEBHOOK, evidence=evidence, actor="provider", now=seams.now())


def _apply(statement: Statement, delivery: WebhookDelivery) -> lifecycle.Applied | int | None:
    """Apply one statement; return what came of it, or the voucher that it points at; None when it is not ours."""
    if isinstance(statement, Pointer):
        return polling.bring_forward(statement, delivery.account)
    try:
        return seams.transact(lambda: hear(statement, delivery))
    except NotFound:
        recovery.notice_stranger(statement, delivery.account, delivery.received_at)
        if not isinstance(statement, RefundUpdate):
            return None
        pointer = Pointer(PointerKind.REFUND, payment_reference=statement.payment_reference)
        return polling.bring_forward(pointer, delivery.account)


def _finish(delivery: WebhookDelivery, claim: Claim, heard: list[lifecycle.Applied | int | None]) -> None:
    now = seams.now()
    applied = next((each for each in heard if isinstance(each, lifecycle.Applied)), None)
    pointed_at = next((each for each in heard if isinstance(each, int)), None)
    if heard and applied is None and pointed_at is None:
        _wait_for_owner(delivery, claim, now)
        return
    moved = pointed_at is not None or any(isinstance(each, lifecycle.Applied) and each.is_new for each in heard)
    moved = moved or delivery.outcome == Outcome.APPLIED
    _mark(
        claim,
        outcome=Outcome.APPLIED if moved else Outcome.NO_CHANGE,
        done_at=now,
        next_action_at=None,
        lease_until=None,
        voucher_id=applied.voucher.pk if applied else pointed_at,
        refund_id=applied.refund.pk if applied and applied.refund else None,
    )
    seams.ring()


def _wait_for_owner(delivery: WebhookDelivery, claim: Claim, now: datetime) -> None:
    """The message may have overtaken our own commit; only after a day is it a stranger's."""
    if now - delivery.received_at < STRANGER_AFTER:
        wait = spread(step(conf.current().timing.retry, claim.attempts - 1), seams.jitter())
        _mark(claim, next_action_at=now + wait, lease_until=None)
        return
    _mark(claim, outcome=Outcome.ORPHAN, done_at=now, next_action_at=None, lease_until=None)
    _keep_error(ErrorCode.WEBHOOK_UNKNOWN_VOUCHER, delivery, now)


def _park(delivery: WebhookDelivery, claim: Claim) -> None:
    now = seams.now()
    _mark(claim, outcome=Outcome.UNREADABLE, done_at=now, next_action_at=None, lease_until=None)
    _keep_error(ErrorCode.PSP_BAD_RESPONSE, delivery, now)


def _keep_error(code: ErrorCode, delivery: WebhookDelivery, now: datetime) -> None:
    occurrences.keep(ErrorOccurrence(code=code, operation=OPERATION, account=delivery.account, occurred_at=now))


def _mark(claim: Claim, **columns: object) -> None:
    WebhookDelivery.objects.filter(pk=claim.row_id, lease_token=claim.token).update(**columns)
