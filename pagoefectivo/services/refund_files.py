"""Many refunds asked for by one file: looked at first, then made one by one, each in a transaction of its own."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.domain.refund_files import FileLine, ReadFile, read_refund_file
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Refund, RefundFile
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.previews import Preview
from pagoefectivo.services.refund_requests import Rehearsed, Wish, carry_out, rehearse


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one line would come to, was refused for, or had made before."""

    line: FileLine
    preview: Preview | None = None
    refund: Refund | None = None
    refusal: Reason | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A whole file as it would be carried out now. `seen` names the file and every verdict, keyed."""

    sha256: str
    verdicts: tuple[Verdict, ...]
    seen: str

    @property
    def wanted(self) -> list[Verdict]:
        """The lines that would ask for a refund."""
        return [each for each in self.verdicts if each.preview is not None]


def review(content: bytes, *, actor: Actor) -> Review:
    """Return what each line of a file would come to, by the code that asks; nothing is kept, sent or told.

    Raises UnreadableFile, and PermissionRefused for anybody but a person who may ask for refunds.
    """
    actor.require_person(Permission.WRITE_REFUNDS)
    return _reviewed(read_refund_file(content), actor)


def ask_for_all(content: bytes, *, seen: str, name: str, actor: Actor) -> RefundFile:
    """Ask for every line that can be asked for, one by one; what is refused is written down, and the others go on.

    The sweep sends them. A line that was asked for before, by anybody, is left as it is. Raises
    RuleRefused(REFUND_PREVIEW_STALE), with nothing asked for, where the file comes to something else than was `seen`.
    """
    actor.require_person(Permission.WRITE_REFUNDS)
    file = read_refund_file(content)
    if _reviewed(file, actor).seen != seen:
        raise RuleRefused(Reason(ErrorCode.REFUND_PREVIEW_STALE))
    kept = seams.transact(lambda: _kept(file, name, actor))
    outcomes = [_carried_out(file, line, actor) for line in file.lines]
    RefundFile.objects.filter(pk=kept.pk).update(lines=outcomes)
    return RefundFile.objects.get(pk=kept.pk)


def _reviewed(file: ReadFile, actor: Actor) -> Review:
    readable = [line for line in file.lines if line.amount is not None and line.refusal is None]
    found = iter(rehearse([_wish(file, line) for line in readable], actor=actor, source=Source.STAFF))
    verdicts = tuple(
        Verdict(line, refusal=line.refusal) if line.refusal else _verdict(line, next(found)) for line in file.lines
    )
    parts = "\x1f".join((file.sha256, *(f"{each.line.number}:{_named(each)}" for each in verdicts)))
    seen = salted_hmac("pagoefectivo.refund-file", parts, algorithm="sha256").hexdigest()
    return Review(file.sha256, verdicts, seen)


def _verdict(line: FileLine, found: Rehearsed) -> Verdict:
    if isinstance(found, Preview):
        return Verdict(line, preview=found)
    if isinstance(found, Refund):
        return Verdict(line, refund=found)
    return Verdict(line, refusal=_why(found))


def _named(verdict: Verdict) -> str:
    if verdict.preview is not None:
        return verdict.preview.seen
    return verdict.refund.public_id if verdict.refund else str(verdict.refusal.code if verdict.refusal else "")


def _why(refusal: RuleRefused | NotFound) -> Reason:
    return refusal.reasons[0] if isinstance(refusal, RuleRefused) else Reason(refusal.code, field="reference")


def _wish(file: ReadFile, line: FileLine) -> Wish:
    if line.amount is None:
        raise LookupError("a line without an amount asks for nothing")
    return Wish(
        reference=line.reference, amount=line.amount, reason=line.reason, note=line.note, nonce=file.nonce_of(line)
    )


def _kept(file: ReadFile, name: str, actor: Actor) -> RefundFile:
    kept, _is_new = RefundFile.objects.get_or_create(
        sha256=file.sha256,
        defaults={
            "name": name[:100],
            "made_by": actor.name,
            "maker_id": actor.user_id,
            "created_at": seams.now(),
            "lines": [_outcome(line) for line in file.lines],
        },
    )
    return kept


def _carried_out(file: ReadFile, line: FileLine, actor: Actor) -> dict[str, object]:
    if line.refusal is not None:
        return _outcome(line, line.refusal)
    try:
        carry_out(_wish(file, line), at_once=False, actor=actor, source=Source.STAFF)
    except (RuleRefused, NotFound) as refusal:
        return _outcome(line, _why(refusal))
    return _outcome(line)


def _outcome(line: FileLine, refusal: Reason | None = None) -> dict[str, object]:
    """What is kept of a line: no note, for that may speak of people."""
    amount = "" if line.amount is None else f"{line.amount:.2f}"
    refused = {"code": refusal.code.value, "values": refusal.values} if refusal else None
    return {"line": line.number, "reference": line.reference[:64], "amount": amount, "refused": refused}
