"""The adapter of the simulated PSP, as a third party would write one: real transport, real verdicts, its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import (
    Ambiguous,
    Held,
    InvalidSignature,
    ProviderError,
    ProviderFault,
    SignatureFault,
    UnreadableMessage,
)
from pagoefectivo.domain.messages import (
    Absent,
    PaymentUpdate,
    Pointer,
    PointerKind,
    RefundRequest,
    RefundUpdate,
    Verification,
    VoucherRequest,
)
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import (
    READS,
    Account,
    Capabilities,
    ErrorClass,
    ErrorRule,
    Gateway,
    Operation,
    Provider,
    Recorder,
    WebhookReader,
    Wire,
)
from pagoefectivo.providers.credentials import credential, credentials
from pagoefectivo.providers.documents import Document, decode_object, encode, parts, text
from pagoefectivo.providers.signing import hmac_sha256, index_of_match
from pagoefectivo.providers.transport import Transport
from pagoefectivo.providers.verdicts import is_success, refusal, unreadable
from tests.simulation.profiles import PROFILES, Profile
from tests.simulation.wire import HOST
from tests.simulation.world import EPOCH

PAYMENT_WORDS = {each.name: each for each in PaymentStatus if each is not PaymentStatus.UNRECOGNISED}
REFUND_WORDS = {each.name: each for each in RefundStatus if each is not RefundStatus.UNRECOGNISED}
ERRORS: Mapping[tuple[Operation, str], ErrorRule] = {
    (Operation.ISSUE_VOUCHER, "duplicate"): ErrorRule(ErrorCode.CREATE_DUPLICATE_REFERENCE, ErrorClass.AMBIGUOUS),
    (Operation.ISSUE_VOUCHER, "rejected"): ErrorRule(ErrorCode.CREATE_RISK_REJECTED, ErrorClass.TERMINAL),
    (Operation.CANCEL_VOUCHER, "not_cancelable"): ErrorRule(ErrorCode.CANCEL_NOT_SUPPORTED, ErrorClass.TERMINAL),
    (Operation.REQUEST_REFUND, "duplicate"): ErrorRule(ErrorCode.REFUND_DUPLICATE, ErrorClass.AMBIGUOUS),
    (Operation.REQUEST_REFUND, "not_paid"): ErrorRule(ErrorCode.REFUND_NOT_ALLOWED, ErrorClass.TERMINAL),
    (Operation.REQUEST_REFUND, "partial"): ErrorRule(ErrorCode.REFUND_PARTIAL_UNSUPPORTED, ErrorClass.TERMINAL),
    (Operation.REQUEST_REFUND, "exceeds"): ErrorRule(ErrorCode.REFUND_AMOUNT_EXCEEDED, ErrorClass.TERMINAL),
    **{(read, "not_found"): ErrorRule(ErrorCode.POLL_NOT_FOUND, ErrorClass.AMBIGUOUS) for read in READS},
}


def signature(secret: str, date: str, body: bytes, *, covers_body: bool) -> str:
    """Sign as the PSP does; one that does not cover the body covers the object's name alone."""
    signed = body if covers_body else text(decode_object(body), "id").encode()
    return hmac_sha256(secret, f"{date}.".encode() + signed)


def instant(seconds: float) -> datetime:
    """Return the instant that the PSP writes as seconds of its own epoch."""
    return EPOCH + timedelta(milliseconds=round(float(seconds) * 1000))


