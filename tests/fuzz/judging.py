"""What may be made of an answer: read once more here, by other means, and held against what the gateway made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent, ProviderError, Refused
from pagoefectivo.domain.messages import Absent, PaymentUpdate, RefundUpdate
from pagoefectivo.providers.base import READS, Operation
from pagoefectivo.testing.conformance.evidence import KeptEvidence
from tests.fuzz.replies import CANARY, REFUND_ID, Exchange
from tests.unit.providers.stage import PAYMENT, REFUND

PAYMENT_WORDS = {
    "PENDING": "pending",
    "PAID": "paid",
    "EXPIRED": "expired",
    "CANCELLED": "canceled",
    "REJECTED": "rejected",
}
REFUND_WORDS = {"PENDING": "pending", "SUCCESS": "succeeded", "REJECTED": "failed", "CANCELLED": "canceled"}
NOT_EXECUTED = frozenset({"3001", "3002", "3003", "5000", "5017", "6000"})
# from dLocal's page on errors: what it calls final for a payment and for a refund
FINAL = {
    Operation.ISSUE_VOUCHER: frozenset(
        {"5001", "5003", "5004", "5005", "5006", "5007", "5008", "5010", "5011", "5012", "5013", "5014", "5016"}
    ),
    Operation.REQUEST_REFUND: frozenset({"5001", "5002", "5003", "5004", "5007", "5013", "5016", "5018", "5020"}),
    Operation.CANCEL_VOUCHER: frozenset({"3003", "5002", "5013"}),
}
DECLARED = (NotSent, Ambiguous, Refused, Held)
UNKNOWN_THERE = frozenset({"4000", "4001"})


def objections(made: Exchange, outcome: Any, evidence: KeptEvidence) -> list[str]:
    """Everything that is wrong with an outcome; empty when it is one that the answer allows."""
    answered = evidence.answers[-1] if evidence.answers else None
    status, body = (answered.status, answered.body) if answered else (0, b"")
    wrong = list(_wrong(made, outcome, status, body))
    if len(evidence.calls) != len(evidence.answers) + len(evidence.losses):
        wrong.append("a call without its end in the evidence")
    return wrong


def _wrong(made: Exchange, outcome: Any, status: int, body: bytes) -> Iterator[str]:
    is_success = 200 <= status < 300
    document = read_strictly(body)
    match outcome:
        case ProviderError():
            yield from _wrong_error(made, outcome, status, document)
        case PaymentUpdate() | RefundUpdate():
            if not is_success or document is None:
                yield f"a statement was read out of HTTP {status} {body[:80]!r}"
            elif made.operation is Operation.FIND_REFUND:
                listed = [each for each in document.get("refunds") or () if _matches(outcome, each)]
                yield from () if listed else ["a refund that no list names"]
            else:
                yield from _wrong_statement(outcome, document)
                yield from _wrong_subject(made, outcome)
        case Absent():
            yield from _wrong_absence(made, status, document)
        case _:
            yield f"{outcome!r} is no declared outcome"


def _wrong_statement(said: PaymentUpdate | RefundUpdate, document: dict[str, Any]) -> Iterator[str]:
    words = PAYMENT_WORDS if isinstance(said, PaymentUpdate) else REFUND_WORDS
    word = document.get("status")
    if said.status.value != (words.get(word, "unrecognised") if isinstance(word, str) else "unrecognised"):
        yield f"status {word!r} was taken for {said.status}"
    stated = document.get("amount")
    if (said.amount is None) != (stated is None) or (
        said.amount is not None
        and (isinstance(stated, bool) or not isinstance(stated, int | Decimal) or stated != said.amount)
    ):
        yield f"amount {stated!r} was taken for {said.amount!r}"
    if said.amount is not None and (
        not said.amount.is_finite() or said.amount.as_tuple().exponent != -2 or said.amount < 0
    ):
        yield f"{said.amount!r} is not an amount with two decimals"
    if said.currency != _text(document.get("currency")):
        yield f"currency {document.get('currency')!r} was taken for {said.currency!r}"
    if isinstance(said, PaymentUpdate):
        ticket = document.get("ticket") or {}
        if said.code != _text(ticket.get("number")):
            yield f"code {ticket.get('number')!r} was taken for {said.code!r}"
        for update, listed in zip(said.refunds, document.get("refunds") or (), strict=True):
            yield from _wrong_statement(update, listed)


def _wrong_subject(made: Exchange, said: PaymentUpdate | RefundUpdate) -> Iterator[str]:
    asked = {Operation.FETCH_PAYMENT: PAYMENT, Operation.FIND_PAYMENT: PAYMENT, Operation.FETCH_REFUND: REFUND_ID}
    wanted = asked.get(made.operation)
    if wanted is not None and said.provider_reference != wanted:
        yield f"asked about {wanted}, believed an answer about {said.provider_reference!r}"


def _matches(said: RefundUpdate | PaymentUpdate, listed: Any) -> bool:
    return (
        isinstance(said, RefundUpdate)
        and said.reference == REFUND.reference
        and not list(_wrong_statement(said, listed))
    )


def _wrong_absence(made: Exchange, status: int, document: dict[str, Any] | None) -> Iterator[str]:
    if made.operation is Operation.FIND_PAYMENT:
        code = str((document or {}).get("code"))
        if 200 <= status < 300 or code not in UNKNOWN_THERE:
            yield f"absence concluded from HTTP {status} {code!r}"
    elif made.operation is not Operation.FIND_REFUND or document is None or not 200 <= status < 300:
        yield f"absence concluded by {made.operation} from HTTP {status}"
    elif document.get("id") != PAYMENT:
        yield "absence concluded from another payment"


def _wrong_error(made: Exchange, error: ProviderError, status: int, document: dict[str, Any] | None) -> Iterator[str]:
    if type(error) not in DECLARED:
        yield f"{type(error).__name__} is not declared"
    told = f"{error} {error.fault.raw_message} {error.fault.raw_code}"
    if any(trace in told for trace in CANARY.split()):
        yield "the message of an error tells of the buyer"
    wait = error.fault.retry_after
    if wait is not None and not 0 <= wait <= 86400:
        yield f"asked to wait {wait} s"
    code = (document or {}).get("code")
    code = str(code) if isinstance(code, str | int) and not isinstance(code, bool) else ""
    is_success = 200 <= status < 300
    if isinstance(error, Refused) and (is_success or code not in FINAL.get(made.operation, ())):
        yield f"final, although HTTP {status} said {code!r}"
    if made.operation in READS or not isinstance(error, NotSent):
        return
    not_executed = code in NOT_EXECUTED or (code == "5012" and made.operation is Operation.REQUEST_REFUND)
    turned_away = status in {401, 403, 429} or (status == 503 and wait is not None)
    if is_success or not (not_executed or turned_away):
        yield f"an instruction was called not sent after HTTP {status} {code!r}"


def read_strictly(body: bytes) -> dict[str, Any] | None:
    """The object in a body, by the library's own strictness; None for anything that two readers may read differently."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError
        return dict(pairs)

    def never(_: str) -> None:
        raise ValueError

    try:
        document = json.loads(body.decode(), parse_float=Decimal, parse_constant=never, object_pairs_hook=once)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _text(value: Any) -> str:
    return "" if value is None else str(value)
