"""What every provider must prove before money goes through it.

A provider's own test module derives from `ProviderConformance`, names its class and fills the hooks at the top; pytest
then runs every promise against it. Nothing here knows a PSP.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from operator import itemgetter
from typing import ClassVar

import pytest

from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.exceptions import (
    Ambiguous,
    ConfigurationError,
    InvalidSignature,
    NotSent,
    ProviderError,
    SignatureFault,
    UnreadableMessage,
)
from pagoefectivo.domain.messages import (
    Absent,
    Destination,
    Payer,
    PaymentUpdate,
    Pointer,
    RefundRequest,
    RefundUpdate,
    VoucherRequest,
)
from pagoefectivo.domain.money import CENT, SYMBOLS, ZERO
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import (
    READS,
    Account,
    Capabilities,
    ErrorClass,
    ErrorRule,
    Gateway,
    Operation,
    Provider,
    RefundMode,
)
from pagoefectivo.providers.verdicts import RAISES
from tests.conformance.evidence import NOW, KeptEvidence, open_wire
from tests.conformance.faults import FAULTS, Fault, unlisted_code
from tests.conformance.scripted_server import Script, answers, scripted_server

PERSONAL = ("canaria@example.com", "Canaria", "87654321", "999111222", "00219312345678901234")
UNHEARD_OF = "NEVER_HEARD_OF"


class ProviderConformance:
    """Derive, fill the hooks, done."""

    # --- hooks -------------------------------------------------------------------------------------------------------
    provider: ClassVar[type[Provider]]
    credentials: ClassVar[Mapping[str, str | tuple[str, ...]]]
    payment_reference: ClassVar[str] = "PAY-1"
    refund_reference: ClassVar[str] = "REF-1"
    unlisted_code: ClassVar[str] = "987654"
    unsupported: ClassVar[frozenset[Operation]] = frozenset()

    def payment_body(self, raw_status: str) -> bytes:
        """Return a payment of `payment_reference`, order `VOUCHER.reference`, in this status of the PSP's."""
        raise NotImplementedError

    def refund_body(self, raw_status: str) -> bytes:
        """Return a refund of `refund_reference`, our `REFUND.reference`, in this status of the PSP's."""
        raise NotImplementedError

    def error_body(self, raw_code: str) -> bytes:
        """Return the PSP's refusal with this code."""
        raise NotImplementedError

    def signed_headers(self, body: bytes) -> dict[str, str]:
        """Return the headers with which the PSP would send this notification, by an implementation of its own."""
        raise NotImplementedError

    # --- the stage ---------------------------------------------------------------------------------------------------
    voucher: ClassVar[VoucherRequest] = VoucherRequest(
        reference="ORD-0001",
        amount=Decimal("100.50"),
        currency="PEN",
        payer=Payer("canaria@example.com", "María Canaria", "+51999111222", "DNI", "87654321"),
        expires_at=NOW + timedelta(hours=48),
        idempotency_key="7b1c0d3e-key-of-the-voucher",
        notification_url="https://shop.example/pagoefectivo/webhooks/default/",
    )
    refund: ClassVar[RefundRequest] = RefundRequest(
        reference="RF-0001",
        payment_reference="PAY-1",
        amount=Decimal("40.00"),
        currency="PEN",
        reason="buyer_request",
        idempotency_key="7b1c0d3e-key-of-the-refund",
        notification_url="https://shop.example/pagoefectivo/webhooks/default/?refund=RF-0001",
        destination=Destination("María Canaria", "DNI", "87654321", "002", "00219312345678901234", "S"),
    )

    def account(self, base_url: str = "https://psp.example") -> Account:
        return Account("default", base_url, self.credentials, connect_timeout=0.5, read_timeout=0.2)

    def ask(self, operation: Operation, gateway: Gateway) -> object:
        calls: dict[Operation, Callable[[], object]] = {
            Operation.ISSUE_VOUCHER: lambda: gateway.issue_voucher(self.voucher),
            Operation.FETCH_PAYMENT: lambda: gateway.fetch_payment(self.payment_reference),
            Operation.FIND_PAYMENT: lambda: gateway.find_payment(self.voucher.reference),
            Operation.CANCEL_VOUCHER: lambda: gateway.cancel_voucher(self.payment_reference),
            Operation.REQUEST_REFUND: lambda: gateway.request_refund(self.refund),
            Operation.FETCH_REFUND: lambda: gateway.fetch_refund(self.refund_reference),
            Operation.FIND_REFUND: lambda: gateway.find_refund(self.refund.reference, self.payment_reference),
        }
        return calls[operation]()

    def asked(self, operation: Operation, script: Script, evidence: KeptEvidence | None = None) -> object:
        with scripted_server(script) as server, open_wire() as wire:
            gateway = self.provider.gateway(self.account(server.base_url), evidence or KeptEvidence(), wire)
            return self.ask(operation, gateway)

    def failed(self, operation: Operation, script: Script) -> tuple[ProviderError, KeptEvidence]:
        evidence = KeptEvidence()
        with pytest.raises(ProviderError) as caught:
            self.asked(operation, script, evidence)
        return caught.value, evidence

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Spread each promise over the provider's own tables."""
        if metafunc.cls is None or not hasattr(metafunc.cls, "provider"):
            return
        provider: type[Provider] = metafunc.cls.provider
        supported = [operation for operation in Operation if operation not in metafunc.cls.unsupported]
        rows = sorted(((row, rule) for row, rule in provider.errors.items() if row[0] in supported), key=itemgetter(0))
        tables: dict[str, tuple[list[object], list[str]]] = {
            "operation": (list(supported), list(supported)),
            "fault": (list(FAULTS), [fault.name for fault in FAULTS]),
            "error_row": (list(rows), [f"{operation}-{raw}" for (operation, raw), _ in rows]),
            "raw_payment": (list(provider.payment_statuses), list(provider.payment_statuses)),
            "raw_refund": (list(provider.refund_statuses), list(provider.refund_statuses)),
        }
        for name, (values, ids) in tables.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, values, ids=ids)

    # --- the declaration ---------------------------------------------------------------------------------------------
    def test_it_names_itself_its_hosts_and_its_credentials(self) -> None:
        provider = self.provider
        assert provider.slug.isidentifier()
        assert provider.slug == provider.slug.lower()
        assert provider.name
        assert set(provider.hosts) == {"sandbox", "production"}
        assert len(set(provider.hosts.values())) == 2
        assert all(host.startswith("https://") and not host.endswith("/") for host in provider.hosts.values())
        assert any(provider.credential_fields.values())
        assert provider.secret_list_fields <= set(provider.credential_fields)
        assert {name for name, needed in provider.credential_fields.items() if needed} <= set(self.credentials)
        assert all(header == header.lower() for header in provider.secret_headers)

    def test_its_abilities_do_not_contradict_each_other(self) -> None:
        able: Capabilities = self.provider.capabilities
        assert timedelta(0) < able.longest_in_flight < able.idempotency_life
        assert timedelta(0) < able.shortest_expiry <= able.longest_expiry
        assert able.required_payer_fields <= {"name", "email", "phone", "document"}
        assert able.limits
        for currency, (lowest, highest) in able.limits.items():
            assert currency in SYMBOLS
            assert ZERO < lowest < highest
            assert (lowest.quantize(CENT), highest.quantize(CENT)) == (lowest, highest)
        if able.refund_mode in {RefundMode.NONE, RefundMode.MANUAL}:
            assert Operation.REQUEST_REFUND in self.unsupported
        else:
            assert able.refund_window > timedelta(0)
            assert able.partial_refunds or not able.multiple_refunds

    def test_its_tables_speak_only_our_words(self) -> None:
        assert {PaymentStatus.PENDING, PaymentStatus.PAID} <= set(self.provider.payment_statuses.values())
        assert all(type(status) is PaymentStatus for status in self.provider.payment_statuses.values())
        assert all(type(status) is RefundStatus for status in self.provider.refund_statuses.values())
        for (operation, raw_code), rule in self.provider.errors.items():
            assert type(operation) is Operation
            assert type(raw_code) is str
            assert raw_code
            assert rule.code in CATALOGUE
            assert rule.error_class in ErrorClass
        assert (Operation.ISSUE_VOUCHER, self.unlisted_code) not in self.provider.errors

    def test_a_question_is_never_answered_with_a_final_no(self) -> None:
        final = [row for row, rule in self.provider.errors.items() if rule.error_class is ErrorClass.TERMINAL]
        assert [row for row in final if row[0] in READS] == []

    def test_nothing_that_may_have_been_done_already_is_called_undone(self) -> None:
        already = {ErrorCode.CREATE_DUPLICATE_REFERENCE, ErrorCode.REFUND_DUPLICATE}
        unclear = {ErrorCode.CREATE_OUTCOME_UNKNOWN, ErrorCode.REFUND_OUTCOME_UNKNOWN}
        classes = {rule.error_class for rule in self.provider.errors.values() if rule.code in already | unclear}
        assert classes <= {ErrorClass.AMBIGUOUS, ErrorClass.HOLD}

    # --- what it says ------------------------------------------------------------------------------------------------
    def test_a_call_whose_evidence_cannot_be_kept_is_not_made(self, operation: Operation) -> None:
        class NoRoom(KeptEvidence):
            def sending(self, call: object) -> None:
                raise OSError("no space left on device")

        with scripted_server(answers(200, b"{}")) as server, open_wire() as wire:
            gateway = self.provider.gateway(self.account(server.base_url), NoRoom(), wire)
            with pytest.raises(OSError, match="no space"):
                self.ask(operation, gateway)
        assert server.requests == []

    def test_every_header_that_carries_a_secret_is_declared_secret(self, operation: Operation) -> None:
        _, evidence = self.failed(operation, answers(500, b""))
        secrets = [secret for values in self.credentials.values() for secret in _each(values)]
        telling = {
            name.lower()
            for name, value in evidence.calls[0].headers.items()
            if any(secret in value for secret in secrets)
        }
        assert telling <= self.provider.secret_headers

    def test_a_question_changes_nothing_there(self, operation: Operation) -> None:
        _, evidence = self.failed(operation, answers(500, b""))
        assert evidence.calls[0].operation is operation
        if operation in READS:
            assert (evidence.calls[0].method, evidence.calls[0].body) == ("GET", b"")

    def test_no_address_carries_a_secret_or_a_person(self, operation: Operation) -> None:
        _, evidence = self.failed(operation, answers(500, b""))
        assert self.canaries_in([evidence.calls[0].url]) == set()

    def test_the_keys_never_leave_without_tls(self) -> None:
        with open_wire() as wire, pytest.raises(ConfigurationError):
            self.provider.gateway(self.account("http://psp.example"), KeptEvidence(), wire)

    # --- what it hears as an answer ----------------------------------------------------------------------------------
    def test_each_fault_is_called_by_its_name(self, operation: Operation, fault: Fault) -> None:
        error, evidence = self.failed(operation, fault.script)
        assert type(error) is (fault.after_read if operation in READS else fault.after_move)
        assert fault.code is None or error.code is fault.code
        assert error.fault.retry_after == fault.wait
        assert error.fault.operation == operation
        assert error.request_id == evidence.calls[0].request_id
        assert evidence.told in (["sending", "answered"], ["sending", "lost"])

    def test_a_refused_connection_was_sent_nothing(self, operation: Operation) -> None:
        with scripted_server(answers(200, b"{}")) as server:
            pass
        with open_wire() as wire, pytest.raises(ProviderError) as caught:
            self.ask(operation, self.provider.gateway(self.account(server.base_url), KeptEvidence(), wire))
        assert type(caught.value) is NotSent

    def test_a_code_that_no_table_explains_is_held(self, operation: Operation) -> None:
        fault = unlisted_code(self.error_body(self.unlisted_code))
        error, _ = self.failed(operation, fault.script)
        assert type(error) is (fault.after_read if operation in READS else fault.after_move)
        assert (error.code, error.fault.raw_code) == (ErrorCode.PSP_UNMAPPED, self.unlisted_code)

    def test_each_listed_code_raises_what_its_row_says(
        self, error_row: tuple[tuple[Operation, str], ErrorRule]
    ) -> None:
        (operation, raw_code), rule = error_row
        script = answers(400, self.error_body(raw_code))
        if operation in {Operation.FIND_PAYMENT, Operation.FIND_REFUND} and rule.code is ErrorCode.POLL_NOT_FOUND:
            with contextlib.suppress(Ambiguous):
                assert isinstance(self.asked(operation, script), Absent)
            return
        error, _ = self.failed(operation, script)
        assert type(error) is RAISES[rule.error_class]
        assert (error.code, error.fault.raw_code) == (rule.code, raw_code)

    def test_each_payment_status_is_told_in_our_word(self, raw_payment: str) -> None:
        update = self.asked(Operation.FETCH_PAYMENT, answers(200, self.payment_body(raw_payment)))
        assert isinstance(update, PaymentUpdate)
        assert update.status is self.provider.payment_statuses[raw_payment]
        assert (update.raw_status, update.proof) == (raw_payment, Proof.READ)
        assert update.provider_reference == self.payment_reference
        assert update.reference == self.voucher.reference
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

    def test_a_status_never_heard_of_is_not_guessed(self) -> None:
        payment = self.asked(Operation.FETCH_PAYMENT, answers(200, self.payment_body(UNHEARD_OF)))
        assert isinstance(payment, PaymentUpdate)
        assert (payment.status, payment.raw_status) == (PaymentStatus.UNRECOGNISED, UNHEARD_OF)
        if Operation.FETCH_REFUND not in self.unsupported:
            refund = self.asked(Operation.FETCH_REFUND, answers(200, self.refund_body(UNHEARD_OF)))
            assert isinstance(refund, RefundUpdate)
            assert (refund.status, refund.raw_status) == (RefundStatus.UNRECOGNISED, UNHEARD_OF)

    # --- what it hears unasked ---------------------------------------------------------------------------------------
    def test_a_signed_message_is_believed_as_far_as_declared(self, raw_payment: str) -> None:
        body = self.payment_body(raw_payment)
        reader = self.provider.webhook_reader(self.account())
        verification = reader.verify(body, self.signed_headers(body))
        assert verification.secret_index == 0
        assert verification.covers_body is self.provider.capabilities.webhook_covers_body
        believed = reader.parse(body, believed=True)
        doubted = reader.parse(body, believed=False)
        assert len(believed) == len(doubted) >= 1
        for each, proof in [(each, Proof.SIGNED_BODY) for each in believed] + [(each, Proof.HINT) for each in doubted]:
            if not isinstance(each, Pointer):
                assert each.proof is proof

    def test_a_message_with_one_changed_byte_is_refused(self) -> None:
        if not self.provider.capabilities.webhook_covers_body:
            pytest.skip("the provider's signature does not cover the body, and is declared so")
        body = self.payment_body("PAID")
        assert self.refused(body.replace(b"1", b"2", 1), self.signed_headers(body)) is SignatureFault.MISMATCH

    def test_an_unsigned_message_is_refused(self) -> None:
        assert self.refused(self.payment_body("PAID"), {}) is SignatureFault.MISSING

    def test_a_message_with_any_part_of_its_signature_broken_is_refused(self) -> None:
        body = self.payment_body("PAID")
        signed = self.signed_headers(body)
        for name in signed:
            for value in ("", "x", signed[name] + "x", signed[name][:-1], "ñ", "\ud800", "x" * 10_000):
                assert self.refused(body, {**signed, name: value}) in SignatureFault

    def test_without_its_secrets_nothing_is_believed(self) -> None:
        body = self.payment_body("PAID")
        bare = dataclasses.replace(self.account(), credentials={})
        with pytest.raises(InvalidSignature):
            self.provider.webhook_reader(bare).verify(body, self.signed_headers(body))

    @pytest.mark.parametrize(
        "body",
        [b"", b"\xff\xfe", b"{", b'{"a": NaN}', b'{"a": 1e400}', b"[" * 100_000, b'{"id": {"deep": []}}', b"null"],
        ids=["empty", "binary", "cut", "nan", "1e400", "deep", "odd id", "null"],
    )
    def test_a_signed_message_of_nonsense_is_unreadable_and_nothing_worse(self, body: bytes) -> None:
        with pytest.raises(UnreadableMessage):
            self.provider.webhook_reader(self.account()).parse(body, believed=True)

    # --- what it never shows -----------------------------------------------------------------------------------------
    def test_no_repr_shows_a_secret_or_a_person(self) -> None:
        evidence = KeptEvidence()
        body = self.payment_body("PENDING")
        with scripted_server(answers(200, body)) as server, open_wire() as wire:
            account = self.account(server.base_url)
            gateway = self.provider.gateway(account, evidence, wire)
            update = gateway.issue_voucher(self.voucher)
        reader = self.provider.webhook_reader(account)
        shown = [account, gateway, reader, update, self.voucher, self.refund, *evidence.calls, *evidence.answers]
        assert self.canaries_in(repr(each) for each in shown) == set()

    def test_no_error_shows_a_secret_or_a_person(self, operation: Operation) -> None:
        echo = " ".join((*PERSONAL, *(secret for values in self.credentials.values() for secret in _each(values))))
        for script in (answers(500, echo.encode()), answers(200, b'{"x": "' + echo.encode() + b'", ')):
            error, _ = self.failed(operation, script)
            texts = (str(error), repr(error), repr(error.fault), repr(error.__cause__), repr(error.__context__))
            assert self.canaries_in(texts) == set()

    def canaries_in(self, texts: Iterator[str] | list[str] | tuple[str, ...]) -> set[str]:
        secrets = [secret for values in self.credentials.values() for secret in _each(values)]
        return {canary for text in texts for canary in (*PERSONAL, *secrets) if canary in text}

    def spoken_words(self, update: PaymentUpdate | RefundUpdate) -> set[str]:
        """Return the PSP's own status words that an update carries anywhere but in `raw_status`."""
        raw = set(self.provider.payment_statuses) | set(self.provider.refund_statuses)
        facts = {field.name: getattr(update, field.name) for field in dataclasses.fields(update)}
        return {
            name for name, value in facts.items() if name != "raw_status" and isinstance(value, str) and value in raw
        }

    def refused(self, body: bytes, headers: dict[str, str]) -> SignatureFault:
        with pytest.raises(InvalidSignature) as caught:
            self.provider.webhook_reader(self.account()).verify(body, headers)
        return caught.value.reason


def _each(values: str | tuple[str, ...]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else values
