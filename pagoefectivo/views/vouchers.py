"""The buyer's page of one payment code."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the code and what became of it."""
    return HttpResponse(status=404)


def status(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the state alone."""
    return HttpResponse(status=404)


def barcode(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the barcode as a picture."""
    return HttpResponse(status=404)
