"""EBANX with one bug each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pagoefectivo.domain.exceptions import Ambiguous, NotSent, UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof
from pagoefectivo.providers.base import Answer, Operation
from pagoefectivo.providers.documents import Document, decode_object
from pagoefectivo.providers.ebanx.gateway import EbanxGateway
from pagoefectivo.providers.ebanx.tables import ERRORS
from pagoefectivo.providers.ebanx.webhook import EbanxWebhookReader
from pagoefectivo.providers.verdicts import is_success, unreadable
from pagoefectivo.testing.conformance.faults import FAULTS
from tests.conformance.bugs.planting import Bug, bug, sends, written_anew
from tests.conformance.test_ebanx import TestEbanx as Promises

FAULT = {fault.name: fault for fault in FAULTS}
DUPLICATE = (Operation.ISSUE_VOUCHER, "BP-DR-0")


class BelievesTheHttpStatus(EbanxGateway):
    def _read(self, operation: Operation, answer: Answer, read: Callable[[Document], Any]) -> Any:
        if not is_success(answer):
            return super()._read(operation, answer, read)
        try:
            return read(decode_object(answer.body))
        except UnreadableMessage as error:
            raise unreadable(operation, answer, str(error)) from None


class TriesAgain(EbanxGateway):
    def _send(self, operation: Operation, path: str, document: Document) -> Answer:
        try:
            return super()._send(operation, path, document)
        except Ambiguous:
            return super()._send(operation, path, document)


class TakesTheFirstRefund(EbanxGateway):
    def fetch_refund(self, provider_reference: str, payment_reference: str) -> RefundUpdate:
        return self._listing(Operation.FETCH_REFUND, payment_reference)[0].refunds[0]


class CallsAnUnreadableAmountNothing(EbanxGateway):
    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        try:
            return super().fetch_payment(provider_reference)
        except NotSent:
            return PaymentUpdate(PaymentStatus.PAID, "CO", Proof.READ, amount=Decimal(0))


class HearsTheFirst(EbanxWebhookReader):
    def parse(
        self, body: bytes, query: str = "", *, believed: bool
    ) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        return super().parse(body, query, believed=believed)[:1]


BUGS: dict[str, Bug] = {
    "writes its body anew after signing it": bug(
        Promises,
        lambda it: it.test_the_provider_would_take_each_call_for_the_accounts(Operation.REQUEST_REFUND),
        gateway=sends(EbanxGateway, written_anew),
    ),
    "takes HTTP 200 for a yes": bug(
        Promises,
        lambda it: it.test_each_listed_code_raises_what_its_row_says((DUPLICATE, ERRORS[DUPLICATE])),
        gateway=BelievesTheHttpStatus,
    ),
    "hears one payment where a message names several": bug(
        Promises,
        lambda it: it.test_a_message_about_several_payments_tells_of_each(),
        reader=HearsTheFirst,
    ),
    "takes the first refund of a payment for the one that was asked about": bug(
        Promises,
        lambda it: it.test_an_answer_about_another_is_not_believed(Operation.FETCH_REFUND),
        gateway=TakesTheFirstRefund,
    ),
    "calls an unreadable amount nothing": bug(
        Promises,
        lambda it: it.test_an_amount_that_cannot_be_read_is_not_guessed(Operation.FETCH_PAYMENT),
        gateway=CallsAnUnreadableAmountNothing,
    ),
    "sends a refund again inside the gateway": bug(
        Promises,
        lambda it: it.test_each_fault_is_called_by_its_name(Operation.REQUEST_REFUND, FAULT["no answer in time"]),
        gateway=TriesAgain,
    ),
}
