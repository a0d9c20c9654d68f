"""Cases at the desk: what is due, one page with everything, and doors that open for those who may."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo.domain.cases import CaseKind, CaseStanding, LinkKind
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.states import AnomalyKind, OrderState, RefundState, VoucherState
from pagoefectivo.models import Anomaly, Case, Voucher
from pagoefectivo.services import cases, seams
from pagoefectivo.services.actors import staff
from pagoefectivo.services.cases import Opening
from tests.integration.admin.conftest import DESKS, everything, text_of
from tests.integration.pages.stage import place_order, place_refund, place_voucher

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}
MONDAY = datetime(2026, 11, 23, 10, tzinfo=LIMA)
LIST = "admin:pagoefectivo_case_changelist"
VIEWS = ["view_order", "view_refund", "view_anomaly", "view_case"]
NEEDS = {
    **dict.fromkeys(("take", "note", "link", "unlink", "tick", "due", "judge", "sent", "letter"), "work_case"),
    "assign": "assign_case",
    "end": "close_case",
    "bundle": "bundle_case",
}
FORM = {
    "text": "x", "number": "A-1", "link": "1", "exhibit": "delivery", "is_there": "on", "where": "x", "day": "2027-01-04",
    "why": "x", "responsible": "bank", "to": "bank", "how": "x", "owner": "", "outcome": "won", "reason": "x",
}  # fmt: skip


@pytest.fixture(autouse=True)
def desks(psp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    acts = ["open_case", "work_case", "assign_case", "close_case", "bundle_case"]
    monkeypatch.setitem(DESKS, "disputes", [*VIEWS, *acts])
    monkeypatch.setitem(DESKS, "onlooker", VIEWS)
    for lacking in acts:
        monkeypatch.setitem(DESKS, f"all but {lacking}", [*VIEWS, *(each for each in acts if each != lacking)])


@pytest.fixture
def paid() -> Voucher:
    return place_voucher(place_order(OrderState.PAID, paid_amount=Decimal("89.90")), VoucherState.PAID)


@pytest.fixture
def case(paid: Voucher, person: Any) -> Case:
    place_refund(paid, RefundState.PENDING)
    opening = Opening(CaseKind.DISPUTE, "nothing arrived", Decimal("89.90"), "PEN")
    with seams.use(now=lambda: MONDAY):
        return cases.open_case(LinkKind.ORDER, paid.order_id, opening, actor=staff(person("disputes", "luz")))


def page_of(case: Case, act: str = "change") -> str:
    return reverse(f"admin:pagoefectivo_case_{act}", args=[case.pk])


def open_address(what: str, row_id: int) -> str:
    return f"{reverse('admin:pagoefectivo_case_open')}?what={what}&id={row_id}"


def test_a_case_is_opened_from_the_page_of_what_it_is_about(at_desk: Any, paid: Voucher) -> None:
    refund = place_refund(paid, RefundState.UNKNOWN, "30.00")
    anomaly = Anomaly.objects.create(kind=AnomalyKind.PAID_LATE, order=paid.order, voucher=paid, opened_at=MONDAY)
    desk: Client = at_desk("disputes", "luz")
    for row in (paid.order, refund, anomaly):
        name = str(row._meta.model_name)
        shown = desk.get(reverse(f"admin:pagoefectivo_{name}_change", args=[row.pk])).content.decode()
        assert open_address(name, row.pk).replace("&", "&amp;") in shown, name
        unseen = at_desk("onlooker").get(reverse(f"admin:pagoefectivo_{name}_change", args=[row.pk]))
        assert reverse("admin:pagoefectivo_case_open") not in unseen.content.decode()
    form = desk.get(open_address("refund", refund.pk), headers=ENGLISH).content.decode()
    assert 'value="30.00"' in form
    wanted = {"kind": "inquiry", "about": "where is it", "amount": "30.00", "currency": "PEN", "days": "5"}
    answer = desk.post(open_address("refund", refund.pk), wanted, follow=True, headers=ENGLISH)
    case = Case.objects.get()
    assert answer.redirect_chain == [(page_of(case), 302)]
    page = text_of(answer)
    assert "The case is open and yours." in page
    assert "luz works on it. The evidence has not been sent to anybody yet. 5 business days left." in page
    assert "outcome unknown" in page
    again = desk.get(open_address("refund", refund.pk), headers=ENGLISH)
    assert f"Open already: {case.public_id}" in text_of(again)
    assert desk.post(open_address("refund", refund.pk), {**wanted, "about": ""}).status_code == 422
    for address in (open_address("refund", 999), open_address("user", 1), open_address("order", -1)):
        assert desk.get(address).status_code == 404
    assert Case.objects.count() == 1


def test_the_list_shows_what_is_due_first_and_counts_it(at_desk: Any, person: Any, case: Case, paid: Voucher) -> None:
    actor = staff(person("disputes", "luz"))
    with seams.use(now=lambda: MONDAY):
        early = cases.open_case(LinkKind.VOUCHER, paid.pk, Opening(CaseKind.INQUIRY, "when", days=1), actor=actor)
        ended = cases.open_case(LinkKind.VOUCHER, paid.pk, Opening(CaseKind.DISPUTE, "twice"), actor=actor)
        cases.assign(early.public_id, None, actor=actor)
        cases.end(ended.public_id, CaseStanding.WITHDRAWN, "a mistake", actor=actor)
    desk = at_desk("disputes", "luz")
    with seams.use(now=lambda: MONDAY + timedelta(days=4)):
        page = text_of(desk.get(reverse(LIST), headers=ENGLISH))
        assert "1 case is due today or overdue. Overdue of these: 1." in page
        assert page.index(early.public_id) < page.index(case.public_id)
        assert "overdue for 3 business days" in page
        assert "1 business day left" in page
        assert ended.public_id not in page

        def listed(**asked: str) -> set[str]:
            shown = text_of(desk.get(reverse(LIST), asked, headers=ENGLISH))
            return {each.public_id for each in (case, early, ended) if each.public_id in shown}

        assert listed(work="due") == listed(work="nobody") == listed(q=early.public_id.lower()) == {early.public_id}
        assert listed(work="mine") == {case.public_id}
        assert listed(work="ended") == {ended.public_id}
        assert len(listed(work="all")) == 3
        assert listed(q=paid.order.reference) == {case.public_id, early.public_id}
    Case.objects.filter(ended_at=None).update(due_date=date(2027, 3, 1))
    with seams.use(now=lambda: MONDAY):
        assert "Nothing is due today and nothing is overdue." in text_of(desk.get(reverse(LIST), headers=ENGLISH))


def test_small_acts_are_done_on_the_page_and_hostile_words_stay_words(at_desk: Any, case: Case, paid: Voucher) -> None:
    """G08 as well."""
    desk = at_desk("disputes", "luz")
    hostile = '<script>alert("x")</script>'

    def post(act: str, **said: str) -> str:
        return text_of(desk.post(page_of(case, act), said, follow=True, headers=ENGLISH))

    assert "<script>alert" not in desk.post(page_of(case, "note"), {"text": hostile}, follow=True).content.decode()
    assert "At hand: proof that it was delivered" in post(
        "tick", exhibit="delivery", is_there="on", where="courier 4711"
    )
    assert "courier 4711" in post("link", number=paid.public_id)
    assert "Nothing has this number." in post("link", number="nonsense")
    assert "Nothing was changed" in post("note", text=" ")
    assert "CASE_INCOMPLETE" in post("tick", exhibit="payment", is_there="on", where="x")
    link = case.links.get(what="voucher").pk
    assert "Link taken away: payment code" in post("unlink", link=str(link))
    assert "Evidence sent: the bank" in post("sent", to="bank", how="ticket 9")
    assert "Responsibility: the provider" in post("judge", responsible="provider", why="they confirmed late")
    assert "Deadline moved from 30/11/2026 to 04/01/2027" in post("due", day="2027-01-04", why="they asked")
    assert "Given from luz to nobody" in post("assign", owner="")
    page = post("take")
    assert "Given from nobody to luz" in page
    assert "The evidence was sent to the bank on" in page
    assert desk.post(page_of(case, "end"), {"outcome": "open", "reason": "x"}).status_code == 422
    page = post("end", outcome="won", reason="the bank agreed")
    assert "✓ won Ended on" in page
    assert "the bank agreed" in page
    assert page_of(case, "end") not in desk.get(page_of(case)).content.decode()
    assert "CASE_ENDED" in post("sent", to="bank", how="again")


def test_an_open_case_stands_on_its_order_and_among_the_work_of_its_owner(
    at_desk: Any, case: Case, paid: Voucher
) -> None:
    order_page = reverse("admin:pagoefectivo_order_change", args=[paid.order_id])
    queue = reverse("admin:pagoefectivo_ownership_changelist")
    due = f"{case.due_date:%d/%m/%Y}"
    desk = at_desk("disputes", "luz")
    page = desk.get(order_page, headers=ENGLISH)
    assert f"Open case {case.public_id} · luz · due {due}" in text_of(page)
    assert page_of(case) in page.content.decode()
    assert "Next: A case is open" in text_of(page)
    assert "All is as it should be" not in text_of(page)
    assert f"Case {case.public_id} was opened" in text_of(page), "in the timeline"
    mine = text_of(desk.get(queue, headers=ENGLISH))
    assert "Yours: 1" in mine
    assert f"Your open cases · due {due} · nothing arrived" in mine
    assert case.public_id not in text_of(at_desk("disputes", "rosa").get(queue, headers=ENGLISH))
    cases.end(case.public_id, CaseStanding.WON, "proof of delivery", actor=staff(case.owner))
    page = desk.get(order_page, headers=ENGLISH)
    assert "Open case" not in text_of(page)
    assert f"Case {case.public_id} ended" in text_of(page)
    assert case.public_id not in text_of(desk.get(queue, headers=ENGLISH))


def test_what_one_may_not_do_to_a_case_says_whose_it_is(at_desk: Any, case: Case) -> None:
    for permission, said in (
        ("close_case", "How it ended … only finance"),
        ("bundle_case", "Evidence bundle … only finance"),
    ):
        assert said in text_of(at_desk(f"all but {permission}").get(page_of(case), headers=ENGLISH))
        assert said not in text_of(at_desk("disputes").get(page_of(case), headers=ENGLISH))


def test_the_bundle_and_the_letters_are_handed_out_as_files(at_desk: Any, case: Case) -> None:
    desk = at_desk("disputes", "luz")
    page = desk.get(page_of(case, "bundle")).content.decode()
    assert "with_pictures" not in page, "only for those who may see pictures"
    assert desk.post(page_of(case, "bundle"), {"reason": ""}).status_code == 422
    assert not case.entries.filter(act="bundled").exists()
    answer = desk.post(page_of(case, "bundle"), {"reason": "the bank asks", "with_pictures": "on"})
    content = b"".join(answer.streaming_content)
    entry = case.entries.get(act="bundled")
    assert answer["Content-Type"] == "application/zip"
    assert "no-store" in answer["Cache-Control"]
    assert (
        answer["Content-Disposition"] == f'attachment; filename="{case.public_id}-{entry.details["sha256"][:12]}.zip"'
    )
    assert (len(content), entry.details["pictures"]) == (entry.details["bytes"], False)
    shown = desk.get(page_of(case, "letter"), {"to": "buyer"}).content.decode()
    assert "Asunto: tu pedido" in shown
    file = desk.get(page_of(case, "letter"), {"to": "provider", "download": "1"})
    assert file["Content-Disposition"] == f'attachment; filename="{case.public_id}-provider.txt"'
    assert "dLocal support team" in file.content.decode()


def test_G17_every_door_of_a_case_asks_for_its_own_permission(at_desk: Any, case: Case, paid: Voucher) -> None:
    before = everything()
    opening = {"kind": "dispute", "about": "x", "currency": "PEN", "days": "5"}
    for act, permission in NEEDS.items():
        for desk in ("onlooker", f"all but {permission}"):
            browser = at_desk(desk)
            assert browser.post(page_of(case, act), FORM).status_code in {403, 405}, act
            assert browser.get(page_of(case, act)).status_code in {403, 405}, act
            assert page_of(case, act) not in browser.get(page_of(case)).content.decode(), act
    for desk in ("onlooker", "all but open_case"):
        assert at_desk(desk).post(open_address("voucher", paid.pk), opening).status_code == 403
    blind = at_desk("support_n1")
    assert [blind.get(page_of(case, act)).status_code for act in ("change", "note", "bundle")] == [403, 405, 403]
    for act in NEEDS:
        assert at_desk("disputes", enforce_csrf_checks=True).post(page_of(case, act), FORM).status_code in {403, 405}
        at_desk("disputes").get(page_of(case, act))  # G07: looking writes nothing
    assert everything() == before


def test_the_pages_ask_a_pinned_number_of_questions(at_desk: Any, case: Case, person: Any) -> None:
    for _ in range(3):
        order = place_voucher(place_order(OrderState.EXPIRED), VoucherState.EXPIRED).order
        actor = staff(person("disputes", "luz"))
        cases.open_case(LinkKind.ORDER, order.pk, Opening(CaseKind.DISPUTE, "x"), actor=actor)
        cases.link(case.public_id, order.reference, actor=actor)
    browser = at_desk("disputes", "luz")
    counted = {}
    for name, address in {
        "list": reverse(LIST),
        "page": page_of(case),
        "form": open_address("order", order.pk),
    }.items():
        browser.get(address)
        with CaptureQueriesContext(connection) as asked:
            browser.get(address)
        counted[name] = len(asked)
    assert counted == {"list": 7, "page": 13, "form": 10}
