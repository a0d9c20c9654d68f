"""The dLocal face's desk: the work behind each path, once the caller is known and his signature holds."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.ledger import Ledger, Merchant, Payment, Refund
from pagoefectivo.sandbox.psps import dlocal_rules as rules
from pagoefectivo.sandbox.psps import dlocal_shapes as shapes
from pagoefectivo.sandbox.psps.dlocal_shapes import Refusal
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Answer, Request, encode, json_answer

NAME = "dlocal"
STATUS_LIFE = timedelta(days=365)


class DLocalDesk:
    """One method per operation; each runs under the ledger's lock and raises Refusal for what dLocal turns down."""

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, counter: Counter) -> None:
        self._ledger = ledger
        self._clock = clock
        self._switches = switches
        self._counter = counter

    def create(self, merchant: Merchant, request: Request, _: str) -> Answer:
        fields = rules.read_body(request)
        amount = rules.amount(fields)
        currency = rules.currency(fields, self._switches.currencies)
        rules.country(fields)
        rules.method_and_flow(fields)
        payer = rules.payer(fields, self._switches)
        order_id = rules.text(fields, "order_id", 125)
        texts = rules.optional_texts(fields, rules.PAYMENT_LENGTHS)
        notification_url = rules.url(texts, "notification_url", self._panel_url(merchant))
        rules.within_limits(amount, currency, self._switches)
        if self._ledger.payment_by_order(merchant, order_id):
            raise Refusal(400, 5009, "Duplicate order id", "order_id")
        now = self._clock.now()
        payment = Payment(
            id=f"D-4-{uuid.uuid4()}",
            psp=NAME,
            login=merchant.login,
            order_id=order_id,
            code=self._counter.next_code(),
            amount=amount,
            currency=currency,
            created_at=now,
            expires_at=self._counter.deadline(now),
            notification_url=notification_url,
            payer=payer,
            description=texts.get("description"),
        )
        self._counter.issue(payment)
        return json_answer(200, shapes.payment_document(payment, self._switches))

    def get_payment(self, merchant: Merchant, _: Request, path: str) -> Answer:
        payment = self._payment_of(merchant, path.split("/")[2])
        document = shapes.payment_document(payment, self._switches)
        if path.endswith("/status"):
            if self._clock.now() - payment.created_at > STATUS_LIFE:
                raise _payment_not_found()
            return json_answer(200, {"id": payment.id, **shapes.payment_status(payment, self._switches)})
        refunds = [self.refund_document(each) for each in self._ledger.refunds(payment.id)]
        return json_answer(200, document | {"refunds": refunds} if refunds else document)

    def get_order(self, merchant: Merchant, _: Request, path: str) -> Answer:
        payment = self._ledger.payment_by_order(merchant, path.removeprefix("/orders/"))
        if payment is None:
            raise Refusal(404, 4000, "Order not found")
        return json_answer(200, shapes.order_document(payment, self._switches))

    def cancel(self, merchant: Merchant, _: Request, path: str) -> Answer:
        payment = self._ledger.payment(path.split("/")[2])
        if payment is None or payment.login != merchant.login:
            raise Refusal(400, 4000, "Payment not found")
        if not self._switches.cancel_allowed:
            if self._switches.cancel_refusal == "3003":
                raise Refusal(403, 3003, "Merchant has no authorization to use this API")
            raise Refusal(400, 5013, "Unsupported operation")
        if payment.state != "pending":
            raise Refusal(400, 5002, "Invalid transaction status")
        self._counter.cancel(payment)
        return json_answer(200, shapes.payment_document(payment, self._switches))

    def refund(self, merchant: Merchant, request: Request, _: str) -> Answer:
        fields = rules.read_body(request)
        payment = self._payment_of(merchant, rules.text(fields, "payment_id", 50))
        texts = rules.optional_texts(fields, rules.REFUND_LENGTHS)
        bank = rules.bank_details(texts)
        notification_url = rules.url(texts, "notification_url", payment.notification_url)
        reference = texts.get("order_refund_id")
        if reference and self._ledger.refund_by_reference(merchant, reference):
            raise Refusal(400, 5011, "Duplicate order refund id", "order_refund_id")
        if payment.state != "paid":
            raise Refusal(400, 5002, "Invalid transaction status")
        amount = self._refund_amount(payment, fields)
        refund = Refund(
            id=f"REF-{uuid.uuid4()}",
            payment_id=payment.id,
            psp=NAME,
            login=merchant.login,
            amount=amount,
            currency=payment.received_currency,
            created_at=self._clock.now(),
            reference=reference,
            notification_url=notification_url,
            description=texts.get("description"),
            bank=bank,
        )
        self._counter.open_refund(refund)
        return json_answer(200, self.refund_document(refund))

    def _refund_amount(self, payment: Payment, fields: dict[str, Any]) -> Decimal:
        left = self._counter.left_to_refund(payment)
        amount = payment.received
        if fields.get("amount") is not None:
            amount = rules.amount(fields)
            rules.currency(fields, [payment.received_currency])
        window = timedelta(days=self._switches.refund_window_days)
        if self._clock.now() - (payment.approved_at or payment.created_at) > window:
            raise Refusal(400, 5020, "The period to refund this payment is over")
        if amount > left and not self._switches.permissive:
            raise Refusal(400, 5007, "Amount exceeded", "amount")
        balance = self._switches.balance
        if balance is not None and amount > Decimal(balance):
            raise Refusal(400, 5012, "Insufficient funds")
        if balance is not None:
            self._switches.balance = str(Decimal(balance) - amount)
        return amount

    def get_refund(self, merchant: Merchant, _: Request, path: str) -> Answer:
        refund = self._ledger.refund(path.split("/")[2])
        if refund is None or refund.login != merchant.login:
            raise Refusal(404, 4001, "Refund not found")
        if path.endswith("/status"):
            return json_answer(200, shapes.code_as_text({"id": refund.id, **shapes.refund_status(refund)}))
        return json_answer(200, self.refund_document(refund))

    def payment_methods(self, _: Merchant, request: Request, __: str) -> Answer:
        country = request.query.get("country")
        if not country:
            raise rules.missing("country")
        return json_answer(200, [shapes.METHOD] if country == "PE" else [])

    def sandbox_tools(self, merchant: Merchant, request: Request, _: str) -> Answer:
        fields = rules.read_body(request)
        payment = self._ledger.payment(rules.text(fields, "payment_id", 50))
        if payment is None or payment.login != merchant.login:
            nested = encode({"code": 4000, "message": "Payment not found"})
            return json_answer(404, {"code": 0, "status": "ERROR", "message": f"404 {nested}"})
        wanted = fields.get("status")
        if wanted not in ("PAID", "REJECTED"):
            raise rules.invalid("status")
        if payment.state != "pending":
            word = shapes.payment_status(payment, self._switches)["status"]
            raise Refusal(400, 5002, f"Invalid transaction status: {word}")
        if wanted == "PAID":
            self._counter.pay(payment)
        else:
            self._counter.reject(payment)
        return json_answer(200, shapes.payment_document(payment, self._switches))

    def _panel_url(self, merchant: Merchant) -> str | None:
        return merchant.notification_url or self._switches.notification_url

    def _payment_of(self, merchant: Merchant, payment_id: str) -> Payment:
        payment = self._ledger.payment(payment_id)
        if payment is None or payment.login != merchant.login:
            raise _payment_not_found()
        return payment

    def refund_document(self, refund: Refund) -> shapes.Document:
        payment = self._ledger.payment(refund.payment_id)
        return shapes.refund_document(refund, payment.order_id if payment else "", self._switches)


def _payment_not_found() -> Refusal:
    return Refusal(404, 4000, "Payment not found")
