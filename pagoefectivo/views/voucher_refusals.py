"""Why the page gives no new code, in the buyer's words."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import PagoEfectivoError, ProviderError
from pagoefectivo.domain.renewals import Renewal
from pagoefectivo.services.buyers import NotRenewed

_HEADING = noop("There is no new code")
_REASONS = {
    Renewal.ALIVE: noop("Your newest code is still in force. Go back to the page to see it."),
    Renewal.RELEASED: noop("Your order is no longer reserved. Go back to the shop to buy again."),
    Renewal.TOO_MANY: noop("This order has had several codes already. Write to us and we look at it together."),
    Renewal.REFUSED: noop("This order cannot have a new code. Go back to the shop to buy again."),
}
_PAID = noop("A payment for this order has arrived. Do not pay again.")
_UNASKED = noop(
    "The payment service does not answer, so we cannot tell whether your old code was paid. Try again in a few minutes. "
    "If you have paid, your payment is not lost."
)
_MOVING = noop("Something about your code is just changing. Go back to the page to see how it stands.")


def refusal(error: PagoEfectivoError) -> dict[str, str]:
    """Return heading and body of the notice for an error of `buyers.renew_code`."""
    return {"heading": gettext(_HEADING), "body": gettext(_reason(error))}


def _reason(error: PagoEfectivoError) -> str:
    if isinstance(error, NotRenewed):
        return _REASONS[error.why]
    if isinstance(error, ProviderError):
        return _UNASKED
    return _PAID if error.code == ErrorCode.ORDER_ALREADY_PAID else _MOVING
