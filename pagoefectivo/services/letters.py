"""Letters about a case, ready to be copied: to the provider in its language, to the buyer in theirs, by templates of the shop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pagoefectivo import conf
from pagoefectivo.domain.cases import CaseKind, CaseStanding
from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.domain.languages import CATALOGUES
from pagoefectivo.domain.localtime import NARROW, between_days, lima_moment, written_day
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.redaction import redact_text
from pagoefectivo.domain.states import LIVE_REFUND, RefundState
from pagoefectivo.models import Case, Order, Refund, Voucher
from pagoefectivo.selectors import calendar
from pagoefectivo.selectors.expectations import expected_refund_dates
from pagoefectivo.services import cases, seams
from pagoefectivo.services.accounts import EffectiveAccount, account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.support_ids import provider_ids

FOLDER = "pagoefectivo/cases"


class Addressee(StrEnum):
    """Whom a letter is for."""

    PROVIDER = "provider"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as text, in `language`, with a name for its file."""

    addressee: Addressee
    language: str
    text: str
    name: str


def letter(public_id: str, addressee: Addressee, *, actor: Actor) -> Letter:
    """Return a letter filled with facts; nothing is written and nothing is sent.

    The provider reads ids, amounts and what is asked; the buyer reads their own order, the first that the case is linked
    with. Neither reads a name, an address, a document, an account, or a note of the shop's. Raises PermissionRefused and
    NotFound.
    """
    actor.require(Permission.WORK_CASES)
    case = cases.case_named(public_id, actor=actor)
    ids = list(case.links.order_by("pk").values_list("order_id", flat=True))
    orders = list(Order.objects.filter(pk__in=ids).defer("metadata", "payer_document_number").order_by("pk"))
    if not orders:
        raise NotFound
    account = account_named(case.account)
    if addressee is Addressee.BUYER:
        first = next(order for order in orders if order.pk == ids[0])
        return _to_buyer(case, first, account)
    return _to_provider(case, orders, account)


def _to_provider(case: Case, orders: Sequence[Order], account: EffectiveAccount) -> Letter:
    language = account.provider.support.language
    vouchers = list(Voucher.objects.filter(order__in=orders).defer("barcode_svg").order_by("pk"))
    refunds = list(Refund.objects.filter(order__in=orders).order_by("pk"))
    ids = provider_ids(account, orders, vouchers, refunds)
    with translation.override(CATALOGUES[language]):
        context = {
            **_always(case, language),
            "provider": account.provider.name,
            "about": redact_text(case.about),
            "ids": list(ids.lines()),
            "facts": [*_payments(vouchers, language), *_refunds(refunds, language)],
            "calls": [call.request_id for call in ids.calls[:5]],
            "responsible_why": redact_text(case.responsible_why, longest=300),
        }
        return _filled(Addressee.PROVIDER, language, case, account, context)


def _to_buyer(case: Case, order: Order, account: EffectiveAccount) -> Letter:
    language = order.language
    vouchers = list(Voucher.objects.filter(order=order).defer("barcode_svg").order_by("pk"))
    refunds = list(Refund.objects.filter(order=order).order_by("pk"))
    with translation.override(CATALOGUES[language]):
        context = {
            **_always(case, language),
            "reference": order.reference,
            "facts": [*_payments(vouchers, language), *_refunds(refunds, language)],
        }
        return _filled(Addressee.BUYER, language, case, account, context)


def _always(case: Case, language: str) -> dict[str, object]:
    shop = conf.current()
    return {
        "case": case.public_id,
        "amount": "" if case.amount is None else format_money(case.amount, case.currency),
        "due": written_day(case.due_date, language),
        "is_dispute": case.kind == CaseKind.DISPUTE,
        "is_inquiry": case.kind == CaseKind.INQUIRY,
        "is_won": case.standing == CaseStanding.WON,
        "is_lost": case.standing == CaseStanding.LOST,
        "has_ended": case.ended_at is not None,
        "shop_name": shop.shop_name or "PagoEfectivo",
        "contact": shop.support_contact,
    }


def _filled(
    addressee: Addressee, language: str, case: Case, account: EffectiveAccount, context: dict[str, object]
) -> Letter:
    own = f"{FOLDER}/letter_{addressee}_{account.config.name}.txt"
    text = render_to_string([own, f"{FOLDER}/letter_{addressee}.txt"], context)
    plain = text.replace(NARROW, " ").strip() + "\n"  # what is copied into a form must not carry them along
    return Letter(addressee, language, plain, f"{case.public_id}-{addressee}.txt")


def _payments(vouchers: Sequence[Voucher], language: str) -> Iterator[str]:
    paid = [voucher for voucher in vouchers if voucher.paid_amount > 0]
    for voucher in paid:
        amount = format_money(voucher.paid_amount, voucher.paid_currency or voucher.currency)
        at = lima_moment(voucher.paid_at, language, now=seams.now()) if voucher.paid_at else "–"
        yield _("Paid: {amount}, {moment} (Lima time).").format(amount=amount, moment=at)
    if not paid:
        yield _("No payment is recorded.")


def _refunds(refunds: Sequence[Refund], language: str) -> Iterator[str]:
    for refund in refunds:
        amount = format_money(refund.amount, refund.currency)
        if refund.state == RefundState.SUCCEEDED:
            at = lima_moment(refund.changed_at, language, now=seams.now())
            yield _("Given back: {amount}, confirmed {moment} (Lima time).").format(amount=amount, moment=at)
        elif refund.state in LIVE_REFUND:
            yield f"{_('A refund of {amount} is under way.').format(amount=amount)} {_awaited(refund)}".strip()
        elif refund.state != RefundState.CANCELED:
            yield _("A refund of {amount} did not arrive.").format(amount=amount)


def _awaited(refund: Refund) -> str:
    awaited = expected_refund_dates(refund)
    if awaited is None:
        return ""
    days = between_days(awaited.first, awaited.last, get_language() or "", today=calendar.today())
    return _("It is expected {days}.").format(days=days)
