"""Instructions to give money back, and where it goes."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from pagoefectivo import conf
from pagoefectivo.domain.redaction import mask_code
from pagoefectivo.domain.refund_reasons import REFUND_REASONS
from pagoefectivo.domain.states import LIVE_REFUND, PERSONS_REFUND, RefundState
from pagoefectivo.links import new_page_key, refund_page_url
from pagoefectivo.models.digests import digest_field, digest_index
from pagoefectivo.models.fields import DueRow, EncryptedTextField, due_index, linked_index, money_field
from pagoefectivo.models.machines import RefundMachine
from pagoefectivo.models.orders import Order
from pagoefectivo.models.payouts import Payout
from pagoefectivo.models.vouchers import Voucher

REASONS = [(code, reason.label) for code, reason in REFUND_REASONS.items()]
ACCOUNT, DOCUMENT = "account", "document"


def payee_digest(part: str, written: str) -> str:
    """Return what an account or a document is found again by, however it is grouped; empty for nothing."""
    bare = re.sub(r"[\W_]", "", written).casefold()
    return salted_hmac(f"pagoefectivo.payee.{part}", bare, algorithm="sha256").hexdigest() if bare else ""


class RefundDestination(models.Model):
    """A bank account in the payer's name. Encrypted at rest, masked for eyes, never changed: a new one is added.

    `replaces` is the account that the same refund had before. The keyed digests find the same account and the same
    document again, and are erased with them.
    """

    holder_name = EncryptedTextField(_("holder"))
    document_type = models.CharField(_("document type"), max_length=8, blank=True)
    document_number = EncryptedTextField(_("document number"), blank=True)
    bank_code = models.CharField(_("bank"), max_length=8, blank=True)
    account_number = EncryptedTextField(_("account number"))
    tail_digest = digest_field()
    account_type = models.CharField(_("account type"), max_length=1, blank=True)
    entered_by = models.CharField(_("entered by"), max_length=160, blank=True, db_default="")
    enterer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    replaces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+", editable=False
    )
    account_digest = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    document_digest = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("refund destination")
        verbose_name_plural = _("refund destinations")
        indexes = [
            models.Index(fields=["account_digest"], name="pe_destination_account", condition=~Q(account_digest="")),
            models.Index(fields=["document_digest"], name="pe_destination_document", condition=~Q(document_digest="")),
            digest_index("tail_digest", "pe_destination_tail"),
        ]

    def __str__(self) -> str:
        return mask_code(self.account_number)


class Refund(RefundMachine, DueRow):
    """One instruction to give `amount` of one voucher back. `is_outside` marks one that was started at the provider.

    One that people pay out by bank transfer is in one `payout` at most, for ever: another try is another refund. Its
    `provider_reference` is the bank's operation number. `page_key` opens the buyer's page and `page_key_at` is when it
    was made anew; a release that knew of no such page left rows without one. `requester`, `approver` and `owner` are the
    persons behind the names, whatever they are called later; `owned_by` said of one from outside that it is the shop's.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="refunds")
    account = models.CharField(_("account"), max_length=64)
    reference = models.CharField(_("our reference"), max_length=100, unique=True)
    idempotency_key = models.CharField(max_length=40, editable=False)
    request_nonce = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    amount = money_field(verbose_name=_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=40, choices=REASONS)
    note = models.CharField(_("note"), max_length=500, blank=True)
    destination = models.ForeignKey(RefundDestination, null=True, blank=True, on_delete=models.PROTECT)
    payout = models.ForeignKey(
        Payout, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="refunds"
    )
    requested_by = models.CharField(_("requested by"), max_length=160)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    approval_digest = models.CharField(max_length=64, blank=True, editable=False)
    approved_by = models.CharField(_("approved by"), max_length=160, blank=True)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    is_outside = models.BooleanField(_("started at the provider"), default=False)
    owned_by = models.CharField(_("owned by"), max_length=160, blank=True, db_default="")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    owned_at = models.DateTimeField(_("owned"), null=True, blank=True)
    first_sent_at = models.DateTimeField(_("first sent"), null=True, blank=True)
    provider_reference = models.CharField(_("provider's reference"), max_length=100, blank=True)
    asked_at = models.DateTimeField(_("last asked"), null=True, blank=True)
    error_code = models.CharField(_("error"), max_length=40, blank=True)
    raw_code = models.CharField(max_length=64, blank=True)
    page_key = models.CharField(max_length=32, null=True, blank=True, unique=True, editable=False, default=new_page_key)
    page_key_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_index=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        permissions = [
            ("request_refund", "Can request a refund"),
            ("approve_refund", "Can approve a refund that somebody else requested"),
            ("view_bank_account", "Can see bank accounts of buyers"),
            ("make_payout", "Can make a payout file of approved refunds"),
            ("download_payout", "Can download a payout file with its bank accounts"),
            ("settle_payout", "Can record what the bank did with a payout"),
            ("own_outside_refund", "Can say what a refund started at the provider was"),
            ("pass_refund_limit", "Can pass a limit of refunds in an emergency"),
        ]
        indexes = [
            due_index("pe_refund_due"),
            models.Index(fields=["account", "provider_reference"], name="pe_refund_provider_ref"),
            linked_index("payout", "pe_refund_payout"),
            linked_index("approved_at", "pe_refund_approved"),
            models.Index(
                fields=["state", "changed_at"],
                name="pe_refund_waits",
                condition=Q(state__in=sorted(PERSONS_REFUND)),
            ),
            models.Index(
                fields=["payout"],
                name="pe_refund_at_bank",
                condition=Q(state=RefundState.PENDING.value, payout__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "provider_reference"],
                condition=~Q(provider_reference=""),
                name="pe_refund_provider_ref_once",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="pe_refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(next_action_at__isnull=False) | ~Q(state__in=sorted(LIVE_REFUND)),
                name="pe_refund_live_is_due",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=models.F("requested_by")),
                name="pe_refund_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | Q(requester__isnull=True) | ~Q(approver=models.F("requester")),
                name="pe_refund_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(payout__isnull=True) | ~Q(approved_by="") & Q(destination__isnull=False),
                name="pe_refund_payout_is_approved",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def binding(self) -> str:
        """What an approval is bound to: any edit of amount, currency, payee or payment makes another one."""
        bound = (self.public_id, self.amount, self.currency, self.destination_id, self.voucher_id)
        return hashlib.sha256("|".join(str(each) for each in bound).encode()).hexdigest()

    @property
    def page_url(self) -> str:
        """The buyer's page of this refund, absolute; empty where a row has no link yet."""
        return refund_page_url(self.page_key) if self.page_key else ""

    @property
    def account_until(self) -> datetime:
        """Until when the buyer may give an account by this link: counted from when it was made or the account was missed."""
        begins = self.page_key_at or self.created_at
        if self.state == RefundState.AWAITING_DESTINATION:
            begins = max(begins, self.changed_at)
        return begins + conf.current().refund_account_deadline

    @property
    def is_unowned(self) -> bool:
        """Whether nobody has said yet what a refund from outside was."""
        return self.is_outside and self.owned_at is None

    @property
    def is_approved(self) -> bool:
        """Whether somebody approved exactly what this row says now."""
        return bool(self.approved_by) and self.approval_digest == self.binding
