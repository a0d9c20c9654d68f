"""What the buyer reads in each state, and that the code shows only while it may be paid."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pagoefectivo import conf
from pagoefectivo.domain.localtime import lima_moment
from pagoefectivo.domain.states import OrderState, RefundState, VoucherState
from pagoefectivo.models import Voucher
from pagoefectivo.services import seams
from tests.integration.pages.stage import (
    AMOUNT,
    CODE,
    OLD_CODE,
    SCENES,
    address,
    place_order,
    place_refund,
    place_voucher,
)

pytestmark = pytest.mark.django_db

BANNED = re.compile(r"cancelad|procesad|error interno|\bOK\b", re.IGNORECASE)


def _read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize("scene", SCENES)
def test_each_state_has_its_own_honest_words(client: Client, scene: str) -> None:
    place, face, shows_code, words = SCENES[scene]
    order = place()
    text = _read(client, address(order) + "?lang=en")
    assert words in text
    assert (CODE in text) is shows_code
    assert OLD_CODE not in text
    assert client.get(address(order, "status/")).json()["state"] == face
    assert order.reference in text


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("language", ["es", "en", "zh"])
def test_no_screen_uses_a_word_that_means_something_else(client: Client, scene: str, language: str) -> None:
    text = _read(client, address(SCENES[scene][0]()) + f"?lang={language}")
    visible = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", text, flags=re.DOTALL)
    assert not BANNED.search(visible)
    assert not re.search(r"[{}]|%\(", visible), "a value was left unfilled"


@pytest.mark.parametrize("state", [VoucherState.ISSUED, VoucherState.CONFIRMING])
def test_a_payable_code_comes_with_amount_deadline_and_barcode(client: Client, state: VoucherState) -> None:
    voucher = place_voucher(place_order(), state)
    text = _read(client, address(voucher.order) + "?lang=es")
    assert voucher.expires_at is not None
    assert f'value="{CODE}"' in text
    assert "S/\xa089.90" in text
    assert lima_moment(voucher.expires_at, "es", now=timezone.now()) in text
    assert voucher.barcode_svg.partition(' d="')[2].partition('"')[0] in text
    assert "1 2 3 4 5 6 7 8" in text


def test_what_must_not_be_paid_has_no_barcode_either(client: Client) -> None:
    for scene, (place, face, _, _) in SCENES.items():
        order = place()
        is_payable = face in {"issued", "confirming"}
        assert (client.get(address(order, "barcode.svg")).status_code == 200) is is_payable, scene
        assert ('role="img"' in _read(client, address(order))) is is_payable, scene


def test_a_code_that_the_provider_ended_early_is_not_said_to_have_lived_to_its_deadline(client: Client) -> None:
    now = timezone.now()
    ended, deadline = now - timedelta(days=1), now + timedelta(days=2)
    order = place_order(OrderState.EXPIRED)
    place_voucher(order, VoucherState.EXPIRED, expires_at=deadline, changed_at=ended)
    text = _read(client, address(order) + "?lang=en")
    assert f"It expired on {lima_moment(ended, 'en', now=now)}" in text
    assert lima_moment(deadline, "en", now=now) not in text


def test_C03_our_clock_changes_the_words_and_never_the_state(client: Client) -> None:
    voucher = place_voucher(place_order())
    with seams.use(now=lambda: timezone.now() + timedelta(days=3)):
        assert "do not pay it any more" in _read(client, address(voucher.order) + "?lang=en")
    voucher = Voucher.objects.get(pk=voucher.pk)
    assert voucher.state == VoucherState.ISSUED
    assert "Your payment code is ready" in _read(client, address(voucher.order) + "?lang=en")


def test_given_back_is_said_only_of_a_refund_that_succeeded(client: Client) -> None:
    voucher = place_voucher(place_order(OrderState.PAID, paid_amount=AMOUNT), VoucherState.PAID)
    for state in RefundState:
        place_refund(voucher, state, "1.00")
    text = _read(client, address(voucher.order) + "?lang=en")
    lines = dict(re.findall(r'<li class="(\w+)">(.*?)</li>', text))
    assert set(lines) == {str(state) for state in RefundState}
    assert [state for state, line in lines.items() if "given back" in line] == ["succeeded"]


@pytest.mark.parametrize(
    ("day", "language", "sentence"),
    [
        (1, "es", "Debería llegarte entre el miércoles 2 y el viernes 4 de diciembre."),
        (4, "en", "We expect it between Wednesday, December 2 and Friday, December 4."),
        (4, "zh", "预计12月2日（周三）至12月4日（周五）到账。"),
        (5, "es", "Debía llegarte entre el miércoles 2 y el viernes 4 de diciembre y está demorando: escríbenos."),
        (5, "en", "We expected it between Wednesday, December 2 and Friday, December 4, so it is late: write to us."),
    ],
)
def test_R12_a_refund_on_its_way_says_when_it_should_arrive_and_once_it_is_late(
    client: Client, settings: Any, django_assert_num_queries: Any, day: int, language: str, sentence: str
) -> None:
    promise = {"refund_takes": [1, 3], "refund_counts_from_details": False}
    shop = {"PROVIDER": "dlocal", "CREDENTIALS": conf.SANDBOX_ACCOUNT["CREDENTIALS"], "CAPABILITIES": promise}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": shop}}
    voucher = place_voucher(place_order(OrderState.PAID, paid_amount=AMOUNT), VoucherState.PAID)
    place_refund(voucher, RefundState.PENDING, changed_at=datetime(2026, 12, 1, 15, tzinfo=UTC))
    path = address(voucher.order) + f"?lang={language}"
    with seams.use(now=lambda: datetime(2026, 12, day, 23, tzinfo=UTC)):
        with django_assert_num_queries(3):  # the order and its codes, its refunds, the calendar of the year
            text = _read(client, path)
        with django_assert_num_queries(2):
            client.get(path)
    assert sentence in text


def test_the_newest_code_wins_and_the_old_one_is_only_hinted_at(client: Client) -> None:
    order = place_order()
    place_voucher(order, VoucherState.EXPIRED, code=OLD_CODE)
    place_voucher(order, VoucherState.ISSUED, attempt=2)
    text = _read(client, address(order))
    assert CODE in text
    assert OLD_CODE not in text
    assert "••••766" in text


def test_an_unreadable_kept_barcode_is_drawn_anew(client: Client) -> None:
    voucher = place_voucher(place_order(), barcode_svg="<svg onload=alert(1)>")
    text = _read(client, address(voucher.order))
    assert "onload" not in text
    assert 'role="img"' in text
