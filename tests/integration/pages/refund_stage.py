"""Refunds placed straight into any state, so that each face of their page can be looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from pagoefectivo.domain.states import OrderState, RefundState, Source, VoucherState
from pagoefectivo.links import refund_page_token
from pagoefectivo.models import Order, Refund, RefundDestination, StateChange
from pagoefectivo.services.refunds import retry_nonce
from tests.integration.pages.stage import AMOUNT, place_order, place_refund, place_voucher

NAME, PHONE, EMAIL, DOCUMENT = "María Quispe", "+51 987 654 321", "maria.quispe@example.pe", "45678912"
DIGITS = "321"
CCI, OTHER_CCI = "00219300123456789013", "01180200987654321063"
MISTYPED_CCI = "00219300123456789031"
BY_HAND, ASKED_BY_MAIL, OWN_ACCOUNT, MAY_ASK = "pagoefectivo_direct", "ebanx", "mercadopago", "default"
PERSONAL = (NAME, "Quispe", "M••••", PHONE, "987", EMAIL, DOCUMENT, CCI, CCI[-4:], OTHER_CCI, "BCP")
_WHOLE = re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, PERSONAL)) + r")(?![\w-])")
_FORM_KEY = re.compile(r'name="form_key" value="(\w+)"')
_DRAFT = re.compile(r'name="draft" value="([\w=-]+)"')


def personal_in(text: str) -> list[str]:
    """What a page says of the buyer; chance in a token is nothing that it says."""
    return _WHOLE.findall(text)


def place(
    state: RefundState, *, account: str = BY_HAND, cci: str = "", payer: dict[str, Any] | None = None, **columns: Any
) -> Refund:
    """Put a refund of a paid order into the database, with its account where `cci` names one."""
    known = {"payer_name": NAME, "payer_phone": PHONE, "payer_document_type": "DNI", "payer_document_number": DOCUMENT}
    order: Order = place_order(OrderState.PAID, paid_amount=AMOUNT, account=account, **{**known, **(payer or {})})
    voucher = place_voucher(order, VoucherState.PAID, account=account)
    destination = keep(cci) if cci else None
    refund = place_refund(voucher, state, account=account, destination=destination, **columns)
    if state != RefundState.REQUESTED:
        StateChange.objects.create(
            subject="refund", order=order, voucher=voucher, refund=refund, from_state="requested", to_state=state,
            transition="x", source=Source.STAFF, actor="staff:ana", why="", at=timezone.now(),
        )  # fmt: skip
    return refund


def keep(cci: str, name: str = NAME) -> RefundDestination:
    """An account as it stands encrypted in the database."""
    return RefundDestination.objects.create(
        holder_name=name, document_type="DNI", document_number=DOCUMENT, bank_code=cci[:3], account_number=cci,
        entered_by="buyer", created_at=timezone.now(),
    )  # fmt: skip


def _late() -> Refund:
    long_ago = timezone.now() - timedelta(days=15)
    return place(RefundState.AWAITING_DESTINATION, created_at=long_ago, changed_at=long_ago)


def _erased() -> Refund:
    refund = place(RefundState.SUCCEEDED, cci=CCI)
    RefundDestination.objects.update(holder_name="", document_type="", document_number="", account_number="")
    return refund


def _replaced() -> Refund:
    refund = place(RefundState.FAILED, cci=CCI, error_code="REFUND_ACCOUNT_CLOSED")
    place_refund(refund.voucher, RefundState.AWAITING_DESTINATION, account=BY_HAND, request_nonce=retry_nonce(refund))
    return refund


# name of a scene -> how to place it, the face it shows, whether the page asks who is there, words (in English)
SCENES: dict[str, tuple[Callable[[], Refund], str, bool, str]] = {
    "account missing": (
        lambda: place(RefundState.AWAITING_DESTINATION), "needs_account", True, "You have until",
    ),
    "account missing, to be approved": (
        lambda: place(RefundState.AWAITING_APPROVAL), "needs_account", True, "It cannot be given back in cash",
    ),
    "too late": (_late, "too_late", False, "are still yours: ask the shop for a new link"),
    "account given, checked": (
        lambda: place(RefundState.AWAITING_APPROVAL, cci=CCI), "checked", True, "a person of the shop looks at it",
    ),
    "approved, not sent": (lambda: place(RefundState.REQUESTED, cci=CCI), "requested", True, "has not been sent yet"),
    "saved": (
        lambda: place(RefundState.SUBMITTING, account=ASKED_BY_MAIL), "saved", False,
        "as soon as the payment service takes it",
    ),
    "outcome unknown": (
        lambda: place(RefundState.UNKNOWN, account=MAY_ASK), "unconfirmed", False, "nothing is sent twice",
    ),
    "in the payout file": (lambda: place(RefundState.PENDING, cci=CCI), "on_its_way", True, "have not arrived yet"),
    "asked by mail": (
        lambda: place(RefundState.PENDING, account=ASKED_BY_MAIL), "asked_by_provider", False,
        "On this page you are not asked for it",
    ),
    "maybe asked by mail": (
        lambda: place(RefundState.PENDING, account=MAY_ASK), "on_its_way", False, "If it needs your bank account",
    ),
    "own account": (
        lambda: place(RefundState.PENDING, account=OWN_ACCOUNT), "on_its_way", False,
        "the account that belongs to the e-mail of your order at Mercado Pago",
    ),
    "done": (lambda: place(RefundState.SUCCEEDED, cci=CCI), "done", True, "were given back to you"),
    "done, erased since": (_erased, "done", False, "has been erased here"),
    "account rejected": (
        lambda: place(RefundState.FAILED, cci=CCI, error_code="REFUND_ACCOUNT_CLOSED"), "account_rejected", True,
        "The account is closed or blocked. You have not lost your money",
    ),
    "rejected": (
        lambda: place(RefundState.FAILED, account=MAY_ASK, error_code="REFUND_INSUFFICIENT_FUNDS"), "rejected", False,
        "You have not lost your money",
    ),
    "sent back": (lambda: place(RefundState.RETURNED, cci=CCI), "sent_back", True, "Your bank sent the money back"),
    "tried again": (_replaced, "replaced", True, "has taken its place"),
    "withdrawn": (lambda: place(RefundState.CANCELED), "withdrawn", False, "The shop withdrew this refund"),
}  # fmt: skip


def path_of(refund: Refund) -> str:
    """The path of a refund's page."""
    return f"/pagoefectivo/r/{refund_page_token(str(refund.page_key))}/"


