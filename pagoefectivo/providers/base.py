"""What every provider declares and what every gateway can do. Conformance is checked by tests, not hoped for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Protocol

from requests import Session

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import (
    Absent,
    PaymentUpdate,
    Pointer,
    RefundRequest,
    RefundUpdate,
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
    REQUEST_REFUND = "request_refund"
    FETCH_REFUND = "fetch_refund"
    FIND_REFUND = "find_refund"


READS = frozenset({Operation.FETCH_PAYMENT, Operation.FIND_PAYMENT, Operation.FETCH_REFUND, Operation.FIND_REFUND})


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


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A provider's abilities as data; every uncertain one can be overridden per account."""

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


@dataclass(frozen=True, slots=True)
class Account:
    """One contract with one PSP in one environment, as a gateway needs it."""

    name: str
    base_url: str
    credentials: Mapping[str, str | tuple[str, ...]] = field(repr=False)
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
    """What a gateway needs of the world outside: a session to send with, the time, and fresh ids."""

    session: Session
    now: Callable[[], datetime]
    new_id: Callable[[], str]


class Gateway(ABC):
    """Talks to one PSP for one account. Raises NotSent, Ambiguous, Held or Refused, nothing else."""

    @abstractmethod
    def issue_voucher(self, request: VoucherRequest) -> PaymentUpdate:
        """Ask for one payment code."""

    @abstractmethod
    def fetch_payment(self, provider_reference: str) -> PaymentUpdate:
        """Read one payment by the provider's reference."""

    @abstractmethod
    def find_payment(self, reference: str) -> PaymentUpdate | Absent:
        """Read one payment by our reference: the way back after a timeout."""

    @abstractmethod
    def cancel_voucher(self, provider_reference: str) -> PaymentUpdate:
        """Withdraw an unpaid code; only called where the capability is on."""

    @abstractmethod
    def request_refund(self, request: RefundRequest) -> RefundUpdate:
        """Ask for money to be given back."""

    @abstractmethod
    def fetch_refund(self, provider_reference: str) -> RefundUpdate:
        """Read one refund by the provider's reference."""

    @abstractmethod
    def find_refund(self, reference: str, payment_reference: str) -> RefundUpdate | Absent:
        """Read one refund by our reference and the payment it belongs to."""


class WebhookReader(ABC):
    """Listens to one PSP for one account."""

    @abstractmethod
    def verify(self, body: bytes, headers: Mapping[str, str]) -> Verification:
        """Check the signature over the raw bytes, in constant time; raises InvalidSignature."""

    @abstractmethod
    def parse(self, body: bytes, *, believed: bool) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        """Read a verified body; `believed` when its signature covers it and is fresh. Raises UnreadableMessage."""


class Provider(ABC):
    """One PSP as data, and the two objects that speak and listen for an account."""

    slug: ClassVar[str]
    name: ClassVar[str]
    hosts: ClassVar[Mapping[str, str]]
    credential_fields: ClassVar[Mapping[str, bool]]  # field -> required
    secret_list_fields: ClassVar[frozenset[str]]  # may hold several values while a secret is rotated
    capabilities: ClassVar[Capabilities]
    payment_statuses: ClassVar[Mapping[str, PaymentStatus]]
    refund_statuses: ClassVar[Mapping[str, RefundStatus]]
    errors: ClassVar[Mapping[tuple[Operation, str], ErrorRule]]
    secret_headers: ClassVar[frozenset[str]]

    @classmethod
    @abstractmethod
    def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
        """Return the gateway of one account; every call it makes goes through `recorder`."""

    @classmethod
    @abstractmethod
    def webhook_reader(cls, account: Account) -> WebhookReader:
        """Return the listener of one account."""
