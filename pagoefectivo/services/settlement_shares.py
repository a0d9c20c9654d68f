"""What the parts of a line are about, held against what other lines have settled of the same payment or refund."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.settlements import TOLERANCE, UNCOUNTED, Verdict, gross_of
from pagoefectivo.models import SettlementLine, SettlementShare

# A proposal is nobody's word yet, and what was found to be settled twice settles nothing.
_SETTLE_NOTHING = UNCOUNTED | {Verdict.PROPOSED, Verdict.DUPLICATE}
_OF_PAYMENTS = (SettlementKind.PAYMENT, SettlementKind.CHARGEBACK, SettlementKind.ADJUSTMENT)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a line, or a part of one, says of a payment or refund."""

    line: SettlementLine
    amount: Decimal
    currency: str


def refuse_settled_already(line: SettlementLine, shares: Sequence[SettlementShare]) -> None:
    """Raise RuleRefused(MATCH_ALREADY_SETTLED) where parts and other lines come to more than a payment or refund was.

    What others left of it may be named. Amounts in two currencies cannot be added up: then any other line is too much.
    The caller holds the account's lock. Two queries for each payment or refund that is named.
    """
    for share in {(each.voucher_id, each.refund_id): each for each in shares}.values():
        others = list(_others(line, share))
        if others and _is_too_much(share, [each for each in shares if _same(each, share)], others):
            number = share.refund.public_id if share.refund else share.voucher.public_id
            values = {"number": number, "line": f"{others[0].line.report} · {others[0].line.line}"}
            raise RuleRefused(Reason(ErrorCode.MATCH_ALREADY_SETTLED, field="parts", values=values))


def _is_too_much(share: SettlementShare, parts: Sequence[SettlementShare], others: Sequence[_Told]) -> bool:
    refund, voucher = share.refund, share.voucher
    there_was, currency = (
        (-refund.amount, refund.currency) if refund else (voucher.paid_amount or Decimal(0), voucher.paid_currency)
    )
    sign = -1 if refund else 1
    named = sum((each.amount for each in parts), Decimal(0))
    if named * sign <= 0:
        return False  # it takes back what others settled
    if {share.currency, *(each.currency for each in others)} != {currency}:
        return True
    return (named + sum((each.amount for each in others), Decimal(0)) - there_was) * sign > TOLERANCE


def _others(line: SettlementLine, share: SettlementShare) -> Iterator[_Told]:
    """Yield what other lines of the account settle of the same payment or refund, by themselves or by hand."""
    of_it = {"refund": share.refund} if share.refund else {"refund": None, "voucher": share.voucher}
    lines = SettlementLine.objects.select_related("report").filter(account=line.account, shares=None, **of_it)
    lines = lines if share.refund else lines.filter(kind__in=_OF_PAYMENTS)
    for other in lines.exclude(pk=line.pk).exclude(verdict__in=_SETTLE_NOTHING).order_by("pk"):
        gross = gross_of(other)
        yield _Told(other, other.booked if gross is None else gross, other.currency or other.book_currency)
    shares = SettlementShare.objects.select_related("line__report").filter(line__account=line.account, **of_it)
    for said in shares.exclude(line=line).order_by("pk"):
        yield _Told(said.line, said.amount, said.currency)


def _same(one: SettlementShare, other: SettlementShare) -> bool:
    return (one.voucher_id, one.refund_id) == (other.voucher_id, other.refund_id)
