"""What every provider declares and what every gateway can do. Conformance is checked by tests, not hoped for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, BinaryIO, ClassVar, Protocol

from requests import Session

from pagoefectivo.domain.business_days import BusinessDays
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import ProviderError
from pagoefectivo.domain.messages import (
    Absent,
    PaymentUpdate,
    Pointer,
    RefundRequest,
    RefundUpdate,
    SettlementRow,
    Verification,
    VoucherRequest,
)
from pagoefectivo.domain.states import PaymentStatus, RefundStatus


class Operation(StrEnum):
    """What we ask of a provider; error tables are keyed on it."""

    ISSUE_VOUCHER = "issue_voucher"
    FETCH_PAYMENT = "fetch_payment"
    FIND_PAYMENT = "find_payment"
    CANCEL_VOUCHER = "cancel_voucher"
    EXTEND_VOUCHER = "extend_voucher"
    REQUEST_REFUND = "request_refund"
    FETCH_REFUND = "fetch_refund"
    FIND_REFUND = "find_refund"
    AUTHORIZE = "authorize"


READS = frozenset(
    {
        Operation.FETCH_PAYMENT,
        Operation.FIND_PAYMENT,
        Operation.FETCH_REFUND,
        Operation.FIND_REFUND,
        Operation.AUTHORIZE,  # a token is asked for again without harm
    }
)


class RefundMode(StrEnum):
    """How a provider gives money back."""

    NONE = "none"
    SYNC = "sync"
    ASYNC = "async"
    ASYNC_PAYER_INPUT = "async_payer_input"
    MANUAL = "manual"


class ErrorClass(StrEnum):
    """What may be done after a provider's error."""

    RETRIABLE = "retriable"
    AMBIGUOUS = "ambiguous"
    TERMINAL = "terminal"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One row of a provider's error table: our code, what may follow, and what a person meets."""

    code: ErrorCode
    error_class: ErrorClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """A provider's abilities as data; every uncertain one can be overridden per account by its CAPABILITIES.

    `payments_per_question` is how many payments one question may ask about. `destination_fields` are the parts of a
    `Destination` without which a refund cannot leave; empty where the provider or the payer sees to it. With
    `refunds_to_own_account` the money goes to the account or wallet that the payer has with the provider itself.
    `refund_takes` is how long money needs to reach the buyer once the provider has accepted the refund, or, where
    `refund_counts_from_details`, once it also has the bank details, which is then known only where we sent them along.
    `settles_in` is how long money needs from the buyer's payment to the shop. None of both: nobody says.
    With `refunds_bear_reference` every document of a refund of ours bears our reference: one without it is not ours.
    """

    refund_mode: RefundMode
    partial_refunds: bool
    multiple_refunds: bool
    refund_window: timedelta
    refund_needs_settled: bool
    refund_needs_balance: bool
    payer_data_by_provider: bool
    absent_payment_proves_never: bool
    absent_refund_proves_never: bool
    idempotency_life: timedelta
    longest_in_flight: timedelta
    cancel_voucher: bool
    sets_expiry: bool
    shortest_expiry: timedelta
    longest_expiry: timedelta
    limits: Mapping[str, tuple[Decimal, Decimal]]
    required_payer_fields: frozenset[str]
    webhook_covers_body: bool
    webhook_points: bool = False
    extend_voucher: bool = False
    whole_day_expiry: bool = False
    payments_per_question: int = 1
    destination_fields: frozenset[str] = frozenset()
    refunds_to_own_account: bool = False
    refund_takes: BusinessDays | None = None
    refund_counts_from_details: bool = False
    settles_in: BusinessDays | None = None
    refunds_bear_reference: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """One contract with one PSP in one environment, as a gateway needs it. `options` has a value for each declared one."""

    name: str
    base_url: str
    credentials: Mapping[str, str | tuple[str, ...]] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    connect_timeout: float = 3.0
    read_timeout: float = 10.0
    stale_after: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Call:
    """One outbound request as it is about to be sent. Headers and body are complete and may hold secrets."""

    request_id: str
    operation: Operation
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class Answer:
    """One inbound answer, complete and raw; `duration` in seconds, `request_id` is that of its call."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    duration: float
    request_id: str = ""


class Recorder(Protocol):
    """Keeps the evidence of a call: `sending` must be durable before the first byte leaves."""

    def sending(self, call: Call) -> None:
        """Record the call; raising here means that nothing is sent."""

    def answered(self, call: Call, answer: Answer) -> None:
        """Record the answer."""

    def lost(self, call: Call, why: str) -> None:
        """Record that no answer came, and how that showed."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What a gateway needs of the world outside: a session to send with, the time, and fresh ids.

    `memory` is what this process remembers from one call to the next, such as a token that is still good.
    """

    session: Session
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    memory: MutableMapping[str, Any] = field(default_factory=dict, repr=False)


class Gateway(ABC):
    """Talks to one PSP for one account. Raises NotSent, Ambiguous, Held or Refused, nothing else."""

    @abstractmethod
    def issue_voucher(self, request: VoucherRequest) -> PaymentUpdate:
        """Ask for one payment code."""

    @abstractmethod
    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        """Read one payment by the provider's reference."""

    def fetch_payments(self, provider_references: Sequence[str]) -> Mapping[str, PaymentUpdate | ProviderError]:
        """Read up to `payments_per_question` payments with one question; an error is of the one it stands beside.

        Raises a ProviderError where the question itself failed. Only called where the capability is above 1.
        """
        return {each: self.fetch_payment(each) for each in provider_references}

    @abstractmethod
    def find_payment(self, reference: str) -> PaymentUpdate | Absent:
        """Read one payment by our reference: the way back after a timeout."""

    @abstractmethod
    def cancel_voucher(self, provider_reference: str) -> PaymentUpdate:
        """Withdraw an unpaid code; only called where the capability is on."""

    def extend_voucher(self, provider_reference: str, expires_at: datetime) -> PaymentUpdate:
        """Move an unpaid code's deadline, alive or expired; only called where the capability is on."""
        raise NotImplementedError

    @abstractmethod
    def request_refund(self, request: RefundRequest) -> RefundUpdate:
        """Ask for money to be given back."""

    @abstractmethod
    def fetch_refund(self, provider_reference: str, payment_reference: str) -> RefundUpdate:
        """Read one refund by the provider's references of it and of its payment."""

    @abstractmethod
    def find_refund(self, reference: str, payment_reference: str) -> RefundUpdate | Absent:
        """Read one refund by our reference and the payment it belongs to."""


