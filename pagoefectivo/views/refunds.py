"""The buyer's page of one refund."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.links import refund_page_key_of
from pagoefectivo.models import Refund
from pagoefectivo.views.protection import Visit, absent, protected, rendered, too_many
from pagoefectivo.views.senders import Limit, network_of, remote_ip
from pagoefectivo.views.vouchers import GUESSES

VISITS = Limit("refund-visits", 60, untold=5)


@protected
def page(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Show where a refund stands. 404 for every link that opens nothing, 429 when hurried."""
    key = _key(token)
    hurried = VISITS.is_exceeded_by(token) if key else GUESSES.is_exceeded_by(network_of(remote_ip(request)))
    if hurried:
        return too_many(visit)
    refund = Refund.objects.filter(page_key=key).first()
    if refund is None:
        return absent(visit)
    context: dict[str, object] = {"heading": refund.get_state_display(), "body": ""}
    return rendered(visit, "pagoefectivo/notice.html", context)


@protected
def missing(_request: HttpRequest, visit: Visit, _token: str) -> HttpResponse:
    """Answer an address below the page that does not exist, before Django would log it with its token."""
    return absent(visit)


def _key(token: str) -> str:
    """Return the key that a token carries; empty, which no refund has, for a token that we did not sign."""
    try:
        return refund_page_key_of(token)
    except NotFound:
        return ""
