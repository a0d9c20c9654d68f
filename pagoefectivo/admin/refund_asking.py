"""Asking for a refund: three questions, a preview by the code that does it, and one button that asks for just that."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from pagoefectivo import conf
from pagoefectivo.admin.actions import actor_of, carry_out, in_words
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.presentation import actor_word, awaited, lima, money
from pagoefectivo.admin.refund_arrival import would_arrive
from pagoefectivo.admin.refund_forms import RefundForm, account_choices
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.refund_reasons import to_buyer
from pagoefectivo.domain.states import LIVE_REFUND, RefundState, Source
from pagoefectivo.models import Order, Refund, RefundDestination
from pagoefectivo.models.buyer_messages import KIND_LABELS
from pagoefectivo.models.labels import REFUND_LABELS
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.selectors import refund_desk
from pagoefectivo.selectors.expectations import expected_settlement_dates
from pagoefectivo.services import refund_requests, refunds
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.previews import Preview
from pagoefectivo.services.refund_requests import Wish
from pagoefectivo.services.refunds import Refundable

_STATES, _KINDS = dict(REFUND_LABELS), dict(KIND_LABELS)


def answer(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order) -> HttpResponse:
    """Show the questions, then what the answers come to; only a POST that names the preview it saw asks for it."""
    left = _left(order)
    form = _form(request, order, left)
    if request.method != "POST" or "change" in request.POST or not form.is_valid():
        return _questions(model_admin, request, order, form, left)
    wish, seen = form.wish_for(order), form.cleaned_data["seen"]
    if seen:
        was_known = Refund.objects.filter(request_nonce=wish.nonce).exists()
        refund = carry_out(
            request,
            lambda: refund_requests.carry_out(wish, seen=seen, actor=actor_of(request), source=Source.STAFF),
        )
        if refund is not None:
            return _asked(request, refund, was_known=was_known, types_account=form.types_account)
    return _looked_at(model_admin, request, order, wish) or _questions(model_admin, request, order, form, left)


def _looked_at(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, wish: Wish
) -> HttpResponse | None:
    """Return what the answers come to; None where they are refused."""
    found = carry_out(request, lambda: refund_requests.preview(wish, actor=actor_of(request), source=Source.STAFF))
    if isinstance(found, Refund):
        return _asked(request, found, was_known=True, types_account=False)
    return None if found is None else _previewed(model_admin, request, order, wish, found)


def never_twice() -> str:
    """What happens when the provider is silent."""
    return _("If the provider does not answer we will NOT send it again: it is asked until the outcome is known.")


def _left(order: Order) -> Refundable:
    try:
        return refunds.refundable(order)
    except RuleRefused as refusal:
        return Refundable(ZERO, order.currency, refusal.reasons)


def _form(request: HttpRequest, order: Order, left: Refundable) -> RefundForm:
    user: Any = request.user
    collects = bool(desk.destination_fields(order.account))
    kept = refund_desk.accounts_on_file(order) if collects else []
    may_pass = bool(conf.current().refund_limits) and user.has_perm("pagoefectivo.pass_refund_limit")
    return RefundForm(
        request.POST if request.method == "POST" else None,
        accounts=account_choices(kept, _on_file) if collects else [],
        may_pass=may_pass,
        whole_only=left.whole_only,
        initial=_initial(request, left),
    )


def _initial(request: HttpRequest, left: Refundable) -> dict[str, str]:
    """Begin with all that is left, or with what the link says that led here."""
    open_ones = ("reason", "note") if left.whole_only else ("amount", "reason", "note")
    given = {name: request.GET[name] for name in open_ones if name in request.GET}
    return {"amount": f"{left.amount:.2f}", **given}


def _on_file(account: RefundDestination) -> str:
    return _("{account}, entered by {who} on {date}").format(
        account=account, who=actor_word(account.entered_by), date=lima(account.created_at)
    )


def _questions(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, form: RefundForm, left: Refundable
) -> HttpResponse:
    """Show the form with what is left, or every reason why nothing may be given back."""
    reasons = [in_words(reason) for reason in left.reasons]
    question = Question(
        title=_("Refund order %s") % order.reference,
        sentences=[
            _("Paid {paid}, given back {refunded}.").format(
                paid=money(order.paid_amount, order.currency), refunded=money(order.refunded_amount, order.currency)
            ),
            _under_way(order),
            "" if reasons else _most(left),
            "" if reasons else _four_eyes(order),
        ],
        button=_("Look at what it comes to"),
        warning="" if desk.is_by_hand(order.account) else never_twice(),
    )
    return ask(model_admin, request, order, question, form, reasons=reasons, is_blocked=bool(reasons))


def _most(left: Refundable) -> str:
    amount = money(left.amount, left.currency)
    if left.whole_only:
        return _("This provider gives back only the whole payment, so the amount is fixed: %s.") % amount
    return _("At most %s can be given back in one refund now.") % amount


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


def _previewed(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, wish: Wish, preview: Preview
) -> HttpResponse:
    """Show what it comes to; one that was looked at before and is another now says so by its status."""
    typed = {
        name: value for name, value in request.POST.items() if name not in {"csrfmiddlewaretoken", "seen", "change"}
    }
    context = {
        **frame(model_admin, request, order, _("Refund order %s") % order.reference),
        "sentence": _sentence(preview, wish),
        "facts": _facts(order, preview, wish),
        "warning": _("You pass your limit. The shop is alerted, and somebody else has to approve it.")
        if preview.overruns
        else "",
        "typed": {**typed, "seen": preview.seen},
        "button": _("Ask for the refund of %s") % money(preview.amount, preview.currency),
    }
    status = 422 if request.POST.get("seen") else 200
    return TemplateResponse(request, "admin/pagoefectivo/refund/preview.html", context, status=status)


def _sentence(preview: Preview, wish: Wish) -> str:
    amount = money(preview.amount, preview.currency)
    values = {"amount": amount, "order": wish.reference}
    if preview.state is RefundState.AWAITING_DESTINATION:
        return _("{amount} of order {order}: the buyer gives an account first. Nothing is sent now.").format(**values)
    if preview.approval:
        return _("{amount} of order {order}: another person has to approve it. Nothing is sent now.").format(**values)
    return _("{amount} of order {order}: it is sent to the provider at once.").format(**values)


def _facts(order: Order, preview: Preview, wish: Wish) -> list[tuple[str, object]]:
    by_hand = desk.is_by_hand(order.account)
    told = [str(_KINDS[kind.value]) for kind in refund_desk.told_along(preview.state, by_hand=by_hand)]
    return [
        (_("Left to give back now"), money(preview.before.left, preview.currency)),
        (_("Left afterwards"), money(preview.left, preview.currency)),
        (_("Other refunds under way"), _others(preview)),
        (_("Settled to the shop"), _settled(preview)),
        (_("Second person"), _second_person(preview)),
        (_("Goes to"), _payee(order, preview)),
        (_("Reaches the buyer"), would_arrive(order.account, has_account=preview.destination is not None)),
        (_("The buyer is told"), " → ".join(told) or _("nothing: no channel carries it")),
        (_("The buyer reads as the reason"), to_buyer(wish.reason) or _("nothing")),
        (_("Fee that is kept"), _("not known: the account does not say")),
        (_("Time for refunds of this payment"), _window(preview)),
        (_("If the provider is silent"), "" if by_hand else never_twice()),
    ]


def _others(preview: Preview) -> str:
    each = (f"{money(amount, preview.currency)} ({_STATES[state]})" for _pk, state, amount in preview.before.under_way)
    return ", ".join(each) or _("none")


def _settled(preview: Preview) -> object:
    voucher = preview.voucher
    if voucher.settled_at is not None:
        return _("yes, on %s") % lima(voucher.settled_at)
    return awaited(expected_settlement_dates(voucher)) or _("not yet; nobody says when")


def _second_person(preview: Preview) -> str:
    why = {
        "": _("not needed"),
        "paid_out_by_hand": _("yes: every refund by bank transfer needs one"),
        "over_threshold": _("yes: above %s in all, on this payment or for this buyer today") % _threshold(preview),
        "limit_passed": _("yes: a limit is passed"),
    }
    return str(why[preview.approval])


def _threshold(preview: Preview) -> str:
    return money(conf.current().accounts[preview.voucher.account].refund_approval_over, preview.currency)


def _payee(order: Order, preview: Preview) -> str:
    account = account_named(order.account)
    if preview.destination is not None:
        return str(preview.destination)
    if account.destination_fields:
        return _("the account that the buyer gives by their link, or that you type in")
    if account.capabilities.refunds_to_own_account:
        return _("the buyer's own account with the provider")
    return _("the provider asks the buyer for it")


def _window(preview: Preview) -> str:
    window = refund_desk.window_of(preview.voucher)
    return _("{left} of {days} days left").format(left=window.left, days=window.days) if window else ""


def _asked(request: HttpRequest, refund: Refund, *, was_known: bool, types_account: bool) -> HttpResponse:
    """Say what the request came to, on the refund's page or where its account is typed in."""
    if was_known:
        amount = money(refund.amount, refund.currency)
        messages.warning(
            request, _("This form had been sent before: its refund of %s is below. Nothing new was asked for.") % amount
        )
    elif refund.state == RefundState.FAILED:
        messages.error(request, _("The refund was refused. Below is why, and what to do."))
    else:
        messages.success(request, _("The refund was asked for. Below is where it stands."))
    waits = types_account and not was_known and refund.state == RefundState.AWAITING_DESTINATION
    return redirect(f"admin:pagoefectivo_refund_{'account' if waits else 'change'}", refund.pk)
