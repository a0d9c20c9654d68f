"""Finding an order by whatever is at hand: equality and prefixes on indexes, all clues in one query, never a scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BigIntegerField, CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast

from pagoefectivo import conf
from pagoefectivo.domain.clues import SHORTEST_REFERENCE, Clue, Clues, Kind, document_of, without_gaps
from pagoefectivo.models import CaseLink, Order, PaymentProof, ProofReading, Refund, Voucher
from pagoefectivo.models.digests import digests
from pagoefectivo.selectors.orders import require_reading
from pagoefectivo.selectors.plans import planned_for_its_values
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.proofs import operation_digest

MOST = 500
NEEDS = {Kind.DOCUMENT: Permission.SEE_PEOPLE, Kind.ACCOUNT: Permission.SEE_BANK_ACCOUNTS}
_TEXT, _NUMBER = CharField(), BigIntegerField()
_COLUMNS = ("hit_kind", "hit_value", "hit_order", "hit_refund", "hit_proof", "hit_case")


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that a clue names: always an order, and the refund, receipt or case where the clue is one's own name."""

    kind: Kind
    clue: str = field(repr=False)
    order_id: int
    refund_id: int | None = None
    proof_id: int | None = None
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What the clues name, 500 hits at most (`is_cut` beyond). `closed` are kinds that the actor may not search by."""

    clues: tuple[Clue, ...]
    hits: tuple[Hit, ...]
    closed: frozenset[Kind]
    is_cut: bool

    @property
    def order_ids(self) -> list[int]:
        """The orders, each once, the newest first."""
        return sorted({hit.order_id for hit in self.hits}, reverse=True)


def find(clues: Clues, *, actor: Actor) -> Findings:
    """Return what the clues name, in one query; of a document or a bank account only to those who may see them.

    Raises PermissionRefused for who may not read orders.
    """
    require_reading(actor)
    closed = frozenset(kind for kind, needed in NEEDS.items() if needed not in actor.permissions)
    wanted = [(kind, clue.text) for clue in clues.found for kind in clue.kinds if kind not in closed]
    said: dict[tuple[Kind, str], str] = {}
    parts = list(_parts(wanted, said, is_whole=clues.is_whole))
    first, *rest = [part for _, part in parts] if parts else [_nothing()]
    with planned_for_its_values():
        rows = list(first.union(*rest, all=True)[: MOST + 1]) if rest else list(first[: MOST + 1])
    hits = dict.fromkeys(_hit(row, said) for row in rows[:MOST])
    shut = frozenset(kind for clue in clues.found for kind in clue.kinds) & closed
    return Findings(clues.found, tuple(hits), shut, is_cut=len(rows) > MOST)


def branches(clues: Clues) -> list[tuple[Kind, QuerySet[Any, Any]]]:
    """Return the queries of every kind of clue, for those who look at their plans."""
    wanted = [(kind, clue.text) for clue in clues.found for kind in clue.kinds]
    return list(_parts(wanted, {}, is_whole=clues.is_whole))


def _parts(
    wanted: Sequence[tuple[Kind, str]], said: dict[tuple[Kind, str], str], *, is_whole: bool
) -> Iterator[tuple[Kind, QuerySet[Any, Any]]]:
    """Yield one query per place where the clues may stand; `said` learns which value stands for which clue."""
    values: dict[Kind, list[str]] = {}
    for kind, text in wanted:
        for value in _values(kind, text):
            values.setdefault(kind, []).append(value)
            said.setdefault((kind, value), text)
    last: list[tuple[Kind, QuerySet[Any, Any]]] = []
    for kind, kept in values.items():
        for part in _PLACES[kind](kept):
            yield kind, part
        if kind is Kind.REFERENCE:
            last.extend((kind, part) for part in _by_reference(kept, is_whole=is_whole))
    # only a prefix can match many: the index hands out as many as are wanted and no more
    yield from last


def _values(kind: Kind, text: str) -> Iterable[str]:
    if kind is Kind.EMAIL:
        return {text, text.lower()}
    if kind is Kind.CODE:
        return {without_gaps(text).lstrip("+")}
    if kind in {Kind.PHONE, Kind.DOCUMENT, Kind.ACCOUNT}:
        return digests(kind, text)
    if kind is Kind.OPERATION:
        return filter(None, {operation_digest(text), document_of(text)})
    if kind in {Kind.PROOF, Kind.CASE}:
        return {text.upper()}
    if kind in {Kind.REFUND, Kind.VOUCHER}:
        return {text, text.lower()}
    # as it was typed, and as shops write them: an index finds what is spelled alike, and people type small letters
    return dict.fromkeys([text, without_gaps(text), text.upper(), text.lower()])


def _hits(rows: QuerySet[Any], kind: Kind, value: str, order: str = "order", **more: str) -> QuerySet[Any, Any]:
    columns = {
        "hit_kind": Cast(Value(kind.value), _TEXT),
        "hit_value": Cast(F(value), _TEXT),
        "hit_order": Cast(F(order), _NUMBER),
        "hit_refund": Cast(F(more["refund"]) if "refund" in more else Value(None), _NUMBER),
        "hit_proof": Cast(F(more["proof"]) if "proof" in more else Value(None), _NUMBER),
        "hit_case": Cast(F(more["case"]) if "case" in more else Value(None), _NUMBER),
    }
    hits: QuerySet[Any, Any] = rows.order_by().annotate(**columns).values_list(*_COLUMNS)
    return hits


def _by_provider(values: Sequence[str]) -> Q:
    return Q(account__in=list(conf.current().accounts), provider_reference__in=values)


def _by_reference(values: Sequence[str], *, is_whole: bool) -> list[QuerySet[Any, Any]]:
    """One query for each beginning: joined by OR an index would hand out all of them before the first is cut off."""
    begun = [value for value in values if is_whole and len(value) >= SHORTEST_REFERENCE]
    conditions = [Q(reference__startswith=value) for value in begun] or [Q(reference__in=values)]
    return [_hits(Order.objects.filter(each), Kind.REFERENCE, "reference", "pk") for each in conditions]


def _places_of_references(values: Sequence[str]) -> list[QuerySet[Any, Any]]:
    kind = Kind.REFERENCE
    return [
        _hits(Voucher.objects.filter(reference__in=values), kind, "reference"),
        _hits(Voucher.objects.filter(_by_provider(values)), kind, "provider_reference"),
        _hits(Refund.objects.filter(reference__in=values), kind, "reference", refund="pk"),
        _hits(Refund.objects.filter(_by_provider(values)), kind, "provider_reference", refund="pk"),
    ]


def _places_of_operations(values: Sequence[str]) -> list[QuerySet[Any, Any]]:
    kind = Kind.OPERATION
    sent = PaymentProof.objects.filter(operation_digest__in=values)
    read = ProofReading.objects.filter(operation_digest__in=values)
    return [
        _hits(sent, kind, "operation_digest", proof="pk"),
        _hits(read, kind, "operation_digest", "proof__order", proof="proof"),
        _hits(Refund.objects.filter(_by_provider(values)), kind, "provider_reference", refund="pk"),
    ]


def _one(model: type[Any], kind: Kind, column: str, order: str = "order", **more: str) -> Any:
    return lambda values: [_hits(model.objects.filter(**{f"{column}__in": values}), kind, column, order, **more)]


def _places_of_accounts(values: Sequence[str]) -> list[QuerySet[Any, Any]]:
    rows = Refund.objects.filter(destination__tail_digest__in=values)
    return [_hits(rows, Kind.ACCOUNT, "destination__tail_digest", refund="pk")]


_PLACES = {
    Kind.EMAIL: _one(Order, Kind.EMAIL, "payer_email", "pk"),
    Kind.REFUND: _one(Refund, Kind.REFUND, "public_id", refund="pk"),
    Kind.VOUCHER: _one(Voucher, Kind.VOUCHER, "public_id"),
    Kind.PROOF: _one(PaymentProof, Kind.PROOF, "public_id", proof="pk"),
    Kind.CASE: _one(CaseLink, Kind.CASE, "case__public_id", case="case"),
    Kind.CODE: _one(Voucher, Kind.CODE, "code"),
    Kind.PHONE: _one(Order, Kind.PHONE, "phone_digest", "pk"),
    Kind.DOCUMENT: _one(Order, Kind.DOCUMENT, "document_digest", "pk"),
    Kind.ACCOUNT: _places_of_accounts,
    Kind.OPERATION: _places_of_operations,
    Kind.REFERENCE: _places_of_references,
}


def _nothing() -> QuerySet[Any, Any]:
    return _hits(Order.objects.none(), Kind.REFERENCE, "reference", "pk")


def _hit(row: tuple[str, str, int, int | None, int | None, int | None], said: dict[tuple[Kind, str], str]) -> Hit:
    written, value, order_id, *own = row
    kind = Kind(written)
    return Hit(kind, said.get((kind, value), "") or _beginning(kind, value, said), order_id, *own)


def _beginning(kind: Kind, value: str, said: dict[tuple[Kind, str], str]) -> str:
    """Return the clue with which a longer value begins."""
    return next((text for (of, begun), text in said.items() if of is kind and value.startswith(begun)), "")
