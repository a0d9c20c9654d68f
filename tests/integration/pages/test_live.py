"""The small JSON behind the page, and the page's languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import Order, Voucher
from pagoefectivo.services import seams
from tests.integration.pages.stage import AMOUNT, SCENES, address, place_order, place_voucher

pytestmark = pytest.mark.django_db


def test_the_answer_is_small_and_says_how_long_is_left(client: Client) -> None:
    voucher = place_voucher(place_order())
    now = timezone.now()
    voucher.expires_at = now + timedelta(days=1, hours=4, minutes=3)
    voucher.save()
    with seams.use(now=lambda: now):
        answer = client.get(address(voucher.order, "status/?lang=en"))
    told = answer.json()
    assert set(told) == {"state", "version", "seconds_left", "time_left"}
    assert (told["state"], told["seconds_left"]) == ("issued", 100_980)
    assert told["time_left"] == "1 day and 4 h left"
    assert len(answer.content) < 200


def test_nothing_new_is_answered_with_304(client: Client) -> None:
    order = place_voucher(place_order()).order
    now = timezone.now()
    with seams.use(now=lambda: now):
        etag = client.get(address(order, "status/"))["ETag"]
        again = client.get(address(order, "status/"), headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    with seams.use(now=lambda: now + timedelta(minutes=1)):
        assert client.get(address(order, "status/"), headers={"If-None-Match": etag}).status_code == 200


def test_a_change_of_state_changes_the_version(client: Client) -> None:
    voucher = place_voucher(place_order())
    before = client.get(address(voucher.order, "status/")).json()["version"]
    Order.objects.filter(pk=voucher.order_id).update(state="paid", paid_amount=AMOUNT)
    Voucher.objects.filter(pk=voucher.pk).update(
        state=VoucherState.PAID, paid_amount=AMOUNT, paid_currency="PEN", paid_at=timezone.now(), next_action_at=None
    )
    after = client.get(address(voucher.order, "status/")).json()
    assert after["state"] == "paid"
    assert after["version"] != before
    assert f'data-version="{after["version"]}"' in client.get(address(voucher.order)).content.decode()


def test_time_alone_changes_no_version(client: Client) -> None:
    order = place_voucher(place_order()).order
    first = client.get(address(order, "status/")).json()
    with seams.use(now=lambda: timezone.now() + timedelta(hours=20)):
        later = client.get(address(order, "status/")).json()
    assert later["version"] == first["version"]
    assert later["seconds_left"] < first["seconds_left"]


@pytest.mark.parametrize(
    ("asked", "accepted", "tag", "words"),
    [
        ("?lang=es", "en", "es-PE", "Tu código de pago está listo"),
        ("?lang=en", "es", "en", "Your payment code is ready"),
        ("?lang=zh", "es", "zh-Hans", "您的付款码已生成"),
        ("?lang=zh-hans", "es", "zh-Hans", "您的付款码已生成"),
        ("", "en-GB,en;q=0.8", "en", "Your payment code is ready"),
        ("", "de", "es-PE", "Tu código de pago está listo"),
        ("?lang=../../etc", "en", "en", "Your payment code is ready"),
    ],
)
def test_the_link_chooses_the_language_then_the_browser(
    client: Client, asked: str, accepted: str, tag: str, words: str
) -> None:
    order = place_voucher(place_order()).order
    answer = client.get(address(order) + asked, headers={"Accept-Language": accepted})
    text = answer.content.decode()
    assert f'<html lang="{tag}">' in text
    assert answer["Content-Language"] == tag
    assert words in text
    assert "S/\xa089.90" in text, "numbers are never translated"


@pytest.mark.parametrize("scene", SCENES)
def test_without_a_script_the_page_asks_again_only_while_something_moves(client: Client, scene: str) -> None:
    place, face, _, _ = SCENES[scene]
    text = client.get(address(place())).content.decode()
    settled = {"failed", "paid", "paid_late", "paid_twice", "partly_refunded", "refunded", "expired", "withdrawn"}
    moves = face not in settled or scene == "refund on its way"
    assert ('<noscript><meta http-equiv="refresh" content="60"></noscript>' in text) is moves
    assert (" data-moving" in text) is moves