class WebhookReader(ABC):
    """Listens to one PSP for one account."""

    @abstractmethod
    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:
        """Check the signature over the raw bytes, in constant time; raises InvalidSignature.

        `query` is the raw query string of the address that the message came to; `parse` gets what was signed of it.
        """

    @abstractmethod
    def parse(
        self, body: bytes, query: str = "", *, believed: bool
    ) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        """Read a verified message; `believed` when its signature covers it and is fresh. Raises UnreadableMessage."""


class SettlementReader(ABC):
    """Reads one layout of one PSP's settlement files. Knows no database and no voucher; holds nothing between two files."""

    layout: ClassVar[str]  # names the layout, unique within the provider

    @abstractmethod
    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with `head` (its first 64 KiB, or all of it) is of this layout."""

    @abstractmethod
    def read(self, file: BinaryIO) -> Iterator[SettlementRow]:
        """Yield the file's rows in order, without holding the file in memory.

        Raises UnreadableFile with line and reason for anything it cannot read whole; an amount is never guessed.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What a provider's support asks for, in its own words, and the language (`es`, `en`, `zh`) that it is written to in.

    `payment` and `refund` are what it calls its own references, `order` what it calls ours. `merchant` is the credential
    that names the shop and is no secret, where there is one. By `trace_headers` of a call or its answer it finds a request.
    """

    language: str = "en"
    payment: str = "payment id"
    order: str = "order id"
    refund: str = "refund id"
    merchant: str = ""
    trace_headers: tuple[str, ...] = ("date",)


class Provider(ABC):
    """One PSP as data, and the two objects that speak and listen for an account."""

    slug: ClassVar[str]
    name: ClassVar[str]
    hosts: ClassVar[Mapping[str, str]]
    credential_fields: ClassVar[Mapping[str, bool]]  # field -> required
    secret_list_fields: ClassVar[frozenset[str]]  # may hold several values while a secret is rotated
    credential_choices: ClassVar[tuple[frozenset[str], ...]] = ()  # one of these sets of fields must be whole
    credential_prefixes: ClassVar[Mapping[str, Mapping[str, str]]] = {}  # field -> environment -> how it begins
    options: ClassVar[Mapping[str, Any]] = {}  # what the PSP does not publish or its sources dispute -> default
    capabilities: ClassVar[Capabilities]
    payment_statuses: ClassVar[Mapping[str, PaymentStatus]]
    refund_statuses: ClassVar[Mapping[str, RefundStatus]]
    errors: ClassVar[Mapping[tuple[Operation, str], ErrorRule]]
    secret_headers: ClassVar[frozenset[str]]
    settlement_readers: ClassVar[tuple[type[SettlementReader], ...]] = ()
    support: ClassVar[Support] = Support()

    @classmethod
    def credential_problems(cls, credentials: Mapping[str, str | tuple[str, ...]]) -> tuple[str, ...]:  # noqa: ARG003 - for those who can tell
        """Return why credentials that are all there cannot be used, each a sentence that shows no value."""
        return ()

    @classmethod
    def settlement_readers_of(cls, options: Mapping[str, Any]) -> tuple[SettlementReader, ...]:  # noqa: ARG003 - for those whose files differ
        """Return the readers of an account's settlement files; `options` has a value for each declared one."""
        return tuple(reader() for reader in cls.settlement_readers)

    @classmethod
    @abstractmethod
    def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
        """Return the gateway of one account; every call it makes goes through `recorder`."""

    @classmethod
    @abstractmethod
    def webhook_reader(cls, account: Account) -> WebhookReader:
        """Return the listener of one account."""
