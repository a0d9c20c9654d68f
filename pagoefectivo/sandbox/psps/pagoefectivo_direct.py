"""The face of PagoEfectivo's own API (Api CIP). FIDELITY.md says how sure each behaviour is."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.ledger import Ledger, Merchant, Payment, Refund
from pagoefectivo.sandbox.psps import pagoefectivo_direct_shapes as shapes
from pagoefectivo.sandbox.psps.pagoefectivo_direct_desk import NAME, PagoEfectivoDirectDesk
from pagoefectivo.sandbox.psps.pagoefectivo_direct_shapes import Refusal
from pagoefectivo.sandbox.psps.pagoefectivo_direct_signing import pe_signature
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import ASKED_FOR, Answer, Request, decode, encode, number

ID_SERVICE = "1234"
ROUTES = (
    ("POST", re.compile("/v1/authorizations"), "authorize"),
    ("POST", re.compile("/v1/cips"), "create"),
    ("POST", re.compile("/v1/cips/search"), "get_payment"),
    ("PATCH", re.compile("/v1/cips/[0-9]+"), "extend"),
    ("DELETE", re.compile("/v1/cips/[0-9]+"), "cancel"),
)


class PagoEfectivoDirectFace:
    """PagoEfectivo itself as seen from outside."""

    name = NAME
    title = "PagoEfectivo"
    abilities = frozenset(
        {"late money", "double money", "other amounts", "other currencies", "reversals", "contract limits"}
    )
    root = "/v1"
    most_retries = 1

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, counter: Counter) -> None:
        self._ledger = ledger
        self._switches = switches
        desk = PagoEfectivoDirectDesk(ledger, clock, switches, counter)
        self._desk = desk
        self._work: dict[str, Callable[[Merchant, Request, str], Answer]] = {
            "create": desk.create,
            "get_payment": desk.search,
            "extend": desk.extend,
            "cancel": desk.cancel,
        }

    def merchant(self) -> Merchant:
        secrets = {
            "id_service": ID_SERVICE,
            "access_key": "SANDBOXACCESSKEY0001",
            "secret_key": "c2FuZGJveC1zZWNyZXQta2V5LW9mLWEtc2hvcCE",
        }
        return Merchant(NAME, ID_SERVICE, secrets)

    def reset(self) -> None:
        self._desk.reset()

    def operation(self, method: str, path: str) -> str | None:
        return next((name for verb, route, name in ROUTES if verb == method and route.fullmatch(path)), None)

    def handle(self, operation: str, request: Request) -> Answer:
        try:
            with self._ledger.lock:
                if operation == "authorize":
                    return self._desk.authorize(request)
                return self._work[operation](self._desk.bearer(request), request, request.path)
        except Refusal as refusal:
            return refusal.answer()

    def unrouted(self) -> Answer:
        return Answer(404, b"")

    def error(self, status: int) -> Answer:
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return Answer(status, b"")
        return shapes.said(status, 166, "Ha ocurrido un error interno.", {})

    def refusal(self, code: str) -> Answer:
        return shapes.said(400, number(code), ASKED_FOR, {})

    def not_found(self, operation: str) -> Answer:  # noqa: ARG002 - only a search can be told so
        return shapes.success([{}])

    def distort(self, kind: str, answer: Answer, options: Mapping[str, Any]) -> Answer:
        document = decode(answer.body) if answer.body else None
        data = document.get("data") if isinstance(document, dict) else None
        entry = data[0] if isinstance(data, list) and data else data
        if not isinstance(document, dict) or not isinstance(entry, dict) or "cip" not in entry:
            return answer
        if kind == "wrong_amount":
            entry["amount"] = Decimal(str(options["amount"] or entry["amount"] + 1))
        elif kind == "unknown_status" and "status" in entry:
            entry |= {"status": options["status"], "statusName": "?"}
        elif kind == "lag" and "status" in entry:
            status, name = shapes.STATUSES["pending"]
            entry |= {"status": status, "statusName": name, "datePayment": shapes.NEVER, "dateRemoval": shapes.NEVER}
        return dataclasses.replace(answer, body=encode(document).encode())

    def subject(self, answer: Answer) -> Payment | Refund | None:
        document = decode(answer.body) if answer.body else None
        data = document.get("data") if isinstance(document, dict) else None
        return self._ledger.payment_by_code(str(data.get("cip"))) if isinstance(data, dict) else None

    def notification(self, subject: Payment | Refund) -> bytes:
        """Nothing but a payment is told."""
        if isinstance(subject, Refund) or subject.state != "paid":
            return b""
        return encode(shapes.notification_document(subject, self._switches)).encode()

    def address(self, url: str, body: bytes) -> str:  # noqa: ARG002 - PagoEfectivo adds nothing to the address
        return url

    def signed_headers(
        self,
        merchant: Merchant,
        body: bytes,
        sent_at: datetime,
        date_text: str | None = None,  # noqa: ARG002 - nothing in a notification is dated
    ) -> dict[str, str]:
        return self.unsigned_headers(merchant, sent_at) | {
            "PE-Signature": pe_signature(merchant.secrets["secret_key"], body)
        }

    def unsigned_headers(self, merchant: Merchant, sent_at: datetime) -> dict[str, str]:  # noqa: ARG002 - as above
        return {"Content-Type": "application/json; charset=utf-8", "User-Agent": "pagoefectivo-sandbox/1"}


FACE = PagoEfectivoDirectFace
