"""The one page that says no in the back office: in the reader's language, who may, and a way back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from pagoefectivo.admin.permission_words import name_of, who_may
from pagoefectivo.admin.presentation import is_sandbox
from pagoefectivo.domain.error_codes import CATALOGUE
from pagoefectivo.services.actors import PermissionRefused

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = object

P = ParamSpec("P")
_View = Callable[Concatenate[Any, HttpRequest, P], HttpResponse]


def refused(model_admin: admin.ModelAdmin[Any], request: HttpRequest, permission: str) -> HttpResponse:
    """Answer 403 and say which permission is missing and who has it."""
    named = CATALOGUE[PermissionRefused.code].next_sentence(scope=f"“{name_of(permission)}”")
    return _page(model_admin, request, f"{named} {_('Who may: {desks}.').format(desks=who_may(permission))}")


def _in_words(view: _View[P]) -> _View[P]:
    @wraps(view)
    def told(self: Any, request: HttpRequest, /, *arguments: P.args, **named: P.kwargs) -> HttpResponse:
        try:
            return view(self, request, *arguments, **named)
        except PermissionDenied:
            return _denied(self, request)

    return told


class RefusesInWords(_Admin):
    """Django's own pages of a model, which refuse with our page instead of a bare line in English.

    `kept_by` is the permission of those who add, change and delete here; empty where nobody does.
    """

    kept_by = ""

    @_in_words
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, extra_context)

    @_in_words
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return super().changeform_view(request, object_id, form_url, extra_context)

    @_in_words
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().delete_view(request, object_id, extra_context)

    @_in_words
    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().history_view(request, object_id, extra_context)


def _denied(model_admin: Any, request: HttpRequest) -> HttpResponse:
    if not model_admin.has_view_permission(request):
        return refused(model_admin, request, f"{model_admin.opts.app_label}.view_{model_admin.opts.model_name}")
    if model_admin.kept_by:
        return refused(model_admin, request, model_admin.kept_by)
    told = _("Nobody adds, changes or deletes anything here by hand. What may be done stands on the page itself.")
    return _page(model_admin, request, told)


def _page(model_admin: admin.ModelAdmin[Any], request: HttpRequest, next_step: str) -> HttpResponse:
    site = model_admin.admin_site
    context = {
        **site.each_context(request),
        "title": _("Not allowed"),
        "opts": model_admin.opts,
        "is_sandbox": is_sandbox(),
        "sentence": CATALOGUE[PermissionRefused.code].sentence(),
        "next_step": next_step,
        "code": PermissionRefused.code,
        "front": reverse("admin:app_list", args=[model_admin.opts.app_label], current_app=site.name),
    }
    return TemplateResponse(request, "admin/pagoefectivo/refused.html", context, status=403)
