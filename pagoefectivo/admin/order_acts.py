"""What staff may do to an order. A page asks first, a POST acts, and each act is one service call."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from pagoefectivo.admin import order_pages, refund_pages
from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.forms import AcceptForm, DeadlineForm, RefundForm
from pagoefectivo.admin.presentation import money
from pagoefectivo.admin.reading import SEES_PEOPLE
from pagoefectivo.domain.states import RefundState, Source
from pagoefectivo.models import Order, Refund
from pagoefectivo.services import buyer_views, orders, refunds, vouchers

if TYPE_CHECKING:
    from pagoefectivo.admin.reading import ReadOnlyAdmin as _Admin
else:
    _Admin = object


class OrderActs(_Admin):
    """The acts of an order's page."""

    @door("pagoefectivo.refresh_order", reads=False)
    def refresh_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Ask the provider now and say what it answered and what changed."""
        before = order_pages.snapshot(order)
        fresh = carry_out(
            request,
            lambda: orders.refresh_order(order.reference, actor=actor_of(request), source=Source.STAFF),
        )
        if fresh is not None:
            for line in order_pages.answer(before, order_pages.snapshot(fresh)):
                messages.info(request, line)
        return redirect("admin:pagoefectivo_order_change", order.pk)

    @door("pagoefectivo.cancel_order")
    def reissue_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Issue a new code for an unpaid order."""
        if request.method == "POST":
            fresh = carry_out(
                request,
                lambda: orders.reissue_voucher(order.reference, actor=actor_of(request), source=Source.STAFF),
            )
            if fresh is not None:
                messages.success(request, order_pages.reissued(fresh))
                return redirect("admin:pagoefectivo_order_change", order.pk)
        return order_pages.confirm_reissue(self, request, order)

    @door("pagoefectivo.cancel_order")
    def cancel_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Withdraw an unpaid order."""
        if request.method == "POST":
            fresh = carry_out(
                request,
                lambda: orders.cancel_order(order.reference, actor=actor_of(request), source=Source.STAFF),
            )
            if fresh is not None:
                messages.success(request, order_pages.canceled(fresh))
                return redirect("admin:pagoefectivo_order_change", order.pk)
        return order_pages.confirm_cancel(self, request, order)

    @door("pagoefectivo.cancel_order")
    def extend_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Move the deadline of an unpaid code."""
        form = DeadlineForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            expires_in = timedelta(hours=form.cleaned_data["hours"])
            fresh = carry_out(
                request,
                lambda: vouchers.extend(
                    order.reference, expires_in=expires_in, actor=actor_of(request), source=Source.STAFF
                ),
            )
            if fresh is not None:
                messages.success(request, order_pages.extended(fresh))
                return redirect("admin:pagoefectivo_order_change", order.pk)
        return order_pages.ask_deadline(self, request, order, form)

    @door("pagoefectivo.cancel_order")
    def give_up_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Stop waiting for a code that nobody can find."""
        if request.method == "POST":
            fresh = carry_out(
                request,
                lambda: vouchers.give_up(order.reference, actor=actor_of(request), source=Source.STAFF),
            )
            if fresh is not None:
                messages.success(request, order_pages.given_up(fresh))
                return redirect("admin:pagoefectivo_order_change", order.pk)
        return order_pages.confirm_give_up(self, request, order)

    @door("pagoefectivo.accept_payment")
    def accept_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Let an order under review count as paid."""
        form = AcceptForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            note = form.cleaned_data["note"]
            fresh = carry_out(
                request,
                lambda: orders.accept_payment(order.reference, note=note, actor=actor_of(request), source=Source.STAFF),
            )
            if fresh is not None:
                messages.success(request, _("The payment was accepted: the order is %s.") % fresh.get_state_display())
                return redirect("admin:pagoefectivo_order_change", order.pk)
        return order_pages.confirm_accept(self, request, order, form)

    @door("pagoefectivo.request_refund")
    def refund_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Ask for money to be given back: one filling-in of the form is one refund, however often it arrives."""
        form = RefundForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            asked = form.cleaned_data
            nonce = f"form:{order.pk}:{asked['nonce']}"
            was_known = Refund.objects.filter(request_nonce=nonce).exists()
            refund = carry_out(
                request,
                lambda: refunds.request(
                    order.reference,
                    amount=asked["amount"],
                    reason=asked["reason"],
                    note=asked["note"],
                    nonce=nonce,
                    actor=actor_of(request),
                    source=Source.STAFF,
                ),
            )
            if refund is not None:
                _tell(request, refund, was_known=was_known)
                return redirect("admin:pagoefectivo_refund_change", refund.pk)
        return refund_pages.request_form(self, request, order, form)

    @door(SEES_PEOPLE, reads=False)
    def buyer_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Go to the buyer's page of the order, and be noted as somebody who could act there."""
        return redirect(buyer_views.open_order(order.reference, actor=actor_of(request)))

    @door("pagoefectivo.view_raw_payload", writes=False)
    def raw_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Show the newest messages from and to the provider, masked."""
        return order_pages.raw(self, request, order)


def _tell(request: HttpRequest, refund: Any, *, was_known: bool) -> None:
    if was_known:
        amount = money(refund.amount, refund.currency)
        messages.warning(
            request, _("This form had been sent before: its refund of %s is below. Nothing new was asked for.") % amount
        )
    elif refund.state == RefundState.FAILED:
        messages.error(request, _("The refund was refused. Below is why, and what to do."))
    else:
        messages.success(request, _("The refund was asked for. Below is where it stands."))
