"""The work queue: what waits for a person and for whom, whose it is, and that an empty one may be believed."""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path, reverse
from django.utils import timezone, translation

from pagoefectivo.admin.orders import OrderAdmin
from pagoefectivo.admin.work import OwnershipAdmin
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.exceptions import NotFound, RuleRefused, StateConflict
from pagoefectivo.domain.states import AnomalyKind, RefundState
from pagoefectivo.models import AccountPulse, Anomaly, ApiExchange, Job, Order, Ownership, ProofReview, Refund
from pagoefectivo.selectors import work as reading
from pagoefectivo.selectors import work_lanes
from pagoefectivo.selectors.work_lanes import LANES, lane_named
from pagoefectivo.services import seams, work
from pagoefectivo.services.actors import SHOP, PermissionRefused, staff
from pagoefectivo.services.upkeep import HEARTBEAT
from tests.integration.admin.conftest import everything, text_of
from tests.integration.admin.waiting import (
    ONE_IN_EACH,
    paid_voucher,
    place_anomaly,
    place_delivery,
    place_proof,
    place_rejection,
    place_unknown_code,
)
from tests.integration.pages.stage import place_order, place_refund, place_voucher

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "admin:pagoefectivo_ownership_changelist"
LANE = "admin:pagoefectivo_ownership_lane"
IN_ONE = {"webhooks-rejected": 3}  # one row counts three notifications
ENGLISH = {"accept-language": "en"}


def seated(user: User) -> Client:
    browser = Client(headers=ENGLISH)
    browser.force_login(user)
    return browser


def counts(names: list[str] | None = None) -> dict[str, int]:
    lanes = [lane for lane in LANES if names is None or lane.name in names]
    return {log.lane.name: log.count for log in reading.backlogs(lanes) if log.items}


def fill() -> None:
    for place in ONE_IN_EACH.values():
        place()


def test_every_lane_holds_what_waits_in_it_and_one_click_opens_the_thing(admin_client: Client) -> None:
    assert set(ONE_IN_EACH) == {lane.name for lane in LANES}
    for name, place in ONE_IN_EACH.items():
        place()
        assert counts([name]) == {name: IN_ONE.get(name, 1)}, name
    assert counts() == dict.fromkeys(ONE_IN_EACH, 1) | IN_ONE
    page = admin_client.get(reverse(QUEUE), headers=ENGLISH)
    text = text_of(page)
    for lane in LANES:
        oldest = "The first came in the hour of" if lane.is_hourly else "The oldest has waited for"
        assert f"{lane.title}: {IN_ONE.get(lane.name, 1)} {oldest}" in text, lane.name
    with translation.override("en"):
        assert CATALOGUE[ErrorCode.REFUND_ACCOUNT_CLOSED].sentence() in text
    for address in set(re.findall(r'class="pe-link" href="([^"]+)"', page.content.decode())):
        assert admin_client.get(address.replace("&amp;", "&")).status_code == 200, address


def test_every_kind_of_anomaly_waits_in_exactly_one_lane_or_by_what_it_is_about() -> None:
    lanes = Counter(
        kind
        for kinds in (work_lanes.OF_AMOUNTS, work_lanes.OF_TIME, work_lanes.OF_DOUBT, work_lanes.SEEN_ELSEWHERE)
        for kind in kinds
    )
    named = {AnomalyKind.REFUND_STARTED_OUTSIDE: 1, AnomalyKind.OUTCOME_UNKNOWN: 1}
    assert lanes + Counter(named) == dict.fromkeys(AnomalyKind, 1)


def test_what_is_done_or_answered_waits_no_more() -> None:
    failed = place_refund(paid_voucher(), RefundState.FAILED)
    place_refund(failed.voucher, RefundState.PENDING, request_nonce=f"retry:{failed.public_id}")
    again = place_refund(paid_voucher(), RefundState.RETURNED)
    place_refund(again.voucher, RefundState.CANCELED, request_nonce=f"retry:{again.public_id}")
    place_refund(paid_voucher(), RefundState.AWAITING_APPROVAL, approved_by="staff:rosa")
    anomaly = place_anomaly(AnomalyKind.PAID_LATE)
    type(anomaly).objects.update(closed_at=timezone.now())
    place_rejection(hours=30)
    paid = place_proof(paid_voucher().order)
    judged = place_proof()
    for judgement in ("matches", "does_not_match"):
        ProofReview.objects.create(proof=judged, judgement=judgement, actor="staff:luz", at=timezone.now())
    place_proof(received_at=timezone.now() - timedelta(days=31))
    assert counts() == {"refunds-failed": 1}
    assert [item.row_id for log in reading.backlogs(LANES) for item in log.items] == [again.pk]
    place_anomaly_about(paid)
    assert counts() == {"refunds-failed": 1, "proofs": 1}


