"""Everything the voucher page shows, as finished texts in the active language."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from pagoefectivo.domain.barcodes import Drawing, code128_svg, drawing_of
from pagoefectivo.domain.localtime import lima_moment, time_left
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.redaction import mask_code
from pagoefectivo.domain.states import FINAL_REFUND, RefundState
from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.views.voucher_faces import (
    FACES,
    MOVING,
    PAID_UNSEEN,
    PAYABLE,
    WITH_CODE,
    WITH_MONEY,
    Face,
    face_of,
    paid_voucher,
)

SOON = timedelta(hours=2)
LONGEST_WIDE_CODE = 10
_REFUND_TEXTS = {
    RefundState.REQUESTED: noop("Refund of {amount}: requested."),
    RefundState.AWAITING_APPROVAL: noop("Refund of {amount}: requested."),
    RefundState.AWAITING_DESTINATION: noop(
        "Refund of {amount}: your bank details are missing. The shop will ask you for them."
    ),
    RefundState.SUBMITTING: noop("Refund of {amount}: to be confirmed by the provider."),
    RefundState.UNKNOWN: noop("Refund of {amount}: to be confirmed by the provider."),
    RefundState.PENDING: noop("Refund of {amount}: on its way. It has not reached you yet."),
    RefundState.SUCCEEDED: noop("Refund of {amount}: given back on {moment} (Lima time)."),
    RefundState.FAILED: noop("Refund of {amount}: rejected. Your money is with the shop; write to us."),
    RefundState.CANCELED: noop("Refund of {amount}: withdrawn."),
    RefundState.RETURNED: noop("Refund of {amount}: your bank sent it back. Your money is with the shop; write to us."),
}


@dataclass(frozen=True, slots=True)
class RefundLine:
    """One refund: its state's name and the sentence about it."""

    state: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Page:
    """One voucher page. `code` is empty wherever it must not be shown; a repr never shows it."""

    face: Face
    tone: str
    badge: str
    heading: str
    body: str
    reference: str
    amount: str
    code: str = field(default="", repr=False)
    barcode: Drawing | None = field(default=None, repr=False)
    deadline: str = ""
    seconds_left: int = 0
    time_left: str = ""
    is_soon: bool = False
    replaced_code: str = ""
    is_paid_twice: bool = False
    refunds: tuple[RefundLine, ...] = ()

    @property
    def is_payable(self) -> bool:
        return self.face in PAYABLE

    @property
    def may_send_proof(self) -> bool:
        """Whether a receipt could help that no other part of the page asks for."""
        return self.face in PAID_UNSEEN

    @property
    def is_moving(self) -> bool:
        """Whether something may change within minutes."""
        return self.face in MOVING or any(line.state not in FINAL_REFUND for line in self.refunds)

    @property
    def spelled_code(self) -> str:
        """The code digit by digit, for ears."""
        return " ".join(self.code)

    @property
    def is_long_code(self) -> bool:
        return len(self.code) > LONGEST_WIDE_CODE

    @property
    def grouping(self) -> str:
        """The style's names for how the digits are grouped for the eye: in fours or threes, the last group tinted."""
        size = 4 if len(self.code) % 4 == 0 else 3
        is_odd = -(-len(self.code) // size) % 2
        return ("fours" if size == 4 else "threes") + (" odd" if is_odd else "")  # noqa: PLR2004 - fours

    @property
    def version(self) -> str:
        """A fingerprint of everything shown but the passing of time."""
        shown = (self.face, self.heading, self.body, self.amount, self.code, self.deadline, self.is_soon,
                 self.replaced_code, self.is_paid_twice, self.refunds)  # fmt: skip
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def page_of(order: Order, vouchers: list[Voucher], refunds: list[Refund], *, language: str, now: datetime) -> Page:
    """Put an order, its vouchers (newest first, at least one) and its refunds into the buyer's words."""
    face, newest = face_of(order, vouchers, now), vouchers[0]
    words = FACES[face]
    shows_code = face in WITH_CODE
    left = newest.expires_at - now if newest.expires_at and face in PAYABLE else timedelta(0)
    return Page(
        face=face,
        tone=words.tone,
        badge=str(words.badge),
        heading=str(words.heading),
        body=_body(face, order, vouchers, language, now),
        reference=order.reference,
        amount=format_money(newest.amount, newest.currency),
        code=newest.code if shows_code else "",
        barcode=barcode_of(newest) if face in PAYABLE else None,
        deadline=_moment(newest.expires_at, language, now) if shows_code else "",
        seconds_left=max(0, int(left.total_seconds())),
        time_left=time_left(left),
        is_soon=timedelta(0) < left < SOON,
        replaced_code=_replaced(vouchers) if shows_code else "",
        is_paid_twice=sum(voucher.paid_amount > 0 for voucher in vouchers) > 1,
        refunds=tuple(_refund_line(refund, language, now) for refund in refunds),
    )


def barcode_of(voucher: Voucher) -> Drawing | None:
    """Return the barcode that was drawn when the code was issued, or draw it now."""
    return drawing_of(voucher.barcode_svg) or drawing_of(code128_svg(voucher.barcode or voucher.code))


def _body(face: Face, order: Order, vouchers: list[Voucher], language: str, now: datetime) -> str:
    paid = paid_voucher(vouchers)
    amount = format_money(vouchers[0].amount, vouchers[0].currency)
    if paid is not None:
        amount = format_money(paid.paid_amount, paid.paid_currency)
        if face in WITH_MONEY and order.paid_amount:
            amount = format_money(order.paid_amount, order.currency)
    return str(FACES[face].body).format(
        amount=amount,
        refunded=format_money(order.refunded_amount, order.currency),
        moment=_moment(paid.paid_at if paid else None, language, now),
        deadline=_moment(vouchers[0].expires_at or vouchers[0].wanted_expiry_at, language, now),
        reference=order.reference,
    )


def _replaced(vouchers: list[Voucher]) -> str:
    """The end of the code that the newest one replaces: enough to know it again, too little to pay it."""
    return next((mask_code(voucher.code) for voucher in vouchers[1:] if voucher.code), "")


def _refund_line(refund: Refund, language: str, now: datetime) -> RefundLine:
    text = gettext(_REFUND_TEXTS[RefundState(refund.state)])
    amount, moment = format_money(refund.amount, refund.currency), _moment(refund.changed_at, language, now)
    return RefundLine(refund.state, text.format(amount=amount, moment=moment))


def _moment(instant: datetime | None, language: str, now: datetime) -> str:
    return lima_moment(instant, language, now=now) if instant else "–"
