"""Refunds by file: looked at first, asked for with a second POST, followed on a page of their own."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin.actions import actor_of, carry_out, desk, in_words
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.presentation import NOTHING, actor_word, link, moment, money, state_badge
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.refund_files import COLUMNS, LARGEST_FILE, MOST_LINES
from pagoefectivo.domain.refund_reasons import REFUND_REASONS
from pagoefectivo.models import LimitPass, RefundFile
from pagoefectivo.models.labels import REFUND_LABELS
from pagoefectivo.selectors.refund_files import LineStanding, standing_of
from pagoefectivo.services import refund_files
from pagoefectivo.services.refund_files import Review, Verdict

_STATES = dict(REFUND_LABELS)


class RequestsForm(forms.Form):
    """A file of requests, or its lines; `seen` names what the preview showed."""

    file = forms.FileField(label=gettext_lazy("File of refunds"), required=False)
    lines = forms.CharField(
        label=gettext_lazy("Or its lines"),
        required=False,
        max_length=LARGEST_FILE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "placeholder": "reference,amount,reason,note"}),
        help_text=gettext_lazy("Nothing is asked for before you have seen what it would come to."),
    )
    name = forms.CharField(widget=forms.HiddenInput, required=False, max_length=100)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def clean(self) -> dict[str, Any]:
        file, lines = self.cleaned_data.get("file"), self.cleaned_data.get("lines")
        if bool(file) == bool(lines):
            raise ValidationError(_("Choose a file, or type its lines."))
        if file and file.size > LARGEST_FILE:
            raise ValidationError(_("The file is too large."))
        return self.cleaned_data

    @property
    def content(self) -> bytes:
        """The bytes of what was given."""
        file = self.cleaned_data.get("file")
        if not file:
            return str(self.cleaned_data["lines"]).encode()
        file.seek(0)
        return bytes(file.read())

    @property
    def file_name(self) -> str:
        """What the file was called."""
        file = self.cleaned_data.get("file")
        return str(file.name) if file else str(self.cleaned_data["name"])


class BesideRefunds(ReadOnlyAdmin):
    """What whoever sees refunds sees as well."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user: Any = request.user
        return bool(user.has_perm("pagoefectivo.view_refund"))


