"""What a provider's unknown code means: said by a person, read by everybody, applied to what has been.

A meaning changes words and who acts. What may be done after an answer stays what the provider's table says, which of a
code that it does not list is: hold, and ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.error_rules import MEANINGS
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.models import CodeMapping, ErrorTally
from pagoefectivo.providers.base import Operation
from pagoefectivo.services import seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import Actor, Permission


@dataclass(frozen=True, slots=True)
class Rereading:
    """One way of failing that reads otherwise than it did, and how many occurrences that concerns."""

    tally: ErrorTally
    before: str
    after: str


def say(tally_id: int, code: str, *, note: str, actor: Actor) -> ErrorTally:
    """Say what an unknown raw code means, for every account of that provider, with the reason; the newest word holds.

    Saying PSP_UNMAPPED takes a meaning back. Raises RuleRefused where the provider's own table says what it means
    (ERROR_MEANING_FIXED), where no provider can mean that (ERROR_MEANING_UNFIT), and without a reason.
    """
    actor.require_person(Permission.MAP_ERRORS)
    tally = ErrorTally.objects.filter(pk=tally_id).first()
    if tally is None or not actor.sees(tally.account):
        raise NotFound
    if tally.code != ErrorCode.PSP_UNMAPPED or _in_table(tally):
        raise RuleRefused(Reason(ErrorCode.ERROR_MEANING_FIXED))
    if code not in MEANINGS and code != ErrorCode.PSP_UNMAPPED:
        raise RuleRefused(Reason(ErrorCode.ERROR_MEANING_UNFIT))
    if not note.strip():
        raise RuleRefused(Reason(ErrorCode.REQUEST_INVALID, field="note"))
    seams.transact(lambda: _write(tally, code, note.strip(), actor))
    tally.reads_as = code
    return tally


def reread(progress: Callable[[int, int], None], *, dry_run: bool) -> list[Rereading]:
    """Apply today's tables and meanings to every failure there has been; return what reads otherwise by them.

    A `dry_run` changes nothing. Otherwise `progress` hears how many of how many are done; each is committed by itself.
    """
    found = list(_differences())
    for done, each in enumerate([] if dry_run else found, start=1):
        ErrorTally.objects.filter(pk=each.tally.pk, reads_as=each.before).update(reads_as=each.after)
        progress(done, len(found))
    return found


def _differences() -> Iterator[Rereading]:
    for tally in ErrorTally.objects.order_by("pk"):
        after = _reading(tally)
        if after != tally.reads_as:
            yield Rereading(tally, tally.reads_as, after)


def _write(tally: ErrorTally, code: str, note: str, actor: Actor) -> None:
    provider = conf.current().accounts[tally.account].provider
    CodeMapping.objects.create(
        provider=provider,
        operation=tally.operation,
        raw_code=tally.raw_code,
        code=code,
        note=note[:500],
        mapped_by=actor.name,
        mapped_at=seams.now(),
    )
    sharing = [name for name, each in conf.current().accounts.items() if each.provider == provider]
    same = ErrorTally.objects.filter(account__in=sharing, operation=tally.operation, raw_code=tally.raw_code)
    same.filter(code=ErrorCode.PSP_UNMAPPED).update(reads_as=code)


def _reading(tally: ErrorTally) -> str:
    if tally.account not in conf.current().accounts:
        return tally.reads_as
    if listed := _in_table(tally):
        return listed
    return _said_of(tally) if tally.code == ErrorCode.PSP_UNMAPPED else tally.code


def _in_table(tally: ErrorTally) -> str | None:
    """Return what the provider's table says of a raw code today, None where it does not list it."""
    if not tally.raw_code or tally.operation not in set(Operation):
        return None
    rule = account_named(tally.account).provider.errors.get((Operation(tally.operation), tally.raw_code))
    return rule.code if rule else None


def _said_of(tally: ErrorTally) -> str:
    said = CodeMapping.objects.filter(
        provider=conf.current().accounts[tally.account].provider, operation=tally.operation, raw_code=tally.raw_code
    )
    return said.order_by("-pk").values_list("code", flat=True).first() or tally.code
