"""The doors to refunds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from pagoefectivo.api.v1.base import ApiView, answer, response_of
from pagoefectivo.api.v1.schema import described
from pagoefectivo.api.v1.shapes.orders import NoBody
from pagoefectivo.api.v1.shapes.refunds import NewApproval, NewDestination, NewRefund, RefundShape, destination_from
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Refund
from pagoefectivo.selectors.refunds import refund_for
from pagoefectivo.services import refunds
from pagoefectivo.services.idempotency import Answer

_OK, _CREATED = 200, 201
_CHANGING = (400, 403, 404, 409, 422)


class _RefundView(ApiView):
    """What answers with one refund."""

    def answered(self, refund: Refund, status: int) -> Answer:
        """Return one refund as this key sees it."""
        return answer(status, RefundShape(refund, context={"actor": self.actor}).data)


class OrderRefunds(_RefundView):
    """The refunds of an order."""

    @described("Request a refund", body=NewRefund, answers={_CREATED: RefundShape}, problems=_CHANGING)
    def post(self, request: Request, reference: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """Whole or in part, in the currency of the order.

        201: the refund exists and its amount is reserved; it is `succeeded` only once the provider says so, and
        `failed` with its `error` when the provider refused it. 422: refused by our rules with every reason; nothing was
        written and the provider was not called.
        """
        asked = self.read(NewRefund)
        return self.once(lambda: self._request(reference, asked))

    def _request(self, reference: str, asked: dict[str, Any]) -> Answer:
        refund = refunds.request(
            reference,
            amount=asked["amount"],
            reason=asked["reason"],
            note=asked.get("note", ""),
            destination=destination_from(asked.get("destination")),
            nonce=self.keyed_request.nonce,
            actor=self.actor,
            source=Source.API,
        )
        return self.answered(refund, _CREATED)


class OneRefund(_RefundView):
    """One refund."""

    @described("Read a refund", answers={_OK: RefundShape}, problems=(403, 404))
    def get(self, request: Request, refund_id: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """With the provider's reference, and the error if there is one.

        A key that may approve also sees where a waiting refund would go, masked, and what is odd about it.
        """
        return response_of(self.answered(refund_for(refund_id, actor=self.actor), _OK))


class _Act(_RefundView):
    """One POST without a body that moves a refund."""

    def perform(self, act: Callable[[], Refund], status: int = _OK) -> HttpResponse:
        """Carry the act out once for this Idempotency-Key."""
        self.read(NoBody)
        return self.once(lambda: self.answered(act(), status))


class RefundApprove(_RefundView):
    """Four eyes."""

    @described("Approve a refund", body=NewApproval, answers={_OK: RefundShape}, problems=_CHANGING)
    def post(self, request: Request, refund_id: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """And send it. The key must be another than the one that asked for it.

        `seen` is `approval.seen` of the refund as it was read. 409 with APPROVAL_STALE: amount, account or a warning is
        another by now, and nothing was changed; read it again.
        """
        asked = self.read(NewApproval)
        return self.once(lambda: self._approve(refund_id, asked["seen"]))

    def _approve(self, refund_id: str, seen: str) -> Answer:
        return self.answered(refunds.approve(refund_id, seen=seen, actor=self.actor, source=Source.API), _OK)


class RefundDecline(_Act):
    """Four eyes."""

    @described("Decline a refund", body=NoBody, answers={_OK: RefundShape}, problems=_CHANGING)
    def post(self, request: Request, refund_id: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """Its amount is free again."""
        return self.perform(lambda: refunds.decline(refund_id, actor=self.actor, source=Source.API))


class RefundCancel(_Act):
    """Second thoughts."""

    @described("Withdraw a refund", body=NoBody, answers={_OK: RefundShape}, problems=_CHANGING)
    def post(self, request: Request, refund_id: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """As long as the provider has not seen it; 409 afterwards."""
        return self.perform(lambda: refunds.cancel(refund_id, actor=self.actor, source=Source.API))


class RefundRetry(_Act):
    """Another try."""

    @described("Retry a refund that failed", body=NoBody, answers={_CREATED: RefundShape}, problems=_CHANGING)
    def post(self, request: Request, refund_id: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """As a new refund, which is the answer, under the rules as they are now."""
        return self.perform(lambda: refunds.retry(refund_id, actor=self.actor, source=Source.API), _CREATED)


class RefundDestination(_RefundView):
    """Where the money goes."""

    @described("Say where a refund goes", body=NewDestination, answers={_OK: RefundShape}, problems=_CHANGING)
    def post(self, request: Request, refund_id: str) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """Before it is sent. An approval given earlier is void: it was given for another account."""
        destination = destination_from(self.read(NewDestination)) or Destination()
        return self.once(lambda: self._set(refund_id, destination))

    def _set(self, refund_id: str, destination: Destination) -> Answer:
        return self.answered(refunds.set_destination(refund_id, destination, actor=self.actor, source=Source.API), _OK)
