"""Every failure that happened, explained, and whose it is."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import error_words
from pagoefectivo.admin.actions import in_words
from pagoefectivo.admin.error_acts import ACTS, MAY_FOLLOW, BulkErrorActs, act_address
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.presentation import actor_word, badge, link, moment
from pagoefectivo.admin.reading import AccountFilter
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason
from pagoefectivo.models import ErrorMark, ErrorOccurrence
from pagoefectivo.selectors import errors


class StandingFilter(admin.SimpleListFilter):
    """What nobody has seen, what is the reader's, what was seen."""

    title = gettext_lazy("standing")
    parameter_name = "is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("unseen", gettext_lazy("nobody did anything")),
            ("mine", gettext_lazy("given to me")),
            ("seen", gettext_lazy("somebody did something")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        marks = ErrorMark.objects.filter(occurrence=OuterRef("pk"))
        if self.value() == "mine":
            return queryset.filter(Exists(marks.filter(owner=request.user.get_username())))
        if self.value() in {"seen", "unseen"}:
            return queryset.filter(Exists(marks) if self.value() == "seen" else ~Exists(marks))
        return queryset


@admin.register(ErrorOccurrence)
class ErrorOccurrenceAdmin(BulkErrorActs):
    """What went wrong, in our words, with who must act and what comes next; the provider's own words are folded away."""

    list_display = ("happened", "our_code", "what_happened", "who_acts", "of_order", "whose")
    list_display_links = ("happened",)
    list_filter = (StandingFilter, AccountFilter, "occurred_at")
    search_fields = ("code",)
    search_help_text = gettext_lazy("The whole code, for example PSP_TIMEOUT.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return errors.with_reading(super().get_queryset(request))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip().upper()
        return (errors.reading_as(term, errors.tallies(), queryset) if term else queryset), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one error: what it says, what to do, what to quote to the provider, and what people did about it."""
        error = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if error is None or not self.has_view_permission(request, error):
            return super().change_view(request, object_id, form_url, extra_context)
        marks = [(mark, _did(mark), moment(mark.at), actor_word(mark.actor)) for mark in error.marks.all()]
        context = {
            **frame(self, request, error, error.read),
            "back": "",
            "error": error,
            "explained": error_words.explain(error.read, came_as=error.code),
            "was_unknown": error.code == ErrorCode.PSP_UNMAPPED != error.read,
            "facts": _facts(error),
            "marks": marks,
            "acts": [(act_address(name, error.pk), ACTS[name].button) for name in ACTS]
            if request.user.has_perm(MAY_FOLLOW)
            else [],
        }
        return TemplateResponse(request, "admin/pagoefectivo/errors/occurrence.html", context)

    @admin.display(description=gettext_lazy("at"))
    def happened(self, error: ErrorOccurrence) -> Any:
        return moment(error.occurred_at)

    @admin.display(description=gettext_lazy("code"))
    def our_code(self, error: Any) -> SafeString:
        return error_words.code_link(error.read)

    @admin.display(description=gettext_lazy("what happened"))
    def what_happened(self, error: Any) -> str:
        return error_words.explain(error.read).advice.sentence

    @admin.display(description=gettext_lazy("who acts"))
    def who_acts(self, error: Any) -> object:
        return error_words.explain(error.read).advice.who

    @admin.display(description=gettext_lazy("order"))
    def of_order(self, error: ErrorOccurrence) -> Any:
        return link(error.voucher.order if error.voucher else None)

    @admin.display(description=gettext_lazy("whose"))
    def whose(self, error: ErrorOccurrence) -> SafeString:
        marks = list(error.marks.all())
        owner = next((mark.owner for mark in reversed(marks) if mark.owner), "")
        if owner:
            return badge("moving", owner)
        return badge("good", marks[-1].get_act_display()) if marks else badge("waiting", _("nobody's"))


def _did(mark: ErrorMark) -> str:
    what = f"{mark.get_act_display()}: {mark.owner}" if mark.owner else str(mark.get_act_display())
    if mark.refused in ErrorCode.__members__:
        return f"{what} – {_('not done')}: {in_words(Reason(ErrorCode(mark.refused)))}"
    return what


def _facts(error: Any) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        (_("At"), moment(error.occurred_at, seconds=True)),
        (_("Code"), error_words.code_link(error.read)),
        (_("Account"), error.account),
        (_("Operation"), error.operation or "–"),
        (_("Order"), link(error.voucher.order if error.voucher else None)),
    ]
    if error.refund is not None:
        facts += [(_("Refund"), link(error.refund))]
    return facts
