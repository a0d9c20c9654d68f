"""Where the parts of a month's report lead, for who may go there."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from pagoefectivo.admin.exports import EXPORTS
from pagoefectivo.admin.month_page import Act, Links
from pagoefectivo.domain.month import CloseState, MonthReport, Step
from pagoefectivo.models import Case, MonthlyClose
from pagoefectivo.selectors.month_sums import STEP_OF_KIND

PREPARES, SIGNS = "pagoefectivo.prepare_close", "pagoefectivo.sign_close"
REOPENS, NOTES = "pagoefectivo.reopen_close", "pagoefectivo.note_receipt"
DOWNLOADS = {"pdf": "PDF", "xlsx": "XLSX", "erp-csv": "ERP CSV", "erp-xlsx": "ERP XLSX"}


def address_of(account: str, month: date, act: str = "") -> str:
    """Where the page of a month is, or one of its acts."""
    named = {"account": account, "month": f"{month:%Y-%m}"}
    return reverse(f"admin:pagoefectivo_monthlyclose_{act or 'month'}", kwargs=named)


def links_of(report: MonthReport, close: MonthlyClose | None, request: HttpRequest, *, is_current: bool) -> Links:
    """Every way on from a report: a part that this person may not see, or that no page shows, has none. Two queries."""
    may = request.user.has_perm
    lines = _list("settlementline", "pagoefectivo.view_settlementline", request)
    differences = _list("discrepancy", "pagoefectivo.view_discrepancy", request)
    of_month = {"account": report.account, "month": f"{report.month:%Y-%m}"}
    classes = {
        (each.currency, each.verdict): _narrowed(
            lines, **of_month, **{"class": each.verdict.value}, currency=each.currency
        )
        for each in report.classes
    }
    # Fees and taxes stand beside every kind of line, so they are the sum of all.
    kinds: dict[Step, str] = {
        step: kind.value for kind, step in STEP_OF_KIND.items() if step not in {Step.FEES, Step.TAX}
    }
    figures: dict[tuple[str, Step], str] = {
        (flow.currency, step): _narrowed(lines, **of_month, kind=kinds.get(step, ""), currency=flow.currency)
        for flow in report.flows
        for step in Step
        if step is not Step.BANK
    }
    bank: dict[tuple[str, Step], str] = {(flow.currency, Step.BANK): "#receipts" for flow in report.flows}
    files = _list("settlementreport", "pagoefectivo.view_settlementreport", request)
    proposed = _narrowed(lines, **of_month, **{"class": "proposed"})
    checks = {
        "files": _narrowed(files, account=report.account),
        "half_read": _narrowed(files, account=report.account),
        "proposed": proposed,
        "differences": _narrowed(differences, **of_month),
        **{f"bank_{flow.currency}": "#receipts" for flow in report.flows},
    }
    return Links(
        figures={**figures, **bank},
        classes=classes,
        differences=_pages(report, differences),
        cases=_case_pages(report, request),
        checks={name: address for name, address in checks.items() if address},
        downloads=_downloads(report) if may(EXPORTS) else (),
        acts=_acts(report, close, request) if is_current else (),
    )


def _acts(report: MonthReport, close: MonthlyClose | None, request: HttpRequest) -> list[Act]:
    may, ready = request.user.has_perm, not any(check.blocks and check.left for check in report.checks)
    person = request.user.pk

    def to(act: str) -> str:
        return address_of(report.account, report.month, act)

    offered = {
        CloseState.OPEN: [(may(PREPARES) and ready, Act(_("Prepare the close …"), to("prepare"), is_main=True))],
        CloseState.PREPARED: [
            (
                may(SIGNS) and ready and close is not None and close.preparer_id != person,
                Act(_("Sign as the second person …"), to("sign"), is_main=True),
            ),
            (may(PREPARES), Act(_("Withdraw the preparation …"), to("withdraw"))),
        ],
        CloseState.CLOSED: [(may(REOPENS), Act(_("Ask to open it again …"), to("ask")))],
        CloseState.REOPENING: [
            (
                may(REOPENS) and close is not None and close.asker_id != person,
                Act(_("Agree to open it again …"), to("reopen"), is_main=True),
            ),
            (may(REOPENS), Act(_keeping(close, person), to("keep"))),
        ],
    }
    return [act for is_offered, act in offered[report.state] if is_offered]


def _keeping(close: MonthlyClose | None, person: int | None) -> str:
    is_own = close is not None and close.asker_id == person
    return _("Withdraw the request to open it again …") if is_own else _("Decline to open it again …")


def _downloads(report: MonthReport) -> list[Act]:
    asked = f"?revision={report.revision}" if report.revision > 1 else ""
    named = {"account": report.account, "month": f"{report.month:%Y-%m}"}
    return [
        Act(word, reverse("admin:pagoefectivo_monthlyclose_download", kwargs={**named, "what": what}) + asked)
        for what, word in DOWNLOADS.items()
    ]


def _pages(report: MonthReport, is_seen: str) -> dict[str, str]:
    if not is_seen or not report.differences:
        return {}
    return {each.number: _page("discrepancy", each.number.removeprefix("D-")) for each in report.differences}


def _case_pages(report: MonthReport, request: HttpRequest) -> dict[str, str]:
    names = [each.case for each in report.differences if each.case]
    if not names or not request.user.has_perm("pagoefectivo.view_case"):
        return {}
    return {
        name: _page("case", str(key))
        for name, key in Case.objects.filter(public_id__in=names).values_list("public_id", "pk")
    }


def _list(model: str, permission: str, request: HttpRequest) -> str:
    """The address of a list; empty where there is none, or not for this person."""
    if not request.user.has_perm(permission):
        return ""
    try:
        return reverse(f"admin:pagoefectivo_{model}_changelist")
    except NoReverseMatch:
        return ""


def _page(model: str, key: str) -> str:
    try:
        return reverse(f"admin:pagoefectivo_{model}_change", args=[key])
    except NoReverseMatch:
        return ""


def _narrowed(address: str, **filters: str) -> str:
    return f"{address}?{urlencode({name: value for name, value in filters.items() if value})}" if address else ""
