"""The dLocal face: Payins v2.1 for PagoEfectivo in Peru. FIDELITY.md says how sure each behaviour is."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.ledger import Ledger, Merchant, Payment, Refund
from pagoefectivo.sandbox.psps import dlocal_rules as rules
from pagoefectivo.sandbox.psps import dlocal_shapes as shapes
from pagoefectivo.sandbox.psps.dlocal_desk import NAME, DLocalDesk
from pagoefectivo.sandbox.psps.dlocal_shapes import Refusal
from pagoefectivo.sandbox.psps.dlocal_signing import authorization, signature_matches, x_date
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import ASKED_FOR, Answer, Request, decode, encode, json_answer, number

KEY_LIFE = timedelta(days=7)
LOGIN = "sandbox_login"
SEGMENT = "([^/]+)"
ROUTES = (
    ("POST", re.compile("/payments"), "create"),
    ("GET", re.compile(f"/payments/{SEGMENT}(/status)?"), "get_payment"),
    ("POST", re.compile(f"/payments/{SEGMENT}/cancel"), "cancel"),
    ("GET", re.compile("/orders/(.+)"), "get_order"),
    ("POST", re.compile("/refunds"), "refund"),
    ("GET", re.compile(f"/refunds/{SEGMENT}(/status)?"), "get_refund"),
    ("GET", re.compile("/payments-methods"), "payment_methods"),
    ("POST", re.compile("/sandbox-tools/payments"), "sandbox_tools"),
    ("PATCH", re.compile("/sandbox-tools/payments"), "sandbox_tools"),
)


class DLocalFace:
    """dLocal as seen from outside."""

    name = NAME
    title = "dLocal"
    abilities = frozenset(
        {
            *("late money", "double money", "other amounts", "other currencies", "reversals", "contract limits"),
            *("refunds", "slow refunds", "balance", "look-up", "dated notifications"),
        }
    )
    root = ""
    most_retries = None

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, counter: Counter) -> None:
        self._ledger = ledger
        self._clock = clock
        self._switches = switches
        desk = DLocalDesk(ledger, clock, switches, counter)
        self._desk = desk
        self._replays: dict[tuple[str, str, str], tuple[datetime, Answer]] = {}
        self._work: dict[str, Callable[[Merchant, Request, str], Answer]] = {
            "create": desk.create,
            "get_payment": desk.get_payment,
            "get_order": desk.get_order,
            "cancel": desk.cancel,
            "refund": desk.refund,
            "get_refund": desk.get_refund,
            "payment_methods": desk.payment_methods,
            "sandbox_tools": desk.sandbox_tools,
        }

    def merchant(self) -> Merchant:
        secrets = {"login": LOGIN, "trans_key": "sandbox_trans_key", "secret_key": "sandbox_secret_key"}
        return Merchant(NAME, LOGIN, secrets)

    def reset(self) -> None:
        self._replays.clear()

    def operation(self, method: str, path: str) -> str | None:
        return next((name for verb, route, name in ROUTES if verb == method and route.fullmatch(path)), None)

    def handle(self, operation: str, request: Request) -> Answer:
        try:
            with self._ledger.lock:
                merchant = self._admit(operation, request)
                return self._answer_once(operation, merchant, request)
        except Refusal as refusal:
            return refusal.answer()

    def _admit(self, operation: str, request: Request) -> Merchant:
        login = request.headers.get("x-login", "")
        merchant = self._ledger.merchants.get((NAME, login))
        if merchant is None or request.headers.get("x-trans-key") != merchant.secrets["trans_key"]:
            raise Refusal(403, 3001, "Invalid Credentials")
        signed = operation != "sandbox_tools"
        if signed and not signature_matches(request.headers, login, merchant.secrets["secret_key"], request.body):
            raise Refusal(400, 5000, "Signature not match")
        if request.headers.get("x-version", "2.1") != "2.1":
            raise Refusal(400, 5017, "Invalid API version")
        return merchant

    def _answer_once(self, operation: str, merchant: Merchant, request: Request) -> Answer:
        key = rules.idempotency_key(request) if operation in ("create", "refund") else None
        if key is None:
            return self._do(operation, merchant, request)
        identity = (merchant.login, operation, key)
        kept = self._replays.get(identity)
        if kept and self._clock.now() - kept[0] < KEY_LIFE:
            return kept[1]
        answer = self._do(operation, merchant, request)
        self._replays[identity] = (self._clock.now(), answer)
        return answer

    def _do(self, operation: str, merchant: Merchant, request: Request) -> Answer:
        return self._work[operation](merchant, request, request.path)

    def unrouted(self) -> Answer:
        return Answer(404, b"NOT_FOUND", "text/plain")

    def error(self, status: int) -> Answer:
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return shapes.error_answer(status, 6000, "Too many requests")
        return shapes.error_answer(status, 7000, "Failed to process the request")

    def refusal(self, code: str) -> Answer:
        return json_answer(400, {"code": number(code), "message": ASKED_FOR})

    def not_found(self, operation: str) -> Answer:
        if operation == "get_refund":
            return shapes.error_answer(404, 4001, "Refund not found")
        return shapes.error_answer(404, 4000, "Order not found" if operation == "get_order" else "Payment not found")

    def distort(self, kind: str, answer: Answer, options: Mapping[str, Any]) -> Answer:
        document = decode(answer.body)
        if not isinstance(document, dict) or answer.status != HTTPStatus.OK:
            return answer
        if kind == "wrong_amount" and "amount" in document:
            document["amount"] = Decimal(str(options["amount"] or document["amount"] + 1))
        elif kind == "unknown_status" and "status" in document:
            document |= {"status": options["status"], "status_code": "999", "status_detail": "Undocumented."}
        elif kind == "lag" and "status" in document:
            is_refund = str(document["id"]).startswith("REF") if "id" in document else False
            detail = (shapes.REFUND_DETAILS if is_refund else shapes.PAYMENT_DETAILS)["PENDING"]
            code = type(document["status_code"])(100)
            document |= {"status": "PENDING", "status_code": code, "status_detail": detail}
            document.pop("approved_date", None)
        return dataclasses.replace(answer, body=encode(document).encode())

    def subject(self, answer: Answer) -> Payment | Refund | None:
        document = decode(answer.body)
        identity = str(document.get("id")) if isinstance(document, dict) else ""
        return self._ledger.payment(identity) or self._ledger.refund(identity)

    def notification(self, subject: Payment | Refund) -> bytes:
        if isinstance(subject, Refund):
            return encode(shapes.code_as_text(self._desk.refund_document(subject))).encode()
        return encode(shapes.payment_document(subject, self._switches)).encode()

    def address(self, url: str, body: bytes) -> str:  # noqa: ARG002 - dLocal adds nothing to the address
        return url

    def signed_headers(
        self, merchant: Merchant, body: bytes, sent_at: datetime, date_text: str | None = None
    ) -> dict[str, str]:
        headers = self.unsigned_headers(merchant, sent_at)
        headers["X-Date"] = date = date_text or headers["X-Date"]
        return headers | {"Authorization": authorization(merchant.login, merchant.secrets["secret_key"], date, body)}

    def unsigned_headers(self, merchant: Merchant, sent_at: datetime) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "dlocal-sandbox/2.1",
            "X-Date": x_date(sent_at),
            "X-Login": merchant.login,
            "X-Version": "2.1",
        }


FACE = DLocalFace