class SimulatedGateway(Gateway):
    """Speaks for one account."""

    def __init__(self, profile: Profile, account: Account, recorder: Recorder, wire: Wire) -> None:
        self._profile, self._able, self._now = profile, profile.capabilities, wire.now
        self._secret = credential(account, "secret")
        self._transport = Transport(account, recorder, wire)

    def issue_voucher(self, request: VoucherRequest) -> PaymentUpdate:
        document = {
            "reference": request.reference,
            "amount": str(request.amount),
            "currency": request.currency,
            "expires_at": str((request.expires_at - EPOCH).total_seconds()),
            "email": request.payer.email,
        }
        answer = self._post(Operation.ISSUE_VOUCHER, "/payments", document, request.idempotency_key)
        return payment_update(answer, Proof.ANSWER)

    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        return payment_update(self._get(Operation.FETCH_PAYMENT, f"/payments/{provider_reference}"), Proof.READ)

    def find_payment(self, reference: str) -> PaymentUpdate | Absent:
        found = self._search(Operation.FIND_PAYMENT, f"/search/{reference}")
        return payment_update(found[0], Proof.READ) if found else Absent(self._able.absent_payment_proves_never)

    def fetch_payments(self, provider_references: Sequence[str]) -> Mapping[str, PaymentUpdate | ProviderError]:
        found = parts(self._get(Operation.FETCH_PAYMENT, f"/batch/{','.join(provider_references)}"), "found")
        unknown = Ambiguous(ProviderFault(ErrorCode.POLL_NOT_FOUND, operation=Operation.FETCH_PAYMENT))
        updates = {text(each, "id"): payment_update(each, Proof.READ) for each in found}
        return {each: updates.get(each, unknown) for each in provider_references}

    def cancel_voucher(self, provider_reference: str) -> PaymentUpdate:
        answer = self._post(Operation.CANCEL_VOUCHER, f"/payments/{provider_reference}/cancel", {}, "")
        return payment_update(answer, Proof.ANSWER)

    def request_refund(self, request: RefundRequest) -> RefundUpdate:
        document = {
            "reference": request.reference,
            "payment": request.payment_reference,
            "amount": str(request.amount),
            "currency": request.currency,
            "account": request.destination.account_number if request.destination else "",
        }
        answer = self._post(Operation.REQUEST_REFUND, "/refunds", document, request.idempotency_key)
        return refund_update(answer, Proof.ANSWER)

    def fetch_refund(self, provider_reference: str, payment_reference: str) -> RefundUpdate:
        return refund_update(self._get(Operation.FETCH_REFUND, f"/refunds/{provider_reference}"), Proof.READ)

    def find_refund(self, reference: str, payment_reference: str) -> RefundUpdate | Absent:
        if not self._profile.names_refunds:
            return self._absent_unless_a_part_is_gone(payment_reference)
        found = self._search(Operation.FIND_REFUND, f"/search/{payment_reference}/{reference}")
        return refund_update(found[0], Proof.READ) if found else Absent(self._able.absent_refund_proves_never)

    def _absent_unless_a_part_is_gone(self, payment_reference: str) -> Absent:
        """Only its key can tell which refund is ours: see Mercado Pago's gateway."""
        payment = payment_update(self._get(Operation.FIND_REFUND, f"/payments/{payment_reference}"), Proof.READ)
        undone = (RefundStatus.FAILED, RefundStatus.RETURNED)
        gone = sum((each.amount or Decimal(0) for each in payment.refunds if each.status not in undone), Decimal(0))
        if payment.amount and 0 < gone < payment.amount:
            raise Held(ProviderFault(ErrorCode.REFUND_OUTCOME_UNKNOWN, operation=Operation.FIND_REFUND))
        return Absent(self._able.absent_refund_proves_never)

    def _search(self, operation: Operation, path: str) -> tuple[Document, ...]:
        return parts(self._get(operation, path), "found") if self._profile.looks_up else ()

    def _get(self, operation: Operation, path: str) -> Document:
        return self._send(operation, "GET", path, {}, "")

    def _post(self, operation: Operation, path: str, document: dict[str, Any], key: str) -> Document:
        return self._send(operation, "POST", path, document, key)

    def _send(self, operation: Operation, method: str, path: str, document: dict[str, Any], key: str) -> Document:
        headers = {"Authorization": self._secret, "X-Key": key}
        answer = self._transport.send(operation, method, path, headers, encode(document) if document else b"")
        fault, said = "", {}
        try:
            said = dict(decode_object(answer.body))
        except UnreadableMessage as error:
            fault = str(error)
        if is_success(answer):
            if fault:
                raise unreadable(operation, answer, fault)
            return said
        raise refusal(operation, answer, ERRORS, self._now(), raw_code=text(said, "code"), raw_message="")


