"""Fee schedules: the list, one with its tiers, and entering, ending and withdrawing one."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin.actions import actor_of, carry_out, desk, door
from pagoefectivo.admin.fee_forms import AgreementForm, EndForm, TierForms, WithdrawForm, after
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.presentation import NOTHING, actor_word, badge, moment, money
from pagoefectivo.admin.reading import AccountFilter, ReadOnlyAdmin
from pagoefectivo.models import FeeSchedule
from pagoefectivo.selectors.calendar import today
from pagoefectivo.services import fees

KEEPS_FEES = "pagoefectivo.keep_fees"


class StandingFilter(admin.SimpleListFilter):
    """Whether a schedule counts at all."""

    title = gettext_lazy("state")
    parameter_name = "is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("valid", gettext_lazy("valid")), ("withdrawn", gettext_lazy("withdrawn"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"valid", "withdrawn"}:
            return queryset.filter(is_withdrawn=self.value() == "withdrawn")
        return queryset


@admin.register(FeeSchedule)
class FeeScheduleAdmin(ReadOnlyAdmin):
    """What was agreed with the providers. Never edited: ended, withdrawn, followed by another."""

    change_list_template = "admin/pagoefectivo/fees/change_list.html"
    change_form_template = "admin/pagoefectivo/fees/change_form.html"
    list_display = ("name", "account", "currency", "standing", "days", "each_payment", "market")
    list_filter = (AccountFilter, StandingFilter, "currency")
    ordering = ("-valid_from",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("name", "account", "market", "standing", "days")}),
        (gettext_lazy("Each payment"), {"fields": ("each_payment", "of_minimum", "of_risk", "of_abroad", "of_tiers")}),
        (
            gettext_lazy("What else costs"),
            {"fields": ("of_refund", "of_failed", "of_dispute", "of_tax", "of_exchange")},
        ),
        (gettext_lazy("Who said so"), {"fields": ("entered", "why", "ended", "ended_why")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for _heading, options in self.fieldsets for name in options["fields"]]

    @admin.display(description=gettext_lazy("state"))
    def standing(self, row: FeeSchedule) -> SafeString:
        if row.is_withdrawn:
            return badge("alarm", _("withdrawn"))
        if row.holds_on(today()):
            return badge("good", _("in force"))
        return badge("waiting", _("to come")) if row.valid_from > today() else badge("over", _("over"))

    @admin.display(description=gettext_lazy("days"))
    def days(self, row: FeeSchedule) -> str:
        if row.valid_until is None:
            return _("from {first} on").format(first=f"{row.valid_from:%d/%m/%Y}")
        return f"{row.valid_from:%d/%m/%Y} – {row.valid_until:%d/%m/%Y}"

    @admin.display(description=gettext_lazy("each payment"))
    def each_payment(self, row: FeeSchedule) -> str:
        return f"{percent(row.percent)} + {money(row.fixed, row.currency)}"

    @admin.display(description=gettext_lazy("minimum per payment"))
    def of_minimum(self, row: FeeSchedule) -> str:
        return money(row.minimum, row.currency)

    @admin.display(description=gettext_lazy("risk module per payment"))
    def of_risk(self, row: FeeSchedule) -> str:
        return money(row.risk_fee, row.currency)

    @admin.display(description=gettext_lazy("percent added for cross-border"))
    def of_abroad(self, row: FeeSchedule) -> str:
        return percent(row.cross_border_percent)

    @admin.display(description=gettext_lazy("volume tiers"))
    def of_tiers(self, row: FeeSchedule) -> SafeString | str:
        said = _("from {payments} payments a month on: {percent} + {fixed}")
        lines = [
            (
                said.format(
                    payments=f"{each.from_payments:,}",
                    percent=percent(each.percent),
                    fixed=money(each.fixed, row.currency),
                ),
            )
            for each in row.terms.tiers
        ]
        return format_html_join("", "<div>{}</div>", lines) or NOTHING

    @admin.display(description=gettext_lazy("fee of a refund"))
    def of_refund(self, row: FeeSchedule) -> str:
        return money(row.refund_fee, row.currency)

    @admin.display(description=gettext_lazy("fee of a failed refund"))
    def of_failed(self, row: FeeSchedule) -> str:
        return money(row.failed_refund_fee, row.currency)

    @admin.display(description=gettext_lazy("fee of a dispute"))
    def of_dispute(self, row: FeeSchedule) -> str:
        return money(row.dispute_fee, row.currency)

    @admin.display(description=gettext_lazy("tax on fees (IGV)"))
    def of_tax(self, row: FeeSchedule) -> str:
        return percent(row.tax_percent)

    @admin.display(description=gettext_lazy("exchange margin"))
    def of_exchange(self, row: FeeSchedule) -> str:
        if not row.terms.is_exchanged:
            return _("none: settled in {currency}").format(currency=row.settlement_currency)
        return _("{percent}, settled in {currency}").format(
            percent=percent(row.fx_margin_percent), currency=row.settlement_currency
        )

    @admin.display(description=gettext_lazy("entered"))
    def entered(self, row: FeeSchedule) -> SafeString:
        return format_html_join(" · ", "{}", [(moment(row.created_at),), (actor_word(row.created_by),)])

    @admin.display(description=gettext_lazy("ended"))
    def ended(self, row: FeeSchedule) -> SafeString | str:
        if row.ended_at is None:
            return NOTHING
        return format_html_join(" · ", "{}", [(moment(row.ended_at),), (actor_word(row.ended_by),)])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may = {"may_keep": request.user.has_perm(KEEPS_FEES)}
        return super().changelist_view(request, {**may, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = {"may_keep": request.user.has_perm(KEEPS_FEES)}
        return super().change_view(request, object_id, form_url, {**may, **(extra_context or {})})

    @desk(KEEPS_FEES)
    def begin_view(self, request: HttpRequest) -> HttpResponse:
        """Enter a schedule; `?after=` fills in what another one says, `?account=` only whose it is."""
        posted = request.POST if request.method == "POST" else None
        begun, lines = self._begun(request)
        form, tiers = AgreementForm(posted, initial=begun), TierForms(posted, initial=lines, prefix="tier")
        if posted is not None and form.is_valid() and tiers.is_valid():
            agreed, why = form.agreement(tiers.tiers), form.cleaned_data["why"]
            row = carry_out(request, lambda: fees.begin(agreed, why=why, actor=actor_of(request)))
            if row is not None:
                messages.success(request, _("The fee schedule is entered."))
                return redirect("admin:pagoefectivo_feeschedule_change", row.pk)
        context = {**frame(self, request, None, _("Enter a fee schedule")), "form": form, "tiers": tiers}
        status = 200 if posted is None else 422
        return TemplateResponse(request, "admin/pagoefectivo/fees/begin.html", context, status=status)

    @door(KEEPS_FEES)
    def end_view(self, request: HttpRequest, row: FeeSchedule) -> HttpResponse:
        """Ask for its last day and why, then end it."""
        form = EndForm(request.POST or None, initial={"last_day": today()})
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            done = carry_out(
                request, lambda: fees.end(row.pk, said["last_day"], why=said["why"], actor=actor_of(request))
            )
            if done is not None:
                messages.success(request, _("The fee schedule has a last day. Enter the one that follows it."))
                return redirect("admin:pagoefectivo_feeschedule_change", row.pk)
        question = Question(
            title=_("End the fee schedule %s") % row,
            sentences=[_("It holds on its last day, and on no day after it.")],
            button=_("End it"),
            warning=_("This is said once. A last day that is over changes what is expected of the days since."),
        )
        return ask(self, request, row, question, form)

    @door(KEEPS_FEES)
    def withdraw_view(self, request: HttpRequest, row: FeeSchedule) -> HttpResponse:
        """Ask what was wrong, then withdraw it."""
        form = WithdrawForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            why = form.cleaned_data["why"]
            done = carry_out(request, lambda: fees.withdraw(row.pk, why=why, actor=actor_of(request)))
            if done is not None:
                messages.success(request, _("The fee schedule is withdrawn and counts for nothing."))
                return redirect("admin:pagoefectivo_feeschedule_change", row.pk)
        question = Question(
            title=_("Withdraw the fee schedule %s") % row,
            sentences=[_("For one that was wrong from the start: it counts for no day, past or to come.")],
            button=_("Withdraw the schedule"),
            is_grave=True,
            warning=_("This cannot be taken back. It stays readable, with your reason."),
        )
        return ask(self, request, row, question, form)

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site.admin_view
        return [
            path("begin/", site(self.begin_view), name="pagoefectivo_feeschedule_begin"),
            path("<int:object_id>/end/", site(self.end_view), name="pagoefectivo_feeschedule_end"),
            path("<int:object_id>/withdraw/", site(self.withdraw_view), name="pagoefectivo_feeschedule_withdraw"),
            *super().get_urls(),
        ]

    def _begun(self, request: HttpRequest) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        asked = request.GET
        row = self.get_object(request, asked["after"]) if asked.get("after") else None
        if row is not None:
            return after(row)
        return {
            "valid_from": today().replace(day=1),
            "account": asked.get("account"),
            "currency": asked.get("currency"),
        }, []


def percent(value: Decimal) -> str:
    """Return `3.5 %`, without zeros that say nothing."""
    return f"{value.normalize():f}\N{NO-BREAK SPACE}%"
