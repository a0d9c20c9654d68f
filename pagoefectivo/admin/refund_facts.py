"""What one refund is about, as every page of it shows it."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from pagoefectivo.admin.presentation import actor_word, awaited, link, money
from pagoefectivo.admin.reading import SEES_BANK_ACCOUNTS
from pagoefectivo.domain.bank_accounts import BANKS
from pagoefectivo.models import Refund
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.selectors import refund_pages as pages
from pagoefectivo.selectors.expectations import expected_refund_dates


def facts(request: HttpRequest, refund: Refund) -> list[tuple[str, object]]:
    """Return what a refund is about, its payee masked unless the reader may see bank accounts."""
    rows: list[tuple[str, object]] = [
        (_("Order"), link(refund.order)),
        (_("Amount"), money(refund.amount, refund.currency)),
        (_("Expected"), awaited(expected_refund_dates(refund))),
        (_("Of a payment of"), money(refund.voucher.paid_amount, refund.currency)),
        (_("Reason"), refund.get_reason_display()),
        (_("Note"), refund.note),
        (_("Asked for by"), actor_word(refund.requested_by)),
        (_("Approved by"), actor_word(refund.approved_by)),
        (_("To the account"), payee(request, refund)),
        (_("Account entered by"), actor_word(refund.destination.entered_by) if refund.destination else ""),
        (_("Look closely"), " ".join(pages.warnings_about_kept(refund))),
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