class SimulatedReader(WebhookReader):
    """Listens for one account; two secrets may be active."""

    def __init__(self, profile: Profile, account: Account) -> None:
        self._profile, self._secrets = profile, credentials(account, "secret")

    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:
        date, given = headers.get("X-Date", ""), headers.get("X-Signature", "")
        if not (date and given):
            raise InvalidSignature(SignatureFault.MISSING)
        covers = self._profile.covers_body
        matched = index_of_match((signature(each, date, body, covers_body=covers) for each in self._secrets), given)
        if matched is None:
            raise InvalidSignature(SignatureFault.MISMATCH)
        signed_at = instant(float(date)) if self._profile.is_dated else None
        return Verification(secret_index=matched, covers_body=covers, signed_at=signed_at)

    def parse(
        self, body: bytes, query: str = "", *, believed: bool
    ) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        document = decode_object(body)
        is_refund = text(document, "id").startswith("REF-")
        if self._profile.points or not text(document, "status"):
            kind = PointerKind.REFUND if is_refund else PointerKind.PAYMENT
            payment = text(document, "payment")
            return (Pointer(kind, provider_reference=text(document, "id"), payment_reference=payment),)
        proof = Proof.SIGNED_BODY if believed else Proof.HINT
        return (refund_update(document, proof) if is_refund else payment_update(document, proof),)


def payment_update(document: Document, proof: Proof) -> PaymentUpdate:
    """Read a payment. Its amount is what was paid once something was, what was asked before."""
    status = PAYMENT_WORDS.get(text(document, "status"), PaymentStatus.UNRECOGNISED)
    paid_at = instant(document["paid_at"]) if document.get("paid_at") is not None else None
    return PaymentUpdate(
        status=status,
        raw_status=text(document, "status"),
        proof=proof,
        reference=text(document, "reference"),
        provider_reference=text(document, "id"),
        amount=Decimal(text(document, "amount")),
        currency=text(document, "currency"),
        code=text(document, "code"),
        expires_at=instant(document["expires_at"]),
        paid_at=paid_at,
        payment_identity=text(document, "id"),
        occurred_at=paid_at,
        refunds=tuple(refund_update(each, proof) for each in parts(document, "refunds")),
    )


def refund_update(document: Document, proof: Proof) -> RefundUpdate:
    """Read a refund."""
    return RefundUpdate(
        status=REFUND_WORDS.get(text(document, "status"), RefundStatus.UNRECOGNISED),
        raw_status=text(document, "status"),
        proof=proof,
        reference=text(document, "reference"),
        provider_reference=text(document, "id"),
        payment_reference=text(document, "payment"),
        amount=Decimal(text(document, "amount")),
        currency=text(document, "currency"),
    )


class SimulatedProvider(Provider):
    """One kind of PSP; `profile` says which."""

    profile: ClassVar[Profile]
    capabilities: ClassVar[Capabilities]
    slug = "simulated"
    name = "Simulated"
    hosts = {"sandbox": HOST, "production": "https://live.psp.example"}
    credential_fields = {"secret": True}
    secret_list_fields = frozenset({"secret"})
    secret_headers = frozenset({"authorization"})
    payment_statuses = PAYMENT_WORDS
    refund_statuses = REFUND_WORDS
    errors = ERRORS

    @classmethod
    def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
        return SimulatedGateway(cls.profile, account, recorder, wire)

    @classmethod
    def webhook_reader(cls, account: Account) -> WebhookReader:
        return SimulatedReader(cls.profile, account)


for _profile in PROFILES.values():
    globals()[_profile.name] = type(
        _profile.name, (SimulatedProvider,), {"profile": _profile, "capabilities": _profile.capabilities}
    )
