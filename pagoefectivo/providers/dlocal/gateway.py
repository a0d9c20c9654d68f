"""What we say to dLocal, payins v2.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from django.views.decorators.debug import sensitive_variables

from pagoefectivo import __version__
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, ProviderFault, UnreadableMessage
from pagoefectivo.domain.messages import (
    Absent,
    Destination,
    PaymentUpdate,
    RefundRequest,
    RefundUpdate,
    VoucherRequest,
)
from pagoefectivo.domain.states import Proof
from pagoefectivo.providers.base import Account, Answer, Gateway, Operation, Recorder, Wire
from pagoefectivo.providers.credentials import credential
from pagoefectivo.providers.dlocal.objects import payment_update, refund_update
from pagoefectivo.providers.dlocal.tables import ERRORS
from pagoefectivo.providers.dlocal.webhook import signature
from pagoefectivo.providers.documents import Document, decode_object, encode, text
from pagoefectivo.providers.transport import Transport
from pagoefectivo.providers.verdicts import is_success, refusal, unreadable

COUNTRY = "PE"
PAGOEFECTIVO = "EF"
LONGEST_DESCRIPTION = 200
LONGEST_BENEFICIARY = 50
# dLocal refuses a second payment with our order_id, so that even a wrong "not found" cannot lead to two.
ABSENT_PAYMENT_PROVES_NEVER = True
# A payment lists its refunds only "possibly", and not always with our key.
ABSENT_REFUND_PROVES_NEVER = False

Read = TypeVar("Read")


class DLocalGateway(Gateway):
    """Speaks for one account. An answer that lacks a fact is handed on as said; the services compare and hold."""

    def __init__(self, account: Account, recorder: Recorder, wire: Wire) -> None:
        self._login = credential(account, "login")
        self._trans_key = credential(account, "trans_key")
        self._secret_key = credential(account, "secret_key")
        self._now = wire.now
        self._transport = Transport(account, recorder, wire)

    @sensitive_variables()
    def issue_voucher(self, request: VoucherRequest) -> PaymentUpdate:
        """POST /payments as a DIRECT ticket. dLocal sets the deadline itself; the update carries it."""
        payer = {
            "name": request.payer.name,
            "email": request.payer.email,
            "document": request.payer.document_number,
            "phone": request.payer.phone,
        }
        document = {
            "amount": request.amount,
            "currency": request.currency,
            "country": COUNTRY,
            "payment_method_id": PAGOEFECTIVO,
            "payment_method_flow": "DIRECT",
            "payer": _said(payer),
            "order_id": request.reference,
            "notification_url": request.notification_url,
            "description": request.description[:LONGEST_DESCRIPTION],
        }
        return self._post(
            Operation.ISSUE_VOUCHER,
            "/payments",
            lambda answer: payment_update(answer, Proof.ANSWER),
            encode(_said(document)),
            request.idempotency_key,
        )

    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        """GET /payments/{id}; Ambiguous(POLL_NOT_FOUND) where dLocal does not know it."""
        return self._get(
            Operation.FETCH_PAYMENT,
            _path(Operation.FETCH_PAYMENT, "payments", provider_reference),
            lambda answer: payment_update(_about(answer, "id", provider_reference), Proof.READ),
        )

    def find_payment(self, reference: str) -> PaymentUpdate | Absent:
        """GET /orders/{our reference} for dLocal's id, then the payment itself, for only that has the ticket."""
        try:
            provider_reference = self._get(
                Operation.FIND_PAYMENT,
                _path(Operation.FIND_PAYMENT, "orders", reference),
                lambda answer: _stated(_about(answer, "order_id", reference), "payment_id"),
            )
        except Ambiguous as error:
            if error.code is ErrorCode.POLL_NOT_FOUND:
                return Absent(proves_never=ABSENT_PAYMENT_PROVES_NEVER)
            raise
        return self.fetch_payment(provider_reference)

    def cancel_voucher(self, provider_reference: str) -> PaymentUpdate:
        """POST /payments/{id}/cancel. No source confirms it for PagoEfectivo, so the capability is off by default."""
        return self._post(
            Operation.CANCEL_VOUCHER,
            _path(Operation.CANCEL_VOUCHER, "payments", provider_reference, "cancel"),
            lambda answer: payment_update(answer, Proof.ANSWER),
        )

    @sensitive_variables()
    def request_refund(self, request: RefundRequest) -> RefundUpdate:
        """POST /refunds. Without bank data dLocal itself writes to the buyer and asks for them."""
        document = {
            "payment_id": request.payment_reference,
            "amount": request.amount,
            "currency": request.currency,
            "notification_url": request.notification_url,
            "order_refund_id": request.reference,
            **_bank_fields(request.destination),
        }
        return self._post(
            Operation.REQUEST_REFUND,
            "/refunds",
            lambda answer: refund_update(answer, Proof.ANSWER),
            encode(document),
            request.idempotency_key,
        )

    def fetch_refund(self, provider_reference: str, payment_reference: str) -> RefundUpdate:  # noqa: ARG002
        """GET /refunds/{id}; Ambiguous(POLL_NOT_FOUND) where dLocal does not know it."""
        return self._get(
            Operation.FETCH_REFUND,
            _path(Operation.FETCH_REFUND, "refunds", provider_reference),
            lambda answer: refund_update(_about(answer, "id", provider_reference), Proof.READ),
        )

    def find_refund(self, reference: str, payment_reference: str) -> RefundUpdate | Absent:
        """Look for our reference among the refunds that the payment lists; Held when two refunds carry it."""
        operation = Operation.FIND_REFUND
        answer = self._ask(operation, _path(operation, "payments", payment_reference))
        payment = self._read(
            operation, answer, lambda said: payment_update(_about(said, "id", payment_reference), Proof.READ)
        )
        found = {each.provider_reference: each for each in payment.refunds if each.reference == reference}
        if len(found) > 1:
            fault = ProviderFault(ErrorCode.REFUND_DUPLICATE, http_status=answer.status, operation=operation)
            raise Held(fault, request_id=answer.request_id)
        return next(iter(found.values()), Absent(proves_never=ABSENT_REFUND_PROVES_NEVER))

    def _get(self, operation: Operation, path: str, read: Callable[[Document], Read]) -> Read:
        return self._read(operation, self._ask(operation, path), read)

    def _ask(self, operation: Operation, path: str) -> Answer:
        return self._transport.send(operation, "GET", path, self._headers(b""))

    @sensitive_variables("body", "headers")
    def _post(
        self, operation: Operation, path: str, read: Callable[[Document], Read], body: bytes = b"", key: str = ""
    ) -> Read:
        headers = self._headers(body)
        if key:
            headers["X-Idempotency-Key"] = key
        return self._read(operation, self._transport.send(operation, "POST", path, headers, body), read)

    def _headers(self, body: bytes) -> dict[str, str]:
        now = self._now()
        date = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
        signed = signature(self._login, date, body, self._secret_key)
        return {
            "X-Date": date,
            "X-Login": self._login,
            "X-Trans-Key": self._trans_key,
            "X-Version": "2.1",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"django-pagoefectivo/{__version__}",
            "Authorization": f"V2-HMAC-SHA256, Signature: {signed}",
        }

    @sensitive_variables("answer", "document")
    def _read(self, operation: Operation, answer: Answer, read: Callable[[Document], Read]) -> Read:
        fault = ""
        try:
            document = decode_object(answer.body)
            if is_success(answer):
                return read(document)
        except UnreadableMessage as error:
            document, fault = {}, str(error)
        if is_success(answer):
            raise unreadable(operation, answer, fault)
        raw_code, raw_message = _complaint(document)
        raise refusal(operation, answer, ERRORS, self._now(), raw_code=raw_code, raw_message=raw_message)


