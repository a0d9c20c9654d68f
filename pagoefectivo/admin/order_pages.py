"""The pages of one order: its story with all that is known and may be done, its raw messages, its story for a ticket."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from pagoefectivo.admin import sentences
from pagoefectivo.admin.diagrams import drawing_of
from pagoefectivo.admin.order_doors import doors_of
from pagoefectivo.admin.order_facts import (
    case_row,
    code_row,
    difference_row,
    money_rows,
    payer,
    picture_row,
    refund_row,
)
from pagoefectivo.admin.order_next import steps
from pagoefectivo.admin.order_says import matrix
from pagoefectivo.admin.order_story import Asked, as_text, story_of
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.presentation import moment, state_badge, without_code
from pagoefectivo.admin.reading import SEES_PEOPLE, SEES_RECEIPTS
from pagoefectivo.admin.refund_setbacks import followed_by, setback_of
from pagoefectivo.domain.proofs import Field, Seen
from pagoefectivo.domain.redaction import mask_email
from pagoefectivo.models import ApiExchange, Order, Refund, WebhookDelivery
from pagoefectivo.selectors.order_acts import closed_acts
from pagoefectivo.selectors.proofs import read_on
from pagoefectivo.selectors.timeline import chapter_of
from pagoefectivo.selectors.whole_orders import WholeOrder, whole_order

NEWEST = 20


def detail(model_admin: admin.ModelAdmin[Any], request: HttpRequest, whole: WholeOrder) -> HttpResponse:
    """Show everything about an order, masked as far as the reader may see."""
    order, sees_people = whole.order, request.user.has_perm(SEES_PEOPLE)
    doors = doors_of(request, order, closed_acts(whole))
    first, *others = steps(whole, doors)
    context = {
        **frame(model_admin, request, order, _("Order %s") % order.reference),
        "order": order,
        "badge": state_badge(order),
        "sentence": _sentence(whole),
        "email": order.payer_email if sees_people else mask_email(order.payer_email),
        "payer": payer(order) if sees_people else "",
        "money": money_rows(whole),
        "vouchers": [code_row(voucher, whole.settled, in_full=sees_people) for voucher in whole.vouchers],
        "refunds": [_refund_row(refund, whole) for refund in whole.refunds],
        "proofs": [picture_row(picture) for picture in whole.pictures],
        "flags": whole.flags,
        "cases": [case_row(case) for case in whole.cases],
        "differences": [difference_row(each) for each in whole.differences],
        "step": first,
        "steps": others,
        "matrix": matrix(whole, _seen(request, whole)),
        "created": moment(order.created_at),
        "story": story_of(request, whole),
        "doors": doors,
        "drawings": [drawing_of(order, "order"), *([drawing_of(whole.newest, "code")] if whole.newest else [])],
        "may_read_messages": request.user.has_perm("pagoefectivo.view_buyermessage"),
    }
    return TemplateResponse(request, "admin/pagoefectivo/order/detail.html", context)


def ticket(request: HttpRequest, order: Order) -> HttpResponse:
    """Return the chapter that a reader sees as plain text, to be pasted into a ticket: no code, no person."""
    whole, asked = whole_order(order.pk), Asked.of(request)
    if whole is None:
        raise Http404
    chapter = chapter_of(order, whole.vouchers, whole.refunds, show=asked.show, number=asked.number)
    headline = [
        _("Order %s") % order.reference,
        f"{order.get_state_display()}: {_sentence(whole)}",
        " · ".join(f"{name}: {amount}" for name, amount in money_rows(whole)),
    ]
    answer = HttpResponse(as_text(headline, chapter.entries), content_type="text/plain; charset=utf-8")
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def raw(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order) -> HttpResponse:
    """Show the newest messages to and from the provider, secrets and personal data masked."""
    context = {
        **frame(model_admin, request, order, _("Raw messages of order %s") % order.reference),
        "exchanges": [
            (exchange, without_code(exchange.masked_request, exchange.voucher), _answer_of(exchange))
            for exchange in _newest(ApiExchange, order, "-sent_at")
        ],
        "deliveries": [
            (delivery, without_code(delivery.masked_body, delivery.voucher))
            for delivery in _newest(WebhookDelivery, order, "-received_at")
        ],
        "newest": NEWEST,
    }
    return TemplateResponse(request, "admin/pagoefectivo/order/raw.html", context)


def _seen(request: HttpRequest, whole: WholeOrder) -> dict[Field, Seen]:
    """What was read on the newest receipt, for those who may see it; one query where there is one."""
    return read_on(whole.pictures[-1].proof) if whole.pictures and request.user.has_perm(SEES_RECEIPTS) else {}


def _refund_row(refund: Refund, whole: WholeOrder) -> dict[str, Any]:
    anew = followed_by(refund, whole.refunds)
    return refund_row(refund, None if anew else setback_of(refund))


def _sentence(whole: WholeOrder) -> str:
    return sentences.of_order(
        whole.order, whole.vouchers, whole.refunds, whole.anomalies, accepted_by=whole.accepted_by
    )


def _newest(model: type[Model], order: Order, by: str) -> QuerySet[Any]:
    return model._default_manager.filter(voucher__order=order).select_related("voucher").order_by(by)[:NEWEST]


def _answer_of(exchange: ApiExchange) -> str:
    return without_code(exchange.masked_response, exchange.voucher)
