"""The pages of one order: its story, the questions before an act, and what an act came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Max, Model, QuerySet, prefetch_related_objects
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from pagoefectivo.admin import advice, sentences
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.presentation import (
    actor_word,
    awaited,
    clock,
    judgement_badge,
    lima,
    link,
    moment,
    money,
    payment_word,
    state_badge,
    without_code,
)
from pagoefectivo.admin.reading import SEES_PAYLOADS, SEES_PEOPLE
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.redaction import mask_code, mask_email
from pagoefectivo.domain.states import UNANSWERED_VOUCHER, UNSENT_VOUCHER, OrderState, RefundState, VoucherState
from pagoefectivo.models import ApiExchange, Order, PaymentEvent, Refund, Voucher, WebhookDelivery
from pagoefectivo.models.labels import SOURCE_LABELS
from pagoefectivo.selectors.expectations import expected_refund_dates, expected_settlement_dates
from pagoefectivo.selectors.proofs import judged
from pagoefectivo.selectors.timeline import TimelineEntry, timeline_of
from pagoefectivo.selectors.vouchers import can_be_extended, is_lost

NEWEST = 20
_PATHS = dict(SOURCE_LABELS)
UNPAID = frozenset({OrderState.AWAITING_PAYMENT, OrderState.EXPIRED})


def detail(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order) -> HttpResponse:
    """Show everything about an order, masked as far as the reader may see."""
    prefetch_related_objects([order], "vouchers", "refunds", "anomalies")
    vouchers = sorted(order.vouchers.all(), key=lambda voucher: voucher.attempt)
    refunds = sorted(order.refunds.all(), key=lambda refund: refund.pk)
    oddities = [anomaly for anomaly in order.anomalies.all() if anomaly.closed_at is None]
    sees_people = request.user.has_perm(SEES_PEOPLE)
    context = {
        **frame(model_admin, request, order, _("Order %s") % order.reference),
        "order": order,
        "badge": state_badge(order),
        "sentence": sentences.of_order(order, vouchers, refunds, oddities),
        "email": order.payer_email if sees_people else mask_email(order.payer_email),
        "payer": _payer(order) if sees_people else "",
        "may_look_as_buyer": sees_people,
        "money": _money(order, vouchers),
        "vouchers": [_voucher(voucher, in_full=sees_people) for voucher in vouchers],
        "refunds": [_refund(refund) for refund in refunds],
        "proofs": [_proof(proof) for proof in judged(order.proofs.defer("picture").order_by("pk"))],
        "anomalies": [(anomaly, advice.on_anomaly(anomaly)) for anomaly in oddities],
        "created": moment(order.created_at),
        "timeline": [_entry(entry) for entry in reversed(timeline_of(order))],
        "may": _may(request, order, vouchers),
    }
    return TemplateResponse(request, "admin/pagoefectivo/order/detail.html", context)


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


def _newest(model: type[Model], order: Order, by: str) -> QuerySet[Any]:
    return model._default_manager.filter(voucher__order=order).select_related("voucher").order_by(by)[:NEWEST]


def _answer_of(exchange: ApiExchange) -> str:
    return without_code(exchange.masked_response, exchange.voucher)


def confirm_reissue(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order) -> HttpResponse:
    question = Question(
        title=_("New code for order %s") % order.reference,
        sentences=[
            _("The buyer gets a new code over %s with a new deadline; the link to the page stays the same.")
            % money(order.amount, order.currency),
            _("The provider is first asked whether the old code was paid. If it was, nothing is issued."),
            _("The old code is withdrawn where the provider can do that, and watched where it cannot."),
        ],
        button=_("Issue a new code"),
    )
    return ask(model_admin, request, order, question)


def confirm_cancel(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order) -> HttpResponse:
    question = Question(
        title=_("Withdraw order %s") % order.reference,
        sentences=[
            _("The order over %s is withdrawn and its code can no longer be used.")
            % money(order.amount, order.currency),
            _("The provider is asked one last time. If the code was paid meanwhile, the order is not withdrawn."),
        ],
        button=_("Withdraw the order"),
        is_grave=True,
        warning=_("This cannot be undone; the buyer would need a new order."),
    )
    return ask(model_admin, request, order, question)


def ask_deadline(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, form: Form) -> HttpResponse:
    voucher = order.current_voucher
    deadline = lima(voucher.expires_at or voucher.wanted_expiry_at) if voucher else "–"
    question = Question(
        title=_("More time for order %s") % order.reference,
        sentences=[
            _("The code stays the same. Now it can be paid until {deadline} (Lima time).").format(deadline=deadline),
            _("The provider is first asked whether it was paid. If it was, nothing is moved."),
        ],
        button=_("Move the deadline"),
    )
    return ask(model_admin, request, order, question, form)


def confirm_give_up(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order) -> HttpResponse:
    question = Question(
        title=_("Give up the lost code of order %s") % order.reference,
        sentences=[
            _("Nobody knows whether the provider made this code, and it cannot be looked up."),
            _("Once it is given up, the order can get a new code, or ends if it is being withdrawn."),
            _("If somebody pays the lost code later, the money is taken and a person decides about it."),
        ],
        button=_("Give the code up"),
        is_grave=True,
        warning=_("Ask the provider's support first whether it has a code for this order."),
    )
    return ask(model_admin, request, order, question)


def confirm_accept(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, form: Form) -> HttpResponse:
    holding = order.anomalies.filter(closed_at=None, holds_order=True)
    question = Question(
        title=_("Accept the payment of order %s") % order.reference,
        sentences=[
            _("Asked: {asked}. Received: {paid}.").format(
                asked=money(order.amount, order.currency), paid=money(order.paid_amount, order.currency)
            ),
            *(f"{anomaly.get_kind_display()}: {advice.on_anomaly(anomaly).sentence}" for anomaly in holding),
            _("The order will count as paid, and the shop is told so."),
        ],
        button=_("Accept the payment"),
    )
    return ask(model_admin, request, order, question, form)


def reissued(order: Order) -> str:
    """Say what a new code came to."""
    voucher: Any = order.current_voucher
    return _("New code: {state}.").format(state=voucher.get_state_display())


def canceled(order: Order) -> str:
    """Say what withdrawing came to."""
    if order.state == OrderState.CANCELED:
        return _("The order was withdrawn.")
    return _("The order is being withdrawn: the provider has not answered yet and is asked again by itself.")


def extended(order: Order) -> str:
    """Say what asking for a new deadline came to."""
    voucher: Any = order.current_voucher
    if voucher.extend_wanted_until is not None:
        return _("The provider has not answered yet: the deadline is read back by itself.")
    return _("The code can now be paid until {deadline} (Lima time).").format(deadline=lima(voucher.expires_at))


def accepted(order: Order) -> str:
    """Say what accepting a payment came to."""
    return _("The payment was accepted: the order is %s.") % order.get_state_display()


def given_up(order: Order) -> str:
    """Say what giving a code up came to."""
    if order.state == OrderState.CANCELED:
        return _("The lost code was given up, and the order was withdrawn.")
    return _("The lost code was given up: the order can get a new code.")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where everything of an order stood at one moment."""

    voucher_ids: tuple[int, ...]
    last_exchange: int
    standings: dict[str, str]


