"""The page of a settlement file and the page of one of its lines."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.presentation import NOTHING, actor_word, link, moment
from pagoefectivo.admin.reading import SEES_PEOPLE
from pagoefectivo.admin.settlement_words import (
    both_sides,
    day,
    exactly,
    is_difference,
    month_word,
    ours,
    standing_badge,
    theirs,
    verdict_badge,
    what_is_off,
)
from pagoefectivo.models import Discrepancy, ReportStanding, SettlementLine, SettlementReport, SettlementShare
from pagoefectivo.models.labels import SOURCE_LABELS
from pagoefectivo.selectors.settlements import (
    ClassSum,
    awaited_lines,
    classes_of,
    differing,
    others_of,
    still_open,
)

UNREAD = frozenset({ReportStanding.RECEIVED, ReportStanding.READING})
LOOK_AGAIN = 3  # seconds
_PATHS = dict(SOURCE_LABELS)


def of_file(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, report: SettlementReport, *, may_import: bool
) -> HttpResponse:
    """Show one file; while it is read the page comes again by itself and says how far it is."""
    is_unread = report.standing in UNREAD
    is_imported = report.standing == ReportStanding.IMPORTED
    context = {
        **frame(model_admin, request, report, _("Settlement file %s") % report),
        "report": report,
        "badge": standing_badge(report),
        "sentence": _how_far(report),
        "is_unread": is_unread,
        "awaited": awaited_lines(report),
        "is_refused": report.standing == ReportStanding.REFUSED,
        "may_import": may_import and report.standing in {ReportStanding.REHEARSED, ReportStanding.REFUSED},
        "sums": [] if is_unread else [(currency, _sums(report, sums)) for currency, sums in classes_of(report).items()],
        "open": _open(report) if is_imported and differing(report) else None,
        "facts": [
            (_("Account"), report.account),
            (_("Layout"), report.layout or NOTHING),
            (_("Received"), moment(report.created_at, seconds=True)),
            (_("Brought by"), actor_word(report.brought_by)),
            (_("Path"), _PATHS.get(report.path, report.path)),
            (_("Imported"), moment(report.imported_at, seconds=True)),
            (_("Bytes"), f"{report.size:,}"),
            ("SHA-256", report.sha256),
        ],
    }
    answer = TemplateResponse(request, "admin/pagoefectivo/settlementreport/detail.html", context)
    if is_unread:
        answer["Refresh"] = str(LOOK_AGAIN)
    return answer


def of_line(model_admin: admin.ModelAdmin[Any], request: HttpRequest, line: SettlementLine) -> HttpResponse:
    """Show one line: what the file says, what we know beside it, and what else is said of the same payment."""
    in_full = request.user.has_perm(SEES_PEOPLE)
    found = Discrepancy.objects.filter(line=line).first()
    may_see = request.user.has_perm("pagoefectivo.view_discrepancy")
    title = _("Line {number} of {file}").format(number=f"{line.line:,}", file=line.report)
    context = {
        **frame(model_admin, request, line, title),
        "line": line,
        "badge": verdict_badge(line.verdict),
        "off": what_is_off(line.difference, line.difference_currency),
        "difference": link(found, found.number) if found is not None and may_see else "",
        "sides": both_sides(line, in_full=in_full),
        "facts": [
            (_("File"), link(line.report)),
            (_("Kind"), f"{line.get_kind_display()} ({line.raw_kind})" if line.raw_kind else line.get_kind_display()),
            (_("What it is about"), ours(line)),
            (_("The provider’s name of the line"), theirs(line.identity, line, in_full=in_full)),
            (_("Changes the balance by"), exactly(line.booked, line.book_currency)),
            (_("Month"), month_word(line.month)),
            (_("Account"), line.account),
        ],
        "shares": shares_of(line),
        "others": other_lines(line),
    }
    return TemplateResponse(request, "admin/pagoefectivo/settlementline/detail.html", context)


def shares_of(line: SettlementLine) -> list[dict[str, object]]:
    """Return what a person said that the parts of a line are about."""
    shares = SettlementShare.objects.select_related("voucher__order", "refund").filter(line=line).order_by("pk")
    return [
        {
            "about": _ours_of_share(share),
            "amount": exactly(share.amount, share.currency),
            "who": actor_word(share.matched_by),
            "at": moment(share.matched_at),
        }
        for share in shares
    ]


def other_lines(line: SettlementLine) -> list[dict[str, object]]:
    """Return what else files say of the payment that a line is about."""
    return [_other(other) for other in others_of(line)]


def _ours_of_share(share: SettlementShare) -> object:
    return link(share.refund, share.refund.public_id) if share.refund is not None else link(share.voucher.order)


def _how_far(report: SettlementReport) -> str:
    lines = f"{report.line_count:,}"
    match report.standing:
        case ReportStanding.RECEIVED:
            return _("It waits for the worker that reads files. This page looks again by itself.")
        case ReportStanding.READING:
            return _("{lines} lines read. This page looks again by itself.").format(lines=f"{report.lines_read:,}")
        case ReportStanding.REFUSED:
            return _("Nothing of this file was kept.")
        case ReportStanding.REHEARSED:
            told = _("Nothing is kept yet. It would come to {lines} lines, of which {off} do not add up.")
        case _:
            told = _("{lines} lines are imported; {off} of them did not add up.")
    return told.format(lines=lines, off=f"{differing(report):,}")


def _sums(report: SettlementReport, sums: list[ClassSum]) -> list[dict[str, object]]:
    is_kept = report.standing == ReportStanding.IMPORTED
    return [
        {
            "badge": verdict_badge(each.verdict),
            "is_off": is_difference(each.verdict),
            "lines": f"{each.lines:,}",
            "booked": exactly(each.booked, each.currency),
            "address": _lines_of(report, each) if is_kept else "",
        }
        for each in sums
    ]


def _lines_of(report: SettlementReport, sums: ClassSum) -> str:
    query = {"file": report.pk, "class": sums.verdict, "currency": sums.currency}
    return f"{_list_of(SettlementLine)}?{urlencode(query)}"


def _open(report: SettlementReport) -> dict[str, str]:
    count = still_open(report)
    told = ngettext("{count} difference is open.", "{count} differences are open.", count).format(count=f"{count:,}")
    return {"told": told, "address": f"{_list_of(Discrepancy)}?file={report.pk}" if count else ""}


def _list_of(model: type[Model]) -> str:
    return reverse(f"admin:pagoefectivo_{model._meta.model_name}_changelist")


def _other(line: SettlementLine) -> dict[str, object]:
    return {
        "line": link(line, f"{line.report} · {line.line:,}"),
        "kind": line.get_kind_display(),
        "badge": verdict_badge(line.verdict),
        "booked": exactly(line.booked, line.book_currency),
        "day": day(line.settled_date) if line.settled_date else moment(line.occurred_at),
    }
