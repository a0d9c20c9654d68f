"""Who says what of a payment, side by side, where they contradict each other, and whom we believe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin.presentation import NOTHING, actor_word, moment, money, payment_word
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.proofs import Field, Seen, Verdict
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus, Source
from pagoefectivo.models.proofs import JUDGEMENT_LABELS
from pagoefectivo.selectors.whole_orders import Said, SentPicture, WholeOrder

_ASKED = frozenset({Proof.READ, Proof.ANSWER})
_TOLD = frozenset({Proof.HINT, Proof.SIGNED_BODY})
_JUDGEMENTS = dict(JUDGEMENT_LABELS)
_READ = {
    Verdict.MATCH: gettext_lazy("read: matches"),
    Verdict.DIFFERS: gettext_lazy("read: says something else"),
    Verdict.EARLIER: gettext_lazy("read: before the code existed"),
}


@dataclass(frozen=True, slots=True)
class Voice:
    """What one side states of all payments of an order together; None where it says nothing of it."""

    status: str | None = None
    amount: Decimal | None = None
    at: datetime | None = None
    returned: Decimal | None = None
    is_believed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One fact, what each side says of it, and whether two of them differ."""

    name: object
    cells: Sequence[object]
    is_disputed: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """What a receipt says, and whether that contradicts what is known."""

    words: str
    differs: bool

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Matrix:
    """The table and its one sentence."""

    columns: Sequence[object]
    lines: Sequence[Line]
    verdict: str


def matrix(whole: WholeOrder, seen: Mapping[Field, Seen]) -> Matrix | None:
    """Return who says what; None while nobody has said anything.

    `seen` is what was read on the newest receipt, as far as the reader may see it.
    """
    if not whole.said and not whole.pictures:
        return None
    currency = whole.order.currency
    told, asked = _voice(whole, _TOLD), _voice(whole, _ASKED)
    settled = _voice(whole, frozenset(Proof), Source.SETTLEMENT)
    attested = _voice(whole, frozenset({Proof.ATTESTED}))
    voices = [told, asked, *([settled] if settled != Voice() else [])]
    picture = whole.pictures[-1] if whole.pictures else None
    amount, day = (_read(picture, field, seen) for field in (Field.AMOUNT, Field.PAID_ON))
    accepted = _("accepted by {who}").format(who=actor_word(whole.accepted_by)) if whole.accepted_by else NOTHING
    lines = [
        _line(_("Paid?"), voices, "status", payment_word, _judged(picture), accepted),
        _line(_("How much"), voices, "amount", lambda sum_: money(sum_, currency), amount, NOTHING),
        _line(_("When"), voices, "at", moment, day, NOTHING, tells_apart=False),
        _line(
            _("Given back"), voices, "returned", lambda sum_: money(sum_, currency), NOTHING, _back(attested, currency)
        ),
    ]
    columns = [
        _("Notification"),
        _("Query"),
        *([_("Settlement")] if settled != Voice() else []),
        _("Receipt"),
        _("Staff"),
    ]
    return Matrix(columns, lines, _verdict(told, asked, is_disputed=lines[0].is_disputed or lines[1].is_disputed))


def _voice(whole: WholeOrder, proofs: frozenset[Proof], source: Source | None = None) -> Voice:
    from_settlement = source is Source.SETTLEMENT
    heard = [
        each for each in whole.said if each.proof in proofs and (each.source == Source.SETTLEMENT) is from_settlement
    ]
    payments = _newest([each for each in heard if each.refund_id is None])
    refunds = _newest([each for each in heard if each.refund_id is not None])
    paid = [each for each in payments if each.status == PaymentStatus.PAID]
    latest = paid or payments
    back = [each for each in refunds if each.status == RefundStatus.SUCCEEDED]
    return Voice(
        status=latest[-1].status if latest else None,
        amount=_sum(paid),
        at=min((each.at for each in paid), default=None),
        returned=_sum(back) if back else (ZERO if refunds else None),
        is_believed=any(each.is_believed for each in latest),
    )


def _newest(heard: Sequence[Said]) -> list[Said]:
    """The newest word on each payment or refund."""
    return list({(each.voucher_id, each.refund_id): each for each in heard}.values())


def _sum(heard: Sequence[Said]) -> Decimal | None:
    named = [each.amount for each in heard if each.amount is not None]
    return sum(named, ZERO) if named else None


def _line(
    name: object,
    voices: Sequence[Voice],
    attribute: str,
    shown: Callable[[Any], object],
    picture: object,
    staff: object,
    *,
    tells_apart: bool = True,
) -> Line:
    values = [getattr(voice, attribute) for voice in voices]
    is_older = values[0] in {PaymentStatus.PENDING, ZERO}  # a notification that nothing has happened yet
    stated = {value for value in values[1 if is_older else 0 :] if value is not None}
    cells = [NOTHING if value is None else shown(value) for value in values]
    differs = isinstance(picture, _Read) and picture.differs
    return Line(name, [*cells, picture, staff], (tells_apart and len(stated) > 1) or differs)


def _judged(picture: SentPicture | None) -> object:
    if picture is None:
        return NOTHING
    if not picture.judgement:
        return _("sent, nobody has looked")
    return f"{_JUDGEMENTS[picture.judgement]} ({actor_word(picture.judged_by)})"


def _read(picture: SentPicture | None, field: Field, seen: Mapping[Field, Seen]) -> object:
    """What was read: itself for who may see it, and how it stood to the order when it was read."""
    if picture is None:
        return NOTHING
    verdict = picture.verdicts.get(field, "")
    if verdict not in _READ:
        return _("not read")
    word = _READ[Verdict(verdict)]
    return _Read(f"{seen[field].text} ({word})" if field in seen else str(word), verdict != Verdict.MATCH)


def _back(attested: Voice, currency: str) -> str:
    return NOTHING if attested.returned is None else money(attested.returned, currency)


def _verdict(told: Voice, asked: Voice, *, is_disputed: bool) -> str:
    if asked.status is not None and is_disputed:
        return _("They differ. We believe the query: it is the provider's own answer to our authenticated question.")
    if asked.status is not None:
        return _("We believe the query: it is the provider's own answer to our authenticated question.")
    if told.is_believed:
        return _("We believe the notification: its signature covers what it says, and this account takes that.")
    if told.status is not None:
        return _("Only a notification so far. It is not believed until the provider confirms it when asked.")
    return _("A picture alone is never believed: only the provider's word counts.")
