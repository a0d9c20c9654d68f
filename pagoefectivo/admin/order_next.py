"""The next best action on an order: what the error catalogue says of what is wrong, and the buttons that mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pagoefectivo.admin import advice, sentences
from pagoefectivo.admin.advice import WHO_WORDS, Advice
from pagoefectivo.admin.order_doors import Door
from pagoefectivo.admin.order_facts import explained
from pagoefectivo.admin.presentation import link
from pagoefectivo.admin.refund_setbacks import setback_of
from pagoefectivo.domain.error_codes import ErrorCode as C
from pagoefectivo.domain.error_codes import Who
from pagoefectivo.domain.proofs import Judgement
from pagoefectivo.domain.states import FREED_REFUND, LIVE_REFUND, OrderState, RefundState, VoucherState
from pagoefectivo.models import Refund
from pagoefectivo.selectors.order_acts import Act
from pagoefectivo.selectors.whole_orders import SentPicture, WholeOrder
from pagoefectivo.services import doubts
from pagoefectivo.services.proofs import PROOF_ANOMALIES, is_wanted

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
    is_pressing: bool = False  # though the catalogue has no code for it
    others: Sequence[Door] = ()  # what mends it and is open, but not to this person


def steps(whole: WholeOrder, doors: Sequence[Door]) -> list[Step]:
    """Return what is to be done about an order, the most pressing first; one that says so where there is nothing."""
    usable: dict[str, Door] = {door.act: door for door in doors if door.is_open}
    found = [
        *_of_anomalies(whole, usable),
        *_of_codes(whole, usable),
        *_of_receipts(whole, usable),
        *_of_refunds(whole),
    ]
    return found or [_beside_cases(_quiet(whole), whole)]


def _of_anomalies(whole: WholeOrder, usable: dict[str, Door]) -> Iterator[Step]:
    for anomaly in sorted(whole.anomalies, key=lambda each: not each.holds_order):
        told = advice.on_anomaly(anomaly)
        refund = next((each for each in whole.refunds if each.pk == anomaly.refund_id), None)
        if refund is not None and refund.is_unowned:
            yield Step(anomaly.get_kind_display(), told, elsewhere=_button(refund, _("Say whose it is …")))
            continue
        doors, others = _pressed(told, usable)
        yield Step(anomaly.get_kind_display(), told, doors, link(refund) if refund else "", others=others)


def _of_codes(whole: WholeOrder, usable: dict[str, Door]) -> Iterator[Step]:
    told = explained(whole.newest) if whole.newest is not None and whole.order.paid_amount <= 0 else None
    if told is not None and whole.order.state != OrderState.CANCELED:
        doors, others = _pressed(told, usable)
        yield Step(_("payment code"), told, doors, others=others)


def _of_receipts(whole: WholeOrder, usable: dict[str, Door]) -> Iterator[Step]:
    """What receipts wait for while the order is not paid; one that was flagged is spoken of by its anomaly."""
    is_flagged = any(anomaly.kind in PROOF_ANOMALIES for anomaly in whole.anomalies)
    unseen = [picture for picture in whole.pictures if not picture.judgement]
    if unseen and not is_flagged and is_wanted(whole.order):
        yield _look_at(unseen[0])
    fitting = [picture for picture in whole.pictures if picture.judgement == Judgement.MATCHES]
    if fitting and whole.order.paid_amount <= 0:
        yield _ask_about(fitting[-1], usable)


def _look_at(picture: SentPicture) -> Step:
    told = _("The buyer sent a receipt that nobody has looked at yet.")
    next_step = _("Look at the picture and judge it. Only the provider's word counts as a payment.")
    advised = Advice("", told, WHO_WORDS[Who.SUPPORT], next_step)
    title = _("a receipt waits to be looked at")
    return Step(title, advised, elsewhere=link(picture.proof), is_pressing=True)


def _ask_about(picture: SentPicture, usable: dict[str, Door]) -> Step:
    told = _("Somebody judged that the receipt fits, and the provider knows of no payment.")
    next_step = (
        _("Follow the case that was opened on it.")
        if picture.is_in_a_case
        else _("Ask the provider now. If it still knows nothing, open a case and ask its support.")
    )
    advised = Advice("", told, WHO_WORDS[Who.SUPPORT], next_step)
    doors = [door for door in usable.values() if door.act is Act.REFRESH and door.is_shown]
    title = _("a receipt fits, and the provider knows nothing of it")
    return Step(title, advised, doors, link(picture.proof), is_pressing=True)


def _of_refunds(whole: WholeOrder) -> Iterator[Step]:
    for refund in whole.refunds:
        told, odd = _about(refund), _odd(refund)
        if odd:
            told = told or Advice("", sentences.of_refund(refund), WHO_WORDS[Who.FINANCE], _compare())
            told = replace(told, sentence=f"{told.sentence} {odd}")
        if told is not None and not _was_asked_anew(refund, whole.refunds):
            yield Step(_("refund"), told, elsewhere=link(refund), is_pressing=bool(odd))


def _odd(refund: Refund) -> str:
    """Say what about the account of a refund under way a person should look at; the refund's page says more."""
    found = doubts.at_sight(refund) if refund.state in LIVE_REFUND else ()
    if not found or refund.destination is None:
        return ""
    own = refund.requester_id is not None and refund.destination.enterer_id == refund.requester_id
    words = [_("Look closely:"), *(doubt.sentence for doubt in found)]
    return " ".join([*words, *([_("Whoever asked for the refund entered this account.")] if own else [])])


def _compare() -> str:
    return _("Compare the account with what the buyer sent; ask the buyer if in doubt.")


def _button(refund: Refund, word: str) -> SafeString:
    address = reverse("admin:pagoefectivo_refund_change", args=[refund.pk])
    return format_html('<a class="pe-button pe-button--main" href="{}">{}</a>', address, word)


def _about(refund: Refund) -> Advice | None:
    if refund.state == RefundState.REQUESTED and refund.approved_by:
        pays = _("Finance pays it: make the payout file and hand it to the bank.")
        compares = _("Finance looks in the bank's statement first.")
        return Advice(
            "", sentences.of_refund(refund), WHO_WORDS[Who.FINANCE], compares if refund.first_sent_at else pays
        )
    if refund.state == RefundState.PENDING and refund.payout_id is not None:
        records = _("Finance records what the bank did with it.")
        return Advice("", sentences.of_refund(refund), WHO_WORDS[Who.FINANCE], records)
    if refund.state == RefundState.AWAITING_APPROVAL:
        next_step = _("Another person looks at it and approves or declines it.")
        return Advice("", sentences.of_refund(refund), WHO_WORDS[Who.FINANCE], next_step)
    if refund.state == RefundState.AWAITING_DESTINATION:
        return advice.on_code(C.REFUND_NEEDS_ACCOUNT)
    if refund.state == RefundState.UNKNOWN:
        return advice.on_code(C.REFUND_OUTCOME_UNKNOWN)
    return setback_of(refund)


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
