"""What staff may do to an order. A page asks first, a POST acts, and each act is one service call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from pagoefectivo.admin import order_answers, order_pages, order_questions, refund_asking
from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.forms import AcceptForm, DeadlineForm
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.reading import SEES_PEOPLE
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Order
from pagoefectivo.services import buyer_views, order_desk, orders, vouchers
from pagoefectivo.services.actors import Actor

if TYPE_CHECKING:
    from pagoefectivo.admin.reading import ReadOnlyAdmin as _Admin
else:
    _Admin = object


class OrderActs(_Admin):
    """The acts of an order's page."""

    @door("pagoefectivo.refresh_order", reads=False)
    def refresh_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Ask the provider now and say what it answered and what changed."""
        before = order_answers.snapshot(order)
        fresh = carry_out(
            request,
            lambda: order_desk.ask_now(order.reference, actor=actor_of(request)),
        )
        if fresh is not None:
            for line in order_answers.answer(before, order_answers.snapshot(fresh)):
                messages.info(request, line)
        return redirect("admin:pagoefectivo_order_change", order.pk)

    @door("pagoefectivo.cancel_order")
    def reissue_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Issue a new code for an unpaid order."""
        return _asked_first(
            request,
            lambda who: orders.reissue_voucher(order.reference, actor=who, source=Source.STAFF),
            order_answers.reissued,
            lambda: order_questions.confirm_reissue(self, request, order),
        )

    @door("pagoefectivo.cancel_order")
    def cancel_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Withdraw an unpaid order."""
        return _asked_first(
            request,
            lambda who: orders.cancel_order(order.reference, actor=who, source=Source.STAFF),
            order_answers.canceled,
            lambda: order_questions.confirm_cancel(self, request, order),
        )

    @door("pagoefectivo.cancel_order")
    def extend_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Move the deadline of an unpaid code."""
        form = DeadlineForm(request.POST or None)
        return _asked_first(
            request,
            lambda who: vouchers.extend(order.reference, expires_in=form.expires_in, actor=who, source=Source.STAFF),
            order_answers.extended,
            lambda: order_questions.ask_deadline(self, request, order, form),
            form,
        )

    @door("pagoefectivo.cancel_order")
    def give_up_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Stop waiting for a code that nobody can find."""
        return _asked_first(
            request,
            lambda who: vouchers.give_up(order.reference, actor=who, source=Source.STAFF),
            order_answers.given_up,
            lambda: order_questions.confirm_give_up(self, request, order),
        )

    @door("pagoefectivo.accept_payment")
    def accept_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Let an order under review count as paid."""
        form = AcceptForm(request.POST or None)
        return _asked_first(
            request,
            lambda who: orders.accept_payment(
                order.reference, note=form.cleaned_data["note"], actor=who, source=Source.STAFF
            ),
            order_answers.accepted,
            lambda: order_questions.confirm_accept(self, request, order, form),
            form,
        )

    @door("pagoefectivo.request_refund")
    def refund_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Ask for money to be given back, after a preview: one filling-in of the form is one refund."""
        return refund_asking.answer(self, request, order)

    @door(SEES_PEOPLE, reads=False)
    def buyer_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Go to the buyer's page of the order, and be noted as somebody who could act there."""
        return redirect(buyer_views.open_order(order.reference, actor=actor_of(request)))

    @door("pagoefectivo.view_raw_payload", writes=False)
    def raw_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Show the newest messages from and to the provider, masked."""
        note(request, Kind.PAYLOAD, order)
        return order_pages.raw(self, request, order)


def _asked_first(
    request: HttpRequest,
    act: Callable[[Actor], Order],
    told: Callable[[Order], str],
    question: Callable[[], HttpResponse],
    form: Form | None = None,
) -> HttpResponse:
    """Act on a POST whose form is filled in, and go back to the order; else ask, and after a refusal ask again."""
    if request.method == "POST" and (form is None or form.is_valid()):
        fresh = carry_out(request, lambda: act(actor_of(request)))
        if fresh is not None:
            messages.success(request, told(fresh))
            return redirect("admin:pagoefectivo_order_change", fresh.pk)
    return question()
