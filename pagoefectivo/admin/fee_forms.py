"""What finance types in about fees: an agreement with its tiers, its end, a month to look at, a month to think of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pagoefectivo import conf
from pagoefectivo.admin.forms import AmountField
from pagoefectivo.domain.fees import IGV, MARKET_WORDS, WHOLE, Market, QuoteRequest, Schedule, Tier
from pagoefectivo.domain.money import SYMBOLS, ZERO
from pagoefectivo.models import FeeSchedule
from pagoefectivo.models.fees import PERCENTS, SUMS
from pagoefectivo.selectors.calendar import today
from pagoefectivo.services.fees import LONGEST_NAME, LONGEST_WHY, Agreement

MOST_TIERS = 6
_WITH_COMMA = re.compile(r"\d+,\d+", re.ASCII)
_CURRENCIES = [(each, each) for each in SYMBOLS]


class FigureField(forms.DecimalField):
    """A number from zero up, with a point or Peru's comma before its decimals; what is left empty is zero."""

    def __init__(self, *, places: int, most: int | None = None, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "0", "size": 10})
        wanted = {"required": False, "min_value": 0, "max_value": most, "max_digits": 10, "decimal_places": places}
        super().__init__(widget=widget, **{**wanted, **options})

    def to_python(self, value: Any) -> Any:
        written = str(value if value is not None else "").strip()
        return super().to_python(written.replace(",", ".") if _WITH_COMMA.fullmatch(written) else written)

    def clean(self, value: Any) -> Decimal:
        return super().clean(value) or ZERO


def _percent(label: Any, **options: Any) -> FigureField:
    return FigureField(label=label, places=4, most=100, **options)


def _sum(label: Any, **options: Any) -> FigureField:
    return FigureField(label=label, places=2, **options)


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **options)


def _why() -> forms.CharField:
    return forms.CharField(
        label=_("Why?"), max_length=LONGEST_WHY, help_text=_("It stays on the schedule with your name.")
    )


