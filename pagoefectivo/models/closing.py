"""The close of an account's month, signed by two people, and what arrived at the shop's bank."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.month import CloseState
from pagoefectivo.models.fields import money_field

STANDING_LABELS = [
    (CloseState.OPEN.value, _("open")),
    (CloseState.PREPARED.value, _("prepared, waits for the second signature")),
    (CloseState.CLOSED.value, _("closed")),
    (CloseState.REOPENING.value, _("closed, to be opened again")),
]
CLOSED = (CloseState.CLOSED.value, CloseState.REOPENING.value)


def _person() -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )


def _name(label: Any) -> models.CharField[Any, Any]:
    return models.CharField(label, max_length=160, blank=True)


def _is_said(act: str, *, name: str, person: str, at: str) -> models.CheckConstraint:
    """An act has its name, its person and its time, or none of them."""
    none = Q(**{name: "", f"{person}__isnull": True, f"{at}__isnull": True})
    whole = ~Q(**{name: ""}) & Q(**{f"{person}__isnull": False, f"{at}__isnull": False})
    return models.CheckConstraint(condition=none | whole, name=f"pe_close_{act}_whole")


class MonthlyClose(models.Model):
    """One revision of the close of one account's month, by its first day. The last revision that nobody opened again counts.

    `figures` are what both people signed and `digest` is the SHA-256 of them as `domain.closing` writes them; a signed
    row changes no more but into re-opening, and back where that is declined. A month that was never prepared has no row.
    """

    account = models.CharField(_("account"), max_length=64)
    month = models.DateField(_("month"))
    revision = models.PositiveIntegerField(_("revision"), default=1)
    standing = models.CharField(_("standing"), max_length=12, choices=STANDING_LABELS, default=CloseState.OPEN.value)
    figures = models.JSONField(_("figures"), default=dict, blank=True)
    digest = models.CharField("SHA-256", max_length=64, blank=True)
    prepared_by, preparer = _name(_("prepared by")), _person()
    prepared_at = models.DateTimeField(_("prepared"), null=True, blank=True)
    signed_by, signer = _name(_("signed by")), _person()
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    asked_by, asker = _name(_("re-opening asked for by")), _person()
    asked_at = models.DateTimeField(_("re-opening asked for"), null=True, blank=True)
    asked_why = models.CharField(_("why it shall be opened again"), max_length=500, blank=True)
    agreed_by, agreer = _name(_("re-opening agreed by")), _person()
    agreed_at = models.DateTimeField(_("opened again"), null=True, blank=True)

    class Meta:
        verbose_name = _("month")
        verbose_name_plural = _("months")
        default_permissions = ("view",)
        permissions = [
            ("prepare_close", "Can prepare the close of a month"),
            ("sign_close", "Can sign the close of a month that somebody else prepared"),
            ("reopen_close", "Can ask to open a closed month again, and agree to it"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "month", "revision"], name="pe_close_revision_once"),
            models.UniqueConstraint(
                fields=["account", "month"], condition=Q(agreed_at__isnull=True), name="pe_close_one_counts"
            ),
            models.CheckConstraint(condition=Q(month__day=1, revision__gte=1), name="pe_close_month_begins"),
            _is_said("prepared", name="prepared_by", person="preparer", at="prepared_at"),
            _is_said("signed", name="signed_by", person="signer", at="signed_at"),
            _is_said("asked", name="asked_by", person="asker", at="asked_at"),
            _is_said("agreed", name="agreed_by", person="agreer", at="agreed_at"),
            models.CheckConstraint(
                condition=Q(standing=CloseState.OPEN.value, prepared_at__isnull=True, digest="", signed_at__isnull=True)
                | Q(standing=CloseState.PREPARED.value, prepared_at__isnull=False, signed_at__isnull=True)
                | Q(standing__in=CLOSED, prepared_at__isnull=False, signed_at__isnull=False),
                name="pe_close_standing_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(standing=CloseState.REOPENING.value, asked_at__isnull=False)
                | ~Q(standing=CloseState.REOPENING.value) & Q(asked_at__isnull=True, agreed_at__isnull=True),
                name="pe_close_reopening_is_asked",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True) | ~Q(asked_why=""), name="pe_close_reopening_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(prepared_at__isnull=True) | ~Q(digest=""), name="pe_close_prepared_has_digest"
            ),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True) | ~Q(signed_by=F("prepared_by")) & ~Q(signer=F("preparer")),
                name="pe_close_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(agreed_at__isnull=True) | ~Q(agreed_by=F("asked_by")) & ~Q(agreer=F("asker")),
                name="pe_close_reopening_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.month:%Y-%m}"

    @property
    def is_closed(self) -> bool:
        """Whether nothing of the month may change now."""
        return self.standing in CLOSED and self.agreed_at is None


class CloseAct(models.Model):
    """One thing that a person did with the close of a month, and about which figures. Never changed, and sealed."""

    class Act(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        WITHDRAWN = "withdrawn", _("preparation withdrawn")
        SIGNED = "signed", _("signed")
        ASKED = "asked", _("re-opening asked for")
        REOPENED = "reopened", _("opened again")
        DECLINED = "declined", _("re-opening declined")
        RETRACTED = "retracted", _("re-opening asked for no more")

    close = models.ForeignKey(MonthlyClose, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(_("what"), max_length=12, choices=Act.choices)
    digest = models.CharField("SHA-256", max_length=64)
    why = models.CharField(_("why"), max_length=500, blank=True)
    actor = models.CharField(_("who"), max_length=160)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("act on a month")
        verbose_name_plural = _("acts on months")
        default_permissions = ("view",)
        ordering = ("id",)

    def __str__(self) -> str:
        return self.act


class BankReceipt(models.Model):
    """What arrived at the shop's bank for a month, as finance read it there. Never changed.

    A wrong one is struck out by a second row that `strikes` it, with the opposite amount and a reason: the sum of all
    rows is what arrived.
    """

    account = models.CharField(_("account"), max_length=64)
    month = models.DateField(_("month"))
    currency = models.CharField(_("currency"), max_length=3)
    amount = money_field(verbose_name=_("amount"))
    day = models.DateField(_("day at the bank"))
    batch = models.CharField(_("transfer"), max_length=100, blank=True)
    reference = models.CharField(_("operation number"), max_length=64, blank=True)
    strikes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="struck_by", verbose_name=_("strikes out")
    )
    why = models.CharField(_("why"), max_length=500, blank=True)
    noted_by = models.CharField(_("noted by"), max_length=160)
    noter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    at = models.DateTimeField(_("noted"))

    class Meta:
        verbose_name = _("bank receipt")
        verbose_name_plural = _("bank receipts")
        default_permissions = ("view",)
        permissions = [("note_receipt", "Can note what arrived at the bank, and strike it out")]
        indexes = [models.Index(fields=["account", "month"], name="pe_receipt_month")]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1) & ~Q(amount=0), name="pe_receipt_is_of_a_month"),
            models.CheckConstraint(condition=Q(strikes__isnull=True) | ~Q(why=""), name="pe_receipt_struck_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.amount} {self.day}"
