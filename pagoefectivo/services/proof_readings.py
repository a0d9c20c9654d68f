"""Reading the pictures that buyers sent, one at a time and apart from the money: what they say, and who had them before."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass
from datetime import timedelta

from pagoefectivo.domain.proofs import Field, Seen, Verdict, compare, contradicts, is_plausible
from pagoefectivo.domain.states import AnomalyKind
from pagoefectivo.models import PaymentProof, ProofLikeness, ProofReading
from pagoefectivo.ocr.base import OcrEngine, Unread
from pagoefectivo.ocr.engine import engine
from pagoefectivo.ocr.fields import fields_on
from pagoefectivo.ocr.fingerprints import NEAR, SAME, difference, distance
from pagoefectivo.ocr.forensics import SUSPICIOUS
from pagoefectivo.services import polling, proofs, seams
from pagoefectivo.services.anomalies import open_anomaly
from pagoefectivo.services.claiming import Claim, claim_row
from pagoefectivo.services.subjects import lock_order

MOST_TRIES = 2
AT_ONCE = 20
REMEMBERED = timedelta(days=180)
MOST_COMPARED = 20_000
MOST_LAID_OVER = 20
Outcome = ProofReading.Outcome

logger = logging.getLogger("pagoefectivo.proofs")


@dataclass(frozen=True, slots=True)
class _Look:
    """What came of looking at one picture; nothing of it is in a log."""

    outcome: str
    engine: str = ""
    seen: tuple[Seen, ...] = ()
    duration_ms: int = 0


def read(claim: Claim) -> None:
    """Read one picture, compare it, look for its likes, and commit all of it once; what cannot be read a person reads.

    The engine runs outside any transaction and is killed when it takes too long: that too is an outcome, and the queue
    goes on. A receipt that contradicts nothing has the provider asked at once.
    """
    proof = PaymentProof.objects.select_related("voucher").get(pk=claim.row_id)
    look = _look(proof, claim)
    alike = _looks_alike(proof)
    seams.transact(lambda: _record(proof, claim, look, alike))


def read_waiting() -> int:
    """Read the pictures that wait, oldest first, 20 at most; return how many. For a worker that does nothing else."""
    waiting = PaymentProof.objects.filter(next_action_at__isnull=False, reading=None).order_by("pk")
    done = 0
    for row_id in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        claim = claim_row(PaymentProof, row_id)
        if claim is None:
            continue
        try:
            read(claim)
        except Exception as error:  # noqa: BLE001 - the next picture waits; the sweep comes back to this one
            logger.error("Reading proof %s failed: %s", row_id, type(error).__name__)  # noqa: TRY400 - a message may quote the row
        done += 1
    return done


def seen_on(reading: ProofReading) -> list[Seen]:
    """Return the fields of a reading; none once they were erased."""
    kept = json.loads(reading.seen) if reading.seen else []
    return [Seen(Field(each["field"]), each["text"], each["confidence"], tuple(each["box"])) for each in kept]


def _look(proof: PaymentProof, claim: Claim) -> _Look:
    reader = engine()
    if reader is None:
        return _Look(Outcome.BY_PERSON)
    if claim.attempts > MOST_TRIES:
        return _Look(Outcome.KILLED, reader.name)  # whoever tried before did not live to say so
    began = time.monotonic()
    outcome, seen = _read_with(reader, proof)
    return _Look(outcome, reader.name, seen, int((time.monotonic() - began) * 1000))


def _read_with(reader: OcrEngine, proof: PaymentProof) -> tuple[str, tuple[Seen, ...]]:
    try:
        lines = reader.read(bytes(proof.picture))
    except Unread as unread:
        return (Outcome.KILLED if unread.was_killed else Outcome.FAILED), ()
    return Outcome.READ, tuple(fields_on(lines, proof.width, proof.height))


def _looks_alike(proof: PaymentProof) -> list[int]:
    """The proofs of other orders that show the same receipt: the nearest few are laid over it."""
    since = proof.received_at - REMEMBERED
    others = PaymentProof.objects.filter(received_at__gte=since, pk__lt=proof.pk).exclude(order=proof.order_id)
    rows = others.order_by("-pk").values_list("pk", "looks")[:MOST_COMPARED].iterator()
    near = sorted((apart, pk) for pk, looks in rows if (apart := distance(looks, proof.looks)) <= NEAR)
    pictures = PaymentProof.objects.filter(pk__in=[pk for _, pk in near[:MOST_LAID_OVER]], picture__gt=b"")
    own = bytes(proof.picture)
    return [
        pk
        for pk, picture in pictures.values_list("pk", "picture").iterator(chunk_size=2)
        if difference(own, bytes(picture)) <= SAME
    ]


def _record(proof: PaymentProof, claim: Claim, look: _Look, alike: list[int]) -> None:
    locked, now = lock_order(proof.order_id), seams.now()
    PaymentProof.objects.filter(pk=proof.pk, lease_token=claim.token).update(next_action_at=None, lease_until=None)
    if ProofReading.objects.filter(proof=proof).exists():
        return
    verdicts = compare(look.seen, proofs.known_of(locked.vouchers))
    operation = next((each for each in look.seen if each.field is Field.OPERATION), None)
    reading = ProofReading.objects.create(
        proof=proof,
        engine=look.engine,
        outcome=look.outcome,
        seen=json.dumps([asdict(each) for each in look.seen]) if look.seen else "",
        verdicts=verdicts if look.outcome == Outcome.READ else {},
        operation_digest=proofs.operation_digest(operation.text) if operation else "",
        duration_ms=look.duration_ms,
        read_at=now,
    )
    is_reused = _flag_reuse(proof, reading, alike)
    if proof.edited >= SUSPICIOUS or (look.outcome == Outcome.READ and contradicts(verdicts)):
        open_anomaly(AnomalyKind.PROOF_DOUBTFUL, proof.voucher, None, holds_order=False, now=now, again=True)
    if look.outcome == Outcome.READ and not is_reused and _says_something(verdicts):
        polling.ask_soon(locked.vouchers)


def _says_something(verdicts: dict[Field, Verdict]) -> bool:
    return is_plausible(verdicts) and Verdict.MATCH in verdicts.values()


def _flag_reuse(proof: PaymentProof, reading: ProofReading, alike: list[int]) -> bool:
    others, now = PaymentProof.objects.all(), reading.read_at
    found = proofs.flag_reuse(proof, others.filter(pk__in=alike), ProofLikeness.Sign.SAME_LOOK, now)
    if reading.operation_digest:
        by_hand = others.filter(operation_digest=reading.operation_digest)
        by_engine = others.filter(reading__operation_digest=reading.operation_digest)
        found |= proofs.flag_reuse(proof, by_hand | by_engine, ProofLikeness.Sign.SAME_OPERATION, now)
    return found or proof.likenesses.exists()
