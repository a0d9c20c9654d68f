"""What an order's page shows beside its story: buyer, money, codes, refunds, receipts. Masked for who may not see people."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from pagoefectivo.admin import advice
from pagoefectivo.admin.presentation import (
    actor_word,
    awaited,
    judgement_badge,
    link,
    moment,
    money,
    state_badge,
)
from pagoefectivo.admin.refund_arrival import arrives
from pagoefectivo.admin.settlement_words import day, exactly, verdict_badge, what_is_off
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import UNANSWERED_VOUCHER, UNSENT_VOUCHER, RefundState, VoucherState
from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.models.settlements import KIND_LABELS
from pagoefectivo.selectors.expectations import expected_settlement_dates
from pagoefectivo.selectors.vouchers import is_lost
from pagoefectivo.selectors.whole_orders import OpenCase, OpenDifference, SentPicture, Settled, WholeOrder

_KINDS = dict(KIND_LABELS)


def payer(order: Order) -> str:
    """Return who buys, in full."""
    document = f"{order.payer_document_type} {order.payer_document_number}".strip()
    return " · ".join(part for part in (order.payer_name, order.payer_phone, document) if part)


def money_rows(whole: WholeOrder) -> list[tuple[str, str]]:
    """Return where every sol of an order is. What a payment cost is known from its settlement alone, in its currency."""
    order = whole.order
    held = sum((each.reserved_amount - each.refunded_amount for each in whole.vouchers), ZERO)
    left = sum((_left(each) for each in whole.vouchers), ZERO)
    rows = [
        (_("Asked"), order.amount),
        (_("Paid"), order.paid_amount),
        (_("Reserved for refunds under way"), held),
        (_("Given back"), order.refunded_amount),
        (_("Left to give back"), left),
    ]
    shown = [(name, money(amount, order.currency)) for name, amount in rows]
    if order.paid_amount > ZERO:
        unknown = _("not known until the settlement")
        costs, nets = _by_currency(whole.settled)
        shown += [(_("Fee of the provider"), costs or unknown), (_("Net for the shop"), nets or unknown)]
    return shown


def _by_currency(settled: Sequence[Settled]) -> tuple[str, str]:
    costs: dict[str, Decimal] = {}
    nets: dict[str, Decimal] = {}
    for each in settled:
        costs[each.currency] = costs.get(each.currency, ZERO) - each.cost
        nets[each.currency] = nets.get(each.currency, ZERO) + each.net
    return _together(costs), _together(nets)


def _together(sums: dict[str, Decimal]) -> str:
    return " + ".join(exactly(sum_, of) for of, sum_ in sums.items())


def _left(voucher: Voucher) -> Any:
    return max(voucher.paid_amount - voucher.reserved_amount - voucher.outside_amount, ZERO)


def code_row(voucher: Voucher, settled: Sequence[Settled] = (), *, in_full: bool) -> dict[str, Any]:
    """Return a payment code as its line in the table; once the provider has settled it nobody waits for that any more."""
    lines = [settled_row(each) for each in settled if each.voucher_id == voucher.pk]
    return {
        "row": voucher,
        "badge": state_badge(voucher),
        "code": voucher.code if in_full else voucher.masked_code,
        "their_name": voucher.provider_reference if in_full else voucher.masked_provider_reference,
        "paid": money(voucher.paid_amount, voucher.paid_currency) if voucher.paid_amount else "–",
        "asked": money(voucher.amount, voucher.currency),
        "deadline": moment(voucher.expires_at or voucher.wanted_expiry_at),
        "paid_at": moment(voucher.paid_at),
        "last_asked": moment(voucher.asked_at),
        "settlement": "" if lines else awaited(expected_settlement_dates(voucher)),
        "settled": lines,
        "advice": explained(voucher),
    }


def refund_row(refund: Refund, told: advice.Advice | None) -> dict[str, Any]:
    """Return a refund as its line in the table, with what is to be said about it."""
    return {
        "row": refund,
        "badge": state_badge(refund),
        "amount": money(refund.amount, refund.currency),
        "requested_by": actor_word(refund.requested_by),
        "created": moment(refund.created_at),
        "arrives": arrives(refund),
        "link": link(refund),
        "advice": told,
    }


def picture_row(picture: SentPicture) -> dict[str, Any]:
    """Return a receipt as its line in the list."""
    return {
        "link": link(picture.proof),
        "received": moment(picture.proof.received_at),
        "badge": judgement_badge(picture.judgement),
    }


def case_row(case: OpenCase) -> dict[str, Any]:
    """Return an open case as its line under the state of its order."""
    return {
        "number": case.number,
        "address": reverse("admin:pagoefectivo_case_change", args=[case.pk]),
        "owner": case.owner or _("nobody works on it"),
        "due": f"{case.due:%d/%m/%Y}",
    }


def settled_row(settled: Settled) -> dict[str, Any]:
    """Return what the provider settled as its line under the payment code."""
    return {
        "address": reverse("admin:pagoefectivo_settlementline_change", args=[settled.pk]),
        "kind": _KINDS[settled.kind],
        "is_payment": settled.kind == SettlementKind.PAYMENT,
        "day": day(settled.day),
        "transfer": settled.transfer,
        "net": exactly(settled.net, settled.currency),
    }


def difference_row(difference: OpenDifference) -> dict[str, Any]:
    """Return an open difference as its line under the state of its order."""
    return {
        "number": f"D-{difference.pk}",
        "address": reverse("admin:pagoefectivo_discrepancy_change", args=[difference.pk]),
        "verdict": verdict_badge(difference.verdict),
        "off": what_is_off(difference.amount, difference.currency),
        "owner": difference.owner or _("nobody works on it"),
    }


def explained(row: Voucher | Refund) -> advice.Advice | None:
    """An error that was overcome stays in the timeline; beside the state stands only what still holds."""
    holds = row.state in {*UNSENT_VOUCHER, *UNANSWERED_VOUCHER, VoucherState.FAILED, RefundState.RETURNED}
    if isinstance(row, Voucher) and is_lost(row):
        return advice.on_code(ErrorCode.CREATE_LOST)
    return advice.on_code(row.error_code, raw=row.raw_code) if row.error_code and holds else None
