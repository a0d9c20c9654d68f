"""The one thing to do about a refund that went wrong, by the code of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.error_codes import ErrorCode as E
from pagoefectivo.domain.states import FREED_REFUND
from pagoefectivo.models import Refund
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.services.refunds import WRONG_ACCOUNT

_MAY_ASK = "pagoefectivo.request_refund"
_ANOTHER_AMOUNT = frozenset({E.REFUND_LIMIT_EXCEEDED, E.REFUND_AMOUNT_EXCEEDED, E.REFUND_PARTIAL_UNSUPPORTED})
_NOTHING_HELPS = frozenset(
    {E.REFUND_WINDOW_CLOSED, E.REFUND_UNSUPPORTED, E.REFUND_NOT_PAID, E.REFUND_FROZEN, E.CREATE_RISK_REJECTED}
)


@dataclass(frozen=True, slots=True)
class Remedy:
    """One button: what it says and where it leads."""

    word: object
    address: str


def remedy_for(request: HttpRequest, refund: Refund) -> Remedy | None:
    """Return what is done next about a refund that did not arrive; None where nothing here helps, or not by this person."""
    user: Any = request.user
    if refund.state not in FREED_REFUND or refund.is_outside or not user.has_perm(_MAY_ASK):
        return None
    code = refund.error_code
    retry = reverse("admin:pagoefectivo_refund_retry", args=[refund.pk])
    if code in _NOTHING_HELPS:
        return Remedy(_("Look at the order"), reverse("admin:pagoefectivo_order_change", args=[refund.order_id]))
    if code in _ANOTHER_AMOUNT:
        return Remedy(_("Refund another amount …"), reverse("admin:pagoefectivo_order_refund", args=[refund.order_id]))
    if code in WRONG_ACCOUNT and desk.destination_fields(refund.account):
        return Remedy(_("Refund again to another account …"), retry)
    if code == E.REFUND_INSUFFICIENT_FUNDS:
        return Remedy(_("The balance is filled up: refund again …"), retry)
    return Remedy(_("Refund again …"), retry)
