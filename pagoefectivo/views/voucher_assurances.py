"""What a buyer who says to have paid is told: always true, never that the money is here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext

from pagoefectivo.domain.localtime import lima_moment
from pagoefectivo.models import Voucher

LONG = timedelta(minutes=60)
ANSWERED_WITHIN = timedelta(minutes=2)


def assurance(voucher: Voucher, language: str, now: datetime) -> str:
    """Return the sentences for a code that the buyer says to have paid, in the active language; empty for any other."""
    said = voucher.said_paid_at
    if said is None:
        return ""
    heard = voucher.asked_at
    if now - said > ANSWERED_WITHIN and (heard is None or heard < said):
        moment = lima_moment(heard, language, now=now) if heard else "–"
        return gettext(
            "We cannot look up your payment right now. If you have paid, your payment is not lost, and this page updates by "
            "itself. Last answer of the provider: {moment} (Lima time)."
        ).format(moment=moment)
    if now - said > LONG:
        return gettext(
            "It is taking longer than usual. Keep your receipt and write to us with it; we go on asking the provider until "
            "the payment shows. Do not pay again."
        )
    return gettext(
        "Thank you. We have not had your bank's confirmation yet; it usually takes less than 15 minutes. You may close this "
        "page and open it again. Do not pay again."
    )
