"""What every page for a buyer promises: nobody indexes, caches, frames or logs it, and it speaks the buyer's language."""

from __future__ import annotations

import base64
import functools
import hashlib
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext

from pagoefectivo import conf

LANGUAGES = {"es": "Español", "en": "English", "zh": "中文"}
HTML_LANGUAGES = {"es": "es-PE", "en": "en", "zh": "zh-Hans"}
CATALOGUES = {"es": "es", "en": "en", "zh": "zh-hans"}
TRY_AGAIN_AFTER = "60"  # seconds
READING = ("GET", "HEAD")

logger = logging.getLogger("pagoefectivo.pages")

_EMAIL = re.compile(r"[^\s@:/?&]+@[^\s@:/?&]+\.[^\s@:/?&]+")
_PHONE = re.compile(r"\+?[\d ()-]{6,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page: its language and the nonce that lets our own script in, wherever static files live."""

    language: str
    nonce: str

    @property
    def policy(self) -> str:
        """The Content-Security-Policy: nothing but our own, and nothing from elsewhere."""
        return (
            f"default-src 'none'; style-src '{_style_hash()}'; script-src 'self' 'nonce-{self.nonce}'; "
            "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )


Door = Callable[[HttpRequest, Visit, str], HttpResponse]


def protected(door: Door) -> Callable[..., HttpResponse]:
    """Wrap a page for buyers: GET and HEAD only, a database error is a 503, and no answer names the token to a log."""
    return _guarded(door, READING)


def protected_form(door: Door) -> Callable[..., HttpResponse]:
    """As `protected` for a page that also takes a POST. The link's token is what no other site can know: no cookie acts."""
    guarded = _guarded(door, (*READING, "POST"))
    guarded.csrf_exempt = True  # type: ignore[attr-defined]
    return guarded


def _guarded(door: Door, methods: tuple[str, ...]) -> Callable[..., HttpResponse]:
    @functools.wraps(door)
    @transaction.non_atomic_requests
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        visit = Visit(_language(request), secrets.token_urlsafe(16))
        with translation.override(CATALOGUES[visit.language]):
            response = _answer(door, methods, request, visit, token)
        response["Content-Language"] = HTML_LANGUAGES[visit.language]
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Cache-Control"] = "private, no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = visit.policy
        # Django would log the path of a refusal, and the token in it.
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 - Django's own mark
        return response

    return guarded


def rendered(visit: Visit, template: str, context: dict[str, object], status: int = HTTPStatus.OK) -> HttpResponse:
    """Render without the request: no context processor of the host runs, so none sets a cookie or asks the database."""
    settings = conf.current()
    around = {
        "language": HTML_LANGUAGES[visit.language],
        "languages": [(code, name, HTML_LANGUAGES[code], code == visit.language) for code, name in LANGUAGES.items()],
        "lang": visit.language,
        "nonce": visit.nonce,
        "shop_name": settings.shop_name,
        "contact": settings.support_contact,
        "contact_link": contact_link(settings.support_contact),
    }
    return HttpResponse(get_template(template).render({**around, **context}), status=status)


def absent(visit: Visit) -> HttpResponse:
    """The one page for every link that opens nothing, whatever the reason."""
    heading = gettext("We did not find this code")
    body = gettext("Check that the link is complete, or ask the shop for a new one.")
    return rendered(visit, "pagoefectivo/notice.html", {"heading": heading, "body": body}, HTTPStatus.NOT_FOUND)


def too_many(visit: Visit) -> HttpResponse:
    """The page for a sender who asks too often."""
    heading = gettext("Too many requests")
    body = gettext("Wait a minute and open the link again. Your order and your payment are safe.")
    context: dict[str, object] = {"heading": heading, "body": body}
    response = rendered(visit, "pagoefectivo/notice.html", context, HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = TRY_AGAIN_AFTER
    return response


def contact_link(contact: str) -> str:
    """Return the address behind a contact as it is written in the settings; empty for what is no link."""
    if _EMAIL.fullmatch(contact):
        return f"mailto:{contact}"
    if contact.startswith("https://"):
        return contact
    if _PHONE.fullmatch(contact):
        return "tel:" + re.sub(r"[^\d+]", "", contact)
    return ""


def _style_hash() -> str:
    """Name the inline style by its bytes: unlike a nonce it also holds in the page that the script fetches anew."""
    style = get_template("pagoefectivo/page.css").render()
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _answer(door: Door, methods: tuple[str, ...], request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    if request.method not in methods:
        return HttpResponse(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(methods)})
    try:
        return door(request, visit, token)
    except Error as error:
        logger.error("A buyer's page could not be read (%s).", type(error).__name__)  # noqa: TRY400 - a traceback would carry the token
        return _unavailable(visit)


def _unavailable(visit: Visit) -> HttpResponse:
    heading = gettext("We cannot look up your payment right now")
    body = gettext("If you have paid, your payment is not lost. Open the link again in a few minutes.")
    context: dict[str, object] = {"heading": heading, "body": body}
    response = rendered(visit, "pagoefectivo/notice.html", context, HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = TRY_AGAIN_AFTER
    return response


def _language(request: HttpRequest) -> str:
    """The language asked for in the link, else the one Django chose for the request, else Spanish."""
    for wanted in (request.GET.get("lang", ""), translation.get_language() or ""):
        language = wanted.lower().partition("-")[0]
        if language in LANGUAGES:
            return language
    return "es"
