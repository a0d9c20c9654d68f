"""The hooks and the small world that every promise is tried in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any, ClassVar

import pytest

from pagoefectivo.domain.exceptions import (
    InvalidSignature,
    ProviderError,
    SignatureFault,
)
from pagoefectivo.domain.messages import (
    Destination,
    Payer,
    PaymentUpdate,
    RefundRequest,
    RefundUpdate,
    VoucherRequest,
)
from pagoefectivo.domain.states import PaymentStatus
from pagoefectivo.providers.base import (
    Account,
    Gateway,
    Operation,
    Provider,
    Recorder,
    Wire,
)
from pagoefectivo.testing.conformance.evidence import NOW, KeptEvidence, open_wire
from pagoefectivo.testing.conformance.faults import FAULTS
from pagoefectivo.testing.conformance.scripted_server import Arrived, Script, scripted_server

PERSONAL = ("canaria@example.com", "Canaria", "87654321", "999111222", "00219312345678901234")
UNHEARD_OF = "NEVER_HEARD_OF"


class Stage:
    """The hooks that a provider's test fills, and the small world in which its promises are tried."""

    # --- hooks -------------------------------------------------------------------------------------------------------
    provider: ClassVar[type[Provider]]
    credentials: ClassVar[Mapping[str, str | tuple[str, ...]]]
    payment_reference: ClassVar[str] = "PAY-1"
    refund_reference: ClassVar[str] = "REF-1"
    unlisted_code: ClassVar[str] = "987654"
    unsupported: ClassVar[frozenset[Operation]] = frozenset()
    questions_by_post: ClassVar[frozenset[Operation]] = frozenset()  # what the PSP lets ask by POST only
    refusal_status: ClassVar[int] = 400  # the HTTP status that its refusals come with
    options: ClassVar[Mapping[str, object]] = {}  # besides the declared defaults
    renews_tokens: ClassVar[bool] = False  # a 401 to a remembered token is followed by one try for a fresh one
    notification_query: ClassVar[str] = ""  # what the PSP adds to the address of a notification
    signed_at: ClassVar[datetime | None] = (
        None  # the moment that `signed_headers` date; None where the PSP dates nothing
    )

    def payment_body(self, raw_status: str) -> bytes:
        """Return a payment of `payment_reference`, order `VOUCHER.reference`, in this status of the PSP's."""
        raise NotImplementedError("your class of promises fills the hook payment_body")

    def refund_body(self, raw_status: str) -> bytes:
        """Return a refund of `refund_reference`, our `REFUND.reference`, in this status of the PSP's."""
        raise NotImplementedError("your class of promises fills the hook refund_body")

    def issued_body(self) -> bytes:
        """Return the answer to a new code; by default the payment, pending."""
        pending = (raw for raw, status in self.provider.payment_statuses.items() if status is PaymentStatus.PENDING)
        return self.payment_body(next(pending))

    def notification(self, raw_status: str) -> bytes:
        """Return the notification about `payment_reference` in this status; by default the payment itself."""
        return self.payment_body(raw_status)

    def notification_of(self, provider_references: Sequence[str]) -> bytes | None:
        """Return one notification about all of these payments, None where the PSP sends no such thing."""
        return None

    def warm_up(self, wire: Wire, account: Account) -> None:
        """Put into `wire.memory` what saves the first call of the account's gateway, such as a token."""

    def error_body(self, raw_code: str) -> bytes:
        """Return the PSP's refusal with this code."""
        raise NotImplementedError("your class of promises fills the hook error_body")

    def signed_headers(self, body: bytes) -> dict[str, str]:
        """Return the headers with which the PSP would send this notification, by an implementation of its own."""
        raise NotImplementedError("your class of promises fills the hook signed_headers")

    def accepts(self, request: Arrived) -> bool:
        """Return whether the PSP would take this request for the account's: its key or token, and its signature over
        exactly these bytes, checked by an implementation of its own.
        """
        raise NotImplementedError("your class of promises fills the hook accepts")

    def second_credentials(self) -> Mapping[str, str | tuple[str, ...]]:
        """Return the credentials of another account, none of them shared; by default ours, written backwards."""
        return {
            name: values[::-1] if isinstance(values, str) else tuple(each[::-1] for each in values)
            for name, values in self.credentials.items()
        }

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
        options = {**self.provider.options, **self.options}
        # Only silence lasts so long; any shorter, and a machine that stands still for a moment would be taken for it.
        return Account("default", base_url, self.credentials, options, connect_timeout=1.0, read_timeout=1.0)

    @property
    def other_payment(self) -> str:
        """Return the reference of a payment that nobody asked about."""
        return another(self.payment_reference)

    @property
    def paid_word(self) -> str:
        """Return one of the PSP's words for paid."""
        return next(raw for raw, status in self.provider.payment_statuses.items() if status is PaymentStatus.PAID)

    @classmethod
    def supported(cls) -> list[Operation]:
        """Return the operations that the provider can be asked for; a token is never asked for by itself."""
        able = cls.provider.capabilities
        without = {Operation.AUTHORIZE, *(() if able.extend_voucher else (Operation.EXTEND_VOUCHER,))}
        return [operation for operation in Operation if operation not in cls.unsupported | without]

    @contextmanager
    def gateway(self, base_url: str, evidence: Recorder) -> Iterator[Gateway]:
        """Open a gateway whose first call is the one that is asked for."""
        with open_wire() as wire:
            account = self.account(base_url)
            self.warm_up(wire, account)
            yield self.provider.gateway(account, evidence, wire)

    def ask(self, operation: Operation, gateway: Gateway) -> object:
        calls: dict[Operation, Callable[[], object]] = {
            Operation.ISSUE_VOUCHER: lambda: gateway.issue_voucher(self.voucher),
            Operation.FETCH_PAYMENT: lambda: gateway.fetch_payment(self.payment_reference),
            Operation.FIND_PAYMENT: lambda: gateway.find_payment(self.voucher.reference),
            Operation.EXTEND_VOUCHER: lambda: gateway.extend_voucher(self.payment_reference, self.voucher.expires_at),
            Operation.CANCEL_VOUCHER: lambda: gateway.cancel_voucher(self.payment_reference),
            Operation.REQUEST_REFUND: lambda: gateway.request_refund(self.refund),
            Operation.FETCH_REFUND: lambda: gateway.fetch_refund(self.refund_reference, self.payment_reference),
            Operation.FIND_REFUND: lambda: gateway.find_refund(self.refund.reference, self.payment_reference),
        }
        return calls[operation]()

    def asked(self, operation: Operation, script: Script, evidence: KeptEvidence | None = None) -> object:
        evidence = KeptEvidence() if evidence is None else evidence
        with scripted_server(script) as server, self.gateway(server.base_url, evidence) as gateway:
            return self.ask(operation, gateway)

    def failed(self, operation: Operation, script: Script) -> tuple[ProviderError, KeptEvidence]:
        evidence = KeptEvidence()
        with pytest.raises(ProviderError) as caught:
            self.asked(operation, script, evidence)
        return caught.value, evidence

    def told(self, operation: Operation, gateway: Gateway) -> object:
        """Return what an operation comes to: the class of its answer, or of its error with our code and theirs."""
        try:
            return type(self.ask(operation, gateway))
        except ProviderError as error:
            return type(error), error.code, error.fault.raw_code

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Spread each promise over the provider's own tables."""
        for name in ("provider", "credentials"):
            if not hasattr(metafunc.cls, name):
                raise pytest.UsageError(f"{metafunc.cls.__name__} promises for a provider and names no `{name}`")
        promises: Any = metafunc.cls
        provider: type[Provider] = promises.provider
        supported = promises.supported()
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

    def canaries_in(self, texts: Iterator[str] | list[str] | tuple[str, ...]) -> set[str]:
        secrets = [secret for values in self.credentials.values() for secret in each_secret(values)]
        return {canary for text in texts for canary in (*PERSONAL, *secrets) if canary in text}

    def spoken_words(self, update: PaymentUpdate | RefundUpdate) -> set[str]:
        """Return the PSP's own status words that an update carries anywhere but in `raw_status`."""
        raw = set(self.provider.payment_statuses) | set(self.provider.refund_statuses)
        facts = {field.name: getattr(update, field.name) for field in dataclasses.fields(update)}
        texts = {name: value for name, value in facts.items() if type(value) is str}  # our own words may be spelt alike
        return {name for name, value in texts.items() if name != "raw_status" and value in raw}

    def refused(self, body: bytes, headers: dict[str, str]) -> SignatureFault:
        with pytest.raises(InvalidSignature) as caught:
            self.provider.webhook_reader(self.account()).verify(body, headers, self.notification_query)
        return caught.value.reason


def another(reference: str) -> str:
    """Return a reference of the same kind and length that is not this one."""
    return reference[:-1] + ("2" if reference.endswith("1") else "1")


def each_secret(values: str | tuple[str, ...]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else values
