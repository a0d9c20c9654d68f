"""What providers say they settled: the files, kept as they came, and their lines with what each turned out to be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.settlements import VERDICT_WORDS
from pagoefectivo.models.fields import DueRow, EncryptedBytesField, due_index, linked_index
from pagoefectivo.models.refunds import Refund
from pagoefectivo.models.vouchers import Voucher

KIND_LABELS = [
    (SettlementKind.PAYMENT.value, _("payment")),
    (SettlementKind.REFUND.value, _("refund")),
    (SettlementKind.FEE.value, _("fee")),
    (SettlementKind.TAX.value, _("tax")),
    (SettlementKind.CHARGEBACK.value, _("dispute")),
    (SettlementKind.ADJUSTMENT.value, _("adjustment")),
    (SettlementKind.PAYOUT.value, _("transfer to the bank")),
    (SettlementKind.BALANCE.value, _("balance")),
    (SettlementKind.NOTICE.value, _("notice")),
]
VERDICT_LABELS = [(verdict.value, words) for verdict, words in VERDICT_WORDS.items()]


class ReportStanding(models.TextChoices):
    """How far the import of a file has come. A refused one left nothing behind but itself."""

    RECEIVED = "received", _("waits to be read")
    READING = "reading", _("is being read")
    REHEARSED = "rehearsed", _("looked at only")
    IMPORTED = "imported", _("imported")
    REFUSED = "refused", _("refused")


def settled_field(**options: Any) -> models.DecimalField[Any, Any]:
    """An amount as a settlement file writes it: up to six decimals, for rows that were converted."""
    return models.DecimalField(max_digits=18, decimal_places=6, **options)


class SettlementReport(DueRow):
    """One settlement file of one account, by its SHA-256. `lines_read` counts while it is read.

    `summary` says what it came to, class by class; `refused_line` and `refused_why` say what could not be read.
    `is_rehearsal` asks to look only: its lines are judged, and nothing of them is kept.
    """

    account = models.CharField(_("account"), max_length=64)
    name = models.CharField(_("file"), max_length=160, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("bytes"))
    layout = models.CharField(_("layout"), max_length=40, blank=True)
    standing = models.CharField(
        _("standing"), max_length=12, choices=ReportStanding.choices, default=ReportStanding.RECEIVED
    )
    is_rehearsal = models.BooleanField(_("only looked at"), default=False)
    lines_read = models.PositiveIntegerField(_("lines read"), default=0)
    line_count = models.PositiveIntegerField(_("lines"), default=0)
    summary = models.JSONField(_("result"), default=dict, blank=True)
    refused_line = models.PositiveIntegerField(_("line"), null=True, blank=True)
    refused_why = models.CharField(_("why"), max_length=500, blank=True)
    brought_by = models.CharField(_("brought by"), max_length=160)
    bringer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    path = models.CharField(_("path"), max_length=12)
    created_at = models.DateTimeField(_("received"), db_index=True)
    imported_at = models.DateTimeField(_("imported"), null=True, blank=True)

    class Meta:
        verbose_name = _("settlement file")
        verbose_name_plural = _("settlement files")
        permissions = [("import_settlement", "Can import settlement files")]
        indexes = [due_index("pe_settlement_due")]
        constraints = [models.UniqueConstraint(fields=["account", "sha256"], name="pe_settlement_file_once")]

    def __str__(self) -> str:
        return self.name or self.sha256[:12]


class SettlementPiece(models.Model):
    """A part of a file as it came: compressed, encrypted, in order. Erased in time; the hash of the whole stays."""

    report = models.ForeignKey(SettlementReport, on_delete=models.CASCADE, db_index=False, related_name="pieces")
    number = models.PositiveIntegerField()
    content = EncryptedBytesField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="pe_settlement_piece_once")]

    def __str__(self) -> str:
        return str(self.number)


class ReadLine(models.Model):
    """What one line of a file says, and what was expected of it by what was agreed; None and "" where nobody says.

    `cost_expected` is the fee with its tax; it and the differences are in the settled currency, and a difference stands
    only where it is beyond what rounding explains. `due_first` and `due_last` are the days between which the account's
    cycle settles it, `own_month` is the month that it says it belongs to.
    """

    account = models.CharField(_("account"), max_length=64)
    line = models.PositiveIntegerField(_("line"))
    kind = models.CharField(_("kind"), max_length=12, choices=KIND_LABELS)
    raw_kind = models.CharField(_("as the file calls it"), max_length=120, blank=True)
    identity = models.CharField(max_length=160)
    reference = models.CharField(_("our reference"), max_length=100, blank=True)
    provider_reference = models.CharField(_("provider's reference"), max_length=100, blank=True)
    refund_reference = models.CharField(_("our reference of the refund"), max_length=100, blank=True)
    refund_provider_reference = models.CharField(_("provider's reference of the refund"), max_length=100, blank=True)
    code = models.CharField(_("code"), max_length=64, blank=True)
    amount = settled_field(verbose_name=_("amount"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    settled_amount = settled_field(verbose_name=_("settled amount"), null=True)
    settled_currency = models.CharField(_("settled currency"), max_length=3, blank=True)
    fee = settled_field(verbose_name=_("fee"), null=True)
    tax = settled_field(verbose_name=_("tax"), null=True)
    net = settled_field(verbose_name=_("net"), null=True)
    rate = models.DecimalField(_("exchange rate"), max_digits=20, decimal_places=10, null=True)
    occurred_at = models.DateTimeField(_("happened"), null=True)
    settled_date = models.DateField(_("settled"), null=True)
    batch = models.CharField(_("transfer"), max_length=100, blank=True)
    day_rate = models.DecimalField(_("rate of the day"), max_digits=20, decimal_places=10, null=True)
    cost_expected = settled_field(verbose_name=_("agreed cost"), null=True)
    cost_difference = settled_field(null=True)
    fx_difference = settled_field(null=True)
    due_first = models.DateField(null=True)
    due_last = models.DateField(null=True)
    own_month = models.DateField(_("month by its date"))

    class Meta:
        abstract = True


class SettlementLine(ReadLine):
    """A line of an imported file and its one class, which lives here: a payment is touched only where something is wrong.

    `booked` in `book_currency` is what it changes in the shop's balance, counted in `month` (its first day; a later one
    than its own where that was closed) unless it is of an uncounted class. `difference` is what is missing (below zero) or too much. A line settled by hand has shares.
    """

    # Unconstrained: none of the three is ever deleted, and to have each of a million looked up again takes longer than all else.
    report = models.ForeignKey(
        SettlementReport, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="lines"
    )
    voucher = models.ForeignKey(
        Voucher, null=True, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="settlements"
    )
    refund = models.ForeignKey(
        Refund, null=True, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="settlements"
    )
    verdict = models.CharField(_("class"), max_length=16, choices=VERDICT_LABELS)
    tells_first = models.BooleanField(default=True)
    month = models.DateField(_("month"))
    booked = settled_field(verbose_name=_("changes the balance by"))
    book_currency = models.CharField(_("currency of the balance"), max_length=3)
    difference = settled_field(verbose_name=_("difference"), null=True)
    difference_currency = models.CharField(max_length=3, blank=True)

    class Meta:
        verbose_name = _("settlement line")
        verbose_name_plural = _("settlement lines")
        permissions = [("match_line", "Can say what a settlement line is about")]
        indexes = [
            models.Index(fields=["report", "line"], name="pe_line_of_report"),
            models.Index(fields=["account", "month", "verdict"], name="pe_line_month"),
            linked_index("voucher", "pe_line_voucher"),
            linked_index("refund", "pe_line_refund"),
        ]
        constraints = [
            # By what tells lines apart first: an account's lines all share the other column.
            models.UniqueConstraint(
                fields=["identity", "account"], condition=Q(tells_first=True), name="pe_line_told_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.report_id}:{self.line}"

    @property
    def agreed_settlement(self) -> Decimal | None:
        """What it should have come to by its exchange rate; None where nothing speaks against what it came to."""
        if self.settled_amount is None or self.fx_difference is None:
            return None
        agreed: Decimal = self.settled_amount - self.fx_difference
        return agreed
