"""A re-opening that was asked for ends in one of three ways: agreed to, declined by another person, or withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, StateConflict
from pagoefectivo.domain.month import CloseState
from pagoefectivo.models import CloseAct, MonthlyClose, SettlementLine
from pagoefectivo.selectors.months import closed_months, report_of
from pagoefectivo.services import closing, seams
from pagoefectivo.services.actors import SHOP, Actor, PermissionRefused, api_key
from tests.integration.services.closing_stage import (
    NOVEMBER,
    TENTH,
    closed,
    finance,
    paid,
    refusal,
    refused_by_database,
    settled_november,
)
from tests.integration.settlement_files import bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _in_december(psp: Any) -> Iterator[None]:
    with seams.use(now=lambda: datetime(2026, 12, 9, 15, tzinfo=UTC)):
        yield


@pytest.fixture
def luz() -> Actor:
    return finance("luz")


@pytest.fixture
def marco() -> Actor:
    return finance("marco")


@pytest.fixture
def asked(luz: Actor, marco: Actor) -> MonthlyClose:
    """A closed November that luz asked to open again."""
    settled_november()
    closed(luz, marco)
    return closing.ask_reopening("default", NOVEMBER, "a file was missing", actor=luz)


def keep(actor: Actor, why: str = "the file was of December") -> MonthlyClose:
    return closing.keep_closed("default", NOVEMBER, why, actor=actor)


def test_R16_another_person_declines_and_the_month_is_closed_as_it_was_signed(
    asked: MonthlyClose, luz: Actor, marco: Actor
) -> None:
    kept = keep(marco)
    assert (kept.pk, kept.standing, kept.asked_by, kept.asked_at) == (asked.pk, "closed", "", None)
    report = report_of("default", NOVEMBER)
    assert (report.state, report.digest, report.signed_by) == (CloseState.CLOSED, asked.digest, "marco")
    assert [check.name for check in report.checks if check.left] == []
    assert list(CloseAct.objects.values_list("act", "actor", "why"))[2:] == [
        ("asked", "staff:luz", "a file was missing"),
        ("declined", "staff:marco", "the file was of December"),
    ]
    bring(file_of([of_voucher(paid("20.00"))], transfer="TR-2"))
    assert SettlementLine.objects.latest("pk").month != NOVEMBER, "it is closed for what comes later"
    closing.ask_reopening("default", NOVEMBER, "the file was there after all", actor=marco)
    assert closing.reopen("default", NOVEMBER, actor=luz).revision == 2


def test_R16_who_asked_withdraws_and_the_history_says_so_whatever_they_are_called_now(
    asked: MonthlyClose, marco: Actor
) -> None:
    User.objects.filter(username="luz").update(username="another-name")
    assert keep(finance("another-name"), "my mistake").standing == "closed"
    last = CloseAct.objects.latest("pk")
    assert (last.act, last.actor, last.why) == ("retracted", "staff:another-name", "my mistake")
    assert isinstance(refusal(lambda: closing.reopen("default", NOVEMBER, actor=marco)), StateConflict)
    assert closed_months("default")


def test_G17_nobody_declines_without_reason_permission_or_a_request(
    asked: MonthlyClose, luz: Actor, marco: Actor
) -> None:
    assert refusal(lambda: keep(marco, " \t ")).code == ErrorCode.MONTH_UNSAID
    key = api_key("till", ["months:reopen"], [], owner_id=marco.user_id)
    for actor in (key, SHOP, Actor("staff:ana", frozenset(), user_id=marco.user_id)):
        with pytest.raises(PermissionRefused):
            keep(actor)
    elsewhere = Actor("staff:ana", frozenset(SHOP.permissions), accounts=frozenset({"other"}), user_id=marco.user_id)
    assert isinstance(refusal(lambda: keep(elsewhere)), NotFound)
    keep(marco)
    for again in (luz, marco):
        assert isinstance(refusal(lambda again=again: keep(again)), StateConflict)  # type: ignore[misc]


def test_G17_a_request_cannot_be_used_to_touch_what_was_signed(asked: MonthlyClose, luz: Actor) -> None:
    nobody: dict[str, Any] = {"asked_by": "", "asker": None, "asked_at": None, "asked_why": ""}
    touched: tuple[dict[str, Any], ...] = (
        {"digest": "0" * 64},
        {"figures": {}},
        {"signed_by": "staff:eve"},
        {"prepared_at": TENTH},
        {"revision": 2},
        {"agreed_by": "staff:eve", "agreer": luz.user_id, "agreed_at": TENTH},
    )
    for changed in touched:
        columns = {"standing": "closed", **nobody, **changed}
        assert refused_by_database(lambda columns=columns: MonthlyClose.objects.update(**columns))  # type: ignore[misc]
    for standing in ("open", "prepared"):
        assert refused_by_database(lambda standing=standing: MonthlyClose.objects.update(standing=standing, **nobody))  # type: ignore[misc]
    assert refused_by_database(lambda: MonthlyClose.objects.update(standing="closed"))
    keep(luz)
    assert refused_by_database(lambda: CloseAct.objects.filter(act="asked")._raw_delete("default"))
