"""What the rules noticed: the list, and putting a flag aside with a reason."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.pages import Question, ask
from pagoefectivo.admin.presentation import actor_word, badge, link, moment
from pagoefectivo.admin.reading import BelowOrderAdmin
from pagoefectivo.models import RiskFlag
from pagoefectivo.services import risk

MAY_DISMISS = "pagoefectivo.dismiss_flag"


class StandingFilter(admin.SimpleListFilter):
    """Whether a person has put it aside."""

    title = gettext_lazy("state")
    parameter_name = "is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", gettext_lazy("open")), ("aside", gettext_lazy("put aside"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"open", "aside"}:
            return queryset.filter(dismissed_at__isnull=self.value() == "open")
        return queryset


class DismissForm(forms.Form):
    """Why a flag may be put aside."""

    why = forms.CharField(label=gettext_lazy("Why is it no risk?"), max_length=200)


@admin.register(RiskFlag)
class RiskFlagAdmin(BelowOrderAdmin):
    """Flags say what is odd and stop nothing."""

    change_form_template = "admin/pagoefectivo/riskflag/change_form.html"
    list_display = ("of_order", "rule", "standing", "why", "raised")
    list_display_links = ("rule",)
    list_filter = (StandingFilter, "rule", "raised_at")
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata")
    fields = ("of_order", "rule", "standing", "why", "raised", "aside", "who", "dismissed_why")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("order"))
    def of_order(self, flag: RiskFlag) -> Any:
        return link(flag.order)

    @admin.display(description=gettext_lazy("state"))
    def standing(self, flag: RiskFlag) -> SafeString:
        if flag.dismissed_at is None:
            return badge("waiting", gettext_lazy("open"))
        return badge("over", gettext_lazy("put aside"))

    @admin.display(description=gettext_lazy("why"))
    def why(self, flag: RiskFlag) -> str:
        return flag.sentence

    @admin.display(description=gettext_lazy("raised"))
    def raised(self, flag: RiskFlag) -> Any:
        return moment(flag.raised_at)

    @admin.display(description=gettext_lazy("put aside"))
    def aside(self, flag: RiskFlag) -> Any:
        return moment(flag.dismissed_at)

    @admin.display(description=gettext_lazy("put aside by"))
    def who(self, flag: RiskFlag) -> object:
        return actor_word(flag.dismissed_by)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        flag = self.get_object(request, object_id)
        is_open = flag is not None and flag.dismissed_at is None and request.user.has_perm(MAY_DISMISS)
        address = reverse("admin:pagoefectivo_riskflag_dismiss", args=[flag.pk]) if flag and is_open else ""
        return super().change_view(request, object_id, form_url, {"dismiss_url": address, **(extra_context or {})})

    @door(MAY_DISMISS)
    def dismiss_view(self, request: HttpRequest, flag: RiskFlag) -> HttpResponse:
        """Ask why, then put it aside for good."""
        form = DismissForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            why = form.cleaned_data["why"]
            done = carry_out(request, lambda: risk.dismiss(flag.pk, why=why, actor=actor_of(request)))
            if done is not None:
                messages.success(request, _("The flag is put aside. It stays readable, with your reason."))
                return redirect("admin:pagoefectivo_order_change", done.order_id)
        question = Question(
            title=_("Put a flag of order %s aside") % flag.order.reference,
            sentences=[flag.sentence, _("A flag stops nothing. Once it is put aside, the same rule is silent here.")],
            button=_("Put it aside"),
        )
        return ask(self, request, flag, question, form)

    def get_urls(self) -> list[URLPattern]:
        dismiss = self.admin_site.admin_view(self.dismiss_view)
        return [path("<int:object_id>/dismiss/", dismiss, name="pagoefectivo_riskflag_dismiss"), *super().get_urls()]
