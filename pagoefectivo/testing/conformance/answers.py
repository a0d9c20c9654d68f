"""What a provider makes of an answer, and of none."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import (
    NotSent,
    ProviderError,
    Refused,
)
from pagoefectivo.domain.messages import Absent, PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import READS, ErrorRule, Operation
from pagoefectivo.providers.verdicts import RAISES
from pagoefectivo.testing.conformance.evidence import KeptEvidence
from pagoefectivo.testing.conformance.faults import Fault, unlisted_code
from pagoefectivo.testing.conformance.scripted_server import answers, scripted_server
from pagoefectivo.testing.conformance.stage import UNHEARD_OF, Stage, another

WRITTEN_AMOUNT = re.compile(rb'"?\b(?:100\.50?|40(?:\.00?)?)\b"?')


class Answers(Stage):
    """See the package."""

    def test_each_fault_is_called_by_its_name(self, operation: Operation, fault: Fault) -> None:
        error, evidence = self.failed(operation, fault.script)
        assert type(error) is (fault.after_read if operation in READS else fault.after_move)
        assert fault.code is None or error.code is fault.code
        assert error.fault.retry_after == fault.wait
        assert error.fault.operation == operation
        renewals = 1 if self.renews_tokens and fault.refuses_token else 0
        assert [call.operation for call in evidence.calls] == [operation, *[Operation.AUTHORIZE] * renewals]
        assert error.request_id == evidence.calls[-1].request_id
        assert evidence.told in (["sending", "answered"] * (1 + renewals), ["sending", "lost"])

    def test_a_refused_connection_was_sent_nothing(self, operation: Operation) -> None:
        with scripted_server(answers(200, b"{}")) as server:
            pass
        with self.gateway(server.base_url, KeptEvidence()) as gateway, pytest.raises(ProviderError) as caught:
            self.ask(operation, gateway)
        assert type(caught.value) is NotSent

    def test_a_code_that_no_table_explains_is_held(self, operation: Operation) -> None:
        fault = unlisted_code(self.error_body(self.unlisted_code), self.refusal_status)
        error, _ = self.failed(operation, fault.script)
        assert type(error) is (fault.after_read if operation in READS else fault.after_move)
        assert (error.code, error.fault.raw_code) == (ErrorCode.PSP_UNMAPPED, self.unlisted_code)

    def test_each_listed_code_raises_what_its_row_says(
        self, error_row: tuple[tuple[Operation, str], ErrorRule]
    ) -> None:
        """Whatever HTTP status it comes with: the code decides."""
        (operation, raw_code), rule = error_row
        statuses = sorted({self.refusal_status, 400, 404, 422, 500})
        script = [answers(status, self.error_body(raw_code)) for status in statuses]
        said = (RAISES[rule.error_class], rule.code, raw_code)
        with scripted_server(*script) as server, self.gateway(server.base_url, KeptEvidence()) as gateway:
            told = {status: self.told(operation, gateway) for status in statuses}
        is_absence = (
            operation in {Operation.FIND_PAYMENT, Operation.FIND_REFUND} and rule.code is ErrorCode.POLL_NOT_FOUND
        )
        assert {
            status: each for status, each in told.items() if each != said and not (is_absence and each is Absent)
        } == {}

    def test_each_payment_status_is_told_in_our_word(self, raw_payment: str) -> None:
        update = self.asked(Operation.FETCH_PAYMENT, answers(200, self.payment_body(raw_payment)))
        assert isinstance(update, PaymentUpdate)
        assert update.status is self.provider.payment_statuses[raw_payment]
        assert (update.raw_status, update.proof) == (raw_payment, Proof.READ)
        assert update.provider_reference == self.payment_reference
        assert update.reference == self.voucher.reference
        assert (type(update.amount), update.amount, update.currency) == (Decimal, self.voucher.amount, "PEN")
        assert update.paid_at is None or update.status is PaymentStatus.PAID
        assert self.spoken_words(update) == set()

    def test_each_refund_status_is_told_in_our_word(self, raw_refund: str) -> None:
        if Operation.FETCH_REFUND in self.unsupported:
            pytest.skip("the provider has no refunds to read")
        update = self.asked(Operation.FETCH_REFUND, answers(200, self.refund_body(raw_refund)))
        assert isinstance(update, RefundUpdate)
        assert update.status is self.provider.refund_statuses[raw_refund]
        assert (update.raw_status, update.proof) == (raw_refund, Proof.READ)
        assert update.provider_reference == self.refund_reference
        assert self.spoken_words(update) == set()

    @pytest.mark.parametrize("question", [Operation.FETCH_PAYMENT, Operation.FETCH_REFUND])
    def test_an_answer_about_another_is_not_believed(self, question: Operation) -> None:
        reference, body = self._answer_to(question)
        about_another = body.replace(reference.encode(), another(reference).encode())
        assert about_another != body, "the hook's answer does not name what was asked about"
        error, _ = self.failed(question, answers(200, about_another))
        assert not isinstance(error, Refused)

    @pytest.mark.parametrize("question", [Operation.FETCH_PAYMENT, Operation.FETCH_REFUND])
    def test_an_amount_that_cannot_be_read_is_not_guessed(self, question: Operation) -> None:
        _, body = self._answer_to(question)
        unreadable = WRITTEN_AMOUNT.sub(b'"a lot"', body)
        assert unreadable != body, "the hook's answer has no amount of the voucher or the refund"
        error, _ = self.failed(question, answers(200, unreadable))
        assert error.code is ErrorCode.PSP_BAD_RESPONSE

    def _answer_to(self, question: Operation) -> tuple[str, bytes]:
        if question in self.unsupported:
            pytest.skip("the provider has no such thing to read")
        if question is Operation.FETCH_PAYMENT:
            return self.payment_reference, self.payment_body(self.paid_word)
        return self.refund_reference, self.refund_body(next(iter(self.provider.refund_statuses)))

    def test_a_status_never_heard_of_is_not_guessed(self) -> None:
        payment = self.asked(Operation.FETCH_PAYMENT, answers(200, self.payment_body(UNHEARD_OF)))
        assert isinstance(payment, PaymentUpdate)
        assert (payment.status, payment.raw_status) == (PaymentStatus.UNRECOGNISED, UNHEARD_OF)
        if Operation.FETCH_REFUND not in self.unsupported:
            refund = self.asked(Operation.FETCH_REFUND, answers(200, self.refund_body(UNHEARD_OF)))
            assert isinstance(refund, RefundUpdate)
            assert (refund.status, refund.raw_status) == (RefundStatus.UNRECOGNISED, UNHEARD_OF)
