"""What a list shows, as a file for a spreadsheet: all of it, not only the page at hand."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, StreamingHttpResponse
from django.urls import URLPattern, path, reverse

from pagoefectivo.admin.noting import NO_REASON, Kind, note
from pagoefectivo.admin.reading import SEES_PEOPLE, ReadOnlyAdmin
from pagoefectivo.admin.refusals import refused
from pagoefectivo.services import seams

EXPORTS = "pagoefectivo.export_finance"
logger = logging.getLogger(__name__)


class Table(Protocol):
    """Rows written as CSV; see `selectors.exports`."""

    def __call__(self, rows: QuerySet[Any], /, *, with_people: bool) -> Iterator[str]: ...


class ExportedAdmin(ReadOnlyAdmin):
    """A list that can be downloaded with its filters and its search; each download is noted with who, what and why."""

    export_table: ClassVar[Table]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name=f"pagoefectivo_{self.opts.model_name}_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        address = reverse(f"{self.admin_site.name}:pagoefectivo_{self.opts.model_name}_export")
        may_export = request.user.has_perm(EXPORTS)
        export = {"export_address": address if may_export else None, "export_filters": request.GET.items()}
        return super().changelist_view(request, {**export, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the list as CSV; 403 without the permission."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not (self.has_view_permission(request) and request.user.has_perm(EXPORTS)):
            return refused(self, request, EXPORTS)
        why = _without_reason(request)
        rows = self.get_changelist_instance(request).queryset
        table = type(self).export_table(rows, with_people=request.user.has_perm(SEES_PEOPLE))
        note(request, Kind.EXPORT, subject=f"{self.opts.model_name} {_narrowed(request)}".strip(), why=why)
        logger.info("export of %s by user %s", self.opts.model_name, request.user.pk)
        name = f"{self.opts.model_name}-{seams.now():%Y%m%d-%H%M%S}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingHttpResponse(table, content_type="text/csv; charset=utf-8", headers=headers)


def _without_reason(request: HttpRequest) -> str:
    """Take the reason out of what narrows the list, and return it."""
    narrowed = request.GET.copy()
    why = "".join(narrowed.pop("why", [])).strip()
    request.GET = narrowed  # type: ignore[assignment]  # the list reads its filters from here
    return why or NO_REASON


def _narrowed(request: HttpRequest) -> str:
    """Say what the list was narrowed to. What may hold a buyer's name or address is kept without its value."""
    return " ".join(
        name if name == "q" or "payer" in name else f"{name}={value}" for name, value in request.GET.items() if value
    )
