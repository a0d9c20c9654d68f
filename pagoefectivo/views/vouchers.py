"""The buyer's page of one order: the newest payment code, or what became of it."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.links import page_key_of
from pagoefectivo.models import Refund, Voucher
from pagoefectivo.selectors.pages import vouchers_behind
from pagoefectivo.services import seams
from pagoefectivo.views.protection import Visit, absent, protected, rendered, too_many
from pagoefectivo.views.senders import Limit, network_of, remote_ip
from pagoefectivo.views.voucher_texts import Page, page_of

GUESSES = Limit("page-guesses", 30)
VISITS = Limit("page-visits", 60, untold=5)
QUESTIONS = Limit("page-questions", 120)


@protected
def page(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Show the newest code of an order, or what became of it. 404 for every link that opens nothing, 429 when hurried.

    One query; a second one for refunds once money has arrived.
    """
    shown = _open(request, visit, token, VISITS)
    if isinstance(shown, HttpResponse):
        return shown
    path = reverse("pagoefectivo:voucher", args=[token])
    addresses = {
        "here": f"{path}?lang={visit.language}",
        "status_address": f"{path}status/?lang={visit.language}",
        "proof_address": f"{path}proof/?lang={visit.language}",
    }
    return rendered(visit, "pagoefectivo/voucher.html", {"page": shown, **addresses})


@protected
def status(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Answer what changes as small JSON; 304 while the version of the page and its words for the time left stay."""
    shown = _open(request, visit, token, QUESTIONS)
    if isinstance(shown, HttpResponse):
        return JsonResponse({}, status=shown.status_code, headers=_retry(shown))
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
    shown = _open(request, visit, token, VISITS)
    if isinstance(shown, HttpResponse):
        return shown
    if shown.barcode is None:
        return absent(visit)
    response = rendered(visit, "pagoefectivo/barcode.svg", {"barcode": shown.barcode})
    response["Content-Type"] = "image/svg+xml"
    return response


@protected
def missing(_request: HttpRequest, visit: Visit, _token: str) -> HttpResponse:
    """Answer an address below the page that does not exist, before Django would log it with its token."""
    return absent(visit)


def _open(request: HttpRequest, visit: Visit, token: str, limit: Limit) -> Page | HttpResponse:
    """Return the page behind a token, or the answer that takes its place. A wrong token costs the same as an old one."""
    key = _key(token)
    hurried = limit.is_exceeded_by(token) if key else GUESSES.is_exceeded_by(network_of(remote_ip(request)))
    if hurried:
        return too_many(visit)
    vouchers = vouchers_behind(key)
    if not vouchers:
        return absent(visit)
    order = vouchers[0].order
    return page_of(order, vouchers, _refunds(vouchers), language=visit.language, now=seams.now())


def _key(token: str) -> str:
    """Return the key that a token carries; empty, which no order has, for a token that we did not sign."""
    try:
        return page_key_of(token)
    except NotFound:
        return ""


def _refunds(vouchers: list[Voucher]) -> list[Refund]:
    if not any(voucher.paid_amount for voucher in vouchers):
        return []
    shown = Refund.objects.filter(order=vouchers[0].order_id).only(
        "state", "amount", "currency", "changed_at", "order_id"
    )
    return list(shown.order_by("pk"))


def _retry(response: HttpResponse) -> dict[str, str]:
    return {"Retry-After": response["Retry-After"]} if response.has_header("Retry-After") else {}
