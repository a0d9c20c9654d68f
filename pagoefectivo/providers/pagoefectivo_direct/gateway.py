"""What we say to PagoEfectivo itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

from django.views.decorators.debug import sensitive_variables

from pagoefectivo import __version__
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import (
    Ambiguous,
    Held,
    NotSent,
    ProviderError,
    ProviderFault,
    Refused,
    UnreadableMessage,
)
from pagoefectivo.domain.messages import Absent, PaymentUpdate, RefundRequest, RefundUpdate, VoucherRequest
from pagoefectivo.domain.states import PaymentStatus, Proof
from pagoefectivo.providers.base import READS, Account, Answer, Gateway, Operation, Recorder, Wire
from pagoefectivo.providers.documents import Document, decode_object, encode, part, parts
from pagoefectivo.providers.pagoefectivo_direct.asking import voucher_document
from pagoefectivo.providers.pagoefectivo_direct.objects import cip_of, created, found, is_cip
from pagoefectivo.providers.pagoefectivo_direct.tables import ERRORS, INVALID_DATA, SUCCESS, payment_statuses
from pagoefectivo.providers.pagoefectivo_direct.tokens import Token, Tokens, written
from pagoefectivo.providers.transport import Transport
from pagoefectivo.providers.verdicts import is_success, refusal, unreadable

LANGUAGE = "es-PE"

Read = TypeVar("Read")

_NOTHING: Document = {}


class PagoEfectivoDirectGateway(Gateway):
    """Speaks for one account. An answer that lacks a fact is handed on as said; the services compare and hold."""

    def __init__(self, account: Account, recorder: Recorder, wire: Wire) -> None:
        self._options = account.options
        self._statuses = payment_statuses(account.options)
        self._tokens = Tokens(account, wire)
        self._now = wire.now
        self._transport = Transport(account, recorder, wire)

    @sensitive_variables()
    def issue_voucher(self, request: VoucherRequest) -> PaymentUpdate:
        """POST /cips. PagoEfectivo knows no key for it: what had no answer may have made a code that nobody can find."""
        body = encode(voucher_document(request, self._options))
        return self._ask(Operation.ISSUE_VOUCHER, "POST", "/cips", lambda said, _: created(part(said, "data")), body)

    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        """POST /cips/search about one code; Ambiguous(POLL_NOT_FOUND) where PagoEfectivo does not know it."""
        said = self.fetch_payments([provider_reference])[provider_reference]
        if isinstance(said, ProviderError):
            raise said
        return said

    def fetch_payments(self, provider_references: Sequence[str]) -> Mapping[str, PaymentUpdate | ProviderError]:
        """POST /cips/search about many codes. What it does not know comes back empty, or not at all."""
        wanted = [each for each in dict.fromkeys(provider_references) if is_cip(each)]
        said: Mapping[str, PaymentUpdate | ProviderError] = {}
        if wanted:
            body = encode({"data": [{"cip": int(each)} for each in wanted]})
            said = self._ask(
                Operation.FETCH_PAYMENT, "POST", "/cips/search", lambda *answer: self._found(wanted, *answer), body
            )
        return {each: said[each] if each in said else _no_code(Operation.FETCH_PAYMENT) for each in provider_references}

    def find_payment(self, reference: str) -> PaymentUpdate | Absent:  # noqa: ARG002 - see below
        """Find nothing, and prove nothing by it: PagoEfectivo searches by its own codes only."""
        return Absent(proves_never=False)

    def cancel_voucher(self, provider_reference: str) -> PaymentUpdate:
        """DELETE /cips/{cip}, which PagoEfectivo does while the code waits."""
        path = _path(Operation.CANCEL_VOUCHER, provider_reference)
        gone = _stated(provider_reference, PaymentStatus.CANCELED)
        return self._ask(Operation.CANCEL_VOUCHER, "DELETE", path, lambda *_: gone)

    def extend_voucher(self, provider_reference: str, expires_at: datetime) -> PaymentUpdate:
        """PATCH /cips/{cip}: the code waits until then, in whole seconds, and an expired one can be paid again."""
        path = _path(Operation.EXTEND_VOUCHER, provider_reference)
        waiting = replace(
            _stated(provider_reference, PaymentStatus.PENDING), expires_at=expires_at.replace(microsecond=0)
        )
        body = encode({"dateExpiry": written(expires_at)})
        return self._ask(Operation.EXTEND_VOUCHER, "PATCH", path, lambda *_: waiting, body)

    def request_refund(self, request: RefundRequest) -> RefundUpdate:  # noqa: ARG002 - see below
        """Refuse: PagoEfectivo has no call that gives money back."""
        _no_refunds(Operation.REQUEST_REFUND)

    def fetch_refund(self, provider_reference: str, payment_reference: str) -> RefundUpdate:  # noqa: ARG002 - see below
        """Refuse: PagoEfectivo knows no refunds."""
        _no_refunds(Operation.FETCH_REFUND)

    def find_refund(self, reference: str, payment_reference: str) -> RefundUpdate | Absent:  # noqa: ARG002 - see below
        """Refuse: PagoEfectivo knows no refunds."""
        _no_refunds(Operation.FIND_REFUND)

    @sensitive_variables("body", "token")
    def _ask(
        self,
        operation: Operation,
        method: str,
        path: str,
        read: Callable[[Document, Answer], Read],
        body: bytes = b"",
    ) -> Read:
        """Ask under a token; where a remembered one is refused, once more under a fresh one.

        A move is sent again only where the refusal is sure to be of the token alone.
        """
        token = self._token(operation)
        try:
            return self._send(operation, method, path, read, body, token)
        except ProviderError as error:
            if not token.kept or error.fault.http_status != HTTPStatus.UNAUTHORIZED:
                raise
            self._tokens.forget(token)
            if not isinstance(error, NotSent) and operation not in READS:
                raise
        return self._send(operation, method, path, read, body, self._token(operation))

    def _token(self, operation: Operation) -> Token:
        """Return a token; without one the operation was not sent, whatever became of the authorization."""
        known = self._tokens.remembered()
        if known:
            return known
        try:
            return self._send(
                Operation.AUTHORIZE,
                "POST",
                "/authorizations",
                lambda said, _: self._tokens.take(part(said, "data")),
                encode(self._tokens.question()),
            )
        except ProviderError as error:
            fault, request_id = replace(error.fault, operation=operation), error.request_id
        raise NotSent(fault, request_id=request_id)

    @sensitive_variables("body", "token", "headers")
    def _send(
        self,
        operation: Operation,
        method: str,
        path: str,
        read: Callable[[Document, Answer], Read],
        body: bytes,
        token: Token | None = None,
    ) -> Read:
        headers = {
            "Accept": "application/json",
            "Accept-Language": LANGUAGE,
            "Content-Type": "application/json",
            "Origin": str(self._options["ORIGIN"]),
            "User-Agent": f"django-pagoefectivo/{__version__}",
        }
        if token:
            headers["Authorization"] = f"Bearer {token.value}"
        return self._read(operation, self._transport.send(operation, method, path, headers, body), read)

    @sensitive_variables("answer", "document")
    def _read(self, operation: Operation, answer: Answer, read: Callable[[Document, Answer], Read]) -> Read:
        fault, document = "no code", _NOTHING
        try:
            document = decode_object(answer.body)
            if is_success(answer) and _code(document) == SUCCESS:
                return read(document, answer)
        except UnreadableMessage as error:
            document, fault = _NOTHING, str(error)
        raw_code, raw_message = _complaint(document)
        if is_success(answer) and raw_code in {"", SUCCESS}:
            raise unreadable(operation, answer, fault)
        raise refusal(operation, answer, ERRORS, self._now(), raw_code=raw_code, raw_message=raw_message)

    @sensitive_variables("document", "answer")
    def _found(
        self, wanted: Sequence[str], document: Document, answer: Answer
    ) -> Mapping[str, PaymentUpdate | ProviderError]:
        operation = Operation.FETCH_PAYMENT
        listed = document.get("data")
        if not isinstance(listed, list):
            raise UnreadableMessage("no list of data")
        entries: dict[str, list[Document]] = {}
        for entry in parts({"data": [each for each in listed if each is not None]}, "data"):
            entries.setdefault(cip_of(entry), []).append(entry)
        return {each: self._said_of(entries.get(each, []), operation, answer) for each in wanted}

    def _said_of(self, entries: list[Document], operation: Operation, answer: Answer) -> PaymentUpdate | ProviderError:
        if not entries:
            fault = ProviderFault(ErrorCode.POLL_NOT_FOUND, http_status=answer.status, operation=operation)
            return Ambiguous(fault, request_id=answer.request_id)
        try:
            updates = [found(entry, self._statuses) for entry in entries]
        except UnreadableMessage as fault:
            return unreadable(operation, answer, str(fault))
        return updates[0] if len(set(updates)) == 1 else unreadable(operation, answer, "one code, two entries")


def _stated(cip: str, status: PaymentStatus) -> PaymentUpdate:
    """PagoEfectivo's yes says nothing more, so the update is what was asked."""
    return PaymentUpdate(
        status=status,
        raw_status="",
        proof=Proof.ANSWER,
        provider_reference=cip,
        payment_identity=cip,
        raw_code=SUCCESS,
    )


def _path(operation: Operation, cip: str) -> str:
    if not is_cip(cip):
        raise _no_code(operation)
    return f"/cips/{cip}"


def _no_code(operation: Operation) -> Held:
    return Held(ProviderFault(ErrorCode.PSP_BAD_RESPONSE, raw_message="no usable reference", operation=operation))


def _no_refunds(operation: Operation) -> NoReturn:
    raise Refused(ProviderFault(ErrorCode.REFUND_UNSUPPORTED, operation=operation))


def _code(document: Document) -> str:
    """A number in screenshots of real answers, a text in the guide."""
    code = document.get("code")
    return str(code) if isinstance(code, str | int) and not isinstance(code, bool) else ""


def _complaint(document: Document) -> tuple[str, str]:
    """Return code and words. Of a list of faults that are all of one kind, the kind says more than "invalid data"."""
    listed: Any = document.get("data")
    faults = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    kinds = {_code(each) for each in faults} - {""}
    code = _code(document)
    if code == INVALID_DATA and len(kinds) == 1:
        code = kinds.pop()
    said = [document.get("message"), *(each.get(key) for each in faults for key in ("field", "message"))]
    return code, " ".join(each for each in said if isinstance(each, str))
