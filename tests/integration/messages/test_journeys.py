"""What a buyer hears on each journey: which messages, how often, and never one that is no longer true."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from pagoefectivo import shop
from pagoefectivo.domain.localtime import lima_moment
from pagoefectivo.domain.states import Source
from pagoefectivo.models import BuyerMessage, Refund
from pagoefectivo.services import destinations, orders
from pagoefectivo.services.actors import SHOP
from tests.integration.by_hand import ask_back
from tests.integration.messages.conftest import rows

pytestmark = pytest.mark.django_db(transaction=True)


def subjects(mails: Any) -> list[str]:
    return [each.subject for each in mails()]


def test_a_new_code_is_told_at_once_and_two_reminders_wait(open_order: Any, noon: Any, sweep: Any, mails: Any) -> None:
    voucher = open_order().current_voucher
    assert mails() == []
    sweep()
    (told,) = mails()
    assert told.to == ["maria.quispe@example.pe"]
    assert told.subject == "Tu código de pago del pedido A-1042"
    assert voucher.code in told.body
    assert "S/\N{NO-BREAK SPACE}89.90" in told.body
    assert voucher.order.page_url in told.body
    assert [kind for _, kind in told.alternatives] == ["text/html"]
    assert rows() == {"voucher_issued": "sent", "reminder_half": "waiting", "reminder_last": "waiting"}
    due = dict(BuyerMessage.objects.values_list("kind", "due_at"))
    assert abs(due["reminder_half"] - (noon.now() + timedelta(hours=24))) < timedelta(minutes=1)  # noon again
    assert abs(due["reminder_last"] - (voucher.expires_at - timedelta(hours=3))) < timedelta(minutes=1)


def test_reminders_come_once_each_and_the_end_is_told(open_order: Any, noon: Any, sweep: Any, mails: Any) -> None:
    open_order()
    sweep()
    mails()
    heard = []
    for _ in range(25):
        noon.advance(hours=2)
        sweep()
        heard += subjects(mails)
    assert heard == [
        "Tu pedido A-1042 espera tu pago",
        "Tu código de pago del pedido A-1042 vence pronto",
        "El código de pago del pedido A-1042 venció",
    ]
    assert set(rows().values()) == {"sent"}


def test_a_payment_stops_the_reminders_and_is_told_once_however_often_it_is_announced(
    psp: Any, open_order: Any, noon: Any, sweep: Any, mails: Any, listening: Any
) -> None:
    voucher = open_order().current_voucher
    sweep()
    mails()
    psp.webhook_fault("duplicated")
    psp.pay(voucher.code)
    assert psp.wait_idle()
    for _ in range(3):
        noon.advance(seconds=3)
        sweep()
    assert subjects(mails) == ["Recibimos tu pago del pedido A-1042"]
    noon.advance(hours=47)
    sweep()
    assert mails() == []
    assert rows() == {
        "voucher_issued": "sent",
        "reminder_half": "not_needed",
        "reminder_last": "not_needed",
        "paid": "sent",
    }


def test_withdrawing_an_order_stops_its_reminders(open_order: Any, noon: Any, sweep: Any, mails: Any) -> None:
    open_order()
    sweep()
    mails()
    shop.cancel_order(reference="A-1042")
    noon.advance(hours=47)
    sweep()
    assert mails() == []
    assert rows() == {"voucher_issued": "sent", "reminder_half": "not_needed", "reminder_last": "not_needed"}


def test_a_new_code_has_a_story_of_its_own_and_the_old_one_is_not_spoken_of_any_more(
    open_order: Any, noon: Any, sweep: Any, mails: Any
) -> None:
    open_order()
    sweep()
    newest: Any = shop.reissue_voucher(reference="A-1042").current_voucher
    mails()
    sweep()
    (told,) = mails()
    assert newest.code in told.body
    noon.advance(hours=24, minutes=5)
    sweep()
    assert subjects(mails) == ["Tu pedido A-1042 espera tu pago"]
    halves = BuyerMessage.objects.filter(kind="reminder_half").order_by("voucher__attempt")
    assert list(halves.values_list("outcome", flat=True)) == ["not_needed", "sent"]


def test_a_payment_that_is_known_before_its_code_was_told_is_told_alone(
    psp: Any, paid_order: Any, noon: Any, mails: Any
) -> None:
    paid_order()
    assert subjects(mails) == ["Recibimos tu pago del pedido A-1042"]
    assert rows(kind="voucher_issued") == {"voucher_issued": "not_needed"}


def test_late_money_is_told_as_under_review_and_then_as_accepted(
    psp: Any, open_order: Any, noon: Any, sweep: Any, mails: Any
) -> None:
    voucher = open_order().current_voucher
    noon.advance(hours=49)
    sweep()
    mails()
    psp.pay(voucher.code, late=True)
    shop.refresh_order(reference="A-1042")
    sweep()
    assert subjects(mails) == ["Estamos revisando tu pago del pedido A-1042"]
    orders.accept_payment("A-1042", note="in stock", actor=SHOP, source=Source.API)
    sweep()
    assert subjects(mails) == ["Recibimos tu pago del pedido A-1042 fuera de plazo"]


def test_a_refund_is_followed_to_its_end(psp: Any, paid_order: Any, noon: Any, sweep: Any, mails: Any) -> None:
    paid_order()
    mails()
    refund = shop.request_refund(reference="A-1042", amount="20.00", reason="other", actor=SHOP)
    sweep()
    (sent,) = mails()
    assert sent.subject == "La devolución de tu pedido A-1042 está en camino"
    assert "S/\N{NO-BREAK SPACE}20.00" in sent.body
    assert refund.page_url in sent.body
    psp.settle_refund(refund.provider_reference)
    noon.advance(minutes=15)
    sweep()
    assert subjects(mails) == ["Te devolvimos el dinero de tu pedido A-1042"]
    assert rows(refund__isnull=False) == {
        "refund_requested": "not_needed",
        "refund_sent": "sent",
        "refund_done": "sent",
    }


def test_a_refund_that_fails_is_told_to_those_who_knew_of_it(
    psp: Any, paid_order: Any, noon: Any, sweep: Any, mails: Any
) -> None:
    paid_order()
    known = shop.request_refund(reference="A-1042", amount="20.00", reason="other", actor=SHOP)
    sweep()
    psp.configure(refund_window_days=0.0)
    shop.request_refund(reference="A-1042", amount="10.00", reason="other", actor=SHOP)
    mails()
    psp.settle_refund(known.provider_reference, "reject")
    noon.advance(minutes=15)
    sweep()
    assert subjects(mails) == ["La devolución de tu pedido A-1042 fue rechazada"]


@pytest.mark.usefixtures("by_hand")
def test_a_missing_account_is_asked_for_four_times_each_time_with_the_day_on_which_the_time_ends(
    paid_order: Any, noon: Any, sweep: Any, mails: Any
) -> None:
    paid_order()
    refund = ask_back(to=None)
    mails()
    days = []
    for wait in (0, 3, 4, 6, 9):
        noon.advance(days=wait)
        if wait == 6:
            destinations.renew_link(refund.public_id, actor=SHOP)
        sweep()
        until = lima_moment(Refund.objects.get().account_until, "es", now=noon.now())
        days += [f"tienes hasta el {until} (hora de Lima)" in each.body for each in mails()]
    assert days == [True] * 4
    assert set(rows(refund__isnull=False).values()) == {"sent"}


def test_a_message_speaks_the_language_of_its_order(open_order: Any, noon: Any, sweep: Any) -> None:
    for language in ("en", "zh-hans"):
        open_order(f"L-{language}", language=language)
    sweep()
    assert [each.subject for each in mail.outbox] == [
        "Your payment code for order L-en",
        "订单 L-zh-hans 的付款码",
    ]


def test_kinds_and_channels_that_are_turned_off_are_not_even_written(
    psp: Any, open_order: Any, noon: Any, sweep: Any, settings: Any
) -> None:
    written = settings.PAGOEFECTIVO
    settings.PAGOEFECTIVO = {**written, "MESSAGES": {"KINDS": ["paid"]}}
    open_order("ONLY-PAID")
    settings.PAGOEFECTIVO = {**written, "MESSAGES": {"CHANNELS": {}}}
    open_order("NOTHING")
    assert BuyerMessage.objects.count() == 0
    settings.PAGOEFECTIVO = written
    open_order("LATER-OFF")
    settings.PAGOEFECTIVO = {**written, "MESSAGES": {"CHANNELS": {}}}
    sweep()
    assert mail.outbox == []
    assert rows("LATER-OFF", kind="voucher_issued") == {"voucher_issued": "not_needed"}
