"""The Mercado Pago face's desk: the work behind each path, once the caller is known."""

from __future__ import annotations

import itertools
import time
from datetime import timedelta
from decimal import Decimal

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.ledger import Ledger, Merchant, Payment, Refund
from pagoefectivo.sandbox.psps import mercadopago_rules as rules
from pagoefectivo.sandbox.psps import mercadopago_shapes as shapes
from pagoefectivo.sandbox.psps.mercadopago_shapes import Refusal
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Answer, Request, json_answer

NAME = "mercadopago"
CREATED = 201
IDS_PER_SECOND = 10
WALLET = {"bank": "Mercado Pago account"}  # of the payer: where every refund goes


class MercadoPagoDesk:
    """One method per operation; each runs under the ledger's lock and raises Refusal for what is turned down."""

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, counter: Counter) -> None:
        self._ledger = ledger
        self._clock = clock
        self._switches = switches
        self._counter = counter
        self._ids = itertools.count(int(time.time() * IDS_PER_SECOND))  # longer than any code, and new after a restart

    def create(self, merchant: Merchant, request: Request) -> Answer:
        fields, now = rules.read_body(request), self._clock.now()
        rules.known_fields(fields)
        rules.method(fields)
        panel_url = merchant.notification_url or self._switches.notification_url
        payment = Payment(
            id=str(next(self._ids)),
            psp=NAME,
            login=merchant.login,
            order_id=rules.text(fields, "external_reference", rules.LONGEST_REFERENCE) or "",
            code=self._counter.next_code(),
            amount=rules.transaction_amount(fields),
            currency="PEN",
            created_at=now,
            expires_at=rules.expiration(fields, now) or self._counter.deadline(now),
            notification_url=rules.notification_url(fields) or panel_url,
            payer=rules.payer(fields),
            description=rules.text(fields, "description", rules.LONGEST_REFERENCE),
            takes_late_money=False,
        )
        if self._switches.expires_in_seconds is not None:
            payment.expires_at = self._counter.deadline(now)
        self._counter.issue(payment)
        return json_answer(CREATED, self._document(payment))

    def get_payment(self, merchant: Merchant, request: Request) -> Answer:
        return json_answer(200, self._document(self._payment_of(merchant, request)))

    def get_order(self, merchant: Merchant, request: Request) -> Answer:
        wanted = request.query.get("external_reference")
        mine = [
            each
            for each in self._ledger.payments()
            if (each.psp, each.login) == (NAME, merchant.login) and wanted in (None, each.order_id)
        ]
        is_descending = request.query.get("criteria") == "desc"
        mine.sort(key=lambda each: each.created_at, reverse=is_descending)
        return json_answer(200, shapes.search_document([self._document(each) for each in mine]))

    def cancel(self, merchant: Merchant, request: Request) -> Answer:
        payment = self._payment_of(merchant, request)
        if rules.read_body(request).get("status") != "cancelled":
            raise Refusal(400, 1, "Params Error")
        if payment.state != "pending":
            raise Refusal(400, 2018, "The action requested is not valid for the current payment state")
        self._counter.cancel(payment)
        return json_answer(200, self._document(payment))

    def refund(self, merchant: Merchant, request: Request) -> Answer:
        payment = self._payment_of(merchant, request)
        amount = self._refund_amount(payment, rules.refund_amount(rules.read_body(request)))
        refund = Refund(
            id=str(next(self._ids)),
            payment_id=payment.id,
            psp=NAME,
            login=merchant.login,
            amount=amount,
            currency=payment.received_currency,
            created_at=self._clock.now(),
            reference=None,
            notification_url=payment.notification_url,
            description=None,
            bank=WALLET,
        )
        self._counter.open_refund(refund)
        if not self._switches.mercadopago_in_process:
            self._counter.settle(refund, "succeed")
        elif request.headers.get("x-render-in-process-refunds") != "true":
            return shapes.error_answer(400, "The refund could not be confirmed")
        return json_answer(CREATED, shapes.refund_document(refund))

    def _refund_amount(self, payment: Payment, wanted: Decimal | None) -> Decimal:
        permissive, left = self._switches.permissive, self._counter.left_to_refund(payment)
        window = timedelta(days=self._switches.mercadopago_refund_window_days)
        if payment.state != "paid":
            raise Refusal(400, 2063, "The action requested is not valid for the current payment state")
        if left <= 0 and not permissive:
            raise Refusal(400, 4296, "The charge was already refunded")
        if self._clock.now() - (payment.approved_at or payment.created_at) > window:
            raise Refusal(404, 2024, "Payment too old to be refunded")
        is_part = wanted is not None and wanted != payment.received
        if is_part and not self._switches.mercadopago_partial_refunds:
            raise Refusal(404, 3024, "Partial refund unsupported for this transaction")
        amount = wanted or (left if left > 0 else payment.received)
        if amount > left and not permissive:
            raise Refusal(400, 2017, "The transaction_amount is invalid")
        self._take_from_balance(amount)
        return amount

    def _take_from_balance(self, amount: Decimal) -> None:
        if self._switches.balance is None:
            return
        balance = Decimal(self._switches.balance)
        if amount > balance:
            raise Refusal(400, 2031, "Collector doesn't have sufficient available money")
        self._switches.balance = str(balance - amount)

    def get_refund(self, merchant: Merchant, request: Request) -> Answer:
        payment = self._payment_of(merchant, request)
        known = self._ledger.refunds(payment.id)
        refund_id = request.path.split("/")[5:]
        if not refund_id:
            return json_answer(200, [shapes.refund_document(each) for each in known])
        for refund in known:
            if refund.id == refund_id[0]:
                return json_answer(200, shapes.refund_document(refund))
        raise Refusal(404, 2032, "Refund not found")

    def payment_methods(self, _: Merchant, __: Request) -> Answer:
        return json_answer(200, [shapes.METHOD])

    def _payment_of(self, merchant: Merchant, request: Request) -> Payment:
        payment = self._ledger.payment(request.path.split("/")[3])
        if payment is None or (payment.psp, payment.login) != (NAME, merchant.login):
            raise Refusal(404, 2000, "Payment not found")
        return payment

    def _document(self, payment: Payment) -> shapes.Document:
        return shapes.payment_document(payment, self._ledger.refunds(payment.id))
