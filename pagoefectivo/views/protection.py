"""What every page for a buyer promises: nobody indexes, caches, frames or logs it, and it speaks the buyer's language."""

from __future__ import annotations

import base64
import functools
import hashlib
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from pagoefectivo import conf, conf_messages, storefront
from pagoefectivo.domain.buyer_messages import MessageKind
from pagoefectivo.domain.languages import CATALOGUES, HTML_LANGUAGES, LANGUAGES
from pagoefectivo.domain.redaction import places_of

TRY_AGAIN_AFTER = "60"  # seconds

logger = logging.getLogger("pagoefectivo.pages")

_EMAIL = re.compile(r"[^\s@:/?&]+@[^\s@:/?&]+\.[^\s@:/?&]+")
_PHONE = re.compile(r"\+?[\d ()-]{6,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page: its language, its style and the nonce that lets our own script in, wherever static files live.

    `home` is where the same words can be read in another language: empty for the address itself, and for one that only
    takes forms the page that they stand on.
    """

    language: str
    nonce: str
    style: SafeString = field(repr=False)
    home: str = field(default="", repr=False)

    @property
    def policy(self) -> str:
        """The Content-Security-Policy: nothing but our own, and nothing from elsewhere.

        It names the inline style by its bytes: unlike a nonce that also holds in the page that the script fetches anew.
        """
        digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        return (
            f"default-src 'none'; style-src 'sha256-{digest}'; script-src 'self' 'nonce-{self.nonce}'; "
            "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )


Door = Callable[[HttpRequest, Visit, str], HttpResponse]


def protected(door: Door) -> Callable[..., HttpResponse]:
    """Wrap a page for buyers: GET and HEAD only, a database error is a 503, and nothing names the token to a log.

    What nobody foresaw is a 500 with a reference number, and one line of our own with that number; under DEBUG it is
    raised, for the developer to see.
    """
    return _guarded(door, ("GET", "HEAD"))


def acting(door: Door) -> Callable[..., HttpResponse]:
    """Wrap what a buyer's page does by POST, with the promises of `protected`.

    The token in the address is what no other site knows, so there is no cookie to abuse and no further token; a browser
    that says the form came from another site is refused all the same.
    """
    return csrf_exempt(_guarded(door, ("POST",)))


def with_forms(door: Door) -> Callable[..., HttpResponse]:
    """Wrap a page for buyers that takes forms as well, with the promises of `protected`; it knows its own forms itself.

    What was typed into them is in no error report.
    """
    return csrf_exempt(sensitive_post_parameters()(_guarded(door, ("GET", "HEAD", "POST"))))


def _guarded(door: Door, methods: tuple[str, ...]) -> Callable[..., HttpResponse]:
    @functools.wraps(door)
    @transaction.non_atomic_requests
    def guarded(request: HttpRequest, token: str = "") -> HttpResponse:
        language = _language(request)
        with translation.override(CATALOGUES[language]):
            try:
                home = "" if "GET" in methods else reverse("pagoefectivo:voucher", args=[token])
                visit = Visit(language, secrets.token_urlsafe(16), _style(), home)
                response = _answer(door, request, visit, token, methods)
                response["Content-Security-Policy"] = visit.policy
            except Exception as error:  # Django would log it with the path, and report it with the token
                if settings.DEBUG:
                    raise
                response = _faulty(language, error)
        response["Content-Language"] = HTML_LANGUAGES[language]
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Cache-Control"] = "private, no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Content-Type-Options"] = "nosniff"
        # Django would log the path of a refusal, and the token in it.
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 - Django's own mark
        return response

    return guarded


def rendered(visit: Visit, template: str, context: dict[str, object], status: int = HTTPStatus.OK) -> HttpResponse:
    """Render without the request: no context processor of the host runs, so none sets a cookie or asks the database."""
    shop = conf.current()
    around = {
        "language": HTML_LANGUAGES[visit.language],
        "languages": [(code, name, HTML_LANGUAGES[code], code == visit.language) for code, name in LANGUAGES.items()],
        "lang": visit.language,
        "home": visit.home,
        "nonce": visit.nonce,
        "style": visit.style,
        "brand": storefront.current().brand,
        "shop_name": shop.shop_name,
        "contact": shop.support_contact,
        "contact_link": contact_link(shop.support_contact),
    }
    return HttpResponse(get_template(template).render({**around, **context}), status=status)


def absent(visit: Visit) -> HttpResponse:
    """The one page for every link that opens nothing, whatever the reason. Where mails are sent it offers the link anew."""
    context: dict[str, object] = {"heading": gettext("We did not find this page")}
    if conf_messages.current().mails(MessageKind.LINK_WANTED):
        body = gettext("Check that the link is complete, or have it sent to you: write the e-mail of your order.")
        context |= {"body": body, "ask_address": link_asked_at(visit)}
    else:
        context["body"] = gettext("Check that the link is complete, or ask the shop for a new one.")
    return rendered(visit, "pagoefectivo/lost_link.html", context, HTTPStatus.NOT_FOUND)


def link_asked_at(visit: Visit) -> str:
    """Return where a buyer who lost the link writes the e-mail."""
    return f"{reverse('pagoefectivo:lost-link')}?lang={visit.language}"


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


def _style() -> SafeString:
    """The style in the shop's colours, which the settings have checked to be colours."""
    return mark_safe(get_template("pagoefectivo/page.css").render({"brand": storefront.current().brand}))  # noqa: S308 - our own file


def _answer(door: Door, request: HttpRequest, visit: Visit, token: str, methods: tuple[str, ...]) -> HttpResponse:
    if request.method not in methods:
        return HttpResponse(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(methods)})
    if request.method == "POST" and not _is_from_here(request):
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    try:
        return door(request, visit, token)
    except (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    except Error as error:
        logger.error("A buyer's page could not be read (%s).", type(error).__name__)  # noqa: TRY400 - a traceback would carry the token
        return _unavailable(visit)


def _is_from_here(request: HttpRequest) -> bool:
    """Whether a browser sent our own form. Our pages send no referrer, so browsers write `null` for their origin."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", "null")
    return site == "same-origin" and (origin == "null" or origin.partition("://")[2] == request.get_host())


def _unavailable(visit: Visit) -> HttpResponse:
    heading = gettext("We cannot look up your payment right now")
    body = gettext("If you have paid, your payment is not lost. Open the link again in a few minutes.")
    context: dict[str, object] = {"heading": heading, "body": body}
    response = rendered(visit, "pagoefectivo/notice.html", context, HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = TRY_AGAIN_AFTER
    return response


def _faulty(language: str, error: Exception) -> HttpResponse:
    """Answer what nobody foresaw, in plain text where the pages' own templates are what failed."""
    number = secrets.token_hex(4).upper()
    logger.error("Fault %s on a buyer's page: %s at %s", number, type(error).__name__, places_of(error))
    heading = gettext("Something failed on our side")
    body = gettext(
        "Your order and your payment are safe. Open the link again in a few minutes. If it stays like this, write to the "
        "shop and name this number: {number}"
    ).format(number=number)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    try:
        visit = Visit(language, secrets.token_urlsafe(16), _style())
        response = rendered(visit, "pagoefectivo/notice.html", {"heading": heading, "body": body}, status)
        response["Content-Security-Policy"] = visit.policy
    except Exception:  # noqa: BLE001 - the shop may have written that template, too
        response = HttpResponse(f"{heading}\n{body}\n", status=status, content_type="text/plain; charset=utf-8")
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
    return response


def _language(request: HttpRequest) -> str:
    """The language asked for in the link, else the one Django chose for the request, else Spanish."""
    for wanted in (request.GET.get("lang", ""), translation.get_language() or ""):
        language = wanted.lower().partition("-")[0]
        if language in LANGUAGES:
            return language
    return "es"
