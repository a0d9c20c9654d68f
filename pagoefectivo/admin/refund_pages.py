"""The pages of refunds: the form that asks, the page that follows one, and the questions before an act."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from pagoefectivo import conf
from pagoefectivo.admin import advice, payout_acts, sentences
from pagoefectivo.admin.actions import actor_of, in_words
from pagoefectivo.admin.forms import ApprovalForm
from pagoefectivo.admin.order_facts import explained
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.presentation import actor_word, moment, money, state_badge
from pagoefectivo.admin.reading import SEES_PEOPLE
from pagoefectivo.admin.refund_facts import facts
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import FREED_REFUND, LIVE_REFUND, UNSENT_REFUND, RefundState
from pagoefectivo.models import ErrorOccurrence, Order, Refund, StateChange
from pagoefectivo.models.labels import REFUND_LABELS
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.selectors.refunds import has_looked_as_buyer
from pagoefectivo.services import doubts, refunds

_STATES = dict(REFUND_LABELS)


def request_form(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, form: Form) -> HttpResponse:
    """Show the refund form with what is left, or every reason why nothing may be given back."""
    left, reasons = _left(order)
    question = Question(
        title=_("Refund order %s") % order.reference,
        sentences=[
            _("Paid {paid}, given back {refunded}.").format(
                paid=money(order.paid_amount, order.currency), refunded=money(order.refunded_amount, order.currency)
            ),
            _under_way(order),
            _("At most %s can be given back in one refund now.") % left if not reasons else "",
            _four_eyes(order) if not reasons else "",
        ],
        button=_("Ask for the refund"),
        warning="" if desk.is_by_hand(order.account) else _never_twice(),
    )
    return ask(model_admin, request, order, question, form, reasons=reasons, is_blocked=bool(reasons))


def _never_twice() -> str:
    return _("If the provider does not answer we will NOT send it again: it is asked until the outcome is known.")


def _under_way(order: Order) -> str:
    held = sum((refund.amount for refund in order.refunds.all() if refund.state in LIVE_REFUND), ZERO)
    return _("Refunds of %s are under way and already counted off.") % money(held, order.currency) if held else ""


def _four_eyes(order: Order) -> str:
    if desk.is_by_hand(order.account):
        return _("This provider has no refunds: people pay it by bank transfer, after another person approved it.")
    threshold = conf.current().accounts[order.account].refund_approval_over
    if threshold is None:
        return ""
    amount = money(threshold, order.currency)
    return _("Above %s in all, another person has to approve it before it goes out.") % amount


def _title(title: str, refund: Refund) -> str:
    return title.format(amount=money(refund.amount, refund.currency), order=refund.order.reference)


def _left(order: Order) -> tuple[str, list[str]]:
    try:
        left = refunds.refundable(order)
    except RuleRefused as refusal:
        return "", [in_words(reason) for reason in refusal.reasons]
    return money(left.amount, left.currency), [in_words(reason) for reason in left.reasons]


def detail(model_admin: admin.ModelAdmin[Any], request: HttpRequest, refund: Refund) -> HttpResponse:
    """Show where one refund stands and what may be done about it."""
    context = {
        **frame(model_admin, request, refund, _title(_("Refund of {amount} for order {order}"), refund)),
        "refund": refund,
        "badge": state_badge(refund),
        "sentence": sentences.of_refund(refund),
        "facts": facts(request, refund),
        "advice": explained(refund),
        "moves": [_move(change) for change in refund.changes.order_by("pk")],
        "errors": [_failure(error) for error in refund.errors.order_by("pk")],
        "may": _may(request, refund),
    }
    return TemplateResponse(request, "admin/pagoefectivo/refund/detail.html", context)


def _move(change: StateChange) -> dict[str, object]:
    return {
        "at": moment(change.at, seconds=True),
        "who": f"{actor_word(change.actor)} · {change.get_source_display()}",
        "before": _state_word(change, change.from_state),
        "after": _state_word(change, change.to_state),
    }


def _state_word(change: StateChange, state: str) -> object:
    """Return a state as people read it; what goes by hand is never with a provider."""
    if change.why == "payout_file" and state == RefundState.SUBMITTING:
        return _("in a payout file")
    return _STATES.get(state, state)


def _failure(error: ErrorOccurrence) -> dict[str, object]:
    return {"row": error, "at": moment(error.occurred_at), "advice": advice.on_code(error.code, raw=error.raw_code)}


def confirm_approve(model_admin: admin.ModelAdmin[Any], request: HttpRequest, refund: Refund) -> HttpResponse:
    """Show what is approved; the form carries the digest of exactly that."""
    own = [in_words(Reason(code)) for code in _own_hands(request, refund)]
    is_own = bool(own)
    shown = doubts.look(refund)
    form = ApprovalForm(initial={"seen": shown.seen})
    question = Question(
        title=_title(_("Approve the refund of {amount} for order {order}"), refund),
        sentences=[sentences.of_refund(refund)],
        button=_("Approve it") if desk.is_by_hand(refund.account) else _("Approve and send it"),
        warning=_("Money leaves your account. Approve only what you see here; any later change voids it."),
    )
    about = facts(request, refund, shown.doubts)
    return ask(model_admin, request, refund, question, form, facts=about, reasons=own, is_blocked=is_own)


def _own_hands(request: HttpRequest, refund: Refund) -> list[ErrorCode]:
    """Why this person is not the second one: they asked for it, chose the account, or could have given it as the buyer."""
    name, chosen_by = actor_of(request).name, refund.destination.entered_by if refund.destination else ""
    if refund.requested_by == name:
        return [ErrorCode.APPROVAL_SELF]
    if chosen_by == name:
        return [ErrorCode.APPROVAL_OWN_ACCOUNT]
    may_have_given = bool(desk.destination_fields(refund.account)) and has_looked_as_buyer(refund.order, name)
    return [ErrorCode.APPROVAL_AS_BUYER] if may_have_given else []


def confirm_decline(model_admin: admin.ModelAdmin[Any], request: HttpRequest, refund: Refund) -> HttpResponse:
    question = Question(
        title=_title(_("Decline the refund of {amount} for order {order}"), refund),
        sentences=[_("Nothing is sent. Its %s is free again.") % money(refund.amount, refund.currency)],
        button=_("Decline it"),
        is_grave=True,
    )
    return ask(model_admin, request, refund, question, facts=facts(request, refund))


def confirm_cancel(model_admin: admin.ModelAdmin[Any], request: HttpRequest, refund: Refund) -> HttpResponse:
    question = Question(
        title=_title(_("Withdraw the refund of {amount} for order {order}"), refund),
        sentences=[
            _("Only what the provider has not seen can be withdrawn. Its %s is free again.")
            % money(refund.amount, refund.currency)
        ],
        button=_("Withdraw it"),
        is_grave=True,
    )
    return ask(model_admin, request, refund, question, facts=facts(request, refund))


def confirm_retry(model_admin: admin.ModelAdmin[Any], request: HttpRequest, refund: Refund) -> HttpResponse:
    question = Question(
        title=_title(_("Refund {amount} for order {order} again"), refund),
        sentences=[
            sentences.of_refund(refund),
            _("A new refund over the same amount is asked for, under the rules as they are now."),
        ],
        button=_("Ask for it again"),
        warning="" if desk.is_by_hand(refund.account) else _never_twice(),
    )
    return ask(model_admin, request, refund, question, facts=facts(request, refund))


def confirm_renew(model_admin: admin.ModelAdmin[Any], request: HttpRequest, refund: Refund) -> HttpResponse:
    question = Question(
        title=_title(_("New link to the page of the refund of {amount} for order {order}"), refund),
        sentences=[
            _("The buyer's page gets a new address, and the time to give an account by it begins anew."),
            _("The old link opens nothing from now on, for nobody. Nobody is told by itself: send the new one."),
        ],
        button=_("Make a new link"),
    )
    return ask(model_admin, request, refund, question, facts=facts(request, refund))


def _may(request: HttpRequest, refund: Refund) -> dict[str, bool]:
    """Tell which acts make sense now and are allowed to this person; the services decide again."""
    user: Any = request.user
    waits = refund.state == RefundState.AWAITING_APPROVAL
    decides = waits and user.has_perm("pagoefectivo.approve_refund")
    asks = user.has_perm("pagoefectivo.request_refund")
    own = bool(_own_hands(request, refund))
    return {
        **payout_acts.may(request, refund),
        "approve": decides and not own,
        "is_own": decides and own,
        "decline": decides,
        "cancel": asks and refund.state in UNSENT_REFUND,
        "renew": asks,
        "as_buyer": asks and bool(refund.page_key) and user.has_perm(SEES_PEOPLE),
        "retry": asks and refund.state in FREED_REFUND and not refund.is_outside,
    }
