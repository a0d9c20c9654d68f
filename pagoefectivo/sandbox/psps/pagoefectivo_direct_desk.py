"""The PagoEfectivo face's desk: the work behind each path, once the caller's token is known."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.ledger import Ledger, Merchant, Payment
from pagoefectivo.sandbox.psps import pagoefectivo_direct_rules as rules
from pagoefectivo.sandbox.psps import pagoefectivo_direct_shapes as shapes
from pagoefectivo.sandbox.psps.pagoefectivo_direct_shapes import INVALID, Refusal, at_fault
from pagoefectivo.sandbox.psps.pagoefectivo_direct_signing import is_sealed
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Answer, Request

NAME = "pagoefectivo_direct"
TOKEN_BYTES = 150


class PagoEfectivoDirectDesk:
    """One method per operation; each runs under the ledger's lock and raises Refusal for what is turned down."""

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, counter: Counter) -> None:
        self._ledger = ledger
        self._clock = clock
        self._switches = switches
        self._counter = counter
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._removed: dict[str, datetime] = {}

    def reset(self) -> None:
        self._tokens.clear()
        self._removed.clear()

    def bearer(self, request: Request) -> Merchant:
        """Return whose token the request carries; 401 without any body for one that is unknown or has expired."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        login, good_until = self._tokens.get(token, ("", None))
        merchant = self._ledger.merchants.get((NAME, login))
        if merchant is None or good_until is None or good_until <= self._clock.now():
            raise Refusal(401, None)
        return merchant

    def authorize(self, request: Request) -> Answer:
        fields = rules.read_body(request)
        login, access_key = rules.text(fields, "idService", 10), rules.text(fields, "accessKey", 40)
        date_request, sealed = rules.text(fields, "dateRequest", 25), rules.text(fields, "hashString", 64)
        if shapes.read_date(date_request) is None:
            raise at_fault(INVALID, "dateRequest")
        merchant = self._ledger.merchants.get((NAME, login))
        if merchant is None or access_key != merchant.secrets["access_key"]:
            raise at_fault(INVALID, "accessKey")
        if not is_sealed(sealed, merchant.secrets, date_request):
            raise at_fault(INVALID, "hashString")
        now = self._clock.now()
        good_until = now + timedelta(seconds=self._switches.token_seconds)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._tokens[token] = (login, good_until)
        given = {
            "token": token,
            "codeService": "SBX",
            "tokenStart": shapes.date(now),
            "tokenExpires": shapes.date(good_until),
        }
        return shapes.success(given, 201)

    def create(self, merchant: Merchant, request: Request, _: str) -> Answer:
        rules.origin(request)
        fields, now = rules.read_body(request), self._clock.now()
        amount, currency = rules.money(fields, self._switches)
        reference = rules.text(fields, "transactionCode", 36)
        email = rules.email(fields)
        texts = rules.optional_texts(fields, self._switches)
        expires_at = rules.expiry(fields, now) if fields.get("dateExpiry") else self._counter.deadline(now)
        if self._switches.unique_transaction_code and self._ledger.payment_by_order(merchant, reference):
            raise at_fault(INVALID, "transactionCode")
        payment = Payment(
            id=str(uuid.uuid4()),
            psp=NAME,
            login=merchant.login,
            order_id=reference,
            code=self._counter.next_code(),
            amount=amount,
            currency=currency,
            created_at=now,
            expires_at=expires_at,
            notification_url=merchant.notification_url or self._switches.notification_url,
            payer={"email": email, **{key: value for key, value in texts.items() if key.startswith("user")}},
            description=texts.get("paymentConcept"),
        )
        self._counter.issue(payment)
        return shapes.success(shapes.created_document(payment), 201)

    def search(self, merchant: Merchant, request: Request, _: str) -> Answer:
        wanted = rules.wanted_codes(rules.read_body(request))
        return shapes.success([self._listed(merchant, code) for code in wanted])

    def extend(self, merchant: Merchant, request: Request, path: str) -> Answer:
        payment = self._payment_of(merchant, path)
        expires_at = rules.expiry(rules.read_body(request), self._clock.now())
        if payment.state not in ("pending", "expired"):
            raise at_fault(INVALID, "cip")
        self._counter.extend(payment, expires_at)
        return shapes.success({})

    def cancel(self, merchant: Merchant, _: Request, path: str) -> Answer:
        payment = self._payment_of(merchant, path)
        if payment.state != "pending":
            raise at_fault(INVALID, "cip")
        self._counter.cancel(payment)
        return shapes.success({})

    def _listed(self, merchant: Merchant, code: str) -> shapes.Document:
        payment = self._ledger.payment_by_code(code)
        if payment is None or (payment.psp, payment.login) != (NAME, merchant.login):
            return {}
        gone = payment.state in ("canceled", "rejected")
        return shapes.found_document(payment, self._removed_at(payment) if gone else None)

    def _removed_at(self, payment: Payment) -> datetime:
        """The ledger keeps no such date: it is that of the first look."""
        return self._removed.setdefault(payment.id, self._clock.now())

    def _payment_of(self, merchant: Merchant, path: str) -> Payment:
        payment = self._ledger.payment_by_code(path.rpartition("/")[2])
        if payment is None or (payment.psp, payment.login) != (NAME, merchant.login):
            raise at_fault(INVALID, "cip")
        return payment
