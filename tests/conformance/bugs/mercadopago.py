"""Mercado Pago with one bug each."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, ProviderFault
from pagoefectivo.domain.messages import (
    PaymentUpdate,
    Pointer,
    PointerKind,
    RefundRequest,
    RefundUpdate,
    Verification,
)
from pagoefectivo.domain.states import Proof, RefundStatus
from pagoefectivo.providers.base import Answer, Operation
from pagoefectivo.providers.documents import Document
from pagoefectivo.providers.mercadopago.gateway import MercadoPagoGateway
from pagoefectivo.providers.mercadopago.tables import ERRORS
from pagoefectivo.providers.mercadopago.webhook import MercadoPagoWebhookReader
from pagoefectivo.testing.conformance.faults import FAULTS
from tests.conformance.bugs.planting import Bug, bug, sends
from tests.conformance.test_mercadopago import TestMercadoPago as Promises

FAULT = {fault.name: fault for fault in FAULTS}
TOO_LATE = (Operation.REQUEST_REFUND, "2024")
KEY = "X-Idempotency-Key"


def under_a_fresh_key(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return ({**headers, KEY: str(uuid4())} if KEY in headers else headers), body


class BelievesTheHttpStatus(MercadoPagoGateway):
    def _read(self, operation: Operation, answer: Answer, read: Callable[[Document], Any]) -> Any:
        if answer.status == 404:
            fault = ProviderFault(ErrorCode.POLL_NOT_FOUND, operation=operation)
            raise Ambiguous(fault, request_id=answer.request_id)
        return super()._read(operation, answer, read)


class TakesAnyPageForAYes(MercadoPagoGateway):
    def request_refund(self, request: RefundRequest) -> RefundUpdate:
        try:
            return super().request_refund(request)
        except Ambiguous as error:
            if error.fault.http_status == 200:
                return RefundUpdate(RefundStatus.SUCCEEDED, "", Proof.ANSWER, amount=request.amount)
            raise


class TakesMillisecondsForSeconds(MercadoPagoWebhookReader):
    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:
        held = super().verify(body, headers, query)
        ts = int(headers["x-signature"].partition("ts=")[2].partition(",")[0])
        try:
            return dataclasses.replace(held, signed_at=datetime.fromtimestamp(ts, UTC))
        except ValueError:  # the year 58862
            return dataclasses.replace(held, signed_at=None)


class BelievesTheBody(MercadoPagoWebhookReader):
    def parse(
        self, body: bytes, query: str = "", *, believed: bool
    ) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        return (Pointer(PointerKind.PAYMENT, provider_reference=json.loads(body)["data"]["id"]),)


BUGS: dict[str, Bug] = {
    "takes milliseconds for seconds": bug(
        Promises,
        lambda it: it.test_a_signed_message_is_believed_as_far_as_declared("approved"),
        reader=TakesMillisecondsForSeconds,
    ),
    "believes the id in the body instead of the signed one": bug(
        Promises,
        lambda it: it.test_what_no_signature_covers_names_no_payment(),
        reader=BelievesTheBody,
    ),
    "makes a fresh idempotency key for each try": bug(
        Promises,
        lambda it: it.test_what_is_sent_again_bears_the_key_that_we_stored(Operation.REQUEST_REFUND),
        gateway=sends(MercadoPagoGateway, under_a_fresh_key),
    ),
    "takes every 404 for not found": bug(
        Promises,
        lambda it: it.test_each_listed_code_raises_what_its_row_says((TOO_LATE, ERRORS[TOO_LATE])),
        gateway=BelievesTheHttpStatus,
    ),
    "takes a page of HTML under 200 for a yes": bug(
        Promises,
        lambda it: it.test_each_fault_is_called_by_its_name(Operation.REQUEST_REFUND, FAULT["200 html"]),
        gateway=TakesAnyPageForAYes,
    ),
}
