"""Settlement files and their lines: what came, how far it is read, what it came to, and what each line is about."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import search, settlement_pages
from pagoefectivo.admin.actions import actor_of, carry_out, desk, door
from pagoefectivo.admin.noting import Kind
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.payout_pages import unreadable
from pagoefectivo.admin.presentation import lima, moment
from pagoefectivo.admin.reading import SEES_PEOPLE, AccountFilter, ReadOnlyAdmin
from pagoefectivo.admin.settlement_filters import (
    CurrencyFilter,
    FileFilter,
    KindFilter,
    LineVerdictFilter,
    MonthFilter,
)
from pagoefectivo.admin.settlement_forms import UploadForm
from pagoefectivo.admin.settlement_words import day, exactly, ours, standing_badge, verdict_badge
from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ReportStanding, SettlementLine, SettlementReport
from pagoefectivo.selectors.settlements import differing, last_imported, lines_named
from pagoefectivo.services import settlements
from pagoefectivo.services.settlements import Received

IMPORTS = "pagoefectivo.import_settlement"
PAGE = "admin:pagoefectivo_settlementreport_change"


@admin.register(SettlementReport)
class SettlementReportAdmin(ReadOnlyAdmin):
    """The files as they came, the newest first."""

    change_list_template = "admin/pagoefectivo/settlementreport/change_list.html"
    list_display = ("file", "account", "standing_now", "line_total", "off", "received")
    list_filter = (AccountFilter, "standing")

    @admin.display(description=gettext_lazy("file"))
    def file(self, report: SettlementReport) -> str:
        return str(report)

    @admin.display(description=gettext_lazy("standing"))
    def standing_now(self, report: SettlementReport) -> SafeString:
        return standing_badge(report)

    @admin.display(description=gettext_lazy("lines"))
    def line_total(self, report: SettlementReport) -> str:
        return f"{report.line_count or report.lines_read:,}"

    @admin.display(description=gettext_lazy("do not add up"))
    def off(self, report: SettlementReport) -> str:
        return f"{differing(report):,}" if report.summary else "–"

    @admin.display(description=gettext_lazy("received"))
    def received(self, report: SettlementReport) -> Any:
        return moment(report.created_at)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        shown = getattr(answer, "context_data", None)
        if shown is not None and "cl" in shown:
            empty = not shown["cl"].result_count
            shown["may_import"] = request.user.has_perm(IMPORTS)
            shown["last"] = last_imported(request.GET.get("account", "")) or last_imported() if empty else None
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a file's page; it takes no POST."""
        report = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if report is None or not self.has_view_permission(request, report):
            return super().change_view(request, object_id, form_url, extra_context)
        return settlement_pages.of_file(self, request, report, may_import=request.user.has_perm(IMPORTS))

    @desk(IMPORTS)
    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file in; it is read by itself, and its page shows how far it is."""
        form = UploadForm(request.POST or None, request.FILES or None, initial={"account": request.GET.get("account")})
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            file, account, only_look = said["file"], said["account"], said["only_look"]
            try:
                received = carry_out(
                    request,
                    lambda: settlements.receive(
                        file,
                        account=account,
                        name=file.name,
                        actor=actor_of(request),
                        source=Source.STAFF,
                        only_look=only_look,
                    ),
                )
            except UnreadableFile as fault:
                form.add_error("file", unreadable(fault))
            else:
                if received is not None:
                    _tell(request, received)
                    return redirect(PAGE, received.report.pk)
        context = {**frame(self, request, None, _("Upload a settlement file")), "form": form}
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, "admin/pagoefectivo/settlementreport/upload.html", context, status=status)

    @door(IMPORTS, reads=False)
    def import_view(self, request: HttpRequest, report: SettlementReport) -> HttpResponse:
        """Have a file read for good that was only looked at, or refused."""
        carry_out(request, lambda: settlements.import_now(report.pk, actor=actor_of(request)))
        return redirect(PAGE, report.pk)

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site.admin_view
        return [
            path("upload/", site(self.upload_view), name="pagoefectivo_settlementreport_upload"),
            path("<int:object_id>/import/", site(self.import_view), name="pagoefectivo_settlementreport_import"),
            *super().get_urls(),
        ]


def _tell(request: HttpRequest, received: Received) -> None:
    report = received.report
    if received.is_new:
        return
    if report.standing == ReportStanding.RECEIVED:
        messages.info(request, _("This file is known since %s. It is read once more.") % lima(report.created_at))
    else:
        told = _("This file is known, whatever it was called then: here it is. Nothing was changed.")
        messages.warning(request, told)


@admin.register(SettlementLine)
class SettlementLineAdmin(ReadOnlyAdmin):
    """Lines of imported files, the newest first: what each says and what it turned out to be."""

    list_display = ("place", "of_class", "about", "changes", "off", "on_day")
    list_display_links = ("place",)
    list_filter = (LineVerdictFilter, KindFilter, MonthFilter, AccountFilter, FileFilter, CurrencyFilter)
    list_select_related = ("report", "voucher__order", "refund")
    unread = (
        *("voucher__barcode_svg", "voucher__order__payer_document_number", "voucher__order__metadata"),
        "report__summary",
    )
    shows = (SEES_PEOPLE, Kind.PEOPLE)
    search_fields = ("reference",)  # opens the search box; get_search_results decides what is asked
    search_help_text = gettext_lazy(
        "Order reference, payment code, refund id, the provider’s reference, or of an unmatched line any name it bears."
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        order_ids = search.order_ids(term, request.user)
        return queryset & lines_named(term, order_ids), False

    @admin.display(description=gettext_lazy("line"))
    def place(self, line: SettlementLine) -> str:
        return f"{line.report} ·\N{NO-BREAK SPACE}{line.line:,}"

    @admin.display(description=gettext_lazy("class"))
    def of_class(self, line: SettlementLine) -> SafeString:
        return verdict_badge(line.verdict)

    @admin.display(description=gettext_lazy("what it is about"))
    def about(self, line: SettlementLine) -> Any:
        return format_html("{}<br>{}", line.get_kind_display(), ours(line))

    @admin.display(description=gettext_lazy("changes the balance by"))
    def changes(self, line: SettlementLine) -> str:
        return exactly(line.booked, line.book_currency)

    @admin.display(description=gettext_lazy("difference"))
    def off(self, line: SettlementLine) -> str:
        return exactly(line.difference, line.difference_currency)

    @admin.display(description=gettext_lazy("date"))
    def on_day(self, line: SettlementLine) -> Any:
        return day(line.settled_date) if line.settled_date else moment(line.occurred_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a line's page; it takes no POST."""
        line = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if line is None or not self.has_view_permission(request, line):
            return super().change_view(request, object_id, form_url, extra_context)
        self.note_what_is_shown(request, self.shows, object_id)
        return settlement_pages.of_line(self, request, line)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.list_select_related).defer(*self.unread)
