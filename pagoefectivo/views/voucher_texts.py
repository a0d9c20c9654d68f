"""Everything the voucher page shows, as finished texts in the active language."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from pagoefectivo import storefront
from pagoefectivo.domain.barcodes import Drawing, code128_svg, drawing_of
from pagoefectivo.domain.localtime import LIMA, between_days, lima_moment, time_left
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.redaction import mask_code
from pagoefectivo.domain.renewals import Renewal, renewal
from pagoefectivo.domain.states import FINAL_REFUND, OrderState, RefundState, VoucherState
from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.selectors.expectations import expected_refund_dates
from pagoefectivo.views.voucher_assurances import assurance
from pagoefectivo.views.voucher_faces import (
    ENDED_UNPAID,
    FACES,
    MAY_SAY_PAID,
    MOVING,
    PAID_UNSEEN,
    PAYABLE,
    WITH_CODE,
    WITH_MONEY,
    Face,
    face_of,
    paid_voucher,
)
from pagoefectivo.views.voucher_places import Place, places_for

SOON = timedelta(hours=2)
LONGEST_WIDE_CODE = 10
_REFUND_TEXTS = {
    RefundState.REQUESTED: noop("Refund of {amount}: requested."),
    RefundState.AWAITING_APPROVAL: noop("Refund of {amount}: requested."),
    RefundState.AWAITING_DESTINATION: noop("Refund of {amount}: your bank details are missing."),
    RefundState.SUBMITTING: noop("Refund of {amount}: to be confirmed by the payment company."),
    RefundState.UNKNOWN: noop("Refund of {amount}: to be confirmed by the payment company."),
    RefundState.PENDING: noop("Refund of {amount}: on its way. It has not reached you yet."),
    RefundState.SUCCEEDED: noop("Refund of {amount}: given back on {moment} (Lima time)."),
    RefundState.FAILED: noop("Refund of {amount}: rejected. Your money is with the shop; write to us."),
    RefundState.CANCELED: noop("Refund of {amount}: withdrawn."),
    RefundState.RETURNED: noop("Refund of {amount}: your bank sent it back. Your money is with the shop; write to us."),
}


@dataclass(frozen=True, slots=True)
class RefundLine:
    """One refund: its state's name, the sentence about it, and where the buyer gives an account if one is missing."""

    state: str
    sentence: str
    address: str = field(default="", repr=False)


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
    expires_at: datetime | None = None
    seconds_left: int = 0
    time_left: str = ""
    is_soon: bool = False
    replaced_code: str = ""
    is_paid_twice: bool = False
    assurance: str = ""
    renewal: Renewal = Renewal.ALIVE
    places: tuple[Place, ...] = ()
    refunds: tuple[RefundLine, ...] = ()

    @property
    def is_payable(self) -> bool:
        return self.face in PAYABLE

    @property
    def is_paid(self) -> bool:
        """Whether the order counts as paid, so that there is something to be receipted."""
        return self.face in WITH_MONEY

    @property
    def may_say_paid(self) -> bool:
        return self.face in MAY_SAY_PAID and not self.assurance

    @property
    def may_send_proof(self) -> bool:
        """Whether a receipt could help: the buyer said that they paid, or nothing else on the page asks."""
        return self.face in PAID_UNSEEN or (self.face in MAY_SAY_PAID and bool(self.assurance))

    @property
    def is_over(self) -> bool:
        return self.face in ENDED_UNPAID

    @property
    def is_renewable(self) -> bool:
        return self.renewal is Renewal.OFFERED

    @property
    def is_released(self) -> bool:
        return self.renewal is Renewal.RELEASED

    @property
    def is_moving(self) -> bool:
        """Whether something may change within minutes."""
        return self.face in MOVING or any(line.state not in FINAL_REFUND for line in self.refunds)

    @property
    def spelled_code(self) -> str:
        """The code digit by digit, for ears."""
        return " ".join(self.code)

    @property
    def spaced_code(self) -> str:
        """The code in groups, for paper."""
        size = self._group
        return " ".join(self.code[at : at + size] for at in range(0, len(self.code), size))

    @property
    def _group(self) -> int:
        return 4 if len(self.code) % 4 == 0 else 3

    @property
    def is_long_code(self) -> bool:
        return len(self.code) > LONGEST_WIDE_CODE

    @property
    def grouping(self) -> str:
        """The style's names for how the digits are grouped for the eye: in fours or threes, the last group tinted."""
        size = self._group
        is_odd = -(-len(self.code) // size) % 2
        return ("fours" if size == 4 else "threes") + (" odd" if is_odd else "")  # noqa: PLR2004 - fours

    @property
    def version(self) -> str:
        """A fingerprint of everything shown but the passing of time."""
        shown = (self.face, self.heading, self.body, self.amount, self.code, self.deadline, self.is_soon,
                 self.replaced_code, self.is_paid_twice, self.assurance, self.renewal, self.refunds)  # fmt: skip
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
        expires_at=newest.expires_at,
        seconds_left=max(0, int(left.total_seconds())),
        time_left=time_left(left),
        is_soon=timedelta(0) < left < SOON,
        replaced_code=_replaced(vouchers) if shows_code else "",
        is_paid_twice=face is not Face.PAID_TWICE and sum(voucher.paid_amount > 0 for voucher in vouchers) > 1,
        assurance=assurance(newest, language, now) if shows_code else "",
        renewal=_renewal(order, vouchers, now),
        places=places_for(newest.amount, newest.currency, language) if face in PAYABLE else (),
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
        deadline=_moment(vouchers[0].last_moment, language, now),
        reference=order.reference,
    )


def _renewal(order: Order, vouchers: list[Voucher], now: datetime) -> Renewal:
    newest = vouchers[0]
    return renewal(
        OrderState(order.state),
        VoucherState(newest.state),
        is_withdrawn=order.cancel_wanted_at is not None,
        expires_at=newest.expires_at,
        codes=newest.attempt,
        now=now,
        policy=storefront.current().new_code_by_buyer,
    )


def _replaced(vouchers: list[Voucher]) -> str:
    """The end of the code that the newest one replaces: enough to know it again, too little to pay it."""
    return next((mask_code(voucher.code) for voucher in vouchers[1:] if voucher.code), "")


def _refund_line(refund: Refund, language: str, now: datetime) -> RefundLine:
    text = gettext(_REFUND_TEXTS[RefundState(refund.state)])
    amount, moment = format_money(refund.amount, refund.currency), _moment(refund.changed_at, language, now)
    sentence = f"{text.format(amount=amount, moment=moment)} {expected_line(refund, language, now)}".strip()
    address = refund.page_url if refund.state == RefundState.AWAITING_DESTINATION else ""
    return RefundLine(refund.state, sentence, address)


def expected_line(refund: Refund, language: str, now: datetime) -> str:
    """Say when a refund should arrive; nothing where nobody says."""
    days, today = expected_refund_dates(refund), now.astimezone(LIMA).date()
    if days is None:
        return ""
    when = between_days(days.first, days.last, language, today=today)
    if days.is_late_on(today):
        return gettext("We expected it {when}, so it is late: write to us.").format(when=when)
    return gettext("We expect it {when}.").format(when=when)


def _moment(instant: datetime | None, language: str, now: datetime) -> str:
    return lima_moment(instant, language, now=now) if instant else "–"
