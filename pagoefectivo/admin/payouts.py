"""The payout desk: what is ready, the files for the bank, and what the bank did with them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import payout_pages
from pagoefectivo.admin.actions import actor_of, carry_out, desk, door
from pagoefectivo.admin.payout_acts import MAY_SETTLE
from pagoefectivo.admin.payout_forms import BatchForm, ResultsForm
from pagoefectivo.admin.presentation import actor_word, moment, money
from pagoefectivo.admin.reading import AccountFilter, ReadOnlyAdmin
from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Payout
from pagoefectivo.selectors.payouts import with_open
from pagoefectivo.services import payout_results, payouts
from pagoefectivo.views.senders import remote_ip

MAY_MAKE = "pagoefectivo.make_payout"
MAY_DOWNLOAD = "pagoefectivo.download_payout"


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    """Refunds that people pay out by bank transfer, file by file."""

    change_list_template = "admin/pagoefectivo/payout/change_list.html"
    list_display = ("reference", "made", "sum", "unanswered", "account", "count", "who")
    list_filter = (AccountFilter, "created_at")
    unread = ("content",)

    def as_listed(self, rows: QuerySet[Payout]) -> QuerySet[Payout]:
        return with_open(super().as_listed(rows))

    @admin.display(description=gettext_lazy("made"))
    def made(self, payout: Payout) -> Any:
        return moment(payout.created_at)

    @admin.display(description=gettext_lazy("made by"))
    def who(self, payout: Payout) -> object:
        return actor_word(payout.made_by)

    @admin.display(description=gettext_lazy("sum"))
    def sum(self, payout: Payout) -> str:
        return money(payout.total, payout.currency)

    @admin.display(description=gettext_lazy("not answered by the bank"))
    def unanswered(self, payout: Any) -> int:
        return int(payout.open)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        acts = {"may_make": request.user.has_perm(MAY_MAKE), "may_settle": request.user.has_perm(MAY_SETTLE)}
        return super().changelist_view(request, {**acts, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a file's page; it takes no POST."""
        payout = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if payout is None or not self.has_view_permission(request, payout):
            return super().change_view(request, object_id, form_url, extra_context)
        return payout_pages.detail(self, request, payout, may_download=request.user.has_perm(MAY_DOWNLOAD))

    @desk(MAY_MAKE)
    def ready_view(self, request: HttpRequest) -> HttpResponse:
        """Show what is ready; a POST makes the payout file of one account and currency."""
        form = BatchForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            payout = carry_out(
                request,
                lambda: payouts.make(
                    wanted["account"], wanted["currency"], actor=actor_of(request), source=Source.STAFF
                ),
            )
            if payout is not None:
                messages.success(request, _("The payout file is made. Download it and hand it to the bank."))
                return redirect("admin:pagoefectivo_payout_change", payout.pk)
        return payout_pages.ready(self, request)

    @door(MAY_DOWNLOAD, writes=False)
    def download_view(self, request: HttpRequest, payout: Payout) -> HttpResponse:
        """Hand the file out, the same bytes each time."""
        content = carry_out(
            request,
            lambda: payouts.file_of(
                payout.reference,
                actor=actor_of(request),
                why=request.GET.get("why", ""),
                page="pagoefectivo_payout_file",
                remote_ip=remote_ip(request),
            ),
        )
        if content is None:
            return redirect("admin:pagoefectivo_payout_change", payout.pk)
        headers = {
            "Content-Disposition": f'attachment; filename="{payout.reference}.csv"',
            "Cache-Control": "no-store",
        }
        return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)

    @desk(MAY_SETTLE)
    def results_view(self, request: HttpRequest) -> HttpResponse:
        """Look at a file of results first, and record it whole with a second POST."""
        form = ResultsForm(request.POST or None, request.FILES or None)
        if request.method != "POST" or not form.is_valid():
            return payout_pages.results(self, request, form)
        content, is_final = form.content, "record" in request.POST
        try:
            review = payout_results.record_file(
                content, actor=actor_of(request), source=Source.STAFF, dry_run=not is_final
            )
        except UnreadableFile as unreadable:
            form.add_error(None, payout_pages.unreadable(unreadable))
            return payout_pages.results(self, request, form)
        if review.is_recorded:
            messages.success(request, _("Recorded: %s results.") % len(review.verdicts))
            return redirect("admin:pagoefectivo_payout_changelist")
        return payout_pages.reviewed(self, request, review, content)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts = [
            path("ready/", wrap(self.ready_view), name="pagoefectivo_payout_ready"),
            path("results/", wrap(self.results_view), name="pagoefectivo_payout_results"),
            path("<int:object_id>/file/", wrap(self.download_view), name="pagoefectivo_payout_file"),
        ]
        return [*acts, *super().get_urls()]
