"""The frozen statements that travel between providers, services and rules. Personal data never shows in a repr."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus


@dataclass(frozen=True, slots=True)
class Payer:
    """The buyer, as the provider asks for them."""

    email: str = field(repr=False)
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    document_type: str = field(default="", repr=False)
    document_number: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class VoucherRequest:
    """What a provider needs to issue one payment code. `reference` is ours and unique per attempt."""

    reference: str
    amount: Decimal
    currency: str
    payer: Payer
    expires_at: datetime
    idempotency_key: str
    notification_url: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a refund goes: an account in the payer's name."""

    holder_name: str = field(default="", repr=False)
    document_type: str = field(default="", repr=False)
    document_number: str = field(default="", repr=False)
    bank_code: str = field(default="", repr=False)
    account_number: str = field(default="", repr=False)
    account_type: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What a provider needs to give money back. `reference` is ours and unique per refund.

    `is_whole` when the amount is all that the payment ever brought.
    """

    reference: str
    payment_reference: str
    amount: Decimal
    currency: str
    reason: str
    idempotency_key: str
    notification_url: str
    destination: Destination | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class RefundUpdate:
    """What a provider says of one refund. Empty references mean: it did not say."""

    status: RefundStatus
    raw_status: str
    proof: Proof
    reference: str = ""
    provider_reference: str = ""
    payment_reference: str = ""
    amount: Decimal | None = None
    currency: str = ""
    error_code: ErrorCode | None = None
    raw_code: str = ""
    occurred_at: datetime | None = None
    event_identity: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over the stated facts: two statements of the same facts share it."""
        return _digest("refund", self.status, self.raw_status, self.proof, self.reference, self.provider_reference,
                       self.payment_reference, self.amount, self.currency, self.raw_code)  # fmt: skip

    @property
    def identity(self) -> str:
        """The provider's own event id where it has one, else the facts themselves."""
        return self.event_identity or self.digest


@dataclass(frozen=True, slots=True)
class PaymentUpdate:
    """What a provider says of one payment (one voucher). Empty references mean: it did not say.

    `payment_identity` tells apart two receipts of money on one code; it defaults to the provider's reference.
    `refunds` are the refunds the provider lists under this payment.
    """

    status: PaymentStatus
    raw_status: str
    proof: Proof
    reference: str = ""
    provider_reference: str = ""
    amount: Decimal | None = None
    currency: str = ""
    code: str = field(default="", repr=False)
    barcode: str = field(default="", repr=False)
    expires_at: datetime | None = None
    paid_at: datetime | None = None
    settled_at: datetime | None = None
    payment_identity: str = ""
    error_code: ErrorCode | None = None
    raw_code: str = ""
    occurred_at: datetime | None = None
    event_identity: str = ""
    refunds: tuple[RefundUpdate, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the stated facts: two statements of the same facts share it."""
        return _digest("payment", self.status, self.raw_status, self.proof, self.reference, self.provider_reference,
                       self.amount, self.currency, self.code, self.expires_at, self.paid_at, self.settled_at,
                       self.payment_identity, self.raw_code)  # fmt: skip

    @property
    def identity(self) -> str:
        """The provider's own event id where it has one, else the facts themselves."""
        return self.event_identity or self.digest


class PointerKind(StrEnum):
    """What a pointer points at."""

    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A message that says "ask me about this one": its address is believed, its facts are not."""

    kind: PointerKind
    reference: str = ""
    provider_reference: str = ""
    payment_reference: str = ""


class SettlementKind(StrEnum):
    """What a row of a settlement file is about.

    TAX and FEE are rows of their own; what a payment's row names as its own fee stands in that row. PAYOUT is money
    sent to the shop's bank. BALANCE repeats a sum, NOTICE tells of something still open or come to nothing: they have
    no net and belong in no sum.
    """

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    TAX = "tax"
    CHARGEBACK = "chargeback"
    ADJUSTMENT = "adjustment"
    PAYOUT = "payout"
    BALANCE = "balance"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, eq=False)
class SettlementFacts:
    """What a row of a settlement file says of the money, in our words. Amounts are signed: what comes to the shop is above
    zero, what leaves it below. None and "" mean that the file does not say; nothing is ever filled in.

    `amount` is in `currency`, before fees; `settled_amount` is the same in `settled_currency`, as are `fee`, `tax` and
    `net`, what the row changes in the shop's balance. `rate` is the file's own: units of `currency` for one of
    `settled_currency`. `batch` names the transfer that the row was settled with.

    Rows that say the same share one: it is only equal to itself, so that what follows from it is worked out once.
    """

    kind: SettlementKind
    raw_kind: str
    amount: Decimal | None = None
    currency: str = ""
    settled_amount: Decimal | None = None
    settled_currency: str = ""
    fee: Decimal | None = None
    tax: Decimal | None = None
    net: Decimal | None = None
    rate: Decimal | None = None
    settled_date: date | None = None
    batch: str = ""


class SettlementRow(NamedTuple):
    """One row of a settlement file as the provider wrote it: its names, its moment, and what it says of the money.

    `line` is where the row begins in the file, from 1. `identity` is the row's own within the provider, the same in
    every file that repeats it: two rows that share one are one statement made twice. `reference` is ours and
    `provider_reference` theirs, both of the payment; `refund_reference` and `refund_provider_reference` are those of
    the refund. "" and None mean that the file does not say.

    A tuple, for files have a million of them: it is made in a third of a frozen dataclass's time.
    """

    line: int
    facts: SettlementFacts
    identity: str
    reference: str = ""
    provider_reference: str = ""
    refund_reference: str = ""
    refund_provider_reference: str = ""
    code: str = ""
    occurred_at: datetime | None = None

    def __repr__(self) -> str:
        """Show the facts without the code, also where it is the provider's name of the payment."""
        shown = {name: fact for name, fact in self._asdict().items() if not (self.code and self.code in str(fact))}
        return f"SettlementRow({', '.join(f'{name}={fact!r}' for name, fact in shown.items() if name != 'code')})"


class Verb(StrEnum):
    """What we ourselves decide about a voucher or a refund."""

    SUBMIT = "submit"
    LOSE = "lose"
    FAIL = "fail"
    RETRY = "retry"
    CANCEL = "cancel"
    EXTEND = "extend"
    GIVE_UP = "give_up"
    EXPIRE = "expire"
    REQUIRE_APPROVAL = "require_approval"
    REQUIRE_DESTINATION = "require_destination"
    RELEASE = "release"
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True)
class Command:
    """A decision of our own on one voucher or refund row; `why` is a short code, never personal data.

    `until` is the deadline that EXTEND asks for.
    """

    verb: Verb
    voucher_id: int | None = None
    refund_id: int | None = None
    why: str = ""
    error_code: ErrorCode | None = None
    raw_code: str = ""
    retry_after: float | None = None
    attempts: int = 0
    until: datetime | None = None


Update = PaymentUpdate | RefundUpdate | Command


@dataclass(frozen=True, slots=True)
class Absent:
    """The provider knows nothing under our reference; `proves_never` tells whether that settles it."""

    proves_never: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """A signature that held: which secret matched, what it covers, and when it was made.

    Where it does not cover the body, `signed` is what it covers instead and `query` the part of the address among it.
    """

    secret_index: int
    covers_body: bool
    signed_at: datetime | None = None
    signed: bytes = b""
    query: str = ""


def _digest(*facts: object) -> str:
    written = "\x1f".join("" if fact is None else str(fact) for fact in facts)
    return hashlib.sha256(written.encode()).hexdigest()
