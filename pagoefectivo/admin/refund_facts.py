"""What one refund is about, as every page of it shows it."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from django.utils.translation import gettext as _

from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.presentation import actor_word, lima, link, moment, money
from pagoefectivo.admin.reading import SEES_BANK_ACCOUNTS
from pagoefectivo.admin.refund_arrival import arrives
from pagoefectivo.domain.bank_accounts import BANKS
from pagoefectivo.domain.doubts import Doubt
from pagoefectivo.models import Refund
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.selectors.refund_desk import approval_deadline
from pagoefectivo.services import doubts


def facts(request: HttpRequest, refund: Refund, look_at: Sequence[Doubt] | None = None) -> list[tuple[str, object]]:
    """Return what a refund is about, its payee masked unless the reader may see bank accounts.

    `look_at` are the doubts about its account where they were read before.
    """
    odd = doubts.about_kept(refund) if look_at is None else look_at
    deadline = approval_deadline(refund)
    if refund.destination is not None and request.user.has_perm(SEES_BANK_ACCOUNTS):
        note(request, Kind.BANK, refund.order)
    rows: list[tuple[str, object]] = [
        (_("Order"), link(refund.order)),
        (_("Amount"), money(refund.amount, refund.currency)),
        (_("Reaches the buyer"), arrives(refund)),
        (_("Of a payment of"), money(refund.voucher.paid_amount, refund.currency)),
        (_("Reason"), refund.get_reason_display()),
        (_("Note"), refund.note),
        (_("Asked for by"), actor_word(refund.requested_by)),
        (_("Approved by"), actor_word(refund.approved_by)),
        (_("To be approved until"), moment(deadline) if deadline else ""),
        (_("Known by"), f"{actor_word(refund.owned_by)}, {lima(refund.owned_at)}" if refund.owned_at else ""),
        (_("To the account"), payee(request, refund)),
        (_("Account entered by"), actor_word(refund.destination.entered_by) if refund.destination else ""),
        (_("Look closely"), " ".join(doubt.sentence for doubt in odd)),
        (_("Payout file"), link(refund.payout) if refund.payout_id else ""),
        (_("Refund id"), refund.public_id),
        (_("Our reference"), refund.reference),
        (_("Operation number") if refund.payout_id else _("Provider's reference"), refund.provider_reference),
    ]
    return [(name, value) for name, value in rows if value]


def payee(request: HttpRequest, refund: Refund) -> str:
    """Return where a refund goes, masked unless the reader may see bank accounts."""
    destination = refund.destination
    if destination is None and desk.destination_fields(refund.account):
        return _("not entered yet")
    if destination is None:
        return _("the provider asks the buyer for it")
    if request.user.has_perm(SEES_BANK_ACCOUNTS):
        bank = BANKS.get(destination.bank_code, destination.bank_code)
        return f"{destination.holder_name} · {bank} {destination.account_number}"
    return str(destination)
