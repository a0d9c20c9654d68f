"""Two pages: what a month costs by the fee schedules, and what a month would cost at each account."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from pagoefectivo import conf
from pagoefectivo.admin.charts import Chart, stacked_bars
from pagoefectivo.admin.fee_forms import MonthForm, QuoteForm, this_month
from pagoefectivo.admin.fees import KEEPS_FEES, percent
from pagoefectivo.admin.figures import too_large
from pagoefectivo.admin.month_links import address_of
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.presentation import NOTHING, money
from pagoefectivo.admin.reading import OnePageAdmin
from pagoefectivo.admin.refusals import refused
from pagoefectivo.domain.fees import PART_WORDS, Part, Quote
from pagoefectivo.domain.money import CENT, ZERO
from pagoefectivo.models import Costs, FeeQuote
from pagoefectivo.selectors.calendar import today
from pagoefectivo.selectors.fees import BANDS, MonthCosts, Offer, Sum, costs, quotes
from pagoefectivo.selectors.periods import RangeTooLarge, patience

SEES_FEES = "pagoefectivo.view_feeschedule"
SEES_COSTS, SEES_QUOTES = "pagoefectivo.view_costs", "pagoefectivo.view_feequote"
LARGE = 10  # from there on the scale of a picture has no decimals
USUAL = {"payments": "1000", "average": "80.00", "currency": "PEN"}


@admin.register(Costs)
class CostsAdmin(OnePageAdmin):
    """What a month costs, as far as the schedules tell."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show a month's costs of each account and currency; without a question it is the month that runs."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            return refused(self, request, SEES_COSTS)
        form = MonthForm({"month": f"{this_month():%Y-%m}", "account": "", **request.GET.dict()})
        rows, trouble = _read(form) if form.is_valid() else ([], "")
        context = {
            **frame(self, request, None, _("Costs")),
            "form": form,
            "trouble": trouble,
            "months": [
                {**_month(number, row), "charged": _charged(request, row, form.cleaned_data["month"])}
                for number, row in enumerate(rows, 1)
            ],
            "is_empty": form.is_valid() and not rows and not trouble,
            "begin": reverse("admin:pagoefectivo_feeschedule_begin") if request.user.has_perm(KEEPS_FEES) else "",
            "schedules": reverse("admin:pagoefectivo_feeschedule_changelist")
            if request.user.has_perm(SEES_FEES)
            else "",
            "quote": reverse("admin:pagoefectivo_feequote_changelist") if request.user.has_perm(SEES_QUOTES) else "",
        }
        status = HTTPStatus.OK if form.is_valid() and not trouble else HTTPStatus.UNPROCESSABLE_ENTITY
        return TemplateResponse(request, "admin/pagoefectivo/fees/costs.html", context, status=status)


