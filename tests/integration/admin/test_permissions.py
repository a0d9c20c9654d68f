"""Who may do what, at the door and behind it. A refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import translation

from pagoefectivo import models
from pagoefectivo.admin.permission_words import name_of, who_may
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ApiKey, NonWorkingDay
from pagoefectivo.selectors import calendar
from pagoefectivo.services import api_keys, buyer_messages, destinations, doubts, order_desk, orders, refunds, vouchers
from pagoefectivo.services.actors import PermissionRefused, staff
from tests.integration.admin.conftest import DESKS, everything, order_page, refund_page, text_of

pytestmark = pytest.mark.django_db(transaction=True)

MAY = {
    "refresh": {"support_n1", "support_n2", "finance"},
    "reissue": {"support_n2"},
    "cancel": {"support_n2"},
    "extend": {"support_n2"},
    "give_up": {"support_n2"},
    "accept": {"finance"},
    "refund": {"support_n2", "treasury", "everything"},
    "raw": {"auditor"},
    "as_buyer": {"support_n2", "finance", "everything"},
    "note": {"support_n1", "support_n2"},
    "resend": {"support_n2"},
    "relink": {"support_n2"},
}
MAY_WITH_A_REFUND = {
    "approve": {"finance", "everything"},
    "decline": {"finance", "everything"},
    "cancel": {"support_n2", "treasury", "everything"},
    "retry": {"support_n2", "treasury", "everything"},
    "link": {"support_n2", "treasury", "everything"},
}


@pytest.mark.parametrize("desk", DESKS)
def test_G17_an_act_on_an_order_without_its_permission_is_refused_and_changes_nothing(
    at_desk: Any, paid_order: Any, desk: str
) -> None:
    order, browser = paid_order(), at_desk(desk)
    before = everything()
    form = {"amount": "1.00", "reason": "other", "nonce": "a" * 22, "note": "x", "text": "x", "why": "x"}
    for act in (act for act, desks in MAY.items() if desk not in desks):
        for answer in (browser.post(order_page(order, act), form), browser.get(order_page(order, act))):
            assert answer.status_code in {403, 405}, act
        answer = browser.post(order_page(order, act), form, headers={"accept-language": "en"})
        if act != "raw":
            assert "You are not allowed to do this. Ask an administrator for the permission" in text_of(answer)
            assert "Nothing was changed. PERMISSION_DENIED" in text_of(answer)
    assert everything() == before


@pytest.mark.parametrize("desk", DESKS)
def test_G17_an_act_on_a_refund_without_its_permission_is_refused_and_changes_nothing(
    at_desk: Any, account: Any, paid_order: Any, desk: str
) -> None:
    order = paid_order()
    account(REFUND_APPROVAL_OVER="1.00")
    refund = _waiting(order)
    browser, before = at_desk(desk), everything()
    for act in (act for act, desks in MAY_WITH_A_REFUND.items() if desk not in desks):
        assert browser.post(refund_page(refund, act), {"seen": doubts.seen_of(refund)}).status_code == 403, act
        assert browser.get(refund_page(refund, act)).status_code == 403, act
    assert everything() == before


@pytest.mark.parametrize("desk", DESKS)
def test_buttons_are_shown_to_those_who_may_press_them(
    at_desk: Any, account: Any, open_order: Any, paid_order: Any, desk: str
) -> None:
    unpaid, paid = open_order("A-1"), paid_order("A-2")
    account(REFUND_APPROVAL_OVER="1.00")
    refund, browser = _waiting(paid), at_desk(desk)
    if desk == "visitor":
        assert browser.get(order_page(unpaid)).status_code == 403
        return
    shown = "".join(browser.get(order_page(order)).content.decode() for order in (unpaid, paid))
    for act in ("refresh", "reissue", "cancel", "refund", "raw", "note", "resend", "as_buyer", "relink"):
        assert (order_page(unpaid, act) in shown or order_page(paid, act) in shown) == (desk in MAY[act]), act
    page = browser.get(refund_page(refund)).content.decode()
    for act in ("approve", "decline", "cancel", "link"):
        assert (refund_page(refund, act) in page) == (desk in MAY_WITH_A_REFUND[act]), act


@pytest.mark.parametrize("desk", DESKS)
def test_G17_the_services_refuse_as_well(account: Any, paid_order: Any, person: Any, desk: str) -> None:
    order = paid_order()
    account(REFUND_APPROVAL_OVER="1.00")
    refund, actor = _waiting(order), staff(person(desk))
    doings: dict[str, Callable[[], object]] = {
        "reissue": lambda: orders.reissue_voucher(order.reference, actor=actor, source=Source.STAFF),
        "cancel": lambda: orders.cancel_order(order.reference, actor=actor, source=Source.STAFF),
        "extend": lambda: vouchers.extend(
            order.reference, expires_in=timedelta(hours=48), actor=actor, source=Source.STAFF
        ),
        "give_up": lambda: vouchers.give_up(order.reference, actor=actor, source=Source.STAFF),
        "accept": lambda: orders.accept_payment(order.reference, note="", actor=actor, source=Source.STAFF),
        "refund": lambda: refunds.request(
            order.reference, amount=order.amount, reason="other", actor=actor, source=Source.STAFF
        ),
        "approve": lambda: refunds.approve(
            refund.public_id, seen=doubts.seen_of(refund), actor=actor, source=Source.STAFF
        ),
        "decline": lambda: refunds.decline(refund.public_id, actor=actor, source=Source.STAFF),
        "retry": lambda: refunds.retry(refund.public_id, actor=actor, source=Source.STAFF),
        "link": lambda: destinations.renew_link(refund.public_id, actor=actor),
        "refresh": lambda: order_desk.ask_now(order.reference, actor=actor),
        "note": lambda: order_desk.add_note(order.reference, text="x", actor=actor),
        "relink": lambda: order_desk.renew_link(order.reference, why="x", actor=actor),
        "resend": lambda: buyer_messages.resend("msg_1", actor=actor),
    }
    before = everything()
    for act, do in doings.items():
        if desk not in (MAY | MAY_WITH_A_REFUND)[act]:
            with pytest.raises(PermissionRefused):
                do()
    assert everything() == before


def test_G17_nothing_is_added_changed_or_deleted_by_hand_not_even_by_a_superuser(
    admin_client: Client, paid_order: Any
) -> None:
    refund = _waiting(paid_order())
    api_keys.create_key("erp", ["orders:read"])
    before = everything()
    registered = [model for model in admin.site._registry if model._meta.app_label == "pagoefectivo"]
    assert len(registered) == 46
    of_one_page = {models.Figures, models.Costs, models.FeeQuote, models.MonthlyClose}
    for model in set(registered) - {models.NonWorkingDay} - of_one_page:
        name = f"admin:pagoefectivo_{model._meta.model_name}"
        row = model._default_manager.first()
        assert admin_client.get(reverse(f"{name}_changelist")).status_code == 200
        assert admin_client.get(reverse(f"{name}_add")).status_code == 403
        assert admin_client.post(reverse(f"{name}_add"), {"state": "paid"}).status_code == 403
        bulk = {"action": "delete_selected", "_selected_action": "1", "post": "yes"}
        admin_client.post(reverse(f"{name}_changelist"), bulk)  # there is no such action, so the list is shown again
        if row is not None:
            assert admin_client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model
            assert admin_client.post(reverse(f"{name}_change", args=[row.pk]), {"state": "paid"}).status_code == 403
            assert admin_client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert refund.state == "pending"
    assert everything() == before


def test_what_django_refuses_is_refused_in_the_readers_language_with_a_way_back(at_desk: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("auditor")
    spanish = {"accept-language": "es"}
    for answer in (
        browser.get(order_page(order, "delete"), headers=spanish),
        browser.get(reverse("admin:pagoefectivo_order_add"), headers=spanish),
        browser.post(order_page(order), {"state": "paid"}, headers=spanish),
        browser.get(reverse("admin:pagoefectivo_apikey_changelist"), headers=spanish),
        browser.get(reverse("admin:pagoefectivo_nonworkingday_add"), headers=spanish),
    ):
        assert answer.status_code == 403
        assert "No tienes permiso para hacer esto." in text_of(answer)
        assert reverse("admin:app_list", args=["pagoefectivo"]) in answer.content.decode()
        assert "No se cambió nada. PERMISSION_DENIED" in text_of(answer)
    assert "Nadie agrega, cambia ni borra nada aquí a mano." in text_of(
        browser.get(order_page(order, "delete"), headers=spanish)
    )


def test_a_refusal_names_the_permission_and_the_desk_in_the_readers_language(at_desk: Any, paid_order: Any) -> None:
    browser, order = at_desk("support_n2"), paid_order()
    told = text_of(browser.get(order_page(order, "accept"), headers={"accept-language": "es"}))
    assert "“Puede aceptar un pago que está en revisión”. Lo puede hacer: finanzas." in told


def test_every_permission_of_ours_has_a_name_in_three_languages() -> None:
    names = dict(Permission.objects.filter(content_type__app_label="pagoefectivo").values_list("codename", "name"))
    for codename, name in names.items():
        with translation.override("en"):
            assert codename.startswith(("view_", "add_", "change_", "delete_")) or name_of(codename) == name, codename
            english = name_of(codename)
        for language in ("es", "zh-hans"):
            with translation.override(language):
                assert name_of(codename) not in {codename, english}, codename
                assert who_may(codename)


def test_the_calendar_is_kept_by_those_who_may_and_moves_the_dates_at_once(at_desk: Any, person: Any) -> None:
    add, listed = (reverse(f"admin:pagoefectivo_nonworkingday_{act}") for act in ("add", "changelist"))
    decree = {"day": "2026-07-24", "what": "DS 042-2026-PCM"}
    before = everything()
    for desk in set(DESKS) - {"treasury"}:
        browser = at_desk(desk)
        assert browser.get(listed).status_code == 403
        assert browser.post(add, decree).status_code == 403
    assert everything() == before
    browser = at_desk("treasury")
    assert add in browser.get(listed).content.decode()
    assert not calendar.is_closed(date(2026, 7, 24))
    assert browser.post(add, decree).status_code == 302
    assert calendar.is_closed(date(2026, 7, 24))
    row = NonWorkingDay.objects.get()
    assert "already exists" in text_of(browser.post(add, decree, headers={"accept-language": "en"}))
    change, delete = (reverse(f"admin:pagoefectivo_nonworkingday_{act}", args=[row.pk]) for act in ("change", "delete"))
    assert browser.post(change, {**decree, "banks_work": "on"}).status_code == 302
    assert not calendar.is_closed(date(2026, 7, 24))
    assert at_desk("finance").post(delete, {"post": "yes"}).status_code == 403
    assert NonWorkingDay.objects.count() == 1
    assert browser.post(delete, {"post": "yes"}).status_code == 302
    assert NonWorkingDay.objects.count() == 0
    assert [entry.user_id for entry in LogEntry.objects.all()] == [person("treasury").pk] * 3


def test_every_model_but_what_keeps_others_out_can_be_looked_up() -> None:
    registered = {model.__name__ for model in admin.site._registry}
    kept_out = {"BuyerMark", "IdempotentRequest", "EmailedCode", "WrongAnswers", "SettlementPiece"}
    on_the_page_of_their_subject = {
        *("CodeMapping", "DeliveryAct", "ErrorMark", "RateCorrection", "FeeTier", "CloseAct", "BankReceipt"),
        *("DiscrepancyEntry", "SettlementShare"),
    }
    ours = {model.__name__ for model in apps.get_app_config("pagoefectivo").get_models()}
    assert ours - registered == kept_out | on_the_page_of_their_subject


def test_a_key_is_revoked_by_those_who_may_and_seen_by_those_who_may_look(
    admin_client: Client, at_desk: Any, psp: Any
) -> None:
    row, plain = api_keys.create_key("erp", ["orders:read"])
    revoke = reverse("admin:pagoefectivo_apikey_revoke", args=[row.pk])
    page = reverse("admin:pagoefectivo_apikey_change", args=[row.pk])
    assert at_desk("visitor").post(revoke).status_code == 403
    assert ApiKey.objects.get().revoked_at is None
    shown = admin_client.get(page).content.decode()
    assert revoke in shown
    assert plain not in shown
    assert row.digest not in shown
    assert revoke not in at_desk("visitor").get(page).content.decode()
    assert admin_client.get(revoke).status_code == 200
    assert ApiKey.objects.get().revoked_at is None
    assert admin_client.post(revoke).status_code == 302
    assert ApiKey.objects.get().revoked_at is not None


def _waiting(order: Any) -> Any:
    from pagoefectivo import shop
    from pagoefectivo.services.actors import SHOP

    return shop.request_refund(reference=order.reference, amount="5.00", reason="other", actor=SHOP)
