"""The letterbox: where providers drop their notifications. It verifies, stores and answers; nothing is applied here."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from pagoefectivo.domain.exceptions import ConfigurationError, InvalidSignature, RuleRefused, SignatureFault
from pagoefectivo.services import webhooks
from pagoefectivo.services.accounts import account_named
from pagoefectivo.views.senders import Banned, Limit, network_of, remote_ip

REPEAT_AFTER = "60"  # seconds
FROM_ONE_SENDER = Limit("unsigned", 120)
FROM_EVERYBODY = Limit("unsigned-all", 1200)
EVERYBODY = "*"
LONGEST_QUERY = 1024

logger = logging.getLogger("pagoefectivo.webhooks")
banned = Banned()

_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_PLAIN = re.compile(r"[\x21-\x7e]*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Unacceptable(Exception):
    """A request that is refused before anybody looks at its signature."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status


@csrf_exempt
@transaction.non_atomic_requests
def letterbox(request: HttpRequest, account: str) -> HttpResponse:
    """Take one notification for `account`; the body of the answer is empty, so that it reveals nothing.

    200: stored and committed, or stored before. 401: not signed by the provider. 404: no such account. 429: too many
    unsigned messages; signed ones always pass. 503: no secret is configured or the database did not take it, so the
    provider repeats. 400, 405, 411, 413, 415: refused before the signature is looked at.
    """
    if request.method != "POST":
        return _answer(HTTPStatus.METHOD_NOT_ALLOWED, "POST only.\n", Allow="POST")
    try:
        sender = remote_ip(request)
        letter = webhooks.Letter(account, _body(request), _headers(request), sender, _query(request))
        if _is_banned(network_of(sender)) and not _is_signed(letter):
            return _answer(HTTPStatus.TOO_MANY_REQUESTS, **{"Retry-After": REPEAT_AFTER})
        webhooks.accept(letter)
    except Unacceptable as refusal:
        return _answer(refusal.status)
    except InvalidSignature as refusal:
        _count_unsigned(network_of(sender))
        return _unavailable() if refusal.reason is SignatureFault.NO_SECRET else _answer(HTTPStatus.UNAUTHORIZED)
    except RuleRefused:
        return _answer(HTTPStatus.NOT_FOUND)
    except (Error, ConfigurationError) as error:
        logger.error("A notification was not stored (%s); the provider will repeat it.", type(error).__name__)  # noqa: TRY400 - a traceback would carry the message
        return _unavailable()
    return HttpResponse()


def _body(request: HttpRequest) -> bytes:
    """Read the body, never more than the cap; raises Unacceptable, for what its headers admit before reading a byte."""
    if request.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}:
        raise Unacceptable(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    written = request.META.get("CONTENT_LENGTH") or ""
    if not written and "HTTP_TRANSFER_ENCODING" in request.META:
        raise Unacceptable(HTTPStatus.LENGTH_REQUIRED)
    if written and not _LENGTH.fullmatch(written):
        raise Unacceptable(HTTPStatus.BAD_REQUEST)
    length = int(written or 0)
    if length > webhooks.LARGEST_BODY:
        raise Unacceptable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        body: bytes = request.read(webhooks.LARGEST_BODY + 1)
    except UnreadablePostError as lost:
        raise Unacceptable(HTTPStatus.BAD_REQUEST) from lost
    if len(body) > webhooks.LARGEST_BODY:
        raise Unacceptable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if len(body) != length:
        raise Unacceptable(HTTPStatus.BAD_REQUEST)
    return body


def _headers(request: HttpRequest) -> dict[str, str]:
    """Return the headers that can be kept: one with control characters is no header."""
    headers = dict(request.headers)
    if _CONTROL.search("".join(headers.values())):
        headers = {name: value for name, value in headers.items() if not _CONTROL.search(value)}
    return headers


def _query(request: HttpRequest) -> str:
    """Return the raw query string; one that is too long or not plain ASCII is none that a provider signs."""
    query = request.META.get("QUERY_STRING") or ""
    return query if len(query) <= LONGEST_QUERY and _PLAIN.fullmatch(query) else ""


def _is_banned(sender: str) -> bool:
    return sender in banned or EVERYBODY in banned


def _is_signed(letter: webhooks.Letter) -> bool:
    account = account_named(letter.account)
    try:
        account.webhook_reader().verify(letter.body, letter.headers, letter.query)
    except InvalidSignature:
        return False
    return True


def _count_unsigned(sender: str) -> None:
    if FROM_ONE_SENDER.is_exceeded_by(sender):
        banned.add(sender)
    if FROM_EVERYBODY.is_exceeded_by(EVERYBODY):
        banned.add(EVERYBODY)


def _unavailable() -> HttpResponse:
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": REPEAT_AFTER})


def _answer(status: HTTPStatus, text: str = "", **headers: str) -> HttpResponse:
    """Answer in one short line that Django does not log a second time: a flood must not fill the disk."""
    response = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=headers)
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 - Django's own mark
    return response
