"""What was agreed with the providers on fees, and the two pages that reckon with it."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.fees import IGV, MARKET_WORDS, Market, Schedule, Tier
from pagoefectivo.models.fields import money_field
from pagoefectivo.models.operations import Job

PERCENTS = ("percent", "tax_percent", "cross_border_percent", "fx_margin_percent")
SUMS = ("fixed", "minimum", "risk_fee", "refund_fee", "failed_refund_fee", "dispute_fee")


def _percent_field(name: object, **options: object) -> models.DecimalField:  # type: ignore[type-arg]
    return models.DecimalField(name, max_digits=7, decimal_places=4, default=0, **options)  # type: ignore[arg-type]


class FeeSchedule(models.Model):
    """One agreement on fees: of one account, for payments in one currency, between two days in Lima, both included.

    Never edited. It is ended, and a new one begins; one that was wrong from the start is withdrawn and counts for
    nothing. At no day two of one account and currency hold. `planned_until` is the last day as it was at first.
    """

    account = models.CharField(_("account"), max_length=64)
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3)
    market = models.CharField(
        _("acquiring"), max_length=12, choices=[(each.value, word) for each, word in MARKET_WORDS.items()]
    )
    valid_from = models.DateField(_("first day"))
    valid_until = models.DateField(_("last day"), null=True, blank=True)
    planned_until = models.DateField(null=True, blank=True, editable=False)
    percent = _percent_field(_("percent of the payment"))
    fixed = money_field(verbose_name=_("fixed per payment"), default=0)
    minimum = money_field(verbose_name=_("minimum per payment"), default=0)
    risk_fee = money_field(verbose_name=_("risk module per payment"), default=0)
    cross_border_percent = _percent_field(_("percent added for cross-border"))
    refund_fee = money_field(verbose_name=_("fee of a refund"), default=0)
    failed_refund_fee = money_field(verbose_name=_("fee of a failed refund"), default=0)
    dispute_fee = money_field(verbose_name=_("fee of a dispute"), default=0)
    tax_percent = models.DecimalField(_("tax on fees (IGV), percent"), max_digits=7, decimal_places=4, default=IGV)
    settlement_currency = models.CharField(_("settled in"), max_length=3)
    fx_margin_percent = _percent_field(_("exchange margin, percent"))
    why = models.CharField(_("why it was entered"), max_length=200)
    created_by = models.CharField(_("entered by"), max_length=160)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(_("entered"))
    is_withdrawn = models.BooleanField(_("withdrawn"), default=False)
    ended_by = models.CharField(_("ended by"), max_length=160, blank=True)
    ender = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_why = models.CharField(_("why it was ended"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("fee schedule")
        verbose_name_plural = _("fee schedules")
        default_permissions = ("view",)
        permissions = [("keep_fees", "Can enter and end fee schedules")]
        indexes = [models.Index(fields=["account", "currency", "valid_from"], name="pe_fees_account")]
        constraints = [
            models.CheckConstraint(
                condition=Q(**{f"{name}__gte": 0 for name in (*PERCENTS, *SUMS)})
                & Q(**{f"{name}__lte": 100 for name in PERCENTS}),
                name="pe_fees_in_range",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="pe_fees_days_in_order",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(is_withdrawn=False), name="pe_fees_withdrawn_is_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account}, {self.currency})"

    def holds_on(self, day: date) -> bool:
        """Whether it counts on a day in Lima."""
        return (
            not self.is_withdrawn and self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
        )

    @property
    def is_cross_border(self) -> bool:
        return self.market == Market.CROSS_BORDER

    @cached_property
    def terms(self) -> Schedule:
        """What was agreed, for reckoning; its tiers are read once."""
        tiers = sorted(self.tiers.all(), key=lambda tier: tier.from_payments)
        return Schedule(
            currency=self.currency,
            settlement_currency=self.settlement_currency,
            tiers=tuple(Tier(each.from_payments, each.percent, each.fixed) for each in tiers),
            **{name: getattr(self, name) for name in (*PERCENTS, *SUMS)},
        )


class FeeTier(models.Model):
    """From so many payments a month on, all of them cost these instead of the schedule's percent and fixed sum."""

    schedule = models.ForeignKey(FeeSchedule, on_delete=models.PROTECT, db_index=False, related_name="tiers")
    from_payments = models.PositiveIntegerField(_("from payments a month"))
    percent = _percent_field(_("percent of the payment"))
    fixed = money_field(verbose_name=_("fixed per payment"), default=0)

    class Meta:
        verbose_name = _("volume tier")
        verbose_name_plural = _("volume tiers")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["schedule", "from_payments"], name="pe_fee_tier_once"),
            models.CheckConstraint(
                condition=Q(from_payments__gte=1, percent__gte=0, percent__lte=100, fixed__gte=0),
                name="pe_fee_tier_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_payments}+: {self.percent} % + {self.fixed}"


class Costs(Job):
    """The page of a month's costs as something that one may be allowed to see. No table of its own."""

    class Meta:
        proxy = True
        verbose_name = _("costs")
        verbose_name_plural = _("costs")
        default_permissions = ("view",)


class FeeQuote(Job):
    """The page of what-if quotes as something that one may be allowed to see. No table of its own."""

    class Meta:
        proxy = True
        verbose_name = _("what-if quote")
        verbose_name_plural = _("what-if quotes")
        default_permissions = ("view",)
