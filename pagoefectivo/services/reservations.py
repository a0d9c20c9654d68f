"""Writing a refund row: from this moment its amount is spoken for. Callers hold the order's locks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pagoefectivo.domain.messages import RefundUpdate
from pagoefectivo.domain.states import UNANSWERED_REFUND
from pagoefectivo.models import Refund, RefundDestination
from pagoefectivo.services import ledger, seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.subjects import Locked


def reserve(
    locked: Locked,
    *,
    amount: Decimal,
    reason: str,
    requested_by: str,
    now: datetime,
    requester_id: int | None = None,
    note: str = "",
    destination: RefundDestination | None = None,
    nonce: str | None = None,
) -> Refund:
    """Insert a refund of `locked.voucher` in state *requested*, due now, and recompute the reserved sum.

    The database refuses (IntegrityError) what would exceed the money paid, whatever the caller believed.
    """
    voucher = locked.voucher
    public_id = f"rfd_{seams.new_id().replace('-', '')}"
    refund = Refund.objects.create(
        public_id=public_id,
        order=locked.order,
        voucher=voucher,
        account=voucher.account,
        reference=f"R-{public_id[4:24].upper()}",
        idempotency_key=seams.new_id(),
        request_nonce=nonce,
        amount=amount,
        currency=voucher.currency,
        reason=reason,
        note=note,
        destination=destination,
        requested_by=requested_by,
        requester_id=requester_id,
        created_at=now,
        changed_at=now,
        next_action_at=now,
    )
    locked.refunds.append(refund)
    ledger.sum_refunds(voucher, locked.refunds)
    voucher.save()
    return refund


def record_outside(locked: Locked, update: RefundUpdate, *, now: datetime) -> Refund | None:
    """Insert a refund that the provider lists and we never asked for; it lowers what is left at once.

    None when it may be one of ours whose answer we never got: that one is settled by its own look-up. It cannot be where
    the provider's documents bear our references.
    """
    amount = update.amount or Decimal(0)
    waiting = (refund for refund in locked.refunds if refund.state in UNANSWERED_REFUND)
    may_be_ours = any(refund.amount == amount and not refund.provider_reference for refund in waiting)
    if may_be_ours and not account_named(locked.voucher.account).capabilities.refunds_bear_reference:
        return None
    if amount <= 0 or not update.provider_reference:
        return None
    refund = Refund.objects.create(
        public_id=f"rfd_{seams.new_id().replace('-', '')}",
        order=locked.order,
        voucher=locked.voucher,
        account=locked.voucher.account,
        reference=f"outside-{seams.new_id()}",
        amount=amount,
        currency=update.currency or locked.voucher.currency,
        reason="other",
        requested_by="provider",
        is_outside=True,
        provider_reference=update.provider_reference,
        created_at=now,
        changed_at=now,
        next_action_at=now,
    )
    locked.refunds.append(refund)
    return refund
