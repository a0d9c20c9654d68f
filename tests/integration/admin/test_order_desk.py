"""What staff do about an order beside its money: notes, messages again, the buyer's page and its link."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import InternalError, transaction
from django.db.utils import IntegrityError

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.models import AccessLog, BuyerMessage, BuyerView, Order, OrderNote
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services import order_desk
from pagoefectivo.services.actors import SHOP, PermissionRefused, api_key, staff
from tests.integration.admin.conftest import DESKS, everything, hidden, order_page, text_of

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


def done(browser: Any, order: Order, act: str, **data: str) -> str:
    answer = browser.post(order_page(order, act), data, follow=True, headers=ENGLISH)
    assert answer.status_code == 200
    return text_of(answer)


def test_a_note_stands_in_the_timeline_with_its_writer_masked_and_for_ever(at_desk: Any, open_order: Any) -> None:
    order, browser = open_order(), at_desk("support_n1", "luz")
    assert "nobody can change it" in text_of(browser.get(order_page(order, "note"), headers=ENGLISH))
    before = everything()
    for empty in ({}, {"text": "  "}):
        assert browser.post(order_page(order, "note"), empty).status_code == 422
    assert everything() == before
    told = "She calls at 5 p.m.\nCard 4111 1111 1111 1111, CCI 00219100123456789012, maria@example.pe; order A-1042 <b>"
    looked_at = browser.post(order_page(order, "note"), {"text": told}, headers=ENGLISH)
    assert looked_at.status_code == 422
    assert "This would be kept: She calls at 5 p.m. Card ••••, CCI ••••, •••• order A-1042 &lt;b&gt;" in text_of(
        looked_at
    )
    assert everything() == before, "what is masked is looked at first"
    seen = html.unescape(hidden(looked_at, "seen"))
    another = browser.post(order_page(order, "note"), {"text": f"{told} 987654321", "seen": seen}, headers=ENGLISH)
    assert another.status_code == 422, "another text has to be looked at anew"
    assert everything() == before
    page = done(browser, order, "note", text=told, seen=seen.replace("\n", "\r\n"))
    assert "The note was kept." in page
    assert "luz She calls at 5 p.m. Card ••••, CCI ••••, •••• order A-1042 &lt;b&gt;" in page
    note = OrderNote.objects.get()
    assert (note.kind, note.actor) == ("note", "staff:luz")
    assert note.text.splitlines()[0] == "She calls at 5 p.m."
    for change in (lambda: OrderNote.objects.update(text="another"), lambda: OrderNote.objects.all().delete()):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            change()
    assert OrderNote.objects.get().text == note.text


def test_what_staff_write_for_each_other_leaves_by_no_api(at_desk: Any, open_order: Any) -> None:
    order = open_order()
    done(at_desk("support_n1"), order, "note", text="a difficult buyer")
    assert [entry for entry in timeline_of(order) if entry.kind == "note"] == []


def test_only_people_write_notes_ask_now_and_renew_links(person: Any, open_order: Any) -> None:
    order = open_order()
    key = api_key("erp", ["notes:add", "links:renew", "orders:ask"], [])
    before = everything()
    for actor in (key, SHOP, staff(person("auditor"))):
        for act in (
            lambda actor=actor: order_desk.add_note(order.reference, text="x", actor=actor),
            lambda actor=actor: order_desk.renew_link(order.reference, why="x", actor=actor),
            lambda actor=actor: order_desk.ask_now(order.reference, actor=actor),
        ):
            with pytest.raises(PermissionRefused):
                act()
    with pytest.raises(RuleRefused):
        order_desk.renew_link(order.reference, why=" ", actor=staff(person("support_n2")))
    assert everything() == before


def test_looking_as_the_buyer_opens_the_page_and_is_kept(at_desk: Any, open_order: Any) -> None:
    order, browser = open_order(), at_desk("support_n2", "luz")
    assert "/v/" not in browser.get(order_page(order)).content.decode()
    answer = browser.post(order_page(order, "as_buyer"))
    assert (answer.status_code, answer["Location"]) == (302, order.page_url)
    assert [view.actor for view in BuyerView.objects.all()] == ["staff:luz"]
    assert "luz Looked at the buyer&#x27;s page, for the first time" in text_of(
        browser.get(order_page(order), headers=ENGLISH)
    )


def test_a_new_link_voids_the_old_one_and_keeps_why(at_desk: Any, open_order: Any, client: Any) -> None:
    order, browser = open_order(), at_desk("support_n2", "luz")
    old = order.page_url
    before = everything()
    assert browser.post(order_page(order, "relink"), {"why": ""}).status_code == 422
    assert everything() == before
    page = done(browser, order, "relink", why="forwarded to a group")
    assert "The buyer&#x27;s page has a new link; the old one opens nothing." in page
    assert "Gave the buyer a new link to the page; the old one opens nothing why forwarded to a group" in page
    order.refresh_from_db()
    assert order.page_url != old
    paths = [re.sub(r"^https?://[^/]+", "", url) for url in (old, order.page_url)]
    assert [client.get(path).status_code for path in paths] == [404, 200]


def test_a_new_link_is_sent_to_the_buyer_by_the_same_form(
    at_desk: Any, open_order: Any, sweep: Any, person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, browser = open_order(), at_desk("support_n2", "luz")
    sweep()
    form = browser.get(order_page(order, "relink"), headers=ENGLISH)
    assert "sent again with the new link, to maria.quispe@example.pe." in text_of(form)
    assert re.search(r'name="send"[^>]* checked', form.content.decode())
    page = done(browser, order, "relink", why="forwarded to a group", send="on")
    assert "It is sent to the buyer within seconds." in page
    again = BuyerMessage.objects.get(order=order, repeat=1)
    assert (again.kind, again.requested_by) == ("voucher_issued", "staff:luz")
    done(browser, order, "relink", why="once more", send="on")
    assert BuyerMessage.objects.filter(order=order, repeat__gt=0).count() == 1, "one that waits carries the newest link"
    page = done(browser, order, "relink", why="she comes by")
    assert "The buyer does not have it yet: send a message again" in page
    monkeypatch.setitem(DESKS, "linker", ["view_order", "renew_order_link"])
    assert 'name="send"' not in at_desk("linker").get(order_page(order, "relink")).content.decode()
    with pytest.raises(PermissionRefused):
        order_desk.renew_link(order.reference, why="x", send=True, actor=staff(person("linker")))


def test_too_many_mails_leave_the_old_link_as_it_is(at_desk: Any, open_order: Any, sweep: Any) -> None:
    order, browser = open_order(), at_desk("support_n2", "luz")
    for _ in range(3):
        sweep()
        done(browser, order, "relink", why="lost", send="on")
    sweep()
    order.refresh_from_db()
    kept = order.page_key
    answer = browser.post(order_page(order, "relink"), {"why": "lost", "send": "on"}, headers=ENGLISH)
    assert answer.status_code == 422
    assert "MESSAGE_TOO_OFTEN" in text_of(answer)
    order.refresh_from_db()
    assert order.page_key == kept


def test_who_sends_a_message_again_sees_where_it_goes_as_far_as_they_may(
    at_desk: Any, open_order: Any, sweep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DESKS, "sender", ["view_order", "resend_message"])
    order = open_order()
    sweep()
    said = "sent to the address on file: "
    assert f"{said}maria.quispe@example.pe" in text_of(
        at_desk("support_n2").get(order_page(order, "resend"), headers=ENGLISH)
    )
    assert f"{said}m••••@example.pe" in text_of(at_desk("sender").get(order_page(order, "resend"), headers=ENGLISH))
    assert AccessLog.objects.filter(actor="staff:support_n2", kind="people", order=order).exists()
    assert not AccessLog.objects.filter(actor="staff:sender").exists()


def test_a_message_that_is_still_true_is_sent_again_and_no_other(
    at_desk: Any, open_order: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    unpaid, paid = open_order("A-1"), paid_order("A-2")
    sweep()
    browser = at_desk("support_n2", "luz")
    kinds = {}
    for order in (unpaid, paid):
        form = text_of(browser.get(order_page(order, "resend"), headers=ENGLISH))
        kinds[order.reference] = ("payment code issued" in form, "payment received" in form)
    assert kinds == {"A-1": (True, False), "A-2": (False, True)}
    issued = BuyerMessage.objects.get(order=unpaid, kind="voucher_issued", repeat=0)
    outdated = BuyerMessage.objects.get(order=paid, kind="voucher_issued", repeat=0)
    before = everything()
    for wrong in ("", outdated.public_id, issued.public_id):
        assert browser.post(order_page(paid, "resend"), {"message": wrong}).status_code == 422
    assert everything() == before
    assert browser.post(order_page(unpaid, "resend"), {"message": issued.public_id}).status_code == 302
    again = BuyerMessage.objects.get(order=unpaid, repeat=1)
    assert (again.kind, again.requested_by) == ("voucher_issued", "staff:luz")


def test_the_ticket_is_plain_text_without_code_or_person(at_desk: Any, paid_order: Any) -> None:
    order = paid_order()
    shop.request_refund(reference="A-1042", amount="20.00", reason="damaged", actor=SHOP)
    browser = at_desk("support_n2", "luz")
    done(browser, order, "note", text="asked by phone")
    answer = browser.get(order_page(order, "ticket"), headers=ENGLISH)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    told = answer.content.decode()
    lines = told.splitlines()
    assert lines[0] == "Order A-1042"
    assert lines[1].startswith("paid: Paid: S/\xa089.90 on ")
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d \(\S+Z\) \| luz \| asked by phone", lines[-1])
    assert any(re.search(r"HTTP 200 · \d+ ms · \S+\]$", line) for line in lines)
    for secret in (order.current_voucher.code, "maria.quispe", "Quispe", "45678912", "987654321", "/v/"):
        assert secret not in told
    people = browser.get(order_page(order, "ticket") + "?show=people", headers=ENGLISH).content.decode().splitlines()
    assert [line.rsplit("| ", 1)[1] for line in people[4:]] == ["asked by phone"]
    assert at_desk("visitor").get(order_page(order, "ticket")).status_code == 403
