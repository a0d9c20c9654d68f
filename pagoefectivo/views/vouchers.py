"""The buyer's page of one order: the newest payment code, or what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext

from pagoefectivo import conf, conf_messages
from pagoefectivo.domain.exceptions import NotFound, PagoEfectivoError
from pagoefectivo.links import page_key_of, page_url
from pagoefectivo.models import Refund, Voucher
from pagoefectivo.selectors.pages import vouchers_behind
from pagoefectivo.services import buyers, seams
from pagoefectivo.views.protection import Visit, absent, acting, protected, rendered, too_many
from pagoefectivo.views.senders import Limit, network_of, remote_ip
from pagoefectivo.views.voucher_papers import PAPER_LANGUAGES, paper_language, receipt, reminder, sheet
from pagoefectivo.views.voucher_refusals import refusal
from pagoefectivo.views.voucher_texts import Page, page_of

GUESSES = Limit("page-guesses", 30)
VISITS = Limit("page-visits", 60, untold=5)
QUESTIONS = Limit("page-questions", 120)
PAPERS = Limit("page-papers", 12)
ACTS = Limit("page-acts", 6)


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that opened: whose order it is, what its page says, and the code that nobody is known to have seen yet."""

    page_key: str
    page: Page
    unseen: int | None = None


@protected
def page(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Show the newest code of an order, or what became of it. 404 for every link that opens nothing, 429 when hurried.

    One query; a second one for refunds once money has arrived; and once a minute the calendar for one on its way.
    """
    opened = _open(request, visit, token, VISITS)
    if isinstance(opened, HttpResponse):
        return opened
    return rendered(visit, "pagoefectivo/voucher.html", {"page": opened.page, **addresses(visit, token, opened)})


def addresses(visit: Visit, token: str, opened: Opened) -> dict[str, object]:
    """Return where the page's links and forms lead; each keeps the language."""
    path, language = reverse("pagoefectivo:voucher", args=[token]), f"?lang={visit.language}"
    return {
        "here": path + language,
        "status_address": f"{path}status/{language}",
        "paid_address": f"{path}paid/{language}",
        "renew_address": f"{path}renew/{language}",
        "proof_address": f"{path}proof/{language}",
        "resend_address": f"{path}resend/{language}" if "email" in conf_messages.current().channels else "",
        "sheet_address": f"{path}codigo.pdf{language}",
        "receipt_address": f"{path}constancia.pdf{language}",
        "reminder_address": f"{path}recordatorio.ics{language}",
        "share_address": _share_address(opened) if opened.page.is_payable else "",
    }


@protected
def status(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Answer what changes as small JSON; 304 while the version of the page and its words for the time left stay.

    Only a browser with a page open asks this, no preview of a link does: the first time is when the code was seen.
    """
    opened = _open(request, visit, token, QUESTIONS)
    if isinstance(opened, HttpResponse):
        return JsonResponse({}, status=opened.status_code, headers=_retry(opened))
    if opened.unseen is not None:
        buyers.note_seen(opened.unseen)
    shown = opened.page
    etag = f'W/"{shown.version}-{shown.seconds_left // 60}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
    answer = {
        "state": shown.face,
        "version": shown.version,
        "seconds_left": shown.seconds_left,
        "time_left": shown.time_left,
    }
    return JsonResponse(answer, headers={"ETag": etag})


@protected
def barcode(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Answer with the barcode of a payable code as a picture; 404 once the code must not be paid."""
    opened = _open(request, visit, token, VISITS)
    if isinstance(opened, HttpResponse):
        return opened
    if opened.page.barcode is None:
        return absent(visit)
    response = rendered(visit, "pagoefectivo/barcode.svg", {"barcode": opened.page.barcode})
    response["Content-Type"] = "image/svg+xml"
    return response


@protected
def code_sheet(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Answer with a payable code as a PDF; 404 once the code must not be paid."""
    return _paper(request, visit, token, "codigo-de-pago.pdf", lambda page: sheet(page) if page.is_payable else b"")


@protected
def payment_receipt(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Answer with what was received as a PDF; 404 while the order does not count as paid."""
    return _paper(request, visit, token, "constancia-de-pago.pdf", lambda page: receipt(page) if page.is_paid else b"")


@protected
def deadline_reminder(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Answer with the deadline of a payable code for a calendar; 404 once the code must not be paid."""
    opened = _open(request, visit, token, PAPERS)
    if isinstance(opened, HttpResponse):
        return opened
    deadline = opened.page.expires_at
    if deadline is None or not opened.page.is_payable:
        return absent(visit)
    calendar = reminder(opened.page, deadline, key=opened.page_key, now=seams.now())
    return _file(calendar.encode(), "recordatorio-de-pago.ics", "text/calendar; charset=utf-8")


@acting
def say_paid(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Hear that the buyer paid: the provider is asked now, and the page says what happens. Back to the page."""
    key = _admit(request, visit, token, ACTS)
    if isinstance(key, HttpResponse):
        return key
    try:
        buyers.say_paid(key)
    except NotFound:
        return absent(visit)
    return _back(visit, token)


@acting
def renew(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Give a new code in place of a dead one and go back to the page, or say why there is none."""
    key = _admit(request, visit, token, ACTS)
    if isinstance(key, HttpResponse):
        return key
    try:
        buyers.renew_code(key)
    except NotFound:
        return absent(visit)
    except PagoEfectivoError as error:
        words: dict[str, object] = {**refusal(error), "path": reverse("pagoefectivo:voucher", args=[token])}
        return rendered(visit, "pagoefectivo/notice.html", words, HTTPStatus.CONFLICT)
    return _back(visit, token)


@protected
def missing(_request: HttpRequest, visit: Visit, _token: str) -> HttpResponse:
    """Answer an address below the page that does not exist, before Django would log it with its token."""
    return absent(visit)


def _paper(request: HttpRequest, visit: Visit, token: str, name: str, drawn: Callable[[Page], bytes]) -> HttpResponse:
    """Answer with a PDF in a language that its fonts have; nothing drawn is a page that does not exist."""
    with paper_language(visit.language):
        opened = _open(request, visit, token, PAPERS, language=PAPER_LANGUAGES[visit.language])
        if isinstance(opened, HttpResponse):
            return opened
        paper = drawn(opened.page)
        return _file(paper, name) if paper else absent(visit)


def _open(
    request: HttpRequest, visit: Visit, token: str, limit: Limit, *, language: str | None = None
) -> Opened | HttpResponse:
    """Return the page behind a token, or the answer that takes its place. A wrong token costs the same as an old one."""
    key = _admit(request, visit, token, limit)
    if isinstance(key, HttpResponse):
        return key
    vouchers = vouchers_behind(key)
    if not vouchers:
        return absent(visit)
    order = vouchers[0].order
    words = language or visit.language
    page = page_of(order, vouchers, _refunds(vouchers), language=words, now=seams.now())
    return Opened(key, page, vouchers[0].pk if vouchers[0].seen_at is None and page.is_payable else None)


def _admit(request: HttpRequest, visit: Visit, token: str, limit: Limit) -> str | HttpResponse:
    """Return the key that a token carries; empty, which no order has, for a token that we did not sign."""
    try:
        key = page_key_of(token)
    except NotFound:
        key = ""
    hurried = limit.is_exceeded_by(token) if key else GUESSES.is_exceeded_by(network_of(remote_ip(request)))
    return too_many(visit) if hurried else key


def _refunds(vouchers: list[Voucher]) -> list[Refund]:
    if not any(voucher.paid_amount for voucher in vouchers):
        return []
    shown = Refund.objects.filter(order=vouchers[0].order_id).only(
        "state", "amount", "currency", "changed_at", "page_key", "order_id", "account", "destination_id", "payout_id"
    )
    return list(shown.order_by("pk"))


def _share_address(opened: Opened) -> str:
    """WhatsApp with the link and without the code: who opens it sees what is true then, and no address holds the code."""
    text = gettext("{shop}: pay {amount} before {deadline} (Lima time). Code and steps: {link}").format(
        shop=conf.current().shop_name or "PagoEfectivo",
        amount=opened.page.amount,
        deadline=opened.page.deadline,
        link=page_url(opened.page_key),
    )
    return f"https://wa.me/?text={quote(text, safe='')}"


def _page_path(visit: Visit, token: str) -> str:
    return f"{reverse('pagoefectivo:voucher', args=[token])}?lang={visit.language}"


def _back(visit: Visit, token: str) -> HttpResponse:
    response = HttpResponseRedirect(_page_path(visit, token))
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _file(content: bytes, name: str, kind: str = "application/pdf") -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _retry(response: HttpResponse) -> dict[str, str]:
    return {"Retry-After": response["Retry-After"]} if response.has_header("Retry-After") else {}
