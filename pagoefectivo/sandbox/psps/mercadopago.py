"""The Mercado Pago face: Payments API v1 for PagoEfectivo in Peru. FIDELITY.md says how sure each behaviour is."""

from __future__ import annotations

import dataclasses
import itertools
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.ledger import Ledger, Merchant, Payment, Refund
from pagoefectivo.sandbox.psps import mercadopago_rules as rules
from pagoefectivo.sandbox.psps import mercadopago_shapes as shapes
from pagoefectivo.sandbox.psps.mercadopago_desk import NAME, MercadoPagoDesk
from pagoefectivo.sandbox.psps.mercadopago_shapes import Refusal
from pagoefectivo.sandbox.psps.mercadopago_signing import timestamp, x_signature
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import ASKED_FOR, Answer, Request, decode, encode, json_answer, number

COLLECTOR = "200000001"
PAYMENTS = "/v1/payments"
ID = "[^/]+"
ROUTES = (
    ("POST", re.compile(PAYMENTS), "create"),
    ("GET", re.compile(f"{PAYMENTS}/search"), "get_order"),
    ("GET", re.compile(f"{PAYMENTS}/{ID}"), "get_payment"),
    ("PUT", re.compile(f"{PAYMENTS}/{ID}"), "cancel"),
    ("POST", re.compile(f"{PAYMENTS}/{ID}/refunds"), "refund"),
    ("GET", re.compile(f"{PAYMENTS}/{ID}/refunds(/{ID})?"), "get_refund"),
    ("GET", re.compile("/v1/payment_methods"), "payment_methods"),
)


class MercadoPagoFace:
    """Mercado Pago as seen from outside."""

    name = NAME
    title = "Mercado Pago"
    root = ""
    most_retries = None
    abilities = frozenset(
        {
            *("double money", "other amounts", "other currencies", "reversals"),
            *("refunds", "balance", "look-up", "dated notifications"),
        }
    )

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, counter: Counter) -> None:
        self._ledger = ledger
        self._clock = clock
        self._switches = switches
        self._serials = itertools.count(1)
        self._replays: dict[tuple[str, str, str], tuple[datetime, Answer]] = {}
        desk = MercadoPagoDesk(ledger, clock, switches, counter)
        self._work: dict[str, Callable[[Merchant, Request], Answer]] = {
            "create": desk.create,
            "get_payment": desk.get_payment,
            "get_order": desk.get_order,
            "cancel": desk.cancel,
            "refund": desk.refund,
            "get_refund": desk.get_refund,
            "payment_methods": desk.payment_methods,
        }

    def merchant(self) -> Merchant:
        secrets = {"access_token": "TEST-sandbox-access-token", "webhook_secret": "sandbox_webhook_secret"}
        return Merchant(NAME, COLLECTOR, secrets)

    def reset(self) -> None:
        self._replays.clear()

    def operation(self, method: str, path: str) -> str | None:
        return next((name for verb, route, name in ROUTES if verb == method and route.fullmatch(path)), None)

    def handle(self, operation: str, request: Request) -> Answer:
        try:
            with self._ledger.lock:
                return self._answer_once(operation, self._admit(request), request)
        except Refusal as refusal:
            return refusal.answer()

    def _admit(self, request: Request) -> Merchant:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(401, 5, "Must provide your access_token to proceed")
        for merchant in self._ledger.merchants.values():
            if merchant.psp == NAME and merchant.secrets["access_token"] == token:
                return merchant
        raise Refusal(401, None, "invalid access token")

    def _answer_once(self, operation: str, merchant: Merchant, request: Request) -> Answer:
        work = self._work[operation]
        if operation not in ("create", "refund"):
            return work(merchant, request)
        identity = (merchant.login, request.path, rules.idempotency_key(request))
        kept = self._replays.get(identity)
        if kept and self._clock.now() - kept[0] < timedelta(hours=self._switches.mercadopago_key_hours):
            return kept[1]
        answer = work(merchant, request)
        if answer.status == HTTPStatus.CREATED:
            self._replays[identity] = (self._clock.now(), answer)
        return answer

    def unrouted(self) -> Answer:
        return shapes.error_answer(404, "Si quieres conocer los recursos de la API, visita el sitio de desarrolladores")

    def error(self, status: int) -> Answer:
        message = "too many requests" if status == HTTPStatus.TOO_MANY_REQUESTS else "internal_error"
        return shapes.error_answer(status, message)

    def refusal(self, code: str) -> Answer:
        cause = number(code)
        if isinstance(cause, int):
            return shapes.error_answer(400, ASKED_FOR, cause)
        return json_answer(400, {"message": ASKED_FOR, "error": cause, "status": 400, "cause": []})

    def not_found(self, operation: str) -> Answer:
        if operation == "get_order":
            return Answer(200, encode(shapes.search_document([])).encode())
        if operation == "get_refund":
            return Refusal(404, 2032, "Refund not found").answer()
        return Refusal(404, 2000, "Payment not found").answer()

    def distort(self, kind: str, answer: Answer, options: Mapping[str, Any]) -> Answer:
        document = decode(answer.body)
        if not isinstance(document, dict) or answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
            return answer
        if kind == "lag" and "results" in document:
            document = shapes.search_document([])  # not yet in the index
        else:
            for each in document.get("results", [document]):
                _distort(kind, each, options)
        return dataclasses.replace(answer, body=encode(document).encode())

    def subject(self, answer: Answer) -> Payment | Refund | None:
        document = decode(answer.body)
        identity = str(document.get("id")) if isinstance(document, dict) else ""
        return self._ledger.payment(identity) or self._ledger.refund(identity)

    def notification(self, subject: Payment | Refund) -> bytes:
        return encode(shapes.notification_document(subject, next(self._serials), self._clock.now())).encode()

    def address(self, url: str, body: bytes) -> str:
        data_id = shapes.data_id(body)
        if not data_id:
            return url
        query = urlencode({"data.id": data_id, "type": "payment"})
        return f"{url}{'&' if urlsplit(url).query else '?'}{query}"

    def signed_headers(
        self, merchant: Merchant, body: bytes, sent_at: datetime, date_text: str | None = None
    ) -> dict[str, str]:
        headers = self.unsigned_headers(merchant, sent_at)
        ts = date_text or timestamp(sent_at, self._switches.mercadopago_ts)
        secret, data_id = merchant.secrets["webhook_secret"], shapes.data_id(body)
        return headers | {"x-signature": x_signature(secret, data_id, headers["x-request-id"], ts)}

    def unsigned_headers(self, merchant: Merchant, sent_at: datetime) -> dict[str, str]:  # noqa: ARG002 - the same for all
        return {
            "Content-Type": "application/json",
            "User-Agent": "MercadoPago WebHook v1.0 payment",
            "x-request-id": str(uuid.uuid4()),
        }


def _distort(kind: str, document: dict[str, Any], options: Mapping[str, Any]) -> None:
    is_refund = "payment_id" in document
    amount = "amount" if is_refund else "transaction_amount"
    if kind == "wrong_amount":
        document[amount] = Decimal(str(options["amount"] or document[amount] + 1))
    elif kind == "unknown_status":
        document |= {"status": options["status"], "status_detail": "undocumented"}
    elif kind == "lag" and is_refund:
        document["status"] = "in_process"
    elif kind == "lag":
        document |= {"status": "pending", "status_detail": "pending_waiting_payment", "date_approved": None}
        document |= {"transaction_amount_refunded": 0, "refunds": []}


FACE = MercadoPagoFace
