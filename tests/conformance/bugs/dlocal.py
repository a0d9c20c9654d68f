"""dLocal with one bug each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import Retry

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, NotSent, Refused
from pagoefectivo.domain.messages import PaymentUpdate, Verification
from pagoefectivo.domain.states import PaymentStatus, Proof
from pagoefectivo.providers.base import Account, ErrorClass, ErrorRule, Operation, Recorder, Wire
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.providers.dlocal.gateway import DLocalGateway
from pagoefectivo.providers.dlocal.objects import payment_update
from pagoefectivo.providers.dlocal.webhook import DLocalWebhookReader
from pagoefectivo.testing.conformance.faults import FAULTS
from tests.conformance.bugs.planting import Bug, bug, sends, written_anew
from tests.conformance.test_dlocal import TestDLocal as Promises

FAULT = {fault.name: fault for fault in FAULTS}


class Guesses(DLocalGateway):
    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        return dataclasses.replace(super().fetch_payment(provider_reference), status=PaymentStatus.PENDING)


class Blabs(DLocalGateway):
    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        update = super().fetch_payment(provider_reference)
        return dataclasses.replace(update, raw_code=update.raw_status)


class GivesUp(DLocalGateway):
    def request_refund(self, request: Any) -> Any:
        try:
            return super().request_refund(request)
        except Ambiguous as error:
            raise Refused(error.fault, request_id=error.request_id) from None


class TriesAgain(DLocalGateway):
    def request_refund(self, request: Any) -> Any:
        try:
            return super().request_refund(request)
        except Ambiguous:
            return super().request_refund(request)


class Forgets(DLocalGateway):
    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        try:
            return super().fetch_payment(provider_reference)
        except NotSent as error:
            raise NotSent(error.fault) from None


class ShowsItself(DLocalGateway):
    def __repr__(self) -> str:
        return f"<gateway of {self._login}>"


class BelievesAll(DLocalWebhookReader):
    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:
        return Verification(0, covers_body=True)


class FallsOver(DLocalWebhookReader):
    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:
        return super().verify(body, {**headers, "X-Date": headers["X-Date"]})


class BelievesAnyAnswer(DLocalGateway):
    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        path = f"/payments/{provider_reference}"
        return self._get(Operation.FETCH_PAYMENT, path, lambda said: payment_update(said, Proof.READ))


class LeavesRetriesToTheSession(DLocalGateway):
    def __init__(self, account: Account, recorder: Recorder, wire: Wire) -> None:
        super().__init__(account, recorder, wire)
        wire.session.mount("http://", HTTPAdapter(max_retries=Retry(1, allowed_methods=None, status_forcelist=[500])))


def able(**changes: Any) -> Any:
    return dataclasses.replace(DLocal.capabilities, **changes)


def ruled(operation: Operation, raw: str, code: ErrorCode, error_class: ErrorClass) -> Any:
    return {**DLocal.errors, (operation, raw): ErrorRule(code, error_class)}


BUGS: dict[str, Bug] = {
    "guesses an unknown status": bug(
        Promises,
        lambda it: it.test_a_status_never_heard_of_is_not_guessed(),
        gateway=Guesses,
    ),
    "lets its own words out": bug(
        Promises,
        lambda it: it.test_each_payment_status_is_told_in_our_word("CANCELLED"),
        gateway=Blabs,
    ),
    "calls a timeout final": bug(
        Promises,
        lambda it: it.test_each_fault_is_called_by_its_name(Operation.REQUEST_REFUND, FAULT["no answer in time"]),
        gateway=GivesUp,
    ),
    "sends a refund twice": bug(
        Promises,
        lambda it: it.test_each_fault_is_called_by_its_name(Operation.REQUEST_REFUND, FAULT["connection reset"]),
        gateway=TriesAgain,
    ),
    "forgets which call it was": bug(
        Promises,
        lambda it: it.test_each_fault_is_called_by_its_name(Operation.FETCH_PAYMENT, FAULT["500"]),
        gateway=Forgets,
    ),
    "shows its login": bug(
        Promises,
        lambda it: it.test_no_repr_shows_a_secret_or_a_person(),
        gateway=ShowsItself,
    ),
    "believes unsigned messages": bug(
        Promises,
        lambda it: it.test_an_unsigned_message_is_refused(),
        reader=BelievesAll,
    ),
    "believes changed messages": bug(
        Promises,
        lambda it: it.test_a_message_with_one_changed_byte_is_refused(),
        reader=BelievesAll,
    ),
    "falls over a missing header": bug(
        Promises,
        lambda it: it.test_an_unsigned_message_is_refused(),
        reader=FallsOver,
    ),
    "says no to a question for good": bug(
        Promises,
        lambda it: it.test_a_question_is_never_answered_with_a_final_no(),
        errors=ruled(Operation.FETCH_REFUND, "4001", ErrorCode.POLL_NOT_FOUND, ErrorClass.TERMINAL),
    ),
    "calls a duplicate refund undone": bug(
        Promises,
        lambda it: it.test_nothing_that_may_have_been_done_already_is_called_undone(),
        errors=ruled(Operation.REQUEST_REFUND, "5011", ErrorCode.REFUND_DUPLICATE, ErrorClass.TERMINAL),
    ),
    "does not declare a secret header": bug(
        Promises,
        lambda it: it.test_every_header_that_carries_a_secret_is_declared_secret(Operation.FETCH_PAYMENT),
        secret_headers=frozenset({"authorization"}),
    ),
    "has its limits the wrong way round": bug(
        Promises,
        lambda it: it.test_its_abilities_do_not_contradict_each_other(),
        capabilities=able(limits={"PEN": DLocal.capabilities.limits["PEN"][::-1]}),
    ),
    "promises days that are no span": bug(
        Promises,
        lambda it: it.test_it_promises_a_span_of_business_days_or_nothing(),
        capabilities=able(refund_takes=(1, 5)),
    ),
    "counts from details that nobody asks for": bug(
        Promises,
        lambda it: it.test_it_promises_a_span_of_business_days_or_nothing(),
        capabilities=able(payer_data_by_provider=False),
    ),
    "has one host for both environments": bug(
        Promises,
        lambda it: it.test_it_names_itself_its_hosts_and_its_credentials(),
        hosts=dict.fromkeys(("sandbox", "production"), "https://api.dlocal.com"),
    ),
    "speaks raw words in its table": bug(
        Promises,
        lambda it: it.test_its_tables_speak_only_our_words(),
        payment_statuses={**DLocal.payment_statuses, "PAID": "paid"},
    ),
    "writes its body anew after signing it": bug(
        Promises,
        lambda it: it.test_the_provider_would_take_each_call_for_the_accounts(Operation.ISSUE_VOUCHER),
        gateway=sends(DLocalGateway, written_anew),
    ),
    "believes an answer about another payment": bug(
        Promises,
        lambda it: it.test_an_answer_about_another_is_not_believed(Operation.FETCH_PAYMENT),
        gateway=BelievesAnyAnswer,
    ),
    "lets its session try again, unrecorded": bug(
        Promises,
        lambda it: it.test_what_is_recorded_is_what_left(Operation.REQUEST_REFUND),
        gateway=LeavesRetriesToTheSession,
    ),
}