@admin.register(FeeQuote)
class FeeQuoteAdmin(OnePageAdmin):
    """What a month would cost at each account, side by side."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the form, and once it was asked the cost of each account."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            return refused(self, request, SEES_QUOTES)
        was_asked = "payments" in request.GET
        form = QuoteForm({"day": f"{today()}", **request.GET.dict()} if was_asked else None, initial=_usual())
        offers: list[Offer] = []
        if was_asked and form.is_valid():
            typed = form.cleaned_data
            offers = quotes(form.asked, typed["day"], cross_border=typed["cross_border"])
        context = {
            **frame(self, request, None, _("What would it cost?")),
            "form": form,
            **(_compared(offers, form) if offers else {}),
            "may_keep": request.user.has_perm(KEEPS_FEES),
        }
        is_fine = not was_asked or form.is_valid()
        status = HTTPStatus.OK if is_fine else HTTPStatus.UNPROCESSABLE_ENTITY
        return TemplateResponse(request, "admin/pagoefectivo/fees/quote.html", context, status=status)


def _usual() -> dict[str, Any]:
    return {**USUAL, "day": today()}


def _read(form: MonthForm) -> tuple[list[MonthCosts], str]:
    asked = form.cleaned_data
    try:
        with patience():
            return costs(asked["month"], asked["account"], message_cost=asked["message_cost"]), ""
    except RangeTooLarge:
        return [], too_large()


def _charged(request: HttpRequest, row: MonthCosts, month: date) -> str:
    """Where what was charged stands beside it, for who may see it."""
    may_see = request.user.has_perm("pagoefectivo.view_monthlyclose") and row.account in conf.current().accounts
    return address_of(row.account, month, "charges") if may_see else ""


def _month(number: int, row: MonthCosts) -> dict[str, Any]:
    def said(amount: Decimal | None) -> str:
        return money(amount, row.currency)

    days, name = sorted(row.days.items()), f"costs-{number}"
    each_line = (_("payments"), _("paid by buyers"), _("fee"), _("tax (IGV)"), _("cost of each"))
    sums = (
        (_("Payments"), row.payments),
        (_("Refunds that arrived"), row.refunds),
        (_("Refunds that failed or came back"), row.failed_refunds),
        (_("Disputes"), row.disputes),
    )
    parts: list[tuple[Any, ...]] = [
        (word, each.count, said(each.fee), said(each.tax), said(each.total)) for word, each in sums
    ]
    parts.append((_("Exchange margin"), NOTHING, NOTHING, NOTHING, said(row.fx_margin)))
    unpaid = _("Messages about {codes} codes that nobody paid").format(codes=row.unpaid_codes)
    parts.append((unpaid, row.messages, NOTHING, NOTHING, said(row.unpaid_cost)))
    parts.append((_("Total"), "", said(row.fees), said(row.tax), said(row.total)))
    return {
        "name": name,
        **{f"{what}_id": f"{name}-{what}" for what in ("title", "days", "bands")},
        "heads": (_("what"), _("how many"), _("fee"), _("tax (IGV)"), _("total")),
        "day_heads": (_("day (Lima)"), *each_line),
        "band_heads": (_("amount"), *each_line),
        "row": row,
        "title": f"{row.account} · {row.currency}",
        "sentence": _("Each paid code costs {each}: {percent} of what buyers paid.").format(
            each=said(row.per_paid_voucher), percent=percent(row.effective_percent or ZERO)
        )
        if row.per_paid_voucher is not None
        else _("No payment of this month has a price."),
        "parts": parts,
        "days": [(f"{day:%d/%m}", *_line(each, said)) for day, each in days],
        "bands": [(_band(band, row.currency), *_line(row.bands[band], said)) for band in BANDS if band in row.bands],
        "chart": _by_day(days) if days else None,
    }


def _line(each: Sum, said: Any) -> tuple[Any, ...]:
    return each.count, said(each.volume), said(each.fee), said(each.tax), said(each.total / each.count)


def _band(least: Decimal, currency: str) -> str:
    above = [band for band in BANDS if band > least]
    if not above:
        return _("from {least} on").format(least=money(least, currency))
    return f"{money(least, currency)} – {money(above[0] - CENT, currency)}"


def _by_day(days: list[tuple[Any, Sum]]) -> Chart:
    series = [
        (_("fees of payments"), [float(each.fee) for _day, each in days]),
        (_("tax on them"), [float(each.tax) for _day, each in days]),
    ]
    return stacked_bars([f"{day:%d/%m}" for day, _each in days], series, _whole)


def _compared(offers: list[Offer], form: QuoteForm) -> dict[str, Any]:
    """The table with one column an account, and the picture of those that have a price."""
    currency = form.cleaned_data["currency"]
    priced = [(each, each.quote) for each in offers if each.quote is not None]
    told = [said for _offer, said in priced]
    rows = [
        (PART_WORDS[part], [money(getattr(each, part), currency) for each in told])
        for part in Part
        if any(getattr(each, part) for each in told)
    ]
    lacking = [
        (each.account, each.provider, urlencode({"account": each.account, "currency": currency}))
        for each in offers
        if each.quote is None
    ]
    return {
        "was_asked": True,
        "priced": [each for each, _said in priced],
        "rows": rows,
        "totals": [money(each.total, currency) for each in told],
        "each": [money(each.per_paid_voucher, currency) for each in told],
        "percents": [percent(each.effective_percent) for each in told],
        "lacking": lacking,
        "sentence": _best(priced, currency) if priced else "",
        "chart": _pictured([each.account for each, _said in priced], told) if priced else None,
    }


def _best(priced: list[tuple[Offer, Quote]], currency: str) -> str:
    least = min(said.total for _offer, said in priced)
    best = [(offer.account, said) for offer, said in priced if said.total == least]
    words = (
        _("Cheapest is {account}: {total} a month, {each} for each paid code.")
        if len(priced) > 1
        else _("{account} would cost {total} a month, {each} for each paid code.")
    )
    total, each = money(least, currency), money(best[0][1].per_paid_voucher, currency)
    return words.format(account=", ".join(account for account, _said in best), total=total, each=each)


def _pictured(accounts: list[str], told: list[Quote]) -> Chart:
    series = [
        (_("fees"), [float(each.fees) for each in told]),
        (_("tax on them"), [float(each.tax) for each in told]),
        (_("exchange and messages"), [float(each.total - each.fees - each.tax) for each in told]),
    ]
    return stacked_bars(accounts, series, _whole)


def _whole(number: float) -> str:
    return f"{number:,.0f}" if number >= LARGE else f"{number:,.2g}"
