from __future__ import annotations
import time
import pytest
from pagoefectivo import shop
from pagoefectivo.models import *
from pagoefectivo.services.actors import SHOP
from pagoefectivo.services import sweep as sweeping
pytestmark = pytest.mark.django_db(transaction=True)

def due():
    from django.utils import timezone
    for m in (Voucher, Refund, WebhookDelivery, OutboxMessage):
        m.objects.filter(next_action_at__isnull=False).update(next_action_at=timezone.now(), lease_until=None)

def test_walk(open_order, psp, listening):
    order = open_order()
    v = order.current_voucher
    assert v.state == "issued", (v.state, v.error_code)
    psp.pay(v.code)
    psp.wait_idle()
    d = WebhookDelivery.objects.get()
    assert d.verdict == "verified"
    print(sweeping.run())
    order = shop.get_order(reference="A-1042")
    assert order.state == "paid", order.state
    r = shop.request_refund(reference="A-1042", amount="40.00", reason="damaged", actor=SHOP)
    assert r.state == "pending", (r.state, r.error_code)
    psp.settle_refund(r.provider_reference)
    psp.wait_idle()
    print(sweeping.run())
    order = shop.get_order(reference="A-1042")
    assert order.state == "partially_refunded"
    for c in StateChange.objects.all(): print(c, c.transition, c.source, c.actor, c.why)
    for c in ApiExchange.objects.all(): print(c, c.outcome, c.http_status, c.duration_ms)
    for c in OutboxMessage.objects.all(): print(c, c.done_at, c.failure)
