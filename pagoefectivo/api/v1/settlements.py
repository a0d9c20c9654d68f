"""The doors to settlement files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from pagoefectivo.api.v1.base import ApiView, answer, read_shape, response_of
from pagoefectivo.api.v1.bodies import Upload, uploaded
from pagoefectivo.api.v1.queries import next_url, single_values
from pagoefectivo.api.v1.schema import described
from pagoefectivo.api.v1.shapes.settlements import (
    FILE,
    UNREAD,
    DifferencePage,
    DifferenceQuery,
    DifferenceShape,
    NewSettlement,
    SettlementPage,
    SettlementQuery,
    SettlementShape,
)
from pagoefectivo.domain.states import Source
from pagoefectivo.models import SettlementReport
from pagoefectivo.selectors import settlement_reports
from pagoefectivo.selectors.settlement_reports import ReportFilter, open_counts
from pagoefectivo.services import settlements
from pagoefectivo.services.actors import Permission
from pagoefectivo.services.idempotency import Answer, digest_of

_OK, _ACCEPTED = 200, 202


class Settlements(ApiView):
    """All settlement files."""

    @described("Find settlement files", answers={_OK: SettlementPage}, query=SettlementQuery, problems=(400, 403))
    def get(self, request: Request) -> HttpResponse:
        """Newest first, 50 at a time unless `limit` says otherwise. Follow `next` until it is null."""
        asked = read_shape(SettlementQuery, single_values(request))
        limit, before = asked.pop("limit"), asked.pop("cursor", None)
        page = settlement_reports.page_of_reports(ReportFilter(**asked), actor=self.actor, limit=limit, before=before)
        following = next_url(request, reverse("pagoefectivo:api-settlements"), page.next_before)
        return response_of(answer(_OK, {"results": documents(page.reports), "next": following}))

    @described(
        "Bring a settlement file in",
        body=FILE,
        query=NewSettlement,
        answers={_ACCEPTED: SettlementShape, _OK: SettlementShape},
        problems=(400, 403, 404, 409, 413, 422),
    )
    def post(self, request: Request) -> HttpResponse:
        """As the provider wrote it, up to two gigabytes: as the body, or as the one part `file` of a form.

        202: it is kept, and read by itself; read the settlement file again until its `state` is `imported`,
        `rehearsed` or `refused`. 200: the same bytes came before, whatever they were called, and nothing was changed.
        422: none of the provider's layouts begins like this (SETTLEMENT_UNREADABLE, with `line` and `reason`); nothing
        is kept. The same file under the same `Idempotency-Key` is the same request, however it is sent.
        """
        self.actor.require(Permission.IMPORT_SETTLEMENTS)  # before a byte of it is read
        asked = read_shape(NewSettlement, single_values(request))
        with uploaded(request._request, settlements.LARGEST) as upload:  # noqa: SLF001 - the framework names Django's request so
            keyed = self.keyed(digest_of(request.get_full_path(), upload.pieces()))
            return self.once(lambda: self._receive(upload, asked), keyed)

    def _receive(self, upload: Upload, asked: dict[str, Any]) -> Answer:
        received = settlements.receive(
            upload.file,
            account=asked["account"],
            name=asked.get("name", upload.name),
            actor=self.actor,
            source=Source.API,
            only_look=asked["dry_run"],
        )
        [document] = documents([received.report])
        return answer(_ACCEPTED if received.report.standing in UNREAD else _OK, document)


class OneSettlement(ApiView):
    """One settlement file."""

    @described("Read a settlement file", answers={_OK: SettlementShape}, problems=(403, 404))
    def get(self, request: Request, settlement_id: int) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        """How far it is read, and what it came to by class; or what could not be read, with its line."""
        report = settlement_reports.report_for(settlement_id, actor=self.actor)
        [document] = documents([report])
        return response_of(answer(_OK, document))


class SettlementDifferences(ApiView):
    """What does not add up in one settlement file."""

    @described(
        "List the differences of a settlement file",
        answers={_OK: DifferencePage},
        query=DifferenceQuery,
        problems=(400, 403, 404),
    )
    def get(self, request: Request, settlement_id: int) -> HttpResponse:
        """In the order of the file, 50 at a time unless `limit` says otherwise. Follow `next` until it is null.

        They are worked on in the back office.
        """
        asked = read_shape(DifferenceQuery, single_values(request))
        page = settlement_reports.page_of_differences(
            settlement_id, actor=self.actor, limit=asked["limit"], after=asked.get("cursor", 0)
        )
        here = reverse("pagoefectivo:api-settlement-differences", args=[settlement_id])
        results = DifferenceShape(page.differences, many=True).data  # type: ignore[arg-type] # the stubs forget many
        return response_of(answer(_OK, {"results": results, "next": next_url(request, here, page.next_after)}))


def documents(reports: Sequence[SettlementReport]) -> list[dict[str, Any]]:
    """Return settlement files as the API shows them, in one more query for all of them."""
    context = {"open": open_counts(reports)}
    return SettlementShape(reports, many=True, context=context).data  # type: ignore[arg-type,return-value] # the stubs forget many