class AgreementForm(forms.Form):
    """An agreement without its tiers."""

    account = forms.ChoiceField(label=_("Account"))
    name = forms.CharField(
        label=_("Name"), max_length=LONGEST_NAME, help_text=_("By which colleagues know it, for example the contract.")
    )
    currency = forms.ChoiceField(
        label=_("Currency of the payments"), choices=_CURRENCIES, help_text=_("Every sum below is in it as well.")
    )
    settlement_currency = forms.ChoiceField(label=_("Settled in"), choices=_CURRENCIES)
    market = forms.ChoiceField(
        label=_("Acquiring"), choices=[(each.value, word) for each, word in MARKET_WORDS.items()]
    )
    valid_from = _day(_("First day"))
    valid_until = _day(_("Last day"), required=False, help_text=_("Empty: until somebody ends it."))
    percent = _percent(_("Percent of the payment"))
    fixed = _sum(_("Fixed per payment"))
    minimum = _sum(_("Minimum per payment"), help_text=_("The least that percent and fixed come to together."))
    risk_fee = _sum(_("Risk module per payment"))
    cross_border_percent = _percent(
        _("Percent added for cross-border"), help_text=_("Only charged where the acquiring is cross-border.")
    )
    refund_fee = _sum(_("Fee of a refund"))
    failed_refund_fee = _sum(_("Fee of a failed refund"))
    dispute_fee = _sum(_("Fee of a dispute"))
    tax_percent = _percent(_("Tax on fees (IGV), percent"), initial=IGV)
    fx_margin_percent = _percent(
        _("Exchange margin, percent"), help_text=_("Only counts where the shop is settled in another currency.")
    )
    why = _why()

    _GROUPS = (
        (_("Which payments"), ("account", "name", "currency", "settlement_currency", "market")),
        (_("From when to when"), ("valid_from", "valid_until")),
        (_("Each payment"), ("percent", "fixed", "minimum", "risk_fee", "cross_border_percent")),
        (_("What else costs"), ("refund_fee", "failed_refund_fee", "dispute_fee", "tax_percent", "fx_margin_percent")),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        account: Any = self.fields["account"]
        account.choices = [(name, name) for name in conf.current().accounts]

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        first, last = asked.get("valid_from"), asked.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The first day must not be after the last."))
        return asked

    def groups(self) -> Iterator[tuple[Any, list[forms.BoundField]]]:
        """The fields as they stand on the page, but for the tiers and the reason."""
        return ((heading, [self[name] for name in names]) for heading, names in self._GROUPS)

    def agreement(self, tiers: tuple[Tier, ...]) -> Agreement:
        """What was typed in, once the form is valid."""
        typed = self.cleaned_data
        sums = {name: typed[name] for name in (*PERCENTS, *SUMS, "currency", "settlement_currency")}
        return Agreement(
            account=typed["account"],
            name=typed["name"],
            terms=Schedule(tiers=tiers, **sums),
            market=Market(typed["market"]),
            valid_from=typed["valid_from"],
            valid_until=typed["valid_until"],
        )


class TierForm(forms.Form):
    """One volume tier; an empty line is none."""

    from_payments = forms.IntegerField(
        label=_("From payments a month"),
        min_value=1,
        max_value=10**9,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": 8}),
    )
    percent = _percent(_("Percent of the payment"))
    fixed = _sum(_("Fixed per payment"))

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        if not typed.get("from_payments") and not self.errors and (typed.get("percent") or typed.get("fixed")):
            self.add_error("from_payments", _("Say from how many payments on."))
        return typed


class _Tiers(forms.BaseFormSet):  # type: ignore[type-arg] # it takes one in the stubs alone
    def clean(self) -> None:
        begins = [tier.from_payments for tier in self.tiers] if not any(self.errors) else []
        if len(begins) != len(set(begins)):
            raise ValidationError(_("Two tiers begin at the same number of payments."))

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The lines that were filled in, ascending."""
        typed = [form.cleaned_data for form in self.forms if form.cleaned_data.get("from_payments")]
        found = (Tier(each["from_payments"], each["percent"], each["fixed"]) for each in typed)
        return tuple(sorted(found, key=lambda tier: tier.from_payments))


TierForms: Any = forms.formset_factory(
    TierForm, formset=_Tiers, extra=MOST_TIERS, max_num=MOST_TIERS, absolute_max=MOST_TIERS
)


def after(row: FeeSchedule) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a schedule that follows another begins with: all of its terms, from the day after it, and its tiers."""
    same = ("account", "name", "currency", "settlement_currency", "market", *PERCENTS, *SUMS)
    begun = {name: _short(getattr(row, name)) for name in same}
    if row.valid_until is not None:
        begun["valid_from"] = row.valid_until + timedelta(days=1)
    tiers = (
        {"from_payments": each.from_payments, "percent": _short(each.percent), "fixed": each.fixed}
        for each in row.terms.tiers
    )
    return begun, list(tiers)


def _short(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


class EndForm(forms.Form):
    """On which day a schedule holds for the last time, and why."""

    last_day = _day(_("Its last day"))
    why = _why()


class WithdrawForm(forms.Form):
    """What was wrong with a schedule."""

    why = _why()


class MonthForm(forms.Form):
    """Which month, of which account, and what a text message costs."""

    month = forms.DateField(
        label=_("Month"),
        input_formats=["%Y-%m"],
        widget=forms.DateInput({"type": "month", "placeholder": "2026-11"}, format="%Y-%m"),
    )
    account = forms.ChoiceField(label=_("Account"), required=False)
    message_cost = _sum(_("Cost of a text message"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        accounts: Any = self.fields["account"]
        accounts.choices = [("", _("all")), *((name, name) for name in conf.current().accounts)]


class QuoteForm(forms.Form):
    """A month that is thought of; shares in percent."""

    payments = forms.IntegerField(
        label=_("Paid codes a month"),
        min_value=1,
        max_value=10**9,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    average = AmountField(label=_("Average amount"))
    currency = forms.ChoiceField(label=_("Currency"), choices=_CURRENCIES)
    day = _day(_("By the schedules of"))
    refunded = _percent(_("Payments refunded, %"))
    failed_refunds = _percent(_("Of these refunds fail, %"))
    disputed = _percent(_("Payments disputed, %"))
    cross_border = forms.CharField(
        label=_("Payments cross-border, %"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=_("Empty: as each account acquires."),
    )
    unpaid = _percent(_("Codes never paid, %"))
    message_cost = _sum(_("Cost of the messages about one code"))

    def clean_cross_border(self) -> Decimal | None:
        written = self.cleaned_data["cross_border"].strip()
        return FigureField(places=4, most=100).clean(written) / WHOLE if written else None

    def clean_unpaid(self) -> Decimal:
        unpaid: Decimal = self.cleaned_data["unpaid"]
        if unpaid == WHOLE:
            raise ValidationError(_("Where no code is paid, nothing can be reckoned for each paid one."))
        return unpaid

    @property
    def asked(self) -> QuoteRequest:
        """What was asked for, once the form is valid."""
        typed = self.cleaned_data
        shares = ("refunded", "failed_refunds", "disputed", "unpaid")
        return QuoteRequest(
            payments=typed["payments"],
            average=typed["average"],
            currency=typed["currency"],
            message_cost=typed["message_cost"],
            **{name: typed[name] / WHOLE for name in shares},
        )


def this_month() -> date:
    """Return the first day of the month in Lima."""
    return today().replace(day=1)
