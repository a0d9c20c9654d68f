"""A message's words, filled with facts and rendered by templates that the shop may override."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from pagoefectivo import conf, conf_messages
from pagoefectivo.domain import sms
from pagoefectivo.domain.bank_accounts import BANKS
from pagoefectivo.domain.buyer_messages import WITH_CODE, MessageKind, Standing
from pagoefectivo.domain.languages import CATALOGUES, HTML_LANGUAGES
from pagoefectivo.domain.localtime import lima_moment
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.redaction import MASK, mask_account
from pagoefectivo.domain.sending import RenderedMessage
from pagoefectivo.models import BuyerMessage, Order, Refund, RefundDestination, Voucher
from pagoefectivo.services.message_words import WORDS

FOLDER = "pagoefectivo/messages"


@dataclass(frozen=True, slots=True)
class Told:
    """What one message is about, and where it stands."""

    order: Order
    vouchers: list[Voucher]
    voucher: Voucher
    refund: Refund | None
    standing: Standing
    account: RefundDestination | None = None

    @property
    def link(self) -> str:
        """The page that the message leads to: the refund's own where it is about one."""
        return (self.refund.page_url if self.refund is not None else "") or self.order.page_url


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one message, as people read them."""

    reference: str
    amount: str
    deadline: str
    moment: str
    short_deadline: str
    account: str = ""
    code: str = field(default="", repr=False)


def rendered(message: BuyerMessage, told: Told, address: str, now: datetime) -> RenderedMessage:
    """Return a message in its language, for every channel. A shop's template of the kind's own name goes first."""
    kind, shop = MessageKind(message.kind), conf.current()
    with translation.override(CATALOGUES[message.language]):
        facts, words = facts_of(kind, told, message.language, now), WORDS[kind]
        filled = {
            "reference": facts.reference,
            "amount": facts.amount,
            "deadline": facts.deadline,
            "moment": facts.moment,
            "account": facts.account,
        }
        subject = str(words.subject).format(**filled)
        context: dict[str, object] = {
            "kind": kind.value,
            "language": HTML_LANGUAGES[message.language],
            "shop_name": shop.shop_name or "PagoEfectivo",
            "contact": shop.support_contact,
            "subject": subject,
            "heading": words.heading,
            "body": str(words.body).format(**filled),
            "button": words.button,
            "link": told.link,
            "reference": facts.reference,
            "amount": facts.amount,
            "deadline": facts.deadline,
            "code": facts.code,
            "shows_code": kind in WITH_CODE,
        }
        text, html = (_rendered(kind, ending, context) for ending in ("txt", "html"))
    return RenderedMessage(
        public_id=message.public_id,
        address=address,
        sender=conf_messages.current().sender or "",
        subject=" ".join(subject.split()),
        text=text,
        html=html,
        short=short_text(kind, facts, message.language, told),
    )


def short_text(kind: MessageKind, facts: Facts, language: str, told: Told) -> str:
    """Return one SMS; in English where the language's own letters would not leave room for it."""
    spoken = sms.sms_language(language)
    with translation.override(CATALOGUES[spoken]):
        template = gettext(WORDS[kind].short)
    return sms.one_sms(
        template,
        shop=conf.current().shop_name or "PagoEfectivo",
        link=told.link,
        code=facts.code,
        amount=facts.amount,
        deadline=facts.short_deadline,
    )


def facts_of(kind: MessageKind, told: Told, language: str, now: datetime) -> Facts:
    """Return what the words of a kind may name. Only those that are there to be paid with name the code."""
    order, voucher, refund = told.order, told.voucher, told.refund
    deadline = refund.account_until if refund is not None else voucher.last_moment
    paid_at = max((each.paid_at for each in told.vouchers if each.paid_at), default=None)
    at = refund.changed_at if refund is not None else paid_at
    if told.account is not None:
        at = told.account.created_at
    amount, currency = voucher.amount, voucher.currency
    if refund is not None:
        amount, currency = refund.amount, refund.currency
    elif told.standing.has_money:
        amount, currency = _received(told)
    return Facts(
        reference=order.reference,
        amount=format_money(amount, currency),
        deadline=lima_moment(deadline, language, now=now),
        moment=lima_moment(at or now, language, now=now),
        short_deadline=sms.sms_moment(deadline, sms.sms_language(language)),
        account=_masked(told.account) if told.account is not None else "",
        code=voucher.code if kind in WITH_CODE else "",
    )


def _masked(account: RefundDestination) -> str:
    """An account as its owner knows it again, and nobody else can use it; without digits once they were erased."""
    bank = BANKS.get(account.bank_code, "")
    return f"{bank} {mask_account(account.account_number) or MASK}".strip()


def _received(told: Told) -> tuple[Decimal, str]:
    """What came in, in the currency in which it came."""
    if told.order.paid_amount > 0:
        return told.order.paid_amount, told.order.currency
    paid = next((each for each in told.vouchers if each.paid_amount > 0), told.voucher)
    return paid.paid_amount, paid.paid_currency or paid.currency


def _rendered(kind: MessageKind, ending: str, context: dict[str, object]) -> str:
    return render_to_string([f"{FOLDER}/{kind}.{ending}", f"{FOLDER}/message.{ending}"], context)
