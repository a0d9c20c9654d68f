"""What we say to EBANX: POST and JSON throughout, for a GET has no body that could be signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from django.views.decorators.debug import sensitive_variables

from pagoefectivo import __version__
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, ProviderFault, UnreadableMessage
from pagoefectivo.domain.messages import Absent, PaymentUpdate, RefundRequest, RefundUpdate, VoucherRequest
from pagoefectivo.domain.states import Proof
from pagoefectivo.providers.base import Account, Answer, Gateway, Operation, Recorder, Wire
from pagoefectivo.providers.credentials import credential, credentials
from pagoefectivo.providers.documents import Document, decode_object, encode, part, text
from pagoefectivo.providers.ebanx.dates import calendar_of
from pagoefectivo.providers.ebanx.jws import detached_jws
from pagoefectivo.providers.ebanx.keys import PRIVATE_KEY, signing_key
from pagoefectivo.providers.ebanx.objects import payment_update, refund_update
from pagoefectivo.providers.ebanx.references import payment_code, refund_code
from pagoefectivo.providers.ebanx.tables import errors_of
from pagoefectivo.providers.transport import Transport
from pagoefectivo.providers.verdicts import is_success, refusal, unreadable

COUNTRY = "pe"
PAGOEFECTIVO = "pagoefectivo"
DOCUMENT_LENGTHS = frozenset({8, 9, 11})
# EBANX refuses a second payment with our code, so that even a wrong "not found" cannot lead to two.
ABSENT_PAYMENT_PROVES_NEVER = True
# Nothing stops a second refund with the same code, and nobody says how soon a refund is listed.
ABSENT_REFUND_PROVES_NEVER = False

Read = TypeVar("Read")


class EbanxGateway(Gateway):
    """Speaks for one account: signed where it has a key pair, else by its integration key.

    An answer that lacks a fact is handed on as said; the services compare and hold.
    """

    def __init__(self, account: Account, recorder: Recorder, wire: Wire) -> None:
        has_key_pair = all(credentials(account, field) for field in (PRIVATE_KEY, "jws_kid"))
        self._key = signing_key(account) if has_key_pair else None
        self._kid = credential(account, "jws_kid") if has_key_pair else ""
        self._integration_key = "" if has_key_pair else credential(account, "integration_key")
        self._calendar = calendar_of(account)
        self._errors = errors_of(account.options["not_found_codes"], account.options["final_refund_codes"])
        self._now = wire.now
        self._transport = Transport(account, recorder, wire)

    @sensitive_variables()
    def issue_voucher(self, request: VoucherRequest) -> PaymentUpdate:
        """POST /ws/direct. The deadline is the end of the day that `expires_at` falls on; the update tells it."""
        payer = {"name": request.payer.name, "email": request.payer.email, "document": _document_number(request)}
        payment = {
            **{key: value for key, value in payer.items() if value},
            "country": COUNTRY,
            "payment_type_code": PAGOEFECTIVO,
            "merchant_payment_code": payment_code(request.reference),
            "currency_code": request.currency,
            "amount_total": request.amount,
            "due_date": f"{self._calendar.due_day(request.expires_at):%d/%m/%Y}",
            "notification_url": request.notification_url,
        }
        return self._ask(
            Operation.ISSUE_VOUCHER,
            "direct",
            {"operation": "request", "mode": "full", "payment": payment},
            lambda answer: self._payment(part(answer, "payment"), Proof.ANSWER, request.reference),
        )

    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        """POST /ws/query by hash; Ambiguous(POLL_NOT_FOUND) where EBANX does not know it."""
        return self._query(Operation.FETCH_PAYMENT, "hash", provider_reference)

    def find_payment(self, reference: str) -> PaymentUpdate | Absent:
        """POST /ws/query by merchant_payment_code."""
        try:
            return self._query(Operation.FIND_PAYMENT, "merchant_payment_code", payment_code(reference), reference)
        except Ambiguous as error:
            if error.code is ErrorCode.POLL_NOT_FOUND:
                return Absent(proves_never=ABSENT_PAYMENT_PROVES_NEVER)
            raise

    def cancel_voucher(self, provider_reference: str) -> PaymentUpdate:
        """POST /ws/cancel, which EBANX takes for an unpaid code only. Never /ws/refundOrCancel: it gives all back."""
        return self._ask(
            Operation.CANCEL_VOUCHER,
            "cancel",
            {"hash": provider_reference},
            lambda answer: self._payment(part(answer, "payment"), Proof.ANSWER),
        )

    def request_refund(self, request: RefundRequest) -> RefundUpdate:
        """POST /ws/refund. EBANX itself writes to the buyer and asks for a bank account."""
        code = refund_code(request.reference)
        document = {
            "operation": "request",
            "hash": request.payment_reference,
            "amount": request.amount,
            "merchant_refund_code": code,
            "description": request.reason or code,
        }
        return self._ask(
            Operation.REQUEST_REFUND,
            "refund",
            document,
            lambda answer: refund_update(part(answer, "refund"), part(answer, "payment"), Proof.ANSWER),
        )

    def fetch_refund(self, provider_reference: str, payment_reference: str) -> RefundUpdate:
        """Read the refund among those of its payment; Ambiguous(POLL_NOT_FOUND) where that does not list it."""
        operation = Operation.FETCH_REFUND
        payment, answer = self._listing(operation, payment_reference)
        found = [each for each in payment.refunds if each.provider_reference == provider_reference]
        if not found:
            fault = ProviderFault(ErrorCode.POLL_NOT_FOUND, http_status=answer.status, operation=operation)
            raise Ambiguous(fault, request_id=answer.request_id)
        return found[0]

    def find_refund(self, reference: str, payment_reference: str) -> RefundUpdate | Absent:
        """Look for our reference among the refunds of its payment; Held when two refunds carry it."""
        operation = Operation.FIND_REFUND
        payment, answer = self._listing(operation, payment_reference)
        code = refund_code(reference)
        found = [each for each in payment.refunds if each.reference and refund_code(each.reference) == code]
        if len(found) > 1:
            fault = ProviderFault(ErrorCode.REFUND_DUPLICATE, http_status=answer.status, operation=operation)
            raise Held(fault, request_id=answer.request_id)
        return replace(found[0], reference=reference) if found else Absent(proves_never=ABSENT_REFUND_PROVES_NEVER)

    def _query(self, operation: Operation, key: str, asked: str, reference: str = "") -> PaymentUpdate:
        return self._ask(
            operation,
            "query",
            {key: asked},
            lambda answer: self._payment(_about(answer, key, asked), Proof.READ, reference),
        )

    def _listing(self, operation: Operation, payment_reference: str) -> tuple[PaymentUpdate, Answer]:
        answer = self._send(operation, "query", {"hash": payment_reference})
        read = self._read(
            operation, answer, lambda said: self._payment(_about(said, "hash", payment_reference), Proof.READ)
        )
        return read, answer

    def _payment(self, payment: Document, proof: Proof, reference: str = "") -> PaymentUpdate:
        update = payment_update(payment, proof, self._calendar, self._now())
        is_ours = bool(reference) and update.reference == payment_code(reference)
        return replace(update, reference=reference) if is_ours else update

    @sensitive_variables("document")
    def _ask(self, operation: Operation, path: str, document: Document, read: Callable[[Document], Read]) -> Read:
        return self._read(operation, self._send(operation, path, document), read)

    @sensitive_variables()
    def _send(self, operation: Operation, path: str, document: Document) -> Answer:
        """Serialise once: the bytes that are signed are the bytes that leave."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"django-pagoefectivo/{__version__}",
        }
        if self._key is None:
            body = encode({"integration_key": self._integration_key, **document})
        else:
            body = encode(document)
            headers["X-JWS-Signature"] = detached_jws(self._key, self._kid, body)
        return self._transport.send(operation, "POST", f"/ws/{path}", headers, body)

    @sensitive_variables("answer", "document")
    def _read(self, operation: Operation, answer: Answer, read: Callable[[Document], Read]) -> Read:
        """EBANX answers 200 to its refusals as well, so only the body's `status` tells them from a success."""
        document: Document = {}
        fault = ""
        try:
            document = decode_object(answer.body)
            if is_success(answer) and document.get("status") == "SUCCESS":
                return read(document)
            if document.get("status") != "ERROR":
                fault = "neither SUCCESS nor ERROR"
        except UnreadableMessage as error:
            document, fault = {}, str(error)
        if fault and is_success(answer):
            raise unreadable(operation, answer, fault)
        raw_code, raw_message = _complaint(document)
        raise refusal(operation, answer, self._errors, self._now(), raw_code=raw_code, raw_message=raw_message)


def _document_number(request: VoucherRequest) -> str:
    """The document is optional in Peru: one that EBANX could not read is left out, not refused."""
    number = request.payer.document_number
    return number if number.isdigit() and len(number) in DOCUMENT_LENGTHS else ""


def _about(document: Document, key: str, asked: str) -> Document:
    payment = part(document, "payment")
    if text(payment, key) != asked:
        raise UnreadableMessage(f"another {key} than asked for")
    return payment


def _complaint(document: Document) -> tuple[str, str]:
    code, message = document.get("status_code"), document.get("status_message")
    return (code if isinstance(code, str) else ""), (message if isinstance(message, str) else "")
