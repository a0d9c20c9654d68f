"""What people do about many errors at once: a question with a note, one service call, and what became of each row."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin.actions import actor_of, carry_out, desk, in_words
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.presentation import badge, link
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.services import following

MAY_FOLLOW = "pagoefectivo.follow_error"
LONGEST_ID = 18  # digits: longer ones are no row's


class NoteForm(forms.Form):
    """Why, for whoever reads it later."""

    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class OwnerForm(NoteForm):
    """Whose they are from now on."""

    owner = forms.ChoiceField(label=gettext_lazy("Who takes them?"))
    field_order = ("owner", "note")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        people = get_user_model()._default_manager.filter(is_active=True, is_staff=True)
        names = [person.get_username() for person in people.order_by("pk")[:200]]
        choice: Any = self.fields["owner"]
        choice.choices = [(name, name) for name in sorted(names)]


@dataclass(frozen=True, slots=True)
class BulkAct:
    """One act on the chosen errors: what is asked, what is done, and how many rows it takes."""

    title: Any
    sentence: Any
    button: Any
    do: Callable[..., list[following.Told]]
    form: type[forms.Form] = NoteForm
    most: int = following.MOST
    is_grave: bool = False


ACTS = {
    "seen": BulkAct(
        gettext_lazy("Mark errors as seen"),
        gettext_lazy("They leave the list of what nobody has seen. Nothing else changes."),
        gettext_lazy("Mark as seen"),
        following.mark_seen,
    ),
    "assign": BulkAct(
        gettext_lazy("Give errors to somebody"),
        gettext_lazy("They are that person's from now on. Nothing else changes."),
        gettext_lazy("Give them"),
        following.assign,
        OwnerForm,
    ),
    "ask": BulkAct(
        gettext_lazy("Have the provider asked again"),
        gettext_lazy(
            "What the provider knows by a name of its own is asked about within seconds. Nothing is sent again."
        ),
        gettext_lazy("Ask again"),
        following.ask_again,
    ),
    "retry": BulkAct(
        gettext_lazy("Try again what is safe"),
        gettext_lazy(
            "A refund that failed is asked for as a new one, a code that failed is issued as a new one, each under the "
            "rules, limits and approvals of now. What may have happened already is refused."
        ),
        gettext_lazy("Try again"),
        following.retry,
        most=following.MOST_RETRIED,
        is_grave=True,
    ),
}


class BulkErrorActs(ReadOnlyAdmin):
    """The acts of the list of errors; each is chosen there, asked on a page of its own, and told row by row."""

    actions = ("seen", "assign", "ask_again", "retry")  # type: ignore[assignment]  # a list that is only read has none

    def has_follow_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(MAY_FOLLOW))

    @admin.action(description=gettext_lazy("Mark as seen …"), permissions=["follow"])
    def seen(self, request: HttpRequest, queryset: Any) -> HttpResponse:
        return _to_question("seen", queryset)

    @admin.action(description=gettext_lazy("Give to somebody …"), permissions=["follow"])
    def assign(self, request: HttpRequest, queryset: Any) -> HttpResponse:
        return _to_question("assign", queryset)

    @admin.action(description=gettext_lazy("Ask the provider again …"), permissions=["follow"])
    def ask_again(self, request: HttpRequest, queryset: Any) -> HttpResponse:
        return _to_question("ask", queryset)

    @admin.action(description=gettext_lazy("Try again what is safe …"), permissions=["follow"])
    def retry(self, request: HttpRequest, queryset: Any) -> HttpResponse:
        return _to_question("retry", queryset)

    @desk(MAY_FOLLOW)
    def act_view(self, request: HttpRequest) -> HttpResponse:
        """Ask before the act that the address names, carry it out, and tell what became of each row."""
        match = request.resolver_match
        act = ACTS[str(match.url_name).rpartition("_")[2] if match else ""]
        ids = _ids(request.GET.get("ids", ""))
        form = act.form(request.POST or None)
        if not ids:
            return redirect(reverse("admin:pagoefectivo_erroroccurrence_changelist"))
        if request.method == "POST" and form.is_valid():
            told = carry_out(request, lambda: act.do(ids, actor=actor_of(request), **form.cleaned_data))
            if told is not None:
                return _results(self, request, act, told)
        return ask(self, request, None, _question(act, ids), form)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = [
            path(f"acts/{name}/", wrap(self.act_view), name=f"pagoefectivo_erroroccurrence_{name}") for name in ACTS
        ]
        return [*pages, *super().get_urls()]


def act_address(act: str, *row_ids: int) -> str:
    """Return where an act on these rows is asked for."""
    ids = ",".join(str(row_id) for row_id in row_ids)
    return f"{reverse(f'admin:pagoefectivo_erroroccurrence_{act}')}?ids={ids}"


def _to_question(act: str, chosen: Any) -> HttpResponseRedirect:
    return redirect(act_address(act, *chosen.values_list("pk", flat=True)[: following.MOST]))


def _ids(written: str) -> list[int]:
    return [
        int(each)
        for each in written.split(",")[: following.MOST]
        if each.isascii() and each.isdecimal() and len(each) <= LONGEST_ID
    ]


def _question(act: BulkAct, ids: Sequence[int]) -> Question:
    return Question(
        title=str(act.title),
        sentences=[
            str(act.sentence),
            _("Chosen: {number}. At most {most} at once.").format(number=len(ids), most=act.most),
        ],
        button=str(act.button),
        is_grave=act.is_grave,
    )


def _results(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, act: BulkAct, told: Sequence[following.Told]
) -> HttpResponse:
    context = {
        **frame(model_admin, request, None, str(act.title)),
        "rows": [_row(each) for each in told],
        "done": sum(1 for each in told if each.reason is None),
        "refused": sum(1 for each in told if each.reason is not None),
    }
    return TemplateResponse(request, "admin/pagoefectivo/errors/results.html", context)


def _row(told: following.Told) -> dict[str, Any]:
    order = told.occurrence.voucher.order if told.occurrence.voucher else None
    return {
        "error": link(told.occurrence),
        "order": link(order),
        "badge": badge("good", _("done")) if told.reason is None else badge("over", _("not done")),
        "why": in_words(told.reason) if told.reason else "",
        "refund": link(told.refund) if told.refund else "",
    }
