"""What we say to Ventanilla, and how its answers are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar
from urllib.parse import quote, urlencode

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Held, ProviderFault, Refused, UnreadableMessage
from pagoefectivo.domain.messages import Absent, PaymentUpdate, RefundRequest, RefundUpdate, VoucherRequest
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import Account, Answer, Gateway, Operation, Recorder, Wire
from pagoefectivo.providers.credentials import credential
from pagoefectivo.providers.documents import Document, amount, decode_object, encode, instant, parts, text
from pagoefectivo.providers.transport import Transport
from pagoefectivo.providers.verdicts import is_success, refusal, unreadable
from tests.thirdparty.ventanilla.tables import ERRORS, PAYMENT_STATUSES, REFUND_STATUSES

Read = TypeVar("Read")


class VentanillaGateway(Gateway):
    """Speaks for one account."""

    def __init__(self, account: Account, recorder: Recorder, wire: Wire) -> None:
        self._api_key = credential(account, "api_key")
        self._now = wire.now
        self._transport = Transport(account, recorder, wire)

    def issue_voucher(self, request: VoucherRequest) -> PaymentUpdate:
        document = {
            "reference": request.reference,
            "amount": request.amount,
            "currency": request.currency,
            "expires": request.expires_at.isoformat(),
            "email": request.payer.email,
            "notify": request.notification_url,
        }
        key = request.idempotency_key
        return self._ask(Operation.ISSUE_VOUCHER, "/codes", lambda said: payment(said, Proof.ANSWER), document, key)

    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        path = f"/codes/{quote(provider_reference, safe='')}"
        return self._ask(Operation.FETCH_PAYMENT, path, lambda said: payment(about(said, provider_reference)))

    def find_payment(self, reference: str) -> PaymentUpdate | Absent:
        path = f"/codes?{urlencode({'reference': reference})}"
        found = self._ask(
            Operation.FIND_PAYMENT, path, lambda said: [payment(each) for each in listed(said, reference)]
        )
        return self._only(Operation.FIND_PAYMENT, found, ErrorCode.CREATE_DUPLICATE_REFERENCE)

    def cancel_voucher(self, provider_reference: str) -> NoReturn:
        raise Refused(ProviderFault(ErrorCode.CANCEL_NOT_SUPPORTED, operation=Operation.CANCEL_VOUCHER))

    def request_refund(self, request: RefundRequest) -> RefundUpdate:
        path = f"/codes/{quote(request.payment_reference, safe='')}/refunds"
        document = {"reference": request.reference, "amount": request.amount}
        key = request.idempotency_key
        return self._ask(Operation.REQUEST_REFUND, path, lambda said: refund(said, Proof.ANSWER), document, key)

    def fetch_refund(self, provider_reference: str, payment_reference: str) -> RefundUpdate:
        path = f"/refunds/{quote(provider_reference, safe='')}"
        return self._ask(Operation.FETCH_REFUND, path, lambda said: refund(about(said, provider_reference)))

    def find_refund(self, reference: str, payment_reference: str) -> RefundUpdate | Absent:
        path = f"/refunds?{urlencode({'reference': reference})}"
        found = self._ask(Operation.FIND_REFUND, path, lambda said: [refund(each) for each in listed(said, reference)])
        return self._only(Operation.FIND_REFUND, found, ErrorCode.REFUND_DUPLICATE)

    def _only(self, operation: Operation, found: list[Read], code: ErrorCode) -> Read | Absent:
        if len(found) > 1:
            raise Held(ProviderFault(code, operation=operation))
        return found[0] if found else Absent(proves_never=False)

    def _ask(
        self,
        operation: Operation,
        path: str,
        read: Callable[[Document], Read],
        document: Document | None = None,
        key: str = "",
    ) -> Read:
        headers = {"Authorization": f"Bearer {self._api_key}", "Content-Type": "application/json"}
        body = b""
        if document is not None:
            headers["Idempotency-Key"] = key
            body = encode(document)
        answer = self._transport.send(operation, "POST" if body else "GET", path, headers, body)
        return self._read(operation, answer, read)

    def _read(self, operation: Operation, answer: Answer, read: Callable[[Document], Read]) -> Read:
        said: Document = {}
        fault = "no success"
        try:
            said = decode_object(answer.body)
            if is_success(answer):
                return read(said)
        except UnreadableMessage as error:
            said, fault = {}, str(error)
        if is_success(answer):
            raise unreadable(operation, answer, fault)
        raw_code, raw_message = (str(said.get(name) or "") for name in ("error", "message"))
        raise refusal(operation, answer, ERRORS, self._now(), raw_code=raw_code, raw_message=raw_message)


def payment(said: Document, proof: Proof = Proof.READ) -> PaymentUpdate:
    """Read a code, wherever it appears."""
    raw_status, provider_reference = text(said, "state"), text(said, "id")
    if not (raw_status and provider_reference):
        raise UnreadableMessage("no id or no state")
    return PaymentUpdate(
        status=PAYMENT_STATUSES.get(raw_status, PaymentStatus.UNRECOGNISED),
        raw_status=raw_status,
        proof=proof,
        reference=text(said, "reference"),
        provider_reference=provider_reference,
        amount=amount(said, "amount"),
        currency=text(said, "currency"),
        code=text(said, "code"),
        expires_at=instant(said, "expires"),
        paid_at=instant(said, "collected_at"),
    )


def refund(said: Document, proof: Proof = Proof.READ) -> RefundUpdate:
    """Read a refund, wherever it appears."""
    raw_status, provider_reference = text(said, "state"), text(said, "id")
    if not (raw_status and provider_reference):
        raise UnreadableMessage("no id or no state")
    return RefundUpdate(
        status=REFUND_STATUSES.get(raw_status, RefundStatus.UNRECOGNISED),
        raw_status=raw_status,
        proof=proof,
        reference=text(said, "reference"),
        provider_reference=provider_reference,
        payment_reference=text(said, "code_id"),
        amount=amount(said, "amount"),
        currency=text(said, "currency"),
    )


def about(said: Document, asked: str) -> Document:
    """Return what was asked about; another one's answer is none."""
    if text(said, "id") != asked:
        raise UnreadableMessage("another id than asked for")
    return said


def listed(said: Document, reference: str) -> tuple[Document, ...]:
    """Return what bears our reference of a search's answer."""
    if said.get("found") is None:
        raise UnreadableMessage("no list")
    return tuple(each for each in parts(said, "found") if each.get("reference") == reference)
