"""What all pages of our own share: the frame of the back office, and a page that asks before it acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from pagoefectivo.admin.presentation import is_sandbox


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before an act: the title, sentences of truth, and the words on the button."""

    title: str
    sentences: Sequence[str]
    button: str
    is_grave: bool = False
    warning: str = ""


def frame(model_admin: admin.ModelAdmin[Any], request: HttpRequest, row: Any, title: str) -> dict[str, Any]:
    """Return the context that the templates of the back office expect; a page about many rows has no `row`."""
    return {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "original": row,
        "media": model_admin.media,
        "is_sandbox": is_sandbox(),
        "back": _page_of(model_admin, row),
    }


def _page_of(model_admin: admin.ModelAdmin[Any], row: Any) -> str:
    name = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}"
    return reverse(f"{name}_changelist") if row is None else reverse(f"{name}_change", args=[row.pk])


def ask(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    row: Any,
    question: Question,
    form: forms.Form | None = None,
    **more: Any,
) -> HttpResponse:
    """Show a question and its form; a POST that comes back here was not carried out, and says so by its status."""
    context = {**frame(model_admin, request, row, question.title), "question": question, "form": form, **more}
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "admin/pagoefectivo/question.html", context, status=status)
