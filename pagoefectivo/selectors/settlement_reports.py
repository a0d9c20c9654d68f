"""Settlement files and their differences, page after page, for whoever may read them, of the accounts that they see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.models import Discrepancy, SettlementReport
from pagoefectivo.services.actors import Actor, Permission

LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What to look for; None means any."""

    account: str | None = None
    state: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Some files, newest first. `next_before` is where the following page starts, None on the last one."""

    reports: Sequence[SettlementReport]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class DifferencePage:
    """Some differences, oldest first. `next_after` is where the following page starts, None on the last one."""

    differences: Sequence[Discrepancy]
    next_after: int | None


def report_for(number: int, *, actor: Actor) -> SettlementReport:
    """Return one file. Raises PermissionRefused, and NotFound also where the actor may not know of it."""
    _require_reading(actor)
    report = _visible(actor).filter(pk=number).first()
    if report is None:
        raise NotFound
    return report


def page_of_reports(wanted: ReportFilter, *, actor: Actor, limit: int, before: int | None = None) -> ReportPage:
    """Return up to `limit` files (at most 100), newest first, in one query. Raises PermissionRefused.

    `before` is the `next_before` of the page ahead.
    """
    _require_reading(actor)
    limit = min(max(limit, 1), LARGEST_PAGE)
    conditions = {"account": wanted.account, "standing": wanted.state, "sha256": wanted.sha256, "pk__lt": before}
    found = _visible(actor).filter(**{name: value for name, value in conditions.items() if value is not None})
    rows = list(found.order_by("-pk")[: limit + 1])
    return ReportPage(rows[:limit], rows[limit - 1].pk if len(rows) > limit else None)


def page_of_differences(number: int, *, actor: Actor, limit: int, after: int = 0) -> DifferencePage:
    """Return up to `limit` differences of a file (at most 100), as they stand in it, in two queries. Raises as `report_for`.

    `after` is the `next_after` of the page ahead.
    """
    report = report_for(number, actor=actor)
    limit = min(max(limit, 1), LARGEST_PAGE)
    found = Discrepancy.objects.select_related("line", "voucher__order", "refund").filter(line__report=report)
    rows = list(found.filter(pk__gt=after).only(*_SEEN).order_by("pk")[: limit + 1])
    return DifferencePage(rows[:limit], rows[limit - 1].pk if len(rows) > limit else None)


def open_counts(reports: Sequence[SettlementReport]) -> dict[int, int]:
    """Return by primary key how many differences of each file nobody has settled yet, in one query for all of them."""
    found = Discrepancy.objects.filter(line__report__in=reports, settled_at__isnull=True)
    counted = found.values("line__report").annotate(count=Count("pk")).order_by()
    return dict(counted.values_list("line__report", "count"))


_SEEN = (
    *("verdict", "amount", "currency", "reason", "opened_at", "settled_at", "line", "voucher", "refund"),
    *("line__line", "voucher__order", "voucher__order__reference", "refund__public_id"),
    *("voucher__state", "voucher__order__state", "refund__state"),  # which a state machine does not leave unread
)


def _visible(actor: Actor) -> QuerySet[SettlementReport]:
    reports = SettlementReport.objects.all()
    return reports if actor.accounts is None else reports.filter(account__in=sorted(actor.accounts))


def _require_reading(actor: Actor) -> None:
    if Permission.IMPORT_SETTLEMENTS not in actor.permissions:
        actor.require(Permission.READ_SETTLEMENTS)
