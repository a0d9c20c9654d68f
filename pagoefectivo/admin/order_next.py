"""The next best action on an order: what the error catalogue says of what is wrong, and the buttons that mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pagoefectivo.admin import advice, sentences
from pagoefectivo.admin.advice import WHO_WORDS, Advice
from pagoefectivo.admin.order_doors import Door
from pagoefectivo.admin.order_facts import explained
from pagoefectivo.admin.presentation import link
from pagoefectivo.domain.error_codes import ErrorCode as C
from pagoefectivo.domain.error_codes import Who
from pagoefectivo.domain.states import FREED_REFUND, OrderState, RefundState, VoucherState
from pagoefectivo.models import Refund
from pagoefectivo.selectors.order_acts import Act
from pagoefectivo.selectors.whole_orders import WholeOrder

_MENDS: dict[str, tuple[Act, ...]] = {
    C.PAID_AMOUNT_MISMATCH: (Act.ACCEPT, Act.REFUND),
    C.PAID_LATE: (Act.ACCEPT, Act.REFUND),
    C.PAID_AFTER_VOID: (Act.ACCEPT, Act.REFUND),
    C.PAID_TWICE: (Act.REFUND, Act.ACCEPT),
    C.CREATE_LOST: (Act.REISSUE, Act.GIVE_UP),
    C.CREATE_ANSWER_DIFFERS: (Act.CANCEL,),
}
_OTHERWISE = (Act.REFRESH, Act.REISSUE)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done: of what it is, what the catalogue says of it, and what this person can press."""

    title: object
    advice: Advice
    doors: Sequence[Door] = ()
    elsewhere: SafeString | str = ""
    others: Sequence[Door] = ()  # what mends it and is open, but not to this person


def steps(whole: WholeOrder, doors: Sequence[Door]) -> list[Step]:
    """Return what is to be done about an order, the most pressing first; one that says so where there is nothing."""
    usable: dict[str, Door] = {door.act: door for door in doors if door.is_open}
    found = [*_of_anomalies(whole, usable), *_of_codes(whole, usable), *_of_refunds(whole)]
    return found or [_beside_cases(_quiet(whole), whole)]


def _of_anomalies(whole: WholeOrder, usable: dict[str, Door]) -> Iterator[Step]:
    for anomaly in sorted(whole.anomalies, key=lambda each: not each.holds_order):
        told = advice.on_anomaly(anomaly)
        refund = next((each for each in whole.refunds if each.pk == anomaly.refund_id), None)
        doors, others = _pressed(told, usable)
        yield Step(anomaly.get_kind_display(), told, doors, link(refund) if refund else "", others)


def _of_codes(whole: WholeOrder, usable: dict[str, Door]) -> Iterator[Step]:
    told = explained(whole.newest) if whole.newest is not None and whole.order.paid_amount <= 0 else None
    if told is not None and whole.order.state != OrderState.CANCELED:
        doors, others = _pressed(told, usable)
        yield Step(_("payment code"), told, doors, others=others)


def _of_refunds(whole: WholeOrder) -> Iterator[Step]:
    for refund in whole.refunds:
        told = _about(refund)
        if told is not None and not _was_asked_anew(refund, whole.refunds):
            yield Step(_("refund"), told, elsewhere=link(refund))


def _about(refund: Refund) -> Advice | None:
    if refund.state == RefundState.AWAITING_APPROVAL:
        next_step = _("Another person looks at it and approves or declines it.")
        return Advice("", sentences.of_refund(refund), WHO_WORDS[Who.FINANCE], next_step)
    if refund.state == RefundState.AWAITING_DESTINATION:
        return advice.on_code(C.REFUND_NEEDS_ACCOUNT)
    if refund.state == RefundState.UNKNOWN:
        return advice.on_code(C.REFUND_OUTCOME_UNKNOWN)
    return explained(refund)


def _was_asked_anew(refund: Refund, refunds: Sequence[Refund]) -> bool:
    is_over = refund.state in FREED_REFUND
    return is_over and any(each.pk > refund.pk and each.state not in FREED_REFUND for each in refunds)


def _pressed(told: Advice, usable: dict[str, Door]) -> tuple[list[Door], list[Door]]:
    """Return what mends it: what this person can press, and what only others can."""
    mends = [usable[act] for act in _MENDS.get(told.code, _OTHERWISE) if act in usable]
    return [door for door in mends if door.is_shown], [door for door in mends if door.is_for_others]


def _beside_cases(calm: Step, whole: WholeOrder) -> Step:
    """While a case is open nobody is told that nothing is to be done."""
    if not whole.cases:
        return calm
    owners = ", ".join(dict.fromkeys(case.owner for case in whole.cases if case.owner))
    told = _("Code and money wait for nobody at the desk, but a case about this order is open and has to be answered.")
    next_step = _("Look into the case before you promise the buyer anything.")
    return replace(
        calm, title=_("A case is open"), advice=Advice("", told, owners or WHO_WORDS[Who.SUPPORT], next_step)
    )


def _quiet(whole: WholeOrder) -> Step:
    who: Any = WHO_WORDS[Who.NOBODY]
    if whole.newest is not None and whole.order.state == OrderState.AWAITING_PAYMENT:
        if whole.newest.state == VoucherState.ISSUED:
            waits = _("It waits for the buyer. What happens is heard by itself, by notification and by asking.")
            return Step(_("All is as it should be"), Advice("", waits, WHO_WORDS[Who.BUYER], _("Nothing to do.")))
        waits = _("The provider has not answered yet, and is asked again by itself.")
        return Step(_("All is as it should be"), Advice("", waits, who, _("Nothing to do.")))
    if any(
        refund.state in {RefundState.PENDING, RefundState.SUBMITTING, RefundState.REQUESTED} for refund in whole.refunds
    ):
        moving = _("A refund is on its way; what becomes of it is heard by itself.")
        return Step(_("All is as it should be"), Advice("", moving, who, _("Nothing to do.")))
    return Step(
        _("All is as it should be"), Advice("", _("No question is open on this order."), who, _("Nothing to do."))
    )
