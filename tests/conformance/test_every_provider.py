"""No provider is registered without proving itself, and the suite fails one that cheats."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, NotSent, Refused
from pagoefectivo.domain.messages import PaymentUpdate, Verification
from pagoefectivo.domain.states import PaymentStatus
from pagoefectivo.providers.base import (
    Account,
    ErrorClass,
    ErrorRule,
    Gateway,
    Operation,
    Recorder,
    WebhookReader,
    Wire,
)
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.providers.dlocal.gateway import DLocalGateway
from pagoefectivo.providers.dlocal.webhook import DLocalWebhookReader
from pagoefectivo.providers.registry import provider_named, provider_slugs
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.faults import FAULTS
from tests.conformance.test_dlocal import TestDLocal as DLocalPromises

FAULT = {fault.name: fault for fault in FAULTS}


@pytest.mark.parametrize("slug", provider_slugs())
def test_every_registered_provider_is_under_the_suite(slug: str) -> None:
    module = importlib.import_module(f"tests.conformance.test_{slug}")
    classes = [each for each in vars(module).values() if isinstance(each, type)]
    proven = [each for each in classes if issubclass(each, ProviderConformance) and hasattr(each, "provider")]
    assert [each.provider for each in proven] == [provider_named(slug)]


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


def promises_of(
    gateway: type[Gateway] = DLocalGateway, reader: type[WebhookReader] = DLocalWebhookReader, **declared: Any
) -> DLocalPromises:
    """Return dLocal's promises, made by a provider that differs in one point."""

    class Cheat(DLocal):
        @classmethod
        def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
            return gateway(account, recorder, wire)  # type: ignore[call-arg]

        @classmethod
        def webhook_reader(cls, account: Account) -> WebhookReader:
            return reader(account)  # type: ignore[call-arg]

    for name, value in declared.items():
        setattr(Cheat, name, value)
    promises = type("Promises", (DLocalPromises,), {"provider": Cheat})
    made: DLocalPromises = promises()
    return made


def able(**changes: Any) -> Any:
    return dataclasses.replace(DLocal.capabilities, **changes)


def ruled(operation: Operation, raw: str, code: ErrorCode, error_class: ErrorClass) -> Any:
    return {**DLocal.errors, (operation, raw): ErrorRule(code, error_class)}


CHEATS: dict[str, tuple[DLocalPromises, Callable[[DLocalPromises], object]]] = {
    "guesses an unknown status": (
        promises_of(Guesses),
        lambda cheat: cheat.test_a_status_never_heard_of_is_not_guessed(),
    ),
    "lets its own words out": (
        promises_of(Blabs),
        lambda cheat: cheat.test_each_payment_status_is_told_in_our_word("CANCELLED"),
    ),
    "calls a timeout final": (
        promises_of(GivesUp),
        lambda cheat: cheat.test_each_fault_is_called_by_its_name(Operation.REQUEST_REFUND, FAULT["no answer in time"]),
    ),
    "sends a refund twice": (
        promises_of(TriesAgain),
        lambda cheat: cheat.test_each_fault_is_called_by_its_name(Operation.REQUEST_REFUND, FAULT["connection reset"]),
    ),
    "forgets which call it was": (
        promises_of(Forgets),
        lambda cheat: cheat.test_each_fault_is_called_by_its_name(Operation.FETCH_PAYMENT, FAULT["500"]),
    ),
    "shows its login": (
        promises_of(ShowsItself),
        lambda cheat: cheat.test_no_repr_shows_a_secret_or_a_person(),
    ),
    "believes unsigned messages": (
        promises_of(reader=BelievesAll),
        lambda cheat: cheat.test_an_unsigned_message_is_refused(),
    ),
    "believes changed messages": (
        promises_of(reader=BelievesAll),
        lambda cheat: cheat.test_a_message_with_one_changed_byte_is_refused(),
    ),
    "falls over a missing header": (
        promises_of(reader=FallsOver),
        lambda cheat: cheat.test_an_unsigned_message_is_refused(),
    ),
    "says no to a question for good": (
        promises_of(errors=ruled(Operation.FETCH_REFUND, "4001", ErrorCode.POLL_NOT_FOUND, ErrorClass.TERMINAL)),
        lambda cheat: cheat.test_a_question_is_never_answered_with_a_final_no(),
    ),
    "calls a duplicate refund undone": (
        promises_of(errors=ruled(Operation.REQUEST_REFUND, "5011", ErrorCode.REFUND_DUPLICATE, ErrorClass.TERMINAL)),
        lambda cheat: cheat.test_nothing_that_may_have_been_done_already_is_called_undone(),
    ),
    "does not declare a secret header": (
        promises_of(secret_headers=frozenset({"authorization"})),
        lambda cheat: cheat.test_every_header_that_carries_a_secret_is_declared_secret(Operation.FETCH_PAYMENT),
    ),
    "has its limits the wrong way round": (
        promises_of(capabilities=able(limits={"PEN": DLocal.capabilities.limits["PEN"][::-1]})),
        lambda cheat: cheat.test_its_abilities_do_not_contradict_each_other(),
    ),
    "has one host for both environments": (
        promises_of(hosts=dict.fromkeys(("sandbox", "production"), "https://api.dlocal.com")),
        lambda cheat: cheat.test_it_names_itself_its_hosts_and_its_credentials(),
    ),
    "speaks raw words in its table": (
        promises_of(payment_statuses={**DLocal.payment_statuses, "PAID": "paid"}),
        lambda cheat: cheat.test_its_tables_speak_only_our_words(),
    ),
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_the_suite_catches_a_provider_that(cheat: str) -> None:
    promises, promise = CHEATS[cheat]
    with pytest.raises((AssertionError, pytest.fail.Exception, KeyError)):
        promise(promises)
