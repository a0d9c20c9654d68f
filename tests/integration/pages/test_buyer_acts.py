"""What a buyer may set in motion: a question, never a payment; and a new code, once, in place of a dead one."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pagoefectivo.domain.states import OrderState, VoucherState
from pagoefectivo.models import Order, StateChange, Voucher
from pagoefectivo.services import buyers, seams
from pagoefectivo.views import vouchers
from tests.integration.pages.stage import AMOUNT, address, place_order, place_voucher

pytestmark = pytest.mark.django_db


def _issued(**columns: Any) -> Voucher:
    return place_voucher(place_order(), **{"provider_reference": "D-1", "attempts": 4, **columns})


def _say(client: Client, order: Order, **headers: str) -> Any:
    return client.post(address(order, "paid/") + "?lang=en", headers=headers)


def _columns(voucher: Voucher) -> dict[str, Any]:
    return dict(Voucher.objects.values().get(pk=voucher.pk))


def test_saying_paid_asks_the_provider_now_and_tells_the_truth(client: Client) -> None:
    voucher, rung = _issued(), list[bool]()
    with seams.use(ring=lambda: rung.append(True)):
        answer = _say(client, voucher.order)
    assert (answer.status_code, answer["Location"]) == (303, address(voucher.order) + "?lang=en")
    fresh = Voucher.objects.get(pk=voucher.pk)
    assert fresh.next_action_at is not None
    assert fresh.next_action_at <= timezone.now()
    assert (fresh.attempts, fresh.state, fresh.paid_amount) == (0, VoucherState.ISSUED, 0)
    assert Order.objects.get(pk=voucher.order_id).state == OrderState.AWAITING_PAYMENT
    assert StateChange.objects.count() == 0
    text = html.unescape(client.get(answer["Location"]).content.decode())
    assert "We have not had your bank's confirmation yet" in text
    assert "paid/" not in text.partition("<form")[2], "the button is gone once it was pressed"


def test_asked_a_moment_ago_or_being_asked_just_now_nothing_is_asked_again(client: Client) -> None:
    now = timezone.now()
    later = now + timedelta(minutes=40)
    just_asked = _issued(asked_at=now - buyers.BETWEEN_QUESTIONS / 2, next_action_at=later)
    held = _issued(provider_reference="D-2", lease_until=now + timedelta(minutes=1), next_action_at=later)
    for voucher in (just_asked, held):
        before = _columns(voucher)
        _say(client, voucher.order)
        after = _columns(voucher)
        assert after.pop("said_paid_at") is not None
        assert before.pop("said_paid_at") is None
        assert after == before


def test_the_first_time_it_was_said_is_kept(client: Client) -> None:
    said = timezone.now() - timedelta(hours=2)
    voucher = _issued(said_paid_at=said)
    _say(client, voucher.order)
    assert Voucher.objects.get(pk=voucher.pk).said_paid_at == said


def test_an_older_code_of_the_order_is_asked_about_as_well(client: Client) -> None:
    order = place_order()
    old = place_voucher(order, VoucherState.EXPIRED, provider_reference="D-1")
    never_sent = place_voucher(order, VoucherState.FAILED, attempt=2)
    new = place_voucher(order, attempt=3, provider_reference="D-3")
    _say(client, order)
    due = [voucher.next_action_at for voucher in Voucher.objects.order_by("pk")]
    assert due[0] is not None
    assert due[1] is None
    assert due[2] is not None
    assert [bool(each.said_paid_at) for each in Voucher.objects.order_by("pk")] == [False, False, True]
    assert (old.attempt, never_sent.attempt, new.attempt) == (1, 2, 3)


def test_a_paid_order_is_left_alone(client: Client) -> None:
    voucher = place_voucher(
        place_order(OrderState.PAID, paid_amount=AMOUNT), VoucherState.PAID, provider_reference="D-1"
    )
    before = _columns(voucher)
    assert _say(client, voucher.order).status_code == 303
    assert _columns(voucher) == before


@pytest.mark.parametrize("what", ["paid/", "renew/"])
def test_G05_acts_need_the_link_a_post_and_our_own_form_and_are_counted(client: Client, what: str) -> None:
    voucher = _issued()
    before = _columns(voucher)
    strict = Client(enforce_csrf_checks=True)
    assert client.get(address(voucher.order, what)).status_code == 405
    assert client.post(f"/pagoefectivo/v/{'A' * 44}/{what}").status_code == 404
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        assert strict.post(address(voucher.order, what), headers=headers).status_code == 403
    assert _columns(voucher) == before
    ours = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    statuses = [
        strict.post(address(voucher.order, what), headers=ours).status_code for _ in range(vouchers.ACTS.most + 1)
    ]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {303 if what == "paid/" else 409}


@pytest.mark.parametrize("what", ["paid/", "renew/", "resend/"])
def test_what_answers_a_button_is_read_in_another_language_on_the_page_of_the_button(client: Client, what: str) -> None:
    order = place_voucher(place_order(OrderState.EXPIRED), VoucherState.EXPIRED).order
    answers = [client.post(address(order, what)) for _ in range(vouchers.ACTS.most + 1)]
    told = [each for each in answers if each.status_code != 303]
    assert told
    for answer in told:
        links = re.findall(r'href="([^"]*[?]lang=\w\w)" lang=', answer.content.decode())
        assert links == [f"{address(order)}?lang={language}" for language in ("es", "en", "zh")]
    assert [client.get(link).status_code for link in links] == [200] * 3


def test_the_button_shows_where_it_may_help_and_nowhere_else(client: Client) -> None:
    from tests.integration.pages.stage import SCENES

    for scene, (place, face, _, _) in SCENES.items():
        text = client.get(address(place()) + "?lang=en").content.decode()
        may = face in {"issued", "overdue", "confirming", "expired"} and "said to be paid" not in scene
        assert ("/paid/" in text) is may, scene
        assert ("/renew/" in text) is (face in {"overdue", "failed"}), scene
        assert ("no longer reserved" in text) is (face in {"expired", "looked_into"}), scene