class Buyer:
    """A buyer's browser at one refund's page, without JavaScript: it reads pages and sends their forms."""

    def __init__(self, client: Client, refund: Refund, language: str = "en") -> None:
        self.client, self.refund = client, refund
        self.address = f"{path_of(refund)}?lang={language}"
        self.answer: Any = None

    @property
    def text(self) -> str:
        """The page as it was answered last."""
        return str(self.answer.content.decode())

    def opens(self, more: str = "") -> Buyer:
        """Open the page."""
        self.answer = self.client.get(self.address + more)
        return self

    def sends(self, act: str, **fields: str) -> Buyer:
        """Send one of the forms that the page has, and follow where it leads."""
        key = _FORM_KEY.search(self.text)
        draft = _DRAFT.search(self.text)
        kept = {**({"form_key": key[1]} if key else {}), **({"draft": draft[1]} if draft else {})}
        self.answer = self.client.post(self.address, {"act": act, **kept, **fields}, follow=True)
        return self

    def is_known(self) -> Buyer:
        """Open the page and answer the second question."""
        return self.opens().sends("phone", digits=DIGITS)

    def types(self, cci: str = CCI, **changes: str) -> Buyer:
        """Fill in the account's form."""
        fields = {
            "holder_name": NAME, "document_type": "DNI", "document_number": DOCUMENT, "account_number": cci,
            "last_digits": cci[-4:],
        }  # fmt: skip
        return self.sends("review", **{**fields, **changes})
