"""What we say to Mercado Pago, Payments API v1."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeVar
from urllib.parse import quote, urlencode

from django.views.decorators.debug import sensitive_variables

from pagoefectivo import __version__
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Held, ProviderFault, UnreadableMessage
from pagoefectivo.domain.messages import Absent, PaymentUpdate, RefundRequest, RefundUpdate, VoucherRequest
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import Account, Answer, ErrorClass, Gateway, Operation, Recorder, Wire
from pagoefectivo.providers.credentials import credential
from pagoefectivo.providers.documents import Document, amount, decode_object, encode, parts, text
from pagoefectivo.providers.mercadopago.objects import payment_update, refund_update
from pagoefectivo.providers.mercadopago.requests import payment_request
from pagoefectivo.providers.mercadopago.tables import ERRORS
from pagoefectivo.providers.transport import Transport
from pagoefectivo.providers.verdicts import is_success, refusal, unreadable

PAYMENTS = "/v1/payments"
# The search is an index beside the payments, and nobody says how far it lags.
ABSENT_PAYMENT_PROVES_NEVER = False
# A refund carries nothing of ours, so none can be told from one that somebody made on the dashboard.
ABSENT_REFUND_PROVES_NEVER = False

_DEAD = frozenset({PaymentStatus.EXPIRED, PaymentStatus.CANCELED, PaymentStatus.REJECTED})
_UNDONE = frozenset({RefundStatus.FAILED, RefundStatus.CANCELED})

Read = TypeVar("Read")


class MercadoPagoGateway(Gateway):
    """Speaks for one account. An answer that lacks a fact is handed on as said; the services compare and hold."""

    def __init__(self, account: Account, recorder: Recorder, wire: Wire) -> None:
        self._access_token = credential(account, "access_token")
        self._code_fields = account.options["CODE_FIELDS"]
        self._now = wire.now
        self._transport = Transport(account, recorder, wire)

    @sensitive_variables()
    def issue_voucher(self, request: VoucherRequest) -> PaymentUpdate:
        """POST /v1/payments under the voucher's key."""
        operation = Operation.ISSUE_VOUCHER
        body = encode(payment_request(request))
        answer = self._send(operation, "POST", PAYMENTS, body, request.idempotency_key)
        return self._read(operation, answer, lambda said: self._payment(said, Proof.ANSWER))

    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        """GET /v1/payments/{id}; Ambiguous(POLL_NOT_FOUND) where Mercado Pago does not know it."""
        operation = Operation.FETCH_PAYMENT
        answer = self._send(operation, "GET", _path(operation, provider_reference))
        return self._read(operation, answer, lambda said: self._payment(_about(said, provider_reference), Proof.READ))

    def find_payment(self, reference: str) -> PaymentUpdate | Absent:
        """Search for our reference, then read the payment itself.

        Mercado Pago takes any number of payments with one reference. One that can still bring money, or brought it,
        goes before those that ended; of two such nobody can say which the buyer holds, and that is Held.
        """
        operation = Operation.FIND_PAYMENT
        query = urlencode({"external_reference": reference, "sort": "date_created", "criteria": "desc"})
        answer = self._send(operation, "GET", f"{PAYMENTS}/search?{query}")
        found = self._read(operation, answer, lambda said: self._found(said, reference))
        if not found:
            return Absent(proves_never=ABSENT_PAYMENT_PROVES_NEVER)
        alive = [each for each in found if each.status not in _DEAD]
        if len(alive) > 1:
            raise _held(operation, answer, ErrorCode.CREATE_DUPLICATE_REFERENCE)
        return self.fetch_payment((alive or found)[0].provider_reference)

    def cancel_voucher(self, provider_reference: str) -> PaymentUpdate:
        """PUT the status of an unpaid payment to cancelled."""
        operation = Operation.CANCEL_VOUCHER
        body = encode({"status": "cancelled"})
        answer = self._send(operation, "PUT", _path(operation, provider_reference), body)
        return self._read(operation, answer, lambda said: self._payment(said, Proof.ANSWER))

    @sensitive_variables()
    def request_refund(self, request: RefundRequest) -> RefundUpdate:
        """POST the refund under its key. Without a body everything goes back, the only way that the pages for Peru name."""
        operation = Operation.REQUEST_REFUND
        body = b"" if request.is_whole else encode({"amount": request.amount})
        path = _path(operation, request.payment_reference, "refunds")
        answer = self._send(operation, "POST", path, body, request.idempotency_key)
        return self._read(operation, answer, lambda said: refund_update(said, Proof.ANSWER))

    def fetch_refund(self, provider_reference: str, payment_reference: str) -> RefundUpdate:
        """GET the refund below its payment; Ambiguous(POLL_NOT_FOUND) where Mercado Pago does not know it."""
        operation = Operation.FETCH_REFUND
        answer = self._send(operation, "GET", _path(operation, payment_reference, "refunds", provider_reference))
        return self._read(operation, answer, lambda said: refund_update(_about(said, provider_reference), Proof.READ))

    def find_refund(self, reference: str, payment_reference: str) -> Absent:  # noqa: ARG002 - nothing there carries it
        """Look whether the same request may be sent again; which refund is ours, only its key can tell.

        Absent where all of the money is there, or none is: under the same key Mercado Pago answers with our refund if
        it has it, makes it if it has none, and cannot give back more than there is. Held where a part is gone: if that
        is ours and the key forgotten, the same request would give back a second part.
        """
        operation = Operation.FIND_REFUND
        answer = self._send(operation, "GET", _path(operation, payment_reference))
        came, gone = self._read(operation, answer, lambda said: self._balance(_about(said, payment_reference)))
        if ZERO < gone < came:
            raise _held(operation, answer, ErrorCode.REFUND_OUTCOME_UNKNOWN)
        return Absent(proves_never=ABSENT_REFUND_PROVES_NEVER)

    @sensitive_variables("body", "headers")
    def _send(self, operation: Operation, method: str, path: str, body: bytes = b"", key: str = "") -> Answer:
        headers = {
            "Authorization": f"Bearer {self._access_token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"django-pagoefectivo/{__version__}",
            "X-Render-In-Process-Refunds": "true",  # else a refund still under way is answered like a refusal
        }
        if key:
            headers["X-Idempotency-Key"] = key
        return self._transport.send(operation, method, path, headers, body)

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
        raw_code, raw_message = _complaint(operation, document)
        raise refusal(operation, answer, ERRORS, self._now(), raw_code=raw_code, raw_message=raw_message)

    def _payment(self, document: Document, proof: Proof) -> PaymentUpdate:
        return payment_update(document, proof, self._code_fields)

    def _found(self, document: Document, reference: str) -> list[PaymentUpdate]:
        """Read the payments that bear exactly this reference, each once."""
        if document.get("results") is None:
            raise UnreadableMessage("no results")
        bearing = (each for each in parts(document, "results") if each.get("external_reference") == reference)
        read = (self._payment(each, Proof.READ) for each in bearing)
        return list({each.provider_reference: each for each in read}.values())

    def _balance(self, document: Document) -> tuple[Decimal, Decimal]:
        """Return what came and what went back; refunds may be hidden from the list, so the payment's own sum counts too."""
        payment = self._payment(document, Proof.READ)
        if payment.amount is None:
            raise UnreadableMessage("no transaction_amount")
        listed = (each.amount or ZERO for each in payment.refunds if each.status not in _UNDONE)
        return payment.amount, max(sum(listed, ZERO), amount(document, "transaction_amount_refunded") or ZERO)


