"""What a page does before it shows what is kept masked: it writes down who sees it."""

from __future__ import annotations

from django.http import HttpRequest

from pagoefectivo.models import AccessLog, Order
from pagoefectivo.services import access
from pagoefectivo.views.senders import remote_ip

Kind = AccessLog.Kind
OPENED, NO_REASON = "opened the page", access.NO_REASON


def note(
    request: HttpRequest, kind: AccessLog.Kind, order: Order | None = None, *, subject: str = "", why: str = OPENED
) -> None:
    """Note that this request shows something of an order, or of a `subject`; without either, of its page.

    At most one INSERT, and one row in ten minutes however often it is called. `why` is the reason a person gave, where asked.
    """
    match = request.resolver_match
    page = str(match.url_name or "") if match else ""
    access.log_person(
        request.user,
        kind,
        order=order,
        subject=subject or page,
        why=why,
        page=page,
        remote_ip=remote_ip(request),
    )
