"""What the provider says of the codes that a receipt is sent for, in words that nobody can overlook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import advice
from pagoefectivo.admin.presentation import badge, lima, moment, money
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import PaymentStatus, VoucherState
from pagoefectivo.models import Voucher
from pagoefectivo.selectors.proofs import ProviderWord
from pagoefectivo.services import seams

A_MINUTE = timedelta(minutes=1)
_UNPAID: dict[str, object] = {
    PaymentStatus.PENDING: gettext_lazy("not paid"),
    PaymentStatus.EXPIRED: gettext_lazy("not paid, expired"),
    PaymentStatus.CANCELED: gettext_lazy("not paid, withdrawn"),
    PaymentStatus.REJECTED: gettext_lazy("not paid, rejected"),
    PaymentStatus.REVERSED: gettext_lazy("payment reversed"),
    PaymentStatus.UNRECOGNISED: gettext_lazy("something we do not know"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the provider says of one code as people read it; `code` is empty where there is no other to tell it from.

    `is_settled`: it says that just what was asked for was paid.
    """

    code: str
    badge: SafeString
    sentence: str
    heard: SafeString | str
    trouble: str
    is_settled: bool


def said(words: list[ProviderWord]) -> list[Said]:
    """Put into words what the provider says of each code, the newest first; codes are masked."""
    return [_said(word, "" if len(words) == 1 else word.voucher.masked_code) for word in reversed(words)]


def _said(word: ProviderWord, code: str) -> Said:
    voucher, is_settled = word.voucher, _is_settled(word)
    sign = badge("good" if is_settled else "alarm", _in_a_word(word))
    return Said(code, sign, _sentence(word), _heard(voucher), _trouble(word), is_settled)


def _is_settled(word: ProviderWord) -> bool:
    voucher, is_reversed = word.voucher, word.status == PaymentStatus.REVERSED
    same = (voucher.paid_amount, voucher.paid_currency) == (voucher.amount, voucher.currency)
    return same and not is_reversed


def _in_a_word(word: ProviderWord) -> object:
    if word.status == PaymentStatus.REVERSED or (word.status and word.voucher.paid_amount <= ZERO):
        return _UNPAID.get(word.status, _("not paid"))
    if word.voucher.paid_amount <= ZERO:
        return _("nothing has been said yet")
    return _("paid") if _is_settled(word) else _("paid, but another amount")


def _sentence(word: ProviderWord) -> str:
    voucher = word.voucher
    if voucher.paid_amount > ZERO:
        amount, asked = money(voucher.paid_amount, voucher.paid_currency), money(voucher.amount, voucher.currency)
        told = (
            _("{amount} on {date} (Lima time).")
            if amount == asked
            else _("{amount} of the {asked} asked for, on {date} (Lima time).")
        )
        return told.format(amount=amount, asked=asked, date=lima(voucher.paid_at))
    if voucher.state == VoucherState.CONFIRMING:
        return _("Announced as paid, not confirmed: the provider is being asked. Do not deliver yet.")
    return _("It knows of no payment with this code.") if word.status else ""


def _heard(voucher: Voucher) -> SafeString | str:
    if voucher.asked_at is None:
        return _("It has never answered a question about this code.")
    now = seams.now()
    ago = timesince(voucher.asked_at, now, depth=1) if now - voucher.asked_at >= A_MINUTE else _("less than a minute")
    return format_html(_("Last asked: {}, {} ago."), moment(voucher.asked_at), ago)


def _trouble(word: ProviderWord) -> str:
    """What became of the newest question, where it was asked in vain."""
    if word.failed_at is None:
        return ""
    why = advice.on_code(word.failed_code).sentence
    return _("It was asked on {moment} without an answer that helps: {why}").format(
        moment=lima(word.failed_at), why=why
    )