def snapshot(order: Order) -> Snapshot:
    """Note where an order, its codes and its refunds stand."""
    vouchers, refunds = list(order.vouchers.all()), list(order.refunds.all())
    standings = {_("order"): str(order.get_state_display())}
    standings |= {f"{_('code')} {mask_code(each.code)}": str(each.get_state_display()) for each in vouchers}
    standings |= {f"{_('refund')} {each}": str(each.get_state_display()) for each in refunds}
    standings |= {
        _("received"): money(order.paid_amount, order.currency),
        _("given back"): money(order.refunded_amount, order.currency),
    }
    ids = tuple(voucher.pk for voucher in vouchers)
    last = ApiExchange.objects.filter(voucher__in=ids).aggregate(last=Max("pk"))["last"] or 0
    return Snapshot(ids, last, standings)


def answer(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """Say what the provider answered since, and what changed by it."""
    asked = list(ApiExchange.objects.filter(voucher__in=after.voucher_ids, pk__gt=before.last_exchange).order_by("pk"))
    if not asked:
        yield _("Nobody was asked: a question is under way already. Look again in a few seconds.")
        return
    heard = PaymentEvent.objects.filter(request_id__in=[each.request_id for each in asked], refund=None)
    said = {event.request_id: payment_word(event.status) for event in heard}
    for exchange in asked:
        word = said.get(exchange.request_id)
        told = _("It says: %s.") % word if word else _("It repeats what it had said before.")
        yield f"{_asked_at(exchange)} {told}"
    moved = [
        f"{name}: {before.standings.get(name, '–')} → {standing}"
        for name, standing in after.standings.items()
        if before.standings.get(name) != standing
    ]
    yield _("Changed: %s.") % "; ".join(moved) if moved else _("Nothing changed.")


def _asked_at(exchange: ApiExchange) -> str:
    return _("Provider asked at {time} (HTTP {status}, {duration} ms).").format(
        time=clock(exchange.sent_at), status=exchange.http_status or "–", duration=exchange.duration_ms or "–"
    )


def _payer(order: Order) -> str:
    document = f"{order.payer_document_type} {order.payer_document_number}".strip()
    return " · ".join(part for part in (order.payer_name, order.payer_phone, document) if part)


def _money(order: Order, vouchers: Sequence[Voucher]) -> list[tuple[str, str]]:
    held = sum((each.reserved_amount - each.refunded_amount for each in vouchers), ZERO)
    left = sum((_left(each) for each in vouchers), ZERO)
    rows: list[tuple[str, Decimal]] = [
        (_("Asked"), order.amount),
        (_("Paid"), order.paid_amount),
        (_("Reserved for refunds under way"), held),
        (_("Given back"), order.refunded_amount),
        (_("Left to give back"), left),
    ]
    return [(name, money(amount, order.currency)) for name, amount in rows]


def _left(voucher: Voucher) -> Decimal:
    left: Decimal = voucher.paid_amount - voucher.reserved_amount - voucher.outside_amount
    return max(left, ZERO)


def _voucher(voucher: Voucher, *, in_full: bool) -> dict[str, Any]:
    return {
        "row": voucher,
        "badge": state_badge(voucher),
        "code": voucher.code if in_full else voucher.masked_code,
        "paid": money(voucher.paid_amount, voucher.paid_currency) if voucher.paid_amount else "–",
        "asked": money(voucher.amount, voucher.currency),
        "deadline": moment(voucher.expires_at or voucher.wanted_expiry_at),
        "paid_at": moment(voucher.paid_at),
        "last_asked": moment(voucher.asked_at),
        "settlement": awaited(expected_settlement_dates(voucher)),
        "advice": explained(voucher),
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "row": refund,
        "badge": state_badge(refund),
        "amount": money(refund.amount, refund.currency),
        "requested_by": actor_word(refund.requested_by),
        "created": moment(refund.created_at),
        "expected": awaited(expected_refund_dates(refund)),
        "link": link(refund),
        "advice": explained(refund),
    }


def _proof(proof: Any) -> dict[str, Any]:
    return {"link": link(proof), "received": moment(proof.received_at), "badge": judgement_badge(proof.judgement)}


def _entry(entry: TimelineEntry) -> dict[str, Any]:
    path = "" if entry.kind == "exchange" else _PATHS.get(entry.source, entry.source)
    return {
        "at": moment(entry.at, seconds=True),
        "kind": entry.kind,
        "who": " · ".join(str(word) for word in (actor_word(entry.actor), path) if word),
        "sentence": entry.sentence,
        "details": [(name, value) for name, value in entry.details.items() if value not in ("", None, [])],
    }


def explained(row: Voucher | Refund) -> advice.Advice | None:
    """An error that was overcome stays in the timeline; beside the state stands only what still holds."""
    holds = row.state in {*UNSENT_VOUCHER, *UNANSWERED_VOUCHER, VoucherState.FAILED, RefundState.RETURNED}
    if isinstance(row, Voucher) and is_lost(row):
        return advice.on_code(ErrorCode.CREATE_LOST)
    return advice.on_code(row.error_code, raw=row.raw_code) if row.error_code and holds else None


def _may(request: HttpRequest, order: Order, vouchers: Sequence[Voucher]) -> dict[str, bool]:
    """Tell which acts make sense now and are allowed to this person; the services decide again."""
    user: Any = request.user
    unpaid = order.state in UNPAID and order.paid_amount <= ZERO and order.cancel_wanted_at is None
    return {
        "refresh": user.has_perm("pagoefectivo.refresh_order"),
        "reissue": unpaid and user.has_perm("pagoefectivo.cancel_order"),
        "cancel": unpaid and user.has_perm("pagoefectivo.cancel_order"),
        "extend": unpaid and any(map(can_be_extended, vouchers[-1:])) and user.has_perm("pagoefectivo.cancel_order"),
        "give_up": any(map(is_lost, vouchers)) and user.has_perm("pagoefectivo.cancel_order"),
        "accept": order.state == OrderState.IN_REVIEW and user.has_perm("pagoefectivo.accept_payment"),
        "refund": order.paid_amount > ZERO and user.has_perm("pagoefectivo.request_refund"),
        "messages": user.has_perm("pagoefectivo.view_buyermessage"),
        "raw": user.has_perm(SEES_PAYLOADS),
    }
