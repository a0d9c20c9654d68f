"""What the link of a refund shows by itself: amount, state and progress, never who the buyer is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pagoefectivo.domain.states import RefundState
from pagoefectivo.links import new_page_key, page_token, refund_page_token
from pagoefectivo.models import EmailedCode, Order, Refund, RefundDestination, WrongAnswers
from pagoefectivo.services import destinations
from pagoefectivo.services.actors import SHOP
from pagoefectivo.views import refunds as door
from pagoefectivo.views import vouchers
from tests.integration.pages.refund_stage import CCI, MAY_ASK, SCENES, Buyer, path_of, personal_in, place

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("scene", SCENES)
def test_each_state_has_words_of_its_own_and_nothing_personal(client: Client, scene: str) -> None:
    put, face, asks_who, words = SCENES[scene]
    refund = put()
    buyer = Buyer(client, refund).opens()
    assert buyer.answer.status_code == 200
    assert f'data-face="{face}"' in buyer.text
    assert words in buyer.text.replace("&#x27;", "'")
    assert "S/\xa030.00" in buyer.text
    assert ('value="phone"' in buyer.text) == asks_who
    assert bool(buyer.answer.cookies) == asks_who
    assert personal_in(buyer.text) == []
    assert refund.order.reference not in buyer.text


@pytest.mark.parametrize("scene", SCENES)
def test_the_rail_says_how_far_it_is_and_promises_nothing(client: Client, scene: str) -> None:
    put, face, _, _ = SCENES[scene]
    text = Buyer(client, put()).opens().text
    reached = text.count('<li class="done"'), text.count('<li class="now"'), text.count('<li class="ahead"')
    assert reached == {
        "needs_account": (0, 1, 3), "too_late": (0, 1, 3), "requested": (1, 1, 2), "checked": (1, 1, 2),
        "saved": (0, 1, 2), "unconfirmed": (0, 1, 2), "asked_by_provider": (1, 1, 1),
        "on_its_way": (2, 1, 1) if scene == "in the payout file" else (1, 1, 1), "done": (4, 0, 0),
    }.get(face, (0, 0, 0))  # fmt: skip


def test_it_says_between_which_days_money_should_arrive_where_somebody_promises_days(client: Client) -> None:
    assert "We expect it between" in Buyer(client, place(RefundState.PENDING, account=MAY_ASK, cci=CCI)).opens().text
    assert "We expect it" not in Buyer(client, SCENES["own account"][0]()).opens().text
    long_ago = timezone.now() - timedelta(days=30)
    late = place(RefundState.PENDING, account=MAY_ASK, cci=CCI, created_at=long_ago, changed_at=long_ago)
    assert "so it is late: write to us" in Buyer(client, late).opens().text


@pytest.mark.parametrize(
    ("language", "heading"),
    [("es", "Dinos a dónde va tu dinero"), ("en", "Tell us where your money goes"), ("zh", "请告诉我们款项退到哪里")],
)
def test_it_speaks_three_languages(client: Client, language: str, heading: str) -> None:
    buyer = Buyer(client, SCENES["account missing"][0](), language).opens()
    assert heading in buyer.text
    assert "cancelad" not in buyer.text.lower()


def test_G04_G25_every_wrong_link_gets_the_same_answer_for_the_same_work(client: Client) -> None:
    refund = SCENES["account missing"][0]()
    real = refund_page_token(str(refund.page_key))
    wrong = ["x", "A" * len(real), real[:-1], real + "A", real[:22], "ñandú", "A" * 5000, page_token(str(refund.page_key)),
             refund_page_token(new_page_key()), page_token(refund.order.page_key)]  # fmt: skip
    answers = []
    for token in wrong:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(f"/pagoefectivo/r/{token}/")
        answers.append((answer.status_code, len(asked), len(answer.content), bool(answer.cookies)))
    assert set(answers) == {(404, 1, answers[0][2], False)}


def test_a_refund_without_a_link_is_behind_no_link(client: Client) -> None:
    place(RefundState.AWAITING_DESTINATION, page_key=None)
    assert client.get("/pagoefectivo/r/x/").status_code == 404
    assert Refund.objects.get().page_url == ""


def test_G05_a_thousand_guesses_end_in_a_pause_and_a_real_link_keeps_working(client: Client) -> None:
    refund = SCENES["account missing"][0]()
    statuses = [client.get(f"/pagoefectivo/r/{'A' * 44}/").status_code for _ in range(1000)]
    assert statuses[: vouchers.GUESSES.most] == [404] * vouchers.GUESSES.most
    assert set(statuses[vouchers.GUESSES.most :]) == {429}
    assert Buyer(client, refund).opens().answer.status_code == 200


def test_one_link_is_not_hammered(client: Client) -> None:
    buyer = Buyer(client, SCENES["done"][0]())
    statuses = [buyer.opens().answer.status_code for _ in range(door.VISITS.most + 1)]
    assert statuses == [200] * door.VISITS.most + [429]


def test_G06_no_answer_may_be_indexed_cached_framed_or_referred(client: Client) -> None:
    buyer = Buyer(client, SCENES["account missing"][0]())
    for answer in (
        buyer.opens().answer,
        buyer.sends("phone", digits="000").answer,
        client.get("/pagoefectivo/r/a/b/c"),
    ):
        assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]


def test_G07_a_get_writes_nothing_and_other_methods_are_refused(client: Client) -> None:
    refund = SCENES["account missing"][0]()
    before = Refund.objects.values().get()
    Buyer(client, refund).opens("&act=confirm&digits=321")
    assert client.put(path_of(refund)).status_code == 405
    assert client.delete(path_of(refund))["Allow"] == "GET, HEAD, POST"
    assert Refund.objects.values().get() == before
    assert (WrongAnswers.objects.count(), EmailedCode.objects.count(), RefundDestination.objects.count()) == (0, 0, 0)


def test_a_new_link_voids_the_old_one_and_begins_the_time_anew(client: Client) -> None:
    refund = SCENES["too late"][0]()
    old = path_of(refund)
    fresh = destinations.renew_link(refund.public_id, actor=SHOP)
    assert client.get(old).status_code == 404
    assert 'data-face="needs_account"' in Buyer(client, fresh).opens().text
    assert fresh.page_url.startswith("http")


def test_a_database_that_is_down_is_said_kindly_and_names_no_token(
    client: Client, caplog: Any, monkeypatch: Any
) -> None:
    refund = SCENES["done"][0]()

    def down(_key: str) -> Refund:
        raise OperationalError(f"no connection {refund.page_key}")

    monkeypatch.setattr(door, "refund_behind", down)
    answer = client.get(path_of(refund))
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert str(refund.page_key) not in caplog.text


def test_an_account_that_left_the_settings_breaks_no_page(client: Client, settings: Any) -> None:
    refund = SCENES["account missing"][0]()
    others = {name: each for name, each in settings.PAGOEFECTIVO["ACCOUNTS"].items() if name != refund.account}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": others}
    assert Buyer(client, refund).opens().answer.status_code == 200


def test_the_page_of_the_order_leads_to_it_while_the_account_is_missing(client: Client) -> None:
    refund = SCENES["account missing"][0]()
    order = f"/pagoefectivo/v/{page_token(Order.objects.get().page_key)}/"
    assert path_of(refund) in client.get(order).content.decode()
    refund = SCENES["done"][0]()
    order = f"/pagoefectivo/v/{page_token(refund.order.page_key)}/"
    assert "/r/" not in client.get(order).content.decode()