def _path(operation: Operation, *segments: str) -> str:
    """Join quoted segments. One of dots alone would be folded into another address, so it is never sent."""
    if not all(segment.strip(".") for segment in segments):
        raise Held(ProviderFault(ErrorCode.PSP_BAD_RESPONSE, raw_message="no usable reference", operation=operation))
    return "/".join([PAYMENTS, *(quote(segment, safe="") for segment in segments)])


def _about(document: Document, asked: str) -> Document:
    if text(document, "id") != asked:
        raise UnreadableMessage("another id than asked for")
    return document


def _held(operation: Operation, answer: Answer, code: ErrorCode) -> Held:
    fault = ProviderFault(code, http_status=answer.status, operation=operation)
    return Held(fault, request_id=answer.request_id)


def _complaint(operation: Operation, document: Document) -> tuple[str, str]:
    """Return the code that decides and what is said beside it: a refusal is as final as the least final of its causes."""
    causes = document.get("cause")
    causes = [each for each in causes if isinstance(each, dict)] if isinstance(causes, list) else []
    codes = [str(each["code"]) for each in causes if _is_code(each.get("code"))] or _texts([document.get("error")])
    unsettled = (code for code in codes if not _is_final(operation, code))
    spoken = _texts([document.get("message"), *(each.get("description") for each in causes)])
    return next(unsettled, next(iter(codes), "")), " ".join(spoken)


def _is_code(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_final(operation: Operation, code: str) -> bool:
    rule = ERRORS.get((operation, code))
    return rule is not None and rule.error_class is ErrorClass.TERMINAL


def _texts(values: Iterable[object]) -> list[str]:
    return [each for each in values if isinstance(each, str)]
