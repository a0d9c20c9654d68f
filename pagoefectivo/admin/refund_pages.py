"""The pages of refunds: the form that asks, the page that follows one, and the questions before an act."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from pagoefectivo import conf
from pagoefectivo.admin import advice, payout_acts, refund_progress, refund_remedies, sentences
from pagoefectivo.admin.actions import actor_of, in_words
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.presentation import actor_word, lima, link, moment, money, state_badge, state_word
from pagoefectivo.admin.reading import SEES_PEOPLE
from pagoefectivo.admin.refund_asking import never_twice
from pagoefectivo.admin.refund_facts import facts
from pagoefectivo.admin.refund_forms import ApprovalForm
from pagoefectivo.admin.refund_setbacks import setback_of
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason
from pagoefectivo.domain.states import FREED_REFUND, UNANSWERED_REFUND, UNSENT_REFUND, RefundState
from pagoefectivo.models import LimitPass, Refund, StateChange
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.selectors import refund_desk
from pagoefectivo.selectors.calendar import today
from pagoefectivo.selectors.expectations import expected_refund_dates
from pagoefectivo.selectors.refund_pages import asked_anew
from pagoefectivo.selectors.refund_words import told_by
from pagoefectivo.services import doubts, four_eyes


def _title(title: str, refund: Refund) -> str:
    return title.format(amount=money(refund.amount, refund.currency), order=refund.order.reference)


def detail(model_admin: admin.ModelAdmin[Any], request: HttpRequest, refund: Any) -> HttpResponse:
    """Show where one refund stands and what may be done about it; `refund` is as RefundAdmin.get_object reads it."""
    changes = list(refund.changes.select_related("event").order_by("pk"))
    anew = asked_anew(refund)
    context = {
        **frame(model_admin, request, refund, _title(_("Refund of {amount} for order {order}"), refund)),
        "refund": refund,
        "badge": state_badge(refund),
        "sentence": _over(refund) if anew else sentences.of_refund(refund),
        "anew": {"link": link(anew, anew.reference), "badge": state_badge(anew)} if anew else None,
        "facts": facts(request, refund),
        "advice": None if anew else _advice(refund),
        "remedy": None if anew else refund_remedies.remedy_for(request, refund),
        "rail": refund_progress.rail(refund, changes),
        "attempts": refund_progress.attempts(refund, changes),
        "next_try": moment(refund_desk.next_try(refund)),
        "passes": [_pass(each) for each in refund.limit_passes.all()] if refund.passed_limits else [],
        "moves": [_move(change) for change in changes],
        "may": _may(request, refund),
    }
    return TemplateResponse(request, "admin/pagoefectivo/refund/detail.html", context)


def _over(refund: Refund) -> str:
    over = _("It came to nothing ({state}) and was asked for again.").format(state=refund.get_state_display())
    return f"{money(refund.amount, refund.currency)}: {over}"


def _move(change: StateChange) -> dict[str, object]:
    moved = f"{_state_word(change, change.from_state)} → {_state_word(change, change.to_state)}"
    return {
        "at": moment(change.at, seconds=True),
        "who": f"{actor_word(change.actor)} · {change.get_source_display()}",
        "what": told_by(change.transition, change.why) or moved,
    }


def _state_word(change: StateChange, state: str) -> object:
    """Return a state as people read it; what goes by hand is never with a provider."""
    if change.why == "payout_file" and state == RefundState.SUBMITTING:
        return _("in a payout file")
    return state_word(change.subject, state)


def _advice(refund: Refund) -> advice.Advice | None:
    """Return what went wrong, also where nobody approved in time and where the money should have arrived."""
    awaited_until = expected_refund_dates(refund)
    if awaited_until is not None and awaited_until.is_late_on(today()):
        return advice.on_code(ErrorCode.REFUND_PENDING_TOO_LONG)
    if refund.state == RefundState.CANCELED and refund.error_code == ErrorCode.APPROVAL_EXPIRED:
        return advice.on_code(refund.error_code)
    return setback_of(refund)


def _pass(passed: LimitPass) -> str:
    return _("{who} passed the limit {kind} of {allowed} (it came to {reached}) on {at}: {reason}").format(
        who=actor_word(passed.actor),
        kind=passed.get_kind_display(),
        allowed=money(passed.allowed, passed.currency),
        reached=money(passed.reached, passed.currency),
        at=lima(passed.at),
        reason=passed.reason,
    )


def approval_form(request: HttpRequest) -> ApprovalForm:
    """Return the form that approves; `confirm_approve` puts the digest of exactly what it shows into it."""
    user: Any = request.user
    may_pass = bool(conf.current().refund_limits) and user.has_perm("pagoefectivo.pass_refund_limit")
    data = request.POST if request.method == "POST" else None
    return ApprovalForm(data, may_pass=may_pass)


def confirm_approve(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, refund: Refund, form: ApprovalForm
) -> HttpResponse:
    """Show what is approved. After a refusal the digest is that of what is shown now."""
    own = [in_words(Reason(code)) for code in _own_hands(request, refund)]
    is_own = bool(own)
    shown = doubts.look(refund)
    form.data = {**form.data, "seen": shown.seen} if form.is_bound else form.data
    form.initial["seen"] = shown.seen
    question = Question(
        title=_title(_("Approve the refund of {amount} for order {order}"), refund),
        sentences=[sentences.of_refund(refund), _until(refund)],
        button=_("Approve it") if desk.is_by_hand(refund.account) else _("Approve and send it"),
        warning=_("Money leaves your account. Approve only what you see here; any later change voids it."),
    )
    about = facts(request, refund, shown.doubts)
    return ask(model_admin, request, refund, question, form, facts=about, reasons=own, is_blocked=is_own)


def _own_hands(request: HttpRequest, refund: Refund) -> list[ErrorCode]:
    """Why this person is not the second one: they asked for it, or chose the account."""
    objection = four_eyes.objection(refund, actor_of(request))
    return [objection] if objection else []


def _until(refund: Refund) -> str:
    deadline = refund_desk.approval_deadline(refund)
    return (
        _("Approve it until {deadline} (Lima time); then it is withdrawn.").format(deadline=lima(deadline))
        if deadline
        else ""
    )


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
    """Ask whether it is asked for anew; one that was, is not."""
    anew = asked_anew(refund)
    reasons = [_("It was asked for again already: {reference}.").format(reference=anew.reference)] if anew else []
    question = Question(
        title=_title(_("Refund {amount} for order {order} again"), refund),
        sentences=[
            _over(refund) if anew else sentences.of_refund(refund),
            "" if anew else _("A new refund over the same amount is asked for, under the rules as they are now."),
        ],
        button=_("Ask for it again"),
        warning="" if desk.is_by_hand(refund.account) else never_twice(),
    )
    about = facts(request, refund)
    return ask(model_admin, request, refund, question, facts=about, reasons=reasons, is_blocked=bool(reasons))


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
        "ask": refund_desk.may_be_asked(refund),
        "write": refund.state in UNANSWERED_REFUND,
        "own": refund.is_unowned and user.has_perm("pagoefectivo.own_outside_refund"),
        "is_unowned": refund.is_unowned,
    }
