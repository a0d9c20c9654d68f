"""Months: where each stands, the report of one with its signatures, what arrived at the bank, and the downloads."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pagoefectivo import conf
from pagoefectivo.admin.actions import actor_of, carry_out, desk
from pagoefectivo.admin.exports import EXPORTS
from pagoefectivo.admin.month_charges import SEES_COSTS, ChargesOfMonth
from pagoefectivo.admin.month_forms import DigestForm, ReceiptForm, WhyForm
from pagoefectivo.admin.month_links import NOTES, PREPARES, REOPENS, SIGNS, address_of, links_of
from pagoefectivo.admin.month_page import report_context
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.presentation import actor_word, badge, moment, money
from pagoefectivo.admin.reading import OnePageAdmin
from pagoefectivo.admin.refusals import refused
from pagoefectivo.domain.localtime import month_named, written_month
from pagoefectivo.domain.month import CloseState, MonthReport
from pagoefectivo.models import BankReceipt, MonthlyClose
from pagoefectivo.models.closing import STANDING_LABELS
from pagoefectivo.selectors.erp import erp_csv, erp_xlsx, lines_off
from pagoefectivo.selectors.month_paper import month_pdf
from pagoefectivo.selectors.month_sheets import month_xlsx
from pagoefectivo.selectors.month_words import title
from pagoefectivo.selectors.months import MonthRow, close_of, month_rows, report_of
from pagoefectivo.services import closing

SEES = "pagoefectivo.view_monthlyclose"
_TONES = {
    CloseState.OPEN: "waiting",
    CloseState.PREPARED: "waiting",
    CloseState.CLOSED: "good",
    CloseState.REOPENING: "alarm",
}
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WRITERS: dict[str, tuple[str, str, Callable[[MonthReport], bytes]]] = {
    "pdf": ("pdf", "application/pdf", month_pdf),
    "xlsx": ("xlsx", _SHEET, month_xlsx),
    "erp-csv": ("csv", "text/csv; charset=utf-8", lambda report: "".join(erp_csv(report)).encode()),
    "erp-xlsx": ("xlsx", _SHEET, lambda report: erp_xlsx(report, lines_off(report))),
}


@admin.register(MonthlyClose)
class MonthlyCloseAdmin(ChargesOfMonth, OnePageAdmin):
    """The months of each account. Nothing is edited: prepared, signed, asked for again."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the newest months of each account, those that nobody prepared as well."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            return refused(self, request, SEES)
        rows = month_rows(list(conf.current().accounts))
        context = {**frame(self, request, None, _("Months")), "months": [_listed(row) for row in rows]}
        return TemplateResponse(request, "admin/pagoefectivo/month/list.html", context)

    @desk(SEES)
    def month_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Show the report of a month, or of one of its revisions."""
        report, close = _report(request, account, _month(month)), close_of(account, _month(month))
        is_current = report.revision == (close.revision if close else 1)
        may_note = is_current and request.user.has_perm(NOTES) and not (close is not None and close.is_closed)
        revisions = MonthlyClose.objects.filter(account=account, month=report.month).order_by("revision")
        context = {
            **frame(self, request, close or MonthlyClose(account=account, month=report.month), title(report)),
            **report_context(report, links_of(report, close, request, is_current=is_current)),
            "back": "",
            "charges": address_of(account, report.month, "charges") if request.user.has_perm(SEES_COSTS) else "",
            "receipts": [_receipt(each) for each in _receipts(report)],
            "may_note": may_note,
            "note_address": address_of(account, report.month, "receipt"),
            "close": close if is_current else None,
            "asker": actor_word(close.asked_by) if close else "",
            "is_current": is_current,
            "revisions": [
                (each.revision, f"{address_of(account, report.month)}?revision={each.revision}") for each in revisions
            ],
            "acts": [
                (act.get_act_display(), actor_word(act.actor), moment(act.at), act.why)
                for each in revisions.prefetch_related("acts")
                for act in each.acts.all()
            ],
        }
        return TemplateResponse(request, "admin/pagoefectivo/month/month.html", context)

    @desk(PREPARES)
    def prepare_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Ask once, then freeze the figures with the first signature."""
        day = _month(month)
        question = Question(
            title=_("Prepare the close of {month}").format(month=_written(account, day)),
            sentences=[_("The figures of now are kept with your name and their SHA-256. Another person signs them.")],
            button=_("Prepare the close"),
        )
        return self._asked(
            request, account, day, question, lambda: closing.prepare(account, day, actor=actor_of(request))
        )

    @desk(SIGNS)
    def sign_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Ask once, with the fingerprint of what is signed, then close the month."""
        day = _month(month)
        close = close_of(account, day)
        form = DigestForm(request.POST or None, initial={"digest": close.digest if close else ""})
        question = Question(
            title=_("Sign the close of {month}").format(month=_written(account, day)),
            sentences=[
                _("You sign the figures that {who} prepared.").format(who=actor_word(close.prepared_by))
                if close
                else "",
                format_html(_("SHA-256 of the figures: {digest}"), digest=_digest(close)),
            ],
            button=_("Sign and close the month"),
            warning=_("Nothing in the month changes any more. To open it again takes two people."),
        )
        return self._asked(
            request,
            account,
            day,
            question,
            lambda: closing.sign(account, day, form.cleaned_data["digest"], actor=actor_of(request)),
            form,
        )

    @desk(PREPARES)
    def withdraw_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Ask once, then take the preparation back."""
        day = _month(month)
        question = Question(
            title=_("Withdraw the preparation of {month}").format(month=_written(account, day)),
            sentences=[_("The figures can change again, and nobody has signed them.")],
            button=_("Withdraw the preparation"),
        )
        return self._asked(
            request, account, day, question, lambda: closing.withdraw(account, day, actor=actor_of(request))
        )

    @desk(REOPENS)
    def ask_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Ask why, then ask for the re-opening."""
        day, form = _month(month), WhyForm(request.POST or None)
        question = Question(
            title=_("Ask to open {month} again").format(month=_written(account, day)),
            sentences=[_("It stays closed until another person agrees. What was signed stays readable for ever.")],
            button=_("Ask for it"),
        )
        return self._asked(
            request,
            account,
            day,
            question,
            lambda: closing.ask_reopening(account, day, form.cleaned_data["why"], actor=actor_of(request)),
            form,
        )

    @desk(REOPENS)
    def reopen_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Show who asked and why, then open the month again."""
        day = _month(month)
        close = close_of(account, day)
        question = Question(
            title=_("Agree to open {month} again").format(month=_written(account, day)),
            sentences=[
                _asked_for(close),
                _("A new revision begins. What was signed stays readable, and does not hold any more."),
            ],
            button=_("Open it again"),
            is_grave=True,
        )
        return self._asked(
            request, account, day, question, lambda: closing.reopen(account, day, actor=actor_of(request))
        )

    @desk(REOPENS)
    def keep_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Ask why, then leave the month closed."""
        day, form = _month(month), WhyForm(request.POST or None)
        close = close_of(account, day)
        is_own = close is not None and close.asker_id == request.user.pk
        title = _("Withdraw the request to open {month} again") if is_own else _("Decline to open {month} again")
        question = Question(
            title=title.format(month=_written(account, day)),
            sentences=[_asked_for(close), _("The month stays closed as it was signed. It can be asked for again.")],
            button=_("Leave it closed"),
        )
        return self._asked(
            request,
            account,
            day,
            question,
            lambda: closing.keep_closed(account, day, form.cleaned_data["why"], actor=actor_of(request)),
            form,
        )

    @desk(NOTES)
    def receipt_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Note what arrived at the bank."""
        day, form = _month(month), ReceiptForm(request.POST or None)
        question = Question(
            title=_("Note what arrived at the bank for {month}").format(month=_written(account, day)),
            sentences=[_("Copy one transfer from the bank's statement. A wrong one is struck out, never changed.")],
            button=_("Note it"),
        )
        return self._asked(
            request,
            account,
            day,
            question,
            lambda: closing.note_receipt(account, day, form.arrival, actor=actor_of(request)),
            form,
        )

    @desk(NOTES)
    def strike_view(self, request: HttpRequest, receipt: str) -> HttpResponse:
        """Ask why, then strike a receipt out."""
        row = BankReceipt.objects.filter(pk=int(receipt)).first()
        if row is None:
            raise Http404
        form = WhyForm(request.POST or None)
        question = Question(
            title=_("Strike out {amount} of {day}").format(
                amount=money(row.amount, row.currency), day=f"{row.day:%d/%m/%Y}"
            ),
            sentences=[_("A second row takes the amount back. Both stay readable, with your reason.")],
            button=_("Strike it out"),
            is_grave=True,
        )
        return self._asked(
            request,
            row.account,
            row.month,
            question,
            lambda: closing.strike_receipt(row.pk, form.cleaned_data["why"], actor=actor_of(request)),
            form,
        )

    @desk(EXPORTS)
    def download_view(self, request: HttpRequest, account: str, month: str, what: str) -> HttpResponseBase:
        """Answer with the report as a file, and write down who took it."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if what not in _WRITERS:
            raise Http404
        ending, kind, write = _WRITERS[what]
        report = _report(request, account, _month(month))
        content = write(report)
        note(request, Kind.EXPORT, subject=f"{report.account} {report.month:%Y-%m} {what} revision {report.revision}")
        name = f"{report.account}-{report.month:%Y-%m}-{report.revision}{'-erp' if 'erp' in what else ''}.{ending}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return HttpResponse(content, content_type=kind, headers=headers)

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site.admin_view
        acts = {
            "prepare": self.prepare_view,
            "sign": self.sign_view,
            "withdraw": self.withdraw_view,
            "ask": self.ask_view,
            "reopen": self.reopen_view,
            "keep": self.keep_view,
            "receipt": self.receipt_view,
        }
        where = "of/<str:account>/<str:month>/"
        return [
            path(where, site(self.month_view), name="pagoefectivo_monthlyclose_month"),
            *(
                path(f"{where}{act}/", site(view), name=f"pagoefectivo_monthlyclose_{act}")
                for act, view in acts.items()
            ),
            path(f"{where}download/<str:what>/", site(self.download_view), name="pagoefectivo_monthlyclose_download"),
            path("receipts/<int:receipt>/strike/", site(self.strike_view), name="pagoefectivo_monthlyclose_strike"),
            *super().get_urls(),
        ]

    def _asked(
        self,
        request: HttpRequest,
        account: str,
        month: date,
        question: Question,
        act: Callable[[], object],
        form: forms.Form | None = None,
    ) -> HttpResponse:
        """Carry out what a POST confirms; else ask, with a way back to the month."""
        is_meant = request.method == "POST" and (form is None or form.is_valid())
        if is_meant and carry_out(request, act) is not None:
            messages.success(request, _("Done."))
            return redirect(address_of(account, month))
        return ask(self, request, None, question, form, back=address_of(account, month))


def _report(request: HttpRequest, account: str, month: date) -> MonthReport:
    asked = request.GET.get("revision", "")
    if account not in conf.current().accounts and not MonthlyClose.objects.filter(account=account).exists():
        raise Http404
    try:
        return report_of(account, month, int(asked) if asked.isdecimal() else None)
    except MonthlyClose.DoesNotExist:
        raise Http404 from None


def _month(written: str) -> date:
    try:
        return month_named(written)
    except ValueError:
        raise Http404 from None


def _asked_for(close: MonthlyClose | None) -> str:
    if close is None or not close.asked_by:
        return ""
    return _("{who} asked for it: “{why}”").format(who=actor_word(close.asked_by), why=close.asked_why)


def _digest(close: MonthlyClose | None) -> SafeString:
    return format_html('<span class="pe-digest">{}</span>', close.digest if close else "")


def _written(account: str, month: date) -> str:
    return f"{written_month(month)} · {account}"


def _listed(row: MonthRow) -> dict[str, Any]:
    words = dict(STANDING_LABELS)
    return {
        "word": written_month(row.month),
        "account": row.account,
        "address": address_of(row.account, row.month),
        "badge": badge(_TONES[row.state], words[row.state.value]),
        "nets": [money(net, currency) for currency, net in row.nets],
        "open": row.open_differences,
        "prepared_by": actor_word(row.close.prepared_by) if row.close else "",
        "signed_by": actor_word(row.close.signed_by) if row.close else "",
    }


def _receipts(report: MonthReport) -> Any:
    rows = BankReceipt.objects.filter(account=report.account, month=report.month)
    return rows.select_related("struck_by").order_by("day", "pk")


def _receipt(row: BankReceipt) -> dict[str, Any]:
    strike = getattr(row, "struck_by", None)
    return {
        "row": row,
        "amount": money(row.amount, row.currency),
        "noted": moment(row.at),
        "noted_by": actor_word(row.noted_by),
        "is_struck": strike is not None,
        "why": row.why or (strike.why if strike else ""),
        "strike": ""
        if strike or row.strikes_id
        else reverse("admin:pagoefectivo_monthlyclose_strike", kwargs={"receipt": row.pk}),
    }