def _said(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value != ""}


def _bank_fields(destination: Destination | None) -> dict[str, Any]:
    """The holder's document is not among them: no page names its field, and dLocal has the payer's."""
    if destination is None:
        return {}
    fields = {
        "beneficiary_name": destination.holder_name[:LONGEST_BENEFICIARY],
        "bank_code": destination.bank_code,
        "bank_account": destination.account_number,
        "bank_account_type": destination.account_type,
    }
    return _said(fields)


def _path(operation: Operation, *segments: str) -> str:
    """Join quoted segments. One of dots alone would be folded into another address, so it is never sent."""
    if not all(segment.strip(".") for segment in segments):
        raise Held(ProviderFault(ErrorCode.PSP_BAD_RESPONSE, raw_message="no usable reference", operation=operation))
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


def _about(document: Document, key: str, asked: str) -> Document:
    if text(document, key) != asked:
        raise UnreadableMessage(f"another {key} than asked for")
    return document


def _stated(document: Document, key: str) -> str:
    value = text(document, key)
    if not value:
        raise UnreadableMessage(f"no {key}")
    return value


def _complaint(document: Document) -> tuple[str, str]:
    code, message, param = document.get("code"), document.get("message"), document.get("param")
    is_code = isinstance(code, str | int) and not isinstance(code, bool)
    spoken = " ".join(each for each in (message, param) if isinstance(each, str))
    return (str(code) if is_code else ""), spoken
