"""What a refund would come to, taken from a request that was made under the locks and then taken back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.crypto import salted_hmac

from pagoefectivo.domain.states import LIVE_REFUND, RefundState
from pagoefectivo.models import Refund, RefundDestination, Voucher
from pagoefectivo.services import facts
from pagoefectivo.services.refund_limits import Overrun
from pagoefectivo.services.subjects import Locked


@dataclass(frozen=True, slots=True)
class Standing:
    """How a payment stood before: what was left of it, and the refunds of its order that are under way."""

    left: Decimal
    under_way: tuple[tuple[int, str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """One refund as it would be. `approval` says why somebody would have to approve it; empty where nobody would.

    `seen` names all of it, keyed, so that nobody can name it who was not shown it.
    """

    voucher: Voucher
    amount: Decimal
    currency: str
    before: Standing
    left: Decimal
    state: RefundState
    approval: str
    overruns: tuple[Overrun, ...]
    destination: RefundDestination | None
    seen: str


def standing_of(locked: Locked) -> Standing:
    """Return how the chosen payment of a locked order stands."""
    open_ones = (refund for refund in locked.refunds if refund.state in LIVE_REFUND)
    under_way = tuple((refund.pk, str(refund.state), refund.amount) for refund in open_ones)
    return Standing(facts.of_paid_voucher(locked.voucher).remaining, under_way)


def preview_of(
    before: Standing, voucher: Voucher, refund: Refund, *, approval: str, overruns: tuple[Overrun, ...]
) -> Preview:
    """Return what a refund that was just placed comes to."""
    return Preview(
        voucher=voucher,
        amount=refund.amount,
        currency=refund.currency,
        before=before,
        left=before.left - refund.amount,
        state=RefundState(refund.state),
        approval=approval,
        overruns=overruns,
        destination=refund.destination,
        seen=_seen(before, voucher, refund, approval, overruns),
    )


def _seen(before: Standing, voucher: Voucher, refund: Refund, approval: str, overruns: tuple[Overrun, ...]) -> str:
    asked = (refund.order_id, voucher.pk, refund.amount, refund.currency, refund.destination_id)
    words = (refund.requested_by, refund.reason, refund.note)
    stands = (before.left, *before.under_way, voucher.settled_at is not None)
    follows = (refund.state, approval, *(f"{each.kind}:{each.allowed}:{each.reached}" for each in overruns))
    parts = "\x1f".join(str(each) for each in (*asked, *words, *stands, *follows))
    return salted_hmac("pagoefectivo.refund-preview", parts, algorithm="sha256").hexdigest()
