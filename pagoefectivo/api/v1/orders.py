"""The doors to orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from pagoefectivo.api.v1.base import ApiView, answer, answer_of, read_shape, response_of
from pagoefectivo.api.v1.problems import failed_voucher
from pagoefectivo.api.v1.queries import next_url, single_values
from pagoefectivo.api.v1.schema import described
from pagoefectivo.api.v1.shapes.orders import (
    NewDeadline,
    NewOrder,
    NoBody,
    OrderPage,
    OrderQuery,
    OrderShape,
    TimelineEntryShape,
    TimelineShape,
    payer_from,
)
from pagoefectivo.domain.states import UNANSWERED_VOUCHER, UNSENT_VOUCHER, OrderState, Source, VoucherState
from pagoefectivo.models import Order
from pagoefectivo.selectors import orders as known_orders
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services import orders, vouchers
from pagoefectivo.services.idempotency import Answer

_UNANSWERED = UNSENT_VOUCHER | UNANSWERED_VOUCHER
_OK, _CREATED, _ACCEPTED = 200, 201, 202


class Orders(ApiView):
    """All orders."""

    @described("Find orders", answers={_OK: OrderPage}, query=OrderQuery, problems=(400, 403))
    def get(self, request: Request) -> HttpResponse:
        """Newest first, 50 at a time unless `limit` says otherwise. Follow `next` until it is null."""
        asked = read_shape(OrderQuery, single_values(request))
        limit, before = asked.pop("limit"), asked.pop("cursor", None)
        page = known_orders.page_of_orders(
            known_orders.OrderFilter(**asked), actor=self.actor, limit=limit, before=before
        )
        following = next_url(request, reverse("pagoefectivo:api-orders"), page.next_before)
        return response_of(answer(_OK, {"results": documents(page.orders), "next": following}))

    @described(
        "Open an order",
        body=NewOrder,
        answers={_CREATED: OrderShape, _OK: OrderShape, _ACCEPTED: OrderShape},
        problems=(400, 403, 404, 409, 422),
    )
    def post(self, request: Request) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """Issues a payment code and waits for the provider's answer.

        201: the code is issued. 200: an order with this reference, amount and currency exists, here it is. 202: the
        provider has not answered yet; it goes on by itself, read the order again. 409: the reference exists with
        another amount, currency or account. 422: refused by a rule (`reasons`), or by the provider (`raw_code`).
        """
        asked = self.read(NewOrder)
        return self.once(lambda: self._open(asked))

    def _open(self, asked: dict[str, Any]) -> Answer:
        is_new = not known_orders.is_taken(asked["reference"])
        wanted = orders.OrderRequest(**asked | {"payer": payer_from(asked["payer"])})
        order = orders.open_order(wanted, actor=self.actor, source=Source.API)
        return _answered(order, _CREATED if is_new else _OK)


class OneOrder(ApiView):
    """One order."""

    @described("Read an order", answers={_OK: OrderShape}, problems=(403, 404))
    def get(self, request: Request, reference: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """With its newest payment code and all its refunds."""
        return response_of(answer(_OK, document(known_orders.order_for(reference, actor=self.actor))))


class OrderTimeline(ApiView):
    """What happened to an order."""

    @described("Read an order's timeline", answers={_OK: TimelineShape}, problems=(403, 404))
    def get(self, request: Request, reference: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """State changes, statements, notifications, calls, errors and anomalies; newest last, masked."""
        entries = timeline_of(known_orders.order_for(reference, actor=self.actor))
        return response_of(answer(_OK, {"results": TimelineEntryShape(entries, many=True).data}))


class OrderVouchers(ApiView):
    """The payment codes of an order."""

    @described(
        "Issue a new payment code",
        body=NoBody,
        answers={_CREATED: OrderShape, _ACCEPTED: OrderShape},
        problems=(400, 403, 404, 409, 422, 502, 503),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """The old code is withdrawn where the provider can, and watched where it cannot.

        202: the provider has not answered yet; it goes on by itself.
        """
        self.read(NoBody)
        return self.once(lambda: self._issue(reference))

    def _issue(self, reference: str) -> Answer:
        return _answered(orders.reissue_voucher(reference, actor=self.actor, source=Source.API), _CREATED)


class OrderCancel(ApiView):
    """Withdrawing an order."""

    @described(
        "Cancel an order",
        body=NoBody,
        answers={_OK: OrderShape, _ACCEPTED: OrderShape},
        problems=(400, 403, 404, 409),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """The provider is asked one last time first. 202: it did not answer; the order ends by itself once it does."""
        self.read(NoBody)
        return self.once(lambda: self._cancel(reference))

    def _cancel(self, reference: str) -> Answer:
        order = orders.cancel_order(reference, actor=self.actor, source=Source.API)
        is_waiting = order.state == OrderState.AWAITING_PAYMENT
        return answer(_ACCEPTED if is_waiting else _OK, document(order))


class OrderExtend(ApiView):
    """Moving a deadline."""

    @described(
        "Give the buyer more time",
        body=NewDeadline,
        answers={_OK: OrderShape, _ACCEPTED: OrderShape},
        problems=(400, 403, 404, 409, 422, 502, 503),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """The code stays the same and can be paid until `expires_in` from now.

        202: the provider has not answered yet; the deadline is read back by itself, read the order again. 422: the
        provider cannot move it (`EXTEND_UNSUPPORTED`), or not that far; issue a new code then.
        """
        asked = self.read(NewDeadline)
        return self.once(lambda: self._extend(reference, asked["expires_in"]))

    def _extend(self, reference: str, expires_in: timedelta) -> Answer:
        order = vouchers.extend(reference, expires_in=expires_in, actor=self.actor, source=Source.API)
        voucher = order.current_voucher
        is_waiting = voucher is not None and voucher.extend_wanted_until is not None
        return answer(_ACCEPTED if is_waiting else _OK, document(order))


class OrderGiveUp(ApiView):
    """Giving up a code that nobody can find."""

    @described("Give up a lost payment code", body=NoBody, answers={_OK: OrderShape}, problems=(400, 403, 404, 409))
    def post(self, request: Request, reference: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """For a code in the state `unknown` at a provider that cannot look it up: it counts as `failed` from now on.

        The order can get a new code, and ends if it was canceled. Money that comes for the lost code later is taken,
        and the order is then `in_review`. 409: what became of the code may still be found out.
        """
        self.read(NoBody)
        return self.once(lambda: self._give_up(reference))

    def _give_up(self, reference: str) -> Answer:
        return answer(_OK, document(vouchers.give_up(reference, actor=self.actor, source=Source.API)))


class OrderRefresh(ApiView):
    """Asking the provider."""

    @described("Ask the provider now", body=NoBody, answers={_OK: OrderShape}, problems=(400, 403, 404, 502, 503))
    def post(self, request: Request, reference: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """And answer with what follows from what it says."""
        self.read(NoBody)
        return self.once(lambda: self._refresh(reference))

    def _refresh(self, reference: str) -> Answer:
        return answer(_OK, document(orders.refresh_order(reference, actor=self.actor, source=Source.API)))


def document(order: Order) -> dict[str, Any]:
    """Return one order as the API shows it."""
    return documents([order])[0]


def documents(found: Sequence[Order]) -> list[dict[str, Any]]:
    """Return orders as the API shows them, in one more query for all of them."""
    context = {"refundable": known_orders.refundable_amounts(found)}
    return OrderShape(found, many=True, context=context).data  # type: ignore[arg-type,return-value] # the stubs forget many


def _answered(order: Order, status: int) -> Answer:
    """The payment code decides: refused for good, not answered yet, or issued."""
    voucher = order.current_voucher
    if voucher is not None and voucher.state == VoucherState.FAILED:
        return answer_of(failed_voucher(voucher, order.reference))
    if voucher is not None and voucher.state in _UNANSWERED:
        status = _ACCEPTED
    return answer(status, document(order))
