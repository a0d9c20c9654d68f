"""How PagoEfectivo writes a payment code (CIP): in the answer that creates it, in search results, in notifications."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from pagoefectivo.domain.exceptions import UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof
from pagoefectivo.providers.documents import Document, amount, instant, parse_instant, text
from pagoefectivo.providers.pagoefectivo_direct.tables import SUCCESS

LONGEST_REFERENCE = 36
LONGEST_WORD = 64
UNSET_DATE = "1900-01-01"

_CUT = "-"  # how no reference of ours begins
_CIP = re.compile(r"[1-9][0-9]{0,13}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,14}", re.ASCII)
_WRITTEN_AMOUNT = re.compile(r"[0-9]{1,16}(\.[0-9]{1,2})?", re.ASCII)


def transaction_code(reference: str) -> str:
    """Return our reference as PagoEfectivo takes it: whole up to 36 characters, else its end, marked as cut.

    The end of a reference is random, so that what is cut stays unique.
    """
    return reference if len(reference) <= LONGEST_REFERENCE else _CUT + reference[1 - LONGEST_REFERENCE :]


def whole_reference(code: str) -> str:
    """Return our reference in a transactionCode, "" where only its end stands there."""
    return "" if code.startswith(_CUT) else code


def is_cip(reference: str) -> bool:
    """Whether a text is a payment code: a number of 1 to 14 digits."""
    return _CIP.fullmatch(reference) is not None


def created(document: Document) -> PaymentUpdate:
    """Read the answer that creates a code; raises UnreadableMessage when it names none."""
    cip = cip_of(document)
    if not cip:
        raise UnreadableMessage("no cip")
    return PaymentUpdate(
        status=PaymentStatus.PENDING,
        raw_status="",
        proof=Proof.ANSWER,
        reference=_our_reference(document),
        provider_reference=cip,
        amount=_amount(document),
        currency=text(document, "currency", longest=3),
        code=cip,
        expires_at=instant(document, "dateExpiry"),
        payment_identity=cip,
        raw_code=SUCCESS,
    )


def found(document: Document, statuses: Mapping[str, PaymentStatus]) -> PaymentUpdate:
    """Read one code of a search result; raises UnreadableMessage where a fact is ill-formed.

    It is paid when the status says so *and* there is a date of payment, and removed when there is a date of that; a
    status and a date that contradict each other mean nothing.
    """
    raw_status = text(document, "status", longest=LONGEST_WORD)
    cip = cip_of(document)
    paid_at, removed_at = _date(document, "datePayment"), _date(document, "dateRemoval")
    status = statuses.get(raw_status, PaymentStatus.UNRECOGNISED)
    if (status is PaymentStatus.PAID) is not (paid_at is not None):
        status = PaymentStatus.UNRECOGNISED
    elif removed_at is not None and status is not PaymentStatus.PAID:
        status = PaymentStatus.CANCELED
    return PaymentUpdate(
        status=status,
        raw_status=raw_status,
        proof=Proof.READ,
        reference=_our_reference(document),
        provider_reference=cip,
        amount=_amount(document),
        currency=text(document, "currency", longest=3),
        code=cip,
        expires_at=instant(document, "dateExpiry"),
        paid_at=paid_at,
        payment_identity=cip,
        occurred_at=paid_at,
    )


def announced(event: str, operation: str, document: Document, proof: Proof) -> PaymentUpdate:
    """Read the data of a notification that says paid, its keys in lower case; raises UnreadableMessage.

    PagoEfectivo numbers no messages: event, code and number of the operation together name one.
    """
    cip, paid_at = cip_of(document), instant(document, "paymentdate")
    named = f"{event}\0{cip}\0{operation}"
    return PaymentUpdate(
        status=PaymentStatus.PAID,
        raw_status=event,
        proof=proof,
        reference=_our_reference(document, "transactioncode"),
        provider_reference=cip,
        amount=_amount(document),
        currency=text(document, "currency", longest=3),
        paid_at=paid_at,
        payment_identity=cip,
        occurred_at=paid_at,
        event_identity=hashlib.sha256(named.encode()).hexdigest(),
    )


def named_in(document: Document) -> tuple[str, str]:
    """Return our reference and the code that a notification's data name, empty where they do not."""
    return _our_reference(document, "transactioncode"), cip_of(document)


def cip_of(document: Document) -> str:
    """Return the code as the number that it is, "" where none is named; raises UnreadableMessage for anything else."""
    stated = text(document, "cip")
    if stated and not _DIGITS.fullmatch(stated):
        raise UnreadableMessage("cip is not a code")
    return stated.lstrip("0")


def _our_reference(document: Document, key: str = "transactionCode") -> str:
    return whole_reference(text(document, key))


def _amount(document: Document) -> Decimal | None:
    value = document.get("amount")
    if isinstance(value, str) and _WRITTEN_AMOUNT.fullmatch(value):
        return amount({"amount": Decimal(value)}, "amount")
    return amount(document, "amount")


def _date(document: Document, key: str) -> datetime | None:
    stated = text(document, key)
    if not stated or stated.startswith(UNSET_DATE):
        return None
    moment = parse_instant(stated)
    if moment is None:
        raise UnreadableMessage(f"{key} is not a date")
    return moment
