"""The EBANX face's desk: the work behind each path, once the caller is known and his signature holds."""

from __future__ import annotations

import itertools
import time
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.ledger import Ledger, Merchant, Payment, Refund
from pagoefectivo.sandbox.psps import ebanx_rules as rules
from pagoefectivo.sandbox.psps import ebanx_shapes as shapes
from pagoefectivo.sandbox.psps.ebanx_shapes import UNPUBLISHED, Refusal
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Answer

NAME = "ebanx"
HASH_LENGTH = 48

Fields = dict[str, Any]


class EbanxDesk:
    """One method per operation; each runs under the ledger's lock and raises Refusal for what EBANX turns down."""

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, counter: Counter) -> None:
        self._ledger = ledger
        self._clock = clock
        self._switches = switches
        self._counter = counter
        self._refund_ids = itertools.count(int(time.time()))

    def create(self, merchant: Merchant, fields: Fields) -> Answer:
        payment = self._issued(merchant, fields)
        self._counter.issue(payment)
        return shapes.success(self.document(payment))

    def get_payment(self, merchant: Merchant, fields: Fields) -> Answer:
        """Answer /ws/query, which takes exactly one of the two names of a payment."""
        code, identity = fields.get("merchant_payment_code"), fields.get("hash")
        if bool(code) == bool(identity):
            raise Refusal(UNPUBLISHED, "Either hash or merchant_payment_code must be provided")
        not_found = Refusal(self._switches.query_not_found, "Payment not found")
        return shapes.success(self.document(self._named(merchant, fields, not_found)))

    def cancel(self, merchant: Merchant, fields: Fields) -> Answer:
        if not fields.get("hash"):
            raise Refusal("BP-CAN-1", "Parameter hash not informed")
        payment = self._named(merchant, {"hash": fields["hash"]}, _not_found())
        if payment.state != "pending":
            raise Refusal(UNPUBLISHED, "Only an open or pending payment can be cancelled")
        self._counter.cancel(payment)
        return shapes.success(self.document(payment), operation="cancel")

    def refund(self, merchant: Merchant, fields: Fields) -> Answer:
        if fields.get("operation") != "request":
            raise Refusal(UNPUBLISHED, "Only operation=request is imitated here")
        if not (fields.get("hash") or fields.get("merchant_payment_code")):
            raise Refusal("BP-REF-1", "Parameters hash or merchant_payment_code not informed")
        payment = self._named(merchant, fields, _not_found())
        code, description = rules.refund_code(fields), rules.description(fields)
        amount = self._refund_amount(payment, fields)
        refund = Refund(
            id=str(next(self._refund_ids)),
            payment_id=payment.id,
            psp=NAME,
            login=merchant.login,
            amount=amount,
            currency=payment.received_currency,
            created_at=self._clock.now(),
            reference=code,
            notification_url=payment.notification_url,
            description=description,
            bank={},
        )
        self._counter.open_refund(refund)
        self._clock.call_at(shapes.pending_at(refund, self._switches), lambda: self._mail_form(refund))
        return shapes.success(self.document(payment), refund=self.refund_document(refund), operation="refund")

    def document(self, payment: Payment) -> shapes.Document:
        return shapes.payment_document(
            payment, [self.refund_document(each) for each in self._ledger.refunds(payment.id)]
        )

    def refund_document(self, refund: Refund) -> shapes.Document:
        return shapes.refund_document(refund, self._switches, self._clock.now())

    def _issued(self, merchant: Merchant, fields: Fields) -> Payment:
        payment = fields.get("payment")
        if not isinstance(payment, dict):
            raise Refusal("BP-DR-2", "Field payment is required")
        rules.method(payment)
        currency = rules.currency(payment, self._switches.currencies)
        amount = rules.amount(payment, "amount_total", Refusal("BP-DR-5", "Field payment.amount_total is required"))
        code = rules.payment_code(payment)
        payer = rules.payer(payment, self._switches)
        rules.within_limits(amount, currency, self._switches)
        known = self._ledger.payment_by_order(merchant, code)
        if known:
            created, status = shapes.moment(known.created_at), shapes.PAYMENT_WORDS[known.state]
            message = (
                f"Payment already exists with merchant_payment_code: {code} (created on {created}, status is {status})"
            )
            raise Refusal("BP-DR-0", message)
        now = self._clock.now()
        due = rules.last_second(payment, now)
        given = due is not None and self._switches.expires_in_seconds is None
        return Payment(
            id=(uuid.uuid4().hex + uuid.uuid4().hex)[:HASH_LENGTH],
            psp=NAME,
            login=merchant.login,
            order_id=code,
            code=self._counter.next_code(),
            amount=amount,
            currency=currency,
            created_at=now,
            expires_at=due if due and given else self._counter.deadline(now),
            notification_url=rules.url(payment, merchant.notification_url or self._switches.notification_url),
            payer=payer,
        )

    def _refund_amount(self, payment: Payment, fields: Fields) -> Decimal:
        if payment.state != "paid":
            raise Refusal("BP-REF-7", "Payment is not confirmed")
        amount = rules.amount(fields, "amount", Refusal(UNPUBLISHED, "Parameter amount not informed"))
        window = timedelta(days=self._switches.refund_window_days)
        if self._clock.now() - (payment.approved_at or payment.created_at) > window:
            raise Refusal(UNPUBLISHED, "The period to refund this payment is over")
        if amount > self._counter.left_to_refund(payment) and not self._switches.permissive:
            raise Refusal(UNPUBLISHED, "Amount is greater than what is left of the payment")
        return amount

    def _named(self, merchant: Merchant, fields: Fields, not_found: Refusal) -> Payment:
        identity = fields.get("hash")
        if identity:
            payment = self._ledger.payment(str(identity))
        else:
            payment = self._ledger.payment_by_order(merchant, str(fields.get("merchant_payment_code")))
        if payment is None or (payment.psp, payment.login) != (NAME, merchant.login):
            raise not_found
        return payment

    def _mail_form(self, refund: Refund) -> None:
        with self._ledger.lock:
            if refund.state == "pending" and self._ledger.refund(refund.id) is refund:
                self._counter.announce(refund)


def _not_found() -> Refusal:
    return Refusal("BP-REF-CAN-2", "Payment not found")
