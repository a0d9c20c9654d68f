"""What staff do about a code: more time for it, or giving it up for lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from pagoefectivo.models import Order, StateChange
from tests.integration.admin.conftest import everything, order_page, text_of

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def provider() -> str:
    return "pagoefectivo_direct"


def buttons(browser: Client, order: Order) -> set[str]:
    page = browser.get(order_page(order)).content.decode()
    return {act for act in ("extend", "give_up", "reissue", "cancel") if order_page(order, act) in page}


def done(browser: Client, order: Order, act: str, **data: str) -> str:
    answer = browser.post(order_page(order, act), data, follow=True, headers=ENGLISH)
    assert answer.status_code == 200
    return text_of(answer)


def test_more_time_is_asked_for_in_hours_and_told_as_a_clock_in_lima(at_desk: Any, open_order: Any, world: Any) -> None:
    order, browser = open_order(expires_in=timedelta(hours=48)), at_desk("support_n2", "luz")
    assert buttons(browser, order) == {"extend", "reissue", "cancel"}
    assert "Now it can be paid until" in text_of(browser.get(order_page(order, "extend"), headers=ENGLISH))
    before = everything()
    for hours in ("", "0", "soon", "10000"):
        assert browser.post(order_page(order, "extend"), {"hours": hours}).status_code == 422
    answer = browser.post(order_page(order, "extend"), {"hours": "30"}, headers=ENGLISH)
    assert (answer.status_code, "(EXTEND_NOT_LATER)" in text_of(answer)) == (422, True)
    assert everything() == before

    page = done(browser, order, "extend", hours="72")
    assert "The code can now be paid until" in page
    assert "A later deadline was asked for" in page
    assert StateChange.objects.get(transition="prolong").actor == "staff:luz"


def test_without_an_answer_nobody_is_told_that_the_deadline_moved(at_desk: Any, psp: Any, open_order: Any) -> None:
    order, browser = open_order(expires_in=timedelta(hours=24)), at_desk("support_n2")
    psp.fault("extend", "500")
    assert "The provider has not answered yet: the deadline is read back by itself." in done(
        browser, order, "extend", hours="48"
    )
    assert "extend" not in buttons(browser, order)


def test_a_lost_code_is_given_up_after_the_question(
    at_desk: Any, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "html", work=True)
    order, browser = open_order(), at_desk("support_n2")
    assert "give_up" not in buttons(browser, order), "it may still be found out"
    world.advance(minutes=3)
    sweep()
    assert buttons(browser, order) == {"give_up", "reissue", "cancel"}
    standing = text_of(browser.get(order_page(order), headers=ENGLISH))
    assert "Issue a new code, or give the lost one up." in standing
    assert "CREATE_LOST" in standing
    question = text_of(browser.get(order_page(order, "give_up"), headers=ENGLISH))
    assert "Nobody knows whether the provider made this code" in question
    page = done(browser, order, "give_up")
    assert "The lost code was given up: the order can get a new code." in page
    assert "The code was lost and given up" in page
    assert "CREATE_LOST" in page
    assert "give_up" not in buttons(browser, order)


@pytest.mark.parametrize("provider", ["dlocal"])
def test_where_the_provider_cannot_there_is_no_button(at_desk: Any, open_order: Any, provider: str) -> None:
    order, browser = open_order(), at_desk("support_n2")
    assert buttons(browser, order) == {"reissue", "cancel"}
    answer = browser.post(order_page(order, "extend"), {"hours": "48"}, headers=ENGLISH)
    assert (answer.status_code, "(EXTEND_UNSUPPORTED)" in text_of(answer)) == (422, True)