@admin.register(RefundFile)
class RefundFileAdmin(BesideRefunds):
    """Files of refunds: the newest first, each with where its lines stand."""

    change_list_template = "admin/pagoefectivo/refundfile/change_list.html"
    list_display = ("__str__", "sent", "who", "count")
    list_filter = ("created_at",)

    @admin.display(description=gettext_lazy("sent"))
    def sent(self, file: RefundFile) -> Any:
        return moment(file.created_at)

    @admin.display(description=gettext_lazy("sent by"))
    def who(self, file: RefundFile) -> object:
        return actor_word(file.made_by)

    @admin.display(description=gettext_lazy("lines"))
    def count(self, file: RefundFile) -> int:
        return len(file.lines)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        asks = {"may_ask": request.user.has_perm("pagoefectivo.request_refund")}
        return super().changelist_view(request, {**asks, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show where each line stands; it takes no POST."""
        file = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if file is None or not self.has_view_permission(request, file):
            return super().change_view(request, object_id, form_url, extra_context)
        standing = standing_of(file)
        context = {
            **frame(self, request, file, _("File of refunds %s") % file),
            "facts": [
                (_("Sent"), moment(file.created_at, seconds=True)),
                (_("Sent by"), actor_word(file.made_by)),
                ("SHA-256", file.sha256),
            ],
            "standing": standing,
            "lines": [_stands(line) for line in standing.lines],
        }
        return TemplateResponse(request, "admin/pagoefectivo/refundfile/detail.html", context)

    @desk("pagoefectivo.request_refund")
    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Look at a file first; a POST that names what was seen asks for its refunds one by one."""
        form = RequestsForm(request.POST or None, request.FILES or None)
        if request.method != "POST" or not form.is_valid():
            return self._form(request, form)
        try:
            return self._asked_for(request, form) or self._looked_at(request, form)
        except UnreadableFile as fault:
            form.add_error(
                None, _("Line {line}: {why}").format(line=fault.line, why=fault.why) if fault.line else fault.why
            )
            return self._form(request, form)

    def _asked_for(self, request: HttpRequest, form: RequestsForm) -> HttpResponse | None:
        """Ask for the refunds of a file that was looked at; None where it was not, or is refused."""
        content, seen, name = form.content, form.cleaned_data["seen"], form.file_name
        if not seen:
            return None
        file = carry_out(
            request, lambda: refund_files.ask_for_all(content, seen=seen, name=name, actor=actor_of(request))
        )
        return None if file is None else redirect("admin:pagoefectivo_refundfile_change", file.pk)

    def _looked_at(self, request: HttpRequest, form: RequestsForm) -> HttpResponse:
        review = refund_files.review(form.content, actor=actor_of(request))
        return self._review(request, review, form.content, form.file_name)

    def _form(self, request: HttpRequest, form: RequestsForm) -> HttpResponse:
        context = {
            **frame(self, request, None, _("Refunds by file")),
            "form": form,
            "columns": ", ".join(COLUMNS),
            "most": MOST_LINES,
            "reasons": [(code, reason.label, reason.needs_note) for code, reason in REFUND_REASONS.items()],
        }
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, "admin/pagoefectivo/refundfile/new.html", context, status=status)

    def _review(self, request: HttpRequest, review: Review, content: bytes, name: str) -> HttpResponse:
        wanted = review.wanted
        context = {
            **frame(self, request, None, _("Refunds by file")),
            "review": review,
            "wanted": len(wanted),
            "lines": [_line(verdict) for verdict in review.verdicts],
            "content": content.decode("utf-8-sig"),
            "name": name,
        }
        status = 422 if request.POST.get("seen") else 200
        return TemplateResponse(request, "admin/pagoefectivo/refundfile/review.html", context, status=status)

    def get_urls(self) -> list[URLPattern]:
        new = path("new/", self.admin_site.admin_view(self.new_view), name="pagoefectivo_refundfile_new")
        return [new, *super().get_urls()]


@admin.register(LimitPass)
class LimitPassAdmin(BesideRefunds):
    """Limits that people passed in an emergency, for ever."""

    list_display = ("at_moment", "kind", "of_refund", "who", "reason")
    list_filter = ("kind", "at")
    list_select_related = ("refund",)
    fields = ("kind", "of_refund", "allowed", "reached", "currency", "who", "reason", "at_moment")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("at"))
    def at_moment(self, passed: LimitPass) -> Any:
        return moment(passed.at)

    @admin.display(description=gettext_lazy("refund"))
    def of_refund(self, passed: LimitPass) -> Any:
        return link(passed.refund, money(passed.refund.amount, passed.refund.currency))

    @admin.display(description=gettext_lazy("who"))
    def who(self, passed: LimitPass) -> object:
        return actor_word(passed.actor)


def _line(verdict: Verdict) -> dict[str, object]:
    preview, refund = verdict.preview, verdict.refund
    if preview is not None:
        word = _("would be asked for: {state}, {left} left").format(
            state=_STATES[preview.state], left=money(preview.left, preview.currency)
        )
    elif refund is not None:
        word = _("asked for before")
    else:
        word = _("refused")
    return {
        "number": verdict.line.number,
        "reference": verdict.line.reference,
        "amount": f"{verdict.line.amount:,.2f}" if verdict.line.amount is not None else NOTHING,
        "verdict": word,
        "refund": link(refund, refund.public_id) if refund else "",
        "refusal": in_words(verdict.refusal) if verdict.refusal else "",
    }


def _stands(line: LineStanding) -> dict[str, object]:
    refund = line.refund
    return {
        "number": line.number,
        "reference": line.reference,
        "amount": money(refund.amount, refund.currency) if refund else line.amount or NOTHING,
        "badge": state_badge(refund) if refund else "",
        "refund": link(refund, refund.public_id) if refund else "",
        "refusal": in_words(line.refusal) if line.refusal else "",
    }
