"""What an act on an order came to, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from pagoefectivo.admin.presentation import clock, lima, money, payment_word
from pagoefectivo.domain.redaction import mask_code
from pagoefectivo.domain.states import OrderState
from pagoefectivo.models import ApiExchange, Order, PaymentEvent


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