def place_anomaly_about(proof: Any) -> None:
    Anomaly.objects.create(
        kind=AnomalyKind.PROOF_REUSED, order=proof.order, voucher=proof.voucher, opened_at=timezone.now()
    )


def test_the_same_unknown_code_is_one_thing_however_often_it_came() -> None:
    for raw_code in ("5017", "5017", "5018"):
        place_unknown_code(raw_code)
    assert counts() == {"codes-unknown": 2}


def test_nobody_learns_how_much_waits_where_they_may_not_look(hire: Any) -> None:
    fill()
    for user, seen in (
        (hire("luz", "view_refund"), {"refunds-to-approve", "refunds-failed", "refunds-unknown"}),
        (hire("rosa", "view_anomaly", "view_order"), {"amounts", "late-and-double", "doubts", "lost-codes"}),
        (hire("dev", "view_erroroccurrence"), {"codes-unknown"}),
    ):
        browser = seated(user)
        page = browser.get(reverse(QUEUE)).content.decode()
        assert set(re.findall(r'aria-labelledby="pe-lane-([\w-]+)"', page)) == seen
        for lane in LANES:
            status = 200 if lane.name in seen else 403
            assert browser.get(reverse(LANE, args=[lane.name])).status_code == status, lane.name
    assert seated(hire("visitor", "view_apikey")).get(reverse(QUEUE)).status_code == 403
    assert b"pe-work__card" not in seated(hire("visitor", "view_apikey")).get("/admin/pagoefectivo/").content


def test_beyond_the_limit_nobody_counts(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for hours in range(5):
        place_anomaly(AnomalyKind.PAID_LATE, at=timezone.now() - timedelta(hours=hours))
    monkeypatch.setattr(reading, "MOST", 3)
    (log,) = reading.backlogs([lane_named("late-and-double")])  # type: ignore[list-item]
    assert (len(log.items), log.is_cut) == (3, True)
    assert log.items[0].since < log.items[1].since < log.items[2].since
    assert "Late and double payments: 3+ The oldest has waited for 4 hours." in text_of(
        admin_client.get(reverse(QUEUE), headers=ENGLISH)
    )


def test_the_queue_asks_as_much_when_it_is_full_as_when_it_is_empty(hire: Any) -> None:
    user = hire("boss", *Permission.objects.values_list("codename", flat=True))
    browser, asked = seated(user), []
    for prepare in (list, fill):
        prepare()
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse(QUEUE)).status_code == 200
        asked.append(len(captured))
    assert asked == [7, 7]
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(reverse(LANE, args=["doubts"])).status_code == 200
    assert len(captured) == 7


@pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
def test_every_lane_stands_on_an_index(lane: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    try:
        plan = reading.branch(lane, seams.now()).explain()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = on")
    assert "Seq Scan" not in plan, plan
    assert "Index" in plan, plan


def test_an_empty_queue_proves_that_it_is_not_blind(admin_client: Client) -> None:
    now = timezone.now()
    text = text_of(admin_client.get(reverse(QUEUE), headers=ENGLISH))
    assert "Nothing waits, as far as is known; but not everything arrives. See the signs of life." in text
    assert "! Last sweep: never Nobody works" in text
    assert "✓ Last question to the provider: never" in text, "no code waits, so there is nothing to ask about"
    place_voucher(place_order())
    assert "! Last question to the provider: never" in text_of(admin_client.get(reverse(QUEUE), headers=ENGLISH))
    Job.objects.create(name=HEARTBEAT, ran_at=now - timedelta(seconds=90))
    place_delivery(at=now - timedelta(minutes=2))
    ApiExchange.objects.create(
        request_id="r1", account="default", operation="fetch", method="GET", url="http://x", request_body=b"",
        sent_at=now - timedelta(minutes=4),
    )  # fmt: skip
    assert reading.pulse().is_well
    text = text_of(admin_client.get(reverse(QUEUE), headers=ENGLISH))
    for line in ("✓ Last notification: 2 minutes ago", "✓ Last question to the provider: 4 minutes ago", "✓ Last sweep: 1 minute ago"):  # fmt: skip
        assert line in text
    assert "Nothing waits for anybody." in text
    AccountPulse.objects.create(account="default", deaf_since=now, deaf_why="silent")
    assert not reading.pulse().is_well
    text = text_of(admin_client.get(reverse(QUEUE), headers=ENGLISH))
    assert "No notifications reach these accounts, so their payments are found by asking: default." in text
    Job.objects.update(ran_at=now - timedelta(minutes=4))
    assert reading.pulse().sweep.is_stale


def test_what_one_takes_is_theirs_until_it_is_handed_over_or_given_back(hire: Any) -> None:
    sees = ("view_refund", "own_work")
    luz, rosa = hire("luz", *sees), hire("rosa", *sees)
    refund = ONE_IN_EACH["refunds-to-approve"]()
    lane, queue = reverse(LANE, args=["refunds-to-approve"]), reverse(QUEUE)
    hers, theirs = seated(luz), seated(rosa)
    answer: Any = hers.post(lane, {"act": "take", "row": refund.pk, "back": "queue"})
    assert (answer.status_code, answer.url) == (302, queue)
    text = text_of(hers.get(queue))
    assert "1 is yours now." in text
    assert "Yours: 1" in text
    assert "luz" in text_of(theirs.get(lane))
    theirs.post(lane, {"act": "take", "row": refund.pk})
    assert "Somebody else has this already. Ask them, or hand it over to yourself. (WORK_OWNED)" in text_of(
        theirs.get(lane)
    )
    theirs.post(lane, {"act": "hand_over", "to": "rosa", "row": refund.pk})
    theirs.post(lane, {"act": "release", "row": refund.pk})
    assert list(Ownership.objects.order_by("pk").values_list("owner_name", "given_by", "ended_by", "sets_aside")) == [
        ("luz", "staff:luz", "staff:rosa", False),
        ("rosa", "staff:rosa", "staff:rosa", False),
    ]
    assert not Ownership.objects.filter(until=None).exists()
    assert Refund.objects.get().state == RefundState.AWAITING_APPROVAL


def test_a_failed_refund_of_which_somebody_says_why_leaves_the_queue_and_nothing_else_changes(hire: Any) -> None:
    refund = ONE_IN_EACH["refunds-failed"]()
    user = hire("luz", "view_refund", "own_work", "request_refund", "view_ownership")
    lane, browser = reverse(LANE, args=["refunds-failed"]), seated(user)
    browser.post(lane, {"act": "set_aside", "row": refund.pk, "why": " "})
    assert "It was not said why this needs nothing more." in text_of(browser.get(lane))
    assert counts() == {"refunds-failed": 1}
    before = Refund.objects.values().get()
    browser.post(lane, {"act": "set_aside", "row": refund.pk, "why": "Paid back in the shop, receipt 17"})
    assert counts() == {}
    assert Refund.objects.values().get() == before
    assert "Nothing waits here." in text_of(browser.get(lane))
    assert "Paid back in the shop, receipt 17" in text_of(browser.get(reverse("admin:pagoefectivo_ownership_tenures")))


def test_G17_a_refused_act_on_the_queue_changes_nothing(hire: Any) -> None:
    waiting = ONE_IN_EACH["refunds-failed"]()
    gone = place_refund(paid_voucher(), RefundState.SUCCEEDED)
    owner = hire("owner", "view_refund", "own_work")
    reader, blind = hire("reader", "view_refund"), hire("blind", "own_work")
    doings: list[tuple[type[Exception], Any]] = [
        (PermissionRefused, lambda: work.take("refunds-failed", [waiting.pk], actor=staff(reader))),
        (PermissionRefused, lambda: work.take("refunds-failed", [waiting.pk], actor=staff(blind))),
        (PermissionRefused, lambda: work.take("refunds-failed", [waiting.pk], actor=SHOP)),
        (StateConflict, lambda: work.take("refunds-failed", [waiting.pk, gone.pk], actor=staff(owner))),
        (NotFound, lambda: work.take("refunds-failed", [], actor=staff(owner))),
        (NotFound, lambda: work.take("nowhere", [waiting.pk], actor=staff(owner))),
        (NotFound, lambda: work.take("codes-unknown", [0], actor=staff(owner))),
        (RuleRefused, lambda: work.hand_over("refunds-failed", [waiting.pk], to="reader", actor=staff(owner))),
        (RuleRefused, lambda: work.hand_over("refunds-failed", [waiting.pk], to="blind", actor=staff(owner))),
        (RuleRefused, lambda: work.hand_over("refunds-failed", [waiting.pk], to="nobody", actor=staff(owner))),
        (PermissionRefused, lambda: work.set_aside("refunds-failed", [waiting.pk], why="x", actor=staff(owner))),
        (NotFound, lambda: work.set_aside("refunds-unknown", [waiting.pk], why="x", actor=staff(owner))),
    ]
    before = everything()
    for expected, do in doings:
        with pytest.raises(expected):
            do()
    lane = reverse(LANE, args=["refunds-failed"])
    assert seated(reader).post(lane, {"act": "take", "row": waiting.pk}).status_code == 403
    assert seated(blind).post(lane, {"act": "take", "row": waiting.pk}).status_code == 403
    assert seated(owner).post(lane, {"act": "dance", "row": waiting.pk}).status_code == 404
    assert seated(owner).post(lane, {"act": "take"}).status_code == 302
    assert seated(owner).get(lane).status_code == 200
    assert everything() == before


def test_of_two_who_take_at_the_same_instant_one_is_told(hire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    refund = ONE_IN_EACH["refunds-unknown"]()
    luz, rosa = (staff(hire(name, "view_refund", "own_work")) for name in ("luz", "rosa"))
    begin, first = work._begin, list[int]()

    def interrupted(*described: Any, **more: Any) -> None:
        if not first:
            first.append(1)
            _in_another_connection(lambda: work.take("refunds-unknown", [refund.pk], actor=rosa))
        begin(*described, **more)

    monkeypatch.setattr(work, "_begin", interrupted)
    with pytest.raises(StateConflict):
        work.take("refunds-unknown", [refund.pk], actor=luz)
    assert [each.owner_name for each in Ownership.objects.all()] == ["rosa"]


def _in_another_connection(work_of: Any) -> None:
    def run() -> None:
        try:
            work_of()
        finally:
            connections.close_all()

    other = threading.Thread(target=run)
    other.start()
    other.join()


def test_the_front_page_of_the_app_shows_the_queue_and_the_admins_front_page_leads_there(admin_client: Client) -> None:
    fill()
    front = admin_client.get("/admin/pagoefectivo/", headers=ENGLISH)
    assert front.content.decode().count('<section class="pe-work__card') == len(LANES)
    assert 'name="clue"' in front.content.decode()
    assert reverse(QUEUE) in admin_client.get(reverse("admin:index")).content.decode()


backoffice = admin.AdminSite(name="backoffice")
backoffice.register(Order, OrderAdmin)
backoffice.register(Ownership, OwnershipAdmin)
urlpatterns = [
    path("desk/", backoffice.urls),
    path("admin/", admin.site.urls),
    path("pagoefectivo/", include("pagoefectivo.urls")),
]


@pytest.mark.urls(__name__)
def test_in_an_admin_site_of_the_shop_the_queue_shows_what_has_a_page_there_and_leads_nowhere_else(
    admin_client: Client,
) -> None:
    fill()
    page = admin_client.get("/desk/pagoefectivo/", headers=ENGLISH)
    content = page.content.decode()
    shown = set(re.findall(r'aria-labelledby="pe-lane-([\w-]+)"', content))
    assert shown == {"amounts", "late-and-double", "doubts", "lost-codes"}
    assert 'action="/desk/pagoefectivo/ownership/search/"' in content
    assert 'href="/admin/' not in content
    reference = Anomaly.objects.get(kind=AnomalyKind.UNDERPAID).order.reference
    (opened,) = set(re.findall(rf'href="([^"]+)">{reference}<', content))
    assert opened == reverse("backoffice:pagoefectivo_order_change", args=[Order.objects.get(reference=reference).pk])
    answer: Any = admin_client.post("/desk/pagoefectivo/ownership/search/", {"clue": reference})
    assert answer.url == opened
