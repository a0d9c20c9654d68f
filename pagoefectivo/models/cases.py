"""What does not fit and waits for a person, and the cases that people work on until they are settled."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.cases import UNDER_WORK, CaseAct, CaseStanding
from pagoefectivo.models.fields import EncryptedTextField, money_field
from pagoefectivo.models.labels import (
    ANOMALY_LABELS,
    CASE_KIND_LABELS,
    CASE_STANDING_LABELS,
    LINK_LABELS,
    RESPONSIBLE_LABELS,
)
from pagoefectivo.models.orders import Order
from pagoefectivo.models.refunds import Refund
from pagoefectivo.models.vouchers import Voucher


class Anomaly(models.Model):
    """One oddity on a voucher or refund. Open at most once per subject and kind; closed by a later fact or a person."""

    kind = models.CharField(_("kind"), max_length=32, choices=ANOMALY_LABELS)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="anomalies")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="anomalies")
    refund = models.ForeignKey(Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="anomalies")
    holds_order = models.BooleanField(_("holds the order"), default=False)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=160, blank=True)
    resolution = models.CharField(_("resolution"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("anomaly")
        verbose_name_plural = _("anomalies")
        permissions = [("accept_payment", "Can accept a payment that is under review")]
        indexes = [
            models.Index(fields=["kind", "opened_at"], name="pe_anomaly_open", condition=Q(closed_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["voucher", "kind"],
                condition=Q(closed_at__isnull=True, refund__isnull=True),
                name="pe_anomaly_open_once_voucher",
            ),
            models.UniqueConstraint(
                fields=["refund", "kind"],
                condition=Q(closed_at__isnull=True, refund__isnull=False),
                name="pe_anomaly_open_once_refund",
            ),
        ]

    def __str__(self) -> str:
        return self.kind


_UNDER_WORK = sorted(each.value for each in UNDER_WORK)


class Case(models.Model):
    """A dispute, an oddity or a question to the provider under work. It moves no money and no state of an order.

    Of one `subject` at most one case is open. `due_date` is a day in Lima. What happened to it stands in its entries.
    """

    public_id = models.CharField(_("number"), max_length=16, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=CASE_KIND_LABELS)
    standing = models.CharField(
        _("state"), max_length=16, choices=CASE_STANDING_LABELS, default=CaseStanding.OPEN.value
    )
    account = models.CharField(_("account"), max_length=64)
    subject = models.CharField(max_length=60, editable=False)
    about = models.CharField(_("what it is about"), max_length=200)
    amount = money_field(verbose_name=_("amount"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    responsible = models.CharField(_("whose responsibility"), max_length=12, choices=RESPONSIBLE_LABELS, blank=True)
    responsible_why = models.CharField(_("why"), max_length=300, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    due_date = models.DateField(_("due date"))
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.CharField(_("opened by"), max_length=160)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        default_permissions = ("view",)
        permissions = [
            ("open_case", "Can open a case"),
            ("work_case", "Can work on cases: notes, links, checklist, evidence sent"),
            ("assign_case", "Can give a case to another person"),
            ("close_case", "Can say how a case ended"),
            ("bundle_case", "Can make the evidence bundle of a case, with masked messages of the provider"),
        ]
        indexes = [models.Index(fields=["due_date", "id"], name="pe_case_due", condition=Q(ended_at__isnull=True))]
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=Q(ended_at__isnull=True), name="pe_case_open_once_subject"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, standing__in=_UNDER_WORK)
                | Q(ended_at__isnull=False) & ~Q(standing__in=_UNDER_WORK),
                name="pe_case_ended_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True, currency="") | Q(amount__gt=0) & ~Q(currency=""),
                name="pe_case_amount_with_currency",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class CaseLink(models.Model):
    """One thing that a case is about: the row `row_id` of the kind `what`, which hangs below `order`.

    By number and not by six foreign keys: evidence is not deleted, and every kind is listed and bundled alike.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links", db_index=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="case_links")
    what = models.CharField(_("what"), max_length=12, choices=LINK_LABELS)
    row_id = models.PositiveBigIntegerField()
    linked_at = models.DateTimeField(_("linked"))
    linked_by = models.CharField(_("linked by"), max_length=160)

    class Meta:
        verbose_name = _("link of a case")
        verbose_name_plural = _("links of cases")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["case", "what", "row_id"], name="pe_case_link_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.what} {self.row_id}"


class CaseEntry(models.Model):
    """One line of a case's history: who did what when. Only ever added; `note` may be erased in time."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entries")
    act = models.CharField(_("what happened"), max_length=16, choices=[(each.value, each.value) for each in CaseAct])
    actor = models.CharField(_("who"), max_length=160)
    at = models.DateTimeField(_("at"))
    details = models.JSONField(default=dict)
    note = EncryptedTextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("line of a case")
        verbose_name_plural = _("lines of cases")
        default_permissions = ("view",)
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.act}"
