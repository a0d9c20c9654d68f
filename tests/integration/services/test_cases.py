"""Working on a case: opened once, each act by who may, everything in its history, and nothing of it moves money."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import Permission as DjangoPermission
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from pagoefectivo.domain.cases import CaseKind, CaseStanding, Exhibit, LinkKind, Responsible
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, PagoEfectivoError, RuleRefused, StateConflict
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.states import AnomalyKind, OrderState, RefundState, VoucherState
from pagoefectivo.models import Anomaly, Case, CaseEntry, CaseLink, Order, Voucher
from pagoefectivo.selectors.cases import cases_due, checklist
from pagoefectivo.services import bundles, cases, letters, retention, seams
from pagoefectivo.services.actors import SHOP, SYSTEM, Actor, Permission, PermissionRefused, staff
from pagoefectivo.services.cases import Opening
from pagoefectivo.services.letters import Addressee
from tests.integration.admin.conftest import everything
from tests.integration.pages.stage import place_order, place_refund, place_voucher

pytestmark = pytest.mark.django_db(transaction=True)
CASES = ("open_case", "work_case", "assign_case", "close_case", "bundle_case")
DISPUTE = Opening(CaseKind.DISPUTE, "the buyer says that nothing arrived", Decimal("89.90"), "PEN")
MONDAY = datetime(2026, 11, 23, 10, tzinfo=LIMA)


def hired(name: str, *codenames: str) -> User:
    user = User.objects.create(username=name, is_staff=True)
    user.user_permissions.set(DjangoPermission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def luz(db: None) -> Actor:
    return staff(hired("luz", *CASES))


@pytest.fixture
def paid(psp: Any) -> Voucher:
    """An order that was paid, without a provider behind it."""
    order = place_order(OrderState.PAID, paid_amount=Decimal("89.90"))
    return place_voucher(order, VoucherState.PAID)


@pytest.fixture
def case(paid: Voucher, luz: Actor) -> Case:
    with seams.use(now=lambda: MONDAY):
        return cases.open_case(LinkKind.ORDER, paid.order_id, DISPUTE, actor=luz)


def late(voucher: Voucher, kind: AnomalyKind = AnomalyKind.PAID_LATE) -> Anomaly:
    return Anomaly.objects.create(kind=kind, order=voucher.order, voucher=voucher, opened_at=MONDAY)


def code_of(refusal: pytest.ExceptionInfo[Any]) -> str:
    error: PagoEfectivoError = refusal.value
    return error.code


def acts_of(case: Case) -> list[str]:
    return list(case.entries.values_list("act", flat=True))


def test_a_case_is_opened_once_with_what_stands_above_it(paid: Voucher, luz: Actor) -> None:
    anomaly, refund = late(paid), place_refund(paid, RefundState.PENDING)
    eva = staff(hired("eva", *CASES))
    with seams.use(now=lambda: MONDAY):
        case = cases.open_case(LinkKind.ANOMALY, anomaly.pk, Opening(CaseKind.ANOMALY, "paid late"), actor=luz)
        again = cases.open_case(LinkKind.ANOMALY, anomaly.pk, DISPUTE, actor=eva)
        of_refund = cases.open_case(LinkKind.REFUND, refund.pk, Opening(CaseKind.INQUIRY, "where is it"), actor=eva)
        other_kind = cases.open_case(LinkKind.REFUND, refund.pk, DISPUTE, actor=eva)
    assert again == case
    assert of_refund != other_kind
    assert (case.kind, case.standing, case.owner, case.opened_by) == (
        "anomaly",
        "open",
        User.objects.get(username="luz"),
        "staff:luz",
    )
    assert case.due_date == date(2026, 11, 25), "two business days from Monday"
    assert of_refund.due_date == date(2026, 11, 30), "five, and a weekend"
    assert set(case.links.values_list("what", "row_id")) == {
        ("order", paid.order_id),
        ("voucher", paid.pk),
        ("anomaly", anomaly.pk),
    }
    assert set(of_refund.links.values_list("what", flat=True)) == {"order", "voucher", "refund"}
    assert (Case.objects.count(), CaseEntry.objects.filter(act="opened").count()) == (3, 3)
    with pytest.raises(NotFound):
        cases.open_case(LinkKind.PROOF, 999, DISPUTE, actor=luz)
    for lacking in (
        Opening(CaseKind.DISPUTE, "  "),
        Opening(CaseKind.DISPUTE, "x", Decimal(1), "EUR"),
        Opening(CaseKind.DISPUTE, "x", days=91),
    ):
        with pytest.raises(RuleRefused) as refusal:
            cases.open_case(LinkKind.ORDER, paid.order_id, lacking, actor=luz)
        assert code_of(refusal) == ErrorCode.CASE_INCOMPLETE
    assert Case.objects.count() == 3


def test_two_who_open_a_case_about_one_anomaly_at_once_get_the_same(paid: Voucher, luz: Actor) -> None:
    anomaly, eva = late(paid), staff(hired("eva", *CASES))
    together = Barrier(2)

    def opens(actor: Actor) -> Case:
        together.wait(10)
        try:
            return cases.open_case(LinkKind.ANOMALY, anomaly.pk, Opening(CaseKind.ANOMALY, "paid late"), actor=actor)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(opens, (luz, eva))
    assert one == other == Case.objects.get()
    assert one.opened_by == other.opened_by
    assert CaseEntry.objects.count() == 1


def test_the_database_itself_takes_one_open_case_about_one_thing(case: Case) -> None:
    case.pk = None
    case.public_id = "K-22222222"
    with pytest.raises(IntegrityError, match="pe_case_open_once_subject"), transaction.atomic():
        case.save()
    assert Case.objects.count() == 1


def test_each_act_stands_in_the_history_with_its_person(case: Case, luz: Actor, paid: Voucher) -> None:
    eva = hired("eva", "work_case")
    other = place_voucher(place_order(OrderState.EXPIRED), VoucherState.EXPIRED).order
    name = case.public_id
    with seams.use(now=lambda: MONDAY):
        cases.note(name, "called the buyer", actor=luz)
        cases.link(name, f" {other.reference} ", actor=luz)
        cases.link(name, other.reference, actor=luz)
        cases.unlink(name, case.links.get(row_id=other.pk).pk, actor=luz)
        cases.judge(name, Responsible.PROVIDER, "confirmed a day late", actor=luz)
        cases.move_due_date(name, date(2026, 12, 10), "they asked for time", actor=luz)
        cases.tick(name, Exhibit.DELIVERY, is_there=True, where="courier 4711", actor=luz)
        cases.assign(name, eva.pk, actor=luz)
        cases.send_evidence(name, Responsible.PROVIDER, "ticket 12", actor=staff(eva))
        cases.end(name, CaseStanding.WON, "they agreed", actor=luz)
        cases.note(name, "told the buyer", actor=staff(eva))
    case.refresh_from_db()
    assert acts_of(case) == [
        *("opened", "noted", "linked", "unlinked", "judged", "due_moved", "ticked", "assigned", "evidence_sent"),
        *("ended", "noted"),
    ]
    assert list(case.entries.values_list("actor", flat=True))[-3:] == ["staff:eva", "staff:luz", "staff:eva"]
    assert (case.standing, case.responsible, case.due_date, case.owner) == ("won", "provider", date(2026, 12, 10), eva)
    assert case.ended_at == MONDAY
    assert case.entries.get(act="due_moved").details == {"due_before": "2026-11-30", "due": "2026-12-10"}
    order = Order.objects.get(pk=paid.order_id)
    assert (order.state, order.paid_amount, order.changes.count()) == ("paid", Decimal("89.90"), 0)
    before = everything()
    too_late: list[Callable[[], Any]] = [
        lambda: cases.judge(name, Responsible.BANK, "x", actor=luz),
        lambda: cases.end(name, CaseStanding.LOST, "x", actor=luz),
        lambda: cases.assign(name, luz.user_id, actor=luz),
    ]
    for act in too_late:
        with pytest.raises(StateConflict) as refusal:
            act()
        assert code_of(refusal) == ErrorCode.CASE_ENDED
    assert everything() == before


def test_what_does_not_fit_is_refused_and_nothing_is_written(
    case: Case, luz: Actor, account: Any, settings: Any
) -> None:
    elsewhere = place_order(account="other")
    place_voucher(elsewhere)
    stranger = hired("ana", "view_case")
    name = case.public_id
    refused: dict[Callable[[], Any], ErrorCode] = {
        lambda: cases.note(name, "  ", actor=luz): ErrorCode.CASE_INCOMPLETE,
        lambda: cases.note(name, "x" * 2001, actor=luz): ErrorCode.CASE_INCOMPLETE,
        lambda: cases.link(name, "A-nowhere", actor=luz): ErrorCode.CASE_LINK_UNKNOWN,
        lambda: cases.link(name, elsewhere.reference, actor=luz): ErrorCode.CASE_OTHER_ACCOUNT,
        lambda: cases.unlink(name, case.links.get().pk, actor=luz): ErrorCode.CASE_INCOMPLETE,
        lambda: cases.assign(name, stranger.pk, actor=luz): ErrorCode.CASE_OWNER_UNFIT,
        lambda: cases.tick(name, Exhibit.PAYMENT, is_there=True, where="x", actor=luz): ErrorCode.CASE_INCOMPLETE,
        lambda: cases.send_evidence(name, Responsible.US, "x", actor=luz): ErrorCode.CASE_INCOMPLETE,
        lambda: cases.end(name, CaseStanding.OPEN, "x", actor=luz): ErrorCode.CASE_INCOMPLETE,
        lambda: cases.move_due_date(name, date(2020, 1, 1), "x", actor=luz): ErrorCode.CASE_INCOMPLETE,
        lambda: cases.unlink(name, 999, actor=luz): ErrorCode.STATE_CONFLICT,
        lambda: cases.note("K-nowhere", "x", actor=luz): ErrorCode.NOT_FOUND,
    }
    # the one link that is left names only its order
    before = everything()
    for act, code in refused.items():
        with pytest.raises(PagoEfectivoError) as refusal:
            act()
        assert code_of(refusal) == code
    assert everything() == before


def test_G17_each_act_needs_its_own_permission_and_a_person(case: Case, paid: Voucher, luz: Actor) -> None:
    name, boss = case.public_id, luz.user_id
    doings: dict[Callable[[Actor], Any], Permission] = {
        lambda who: cases.open_case(LinkKind.VOUCHER, paid.pk, DISPUTE, actor=who): Permission.OPEN_CASES,
        lambda who: cases.note(name, "x", actor=who): Permission.WORK_CASES,
        lambda who: cases.link(name, paid.public_id, actor=who): Permission.WORK_CASES,
        lambda who: cases.judge(name, Responsible.SHOP, "x", actor=who): Permission.WORK_CASES,
        lambda who: cases.send_evidence(name, Responsible.BANK, "x", actor=who): Permission.WORK_CASES,
        lambda who: cases.tick(name, Exhibit.DELIVERY, is_there=True, where="x", actor=who): Permission.WORK_CASES,
        lambda who: cases.assign(name, None, actor=who): Permission.ASSIGN_CASES,
        lambda who: cases.assign(name, boss, actor=who): Permission.ASSIGN_CASES,
        lambda who: cases.end(name, CaseStanding.WON, "x", actor=who): Permission.CLOSE_CASES,
        lambda who: bundles.make(name, reason="x", with_pictures=False, actor=who): Permission.BUNDLE_CASES,
        lambda who: letters.letter(name, Addressee.BUYER, actor=who): Permission.WORK_CASES,
    }
    every = frozenset(Permission)
    insider = User.objects.create(username="insider", is_staff=True)
    before = everything()
    for act, needed in doings.items():
        with pytest.raises(PermissionRefused) as refusal:
            act(Actor("staff:insider", every - {needed}, user_id=insider.pk))
        assert refusal.value.permission == needed
    for machine in (SHOP, SYSTEM, Actor("key:erp", every)):
        for act in list(doings)[:-1]:
            with pytest.raises(PermissionRefused):
                act(machine)
    with pytest.raises(PermissionRefused):
        bundles.make(
            name,
            reason="x",
            with_pictures=True,
            actor=Actor("staff:insider", every - {Permission.REVIEW_PROOFS}, user_id=insider.pk),
        )
    assert everything() == before


def test_G19_the_history_is_only_ever_added_to(case: Case, luz: Actor) -> None:
    cases.note(case.public_id, "a note", actor=luz)
    entry = case.entries.get(act="noted")
    for statement in (
        "UPDATE pagoefectivo_caseentry SET actor = 'staff:eva'",
        "UPDATE pagoefectivo_caseentry SET note = ''",
        "UPDATE pagoefectivo_caseentry SET details = '{}'",
        "DELETE FROM pagoefectivo_caseentry",
        "UPDATE pagoefectivo_case SET opened_by = 'staff:eva'",
        "UPDATE pagoefectivo_case SET subject = 'order:1'",
    ):
        with pytest.raises(IntegrityError, match="is refused"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert CaseEntry.objects.get(pk=entry.pk).note == "a note"
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM pagoefectivo_caseentry WHERE act = 'noted'")
        assert "a note" not in cursor.fetchone()[0], "encrypted at rest"


def test_what_is_due_is_counted_by_the_calendar_of_lima(
    case: Case, luz: Actor, paid: Voucher, django_assert_num_queries: Any
) -> None:
    with seams.use(now=lambda: MONDAY):
        early = cases.open_case(LinkKind.VOUCHER, paid.pk, Opening(CaseKind.INQUIRY, "when", days=0), actor=luz)
    with django_assert_num_queries(2):
        due = cases_due(MONDAY)
    assert (due.count, due.overdue, due.is_more, due.oldest) == (1, 0, False, early)
    late_evening = datetime(2026, 11, 30, 23, 59, tzinfo=LIMA)
    assert (cases_due(late_evening).count, cases_due(late_evening).overdue) == (2, 1)
    assert cases_due(late_evening + timedelta(minutes=1)).overdue == 2
    cases.end(early.public_id, CaseStanding.CLOSED, "answered", actor=luz)
    assert cases_due(late_evening).oldest == case


def test_the_checklist_tells_what_is_at_hand(
    case: Case, luz: Actor, paid: Voucher, django_assert_num_queries: Any
) -> None:
    place_refund(paid, RefundState.SUCCEEDED)
    place_refund(paid, RefundState.PENDING)
    place_refund(paid, RefundState.CANCELED)
    cases.tick(case.public_id, Exhibit.DELIVERY, is_there=True, where="courier", actor=luz)
    cases.tick(case.public_id, Exhibit.CONVERSATION, is_there=True, where="mail", actor=luz)
    cases.tick(case.public_id, Exhibit.CONVERSATION, is_there=False, where="", actor=luz)
    entries = list(case.entries.all())
    with django_assert_num_queries(4):
        lines = {line.exhibit: line for line in checklist([paid.order_id], entries)}
    assert not lines[Exhibit.PAYMENT].is_there, "no statement of the provider is in this database"
    assert (lines[Exhibit.REFUND].found, lines[Exhibit.REFUND].wanted, lines[Exhibit.REFUND].is_there) == (1, 2, False)
    assert not lines[Exhibit.PROOFS].is_needed
    assert lines[Exhibit.DELIVERY].is_there
    assert not lines[Exhibit.CONVERSATION].is_there


def test_G26_nothing_of_an_order_is_erased_while_a_case_is_open_and_its_notes_go_with_the_buyer(
    case: Case, luz: Actor, paid: Voucher
) -> None:
    cases.note(case.public_id, "María Quispe called", actor=luz)
    aged = seams.now() + timedelta(days=800)
    with seams.use(now=lambda: aged):
        assert retention.purge(actor="shell:ana").buyers == 0
        assert Order.objects.get(pk=paid.order_id).payer_email
    cases.end(case.public_id, CaseStanding.LOST, "María was right", actor=luz)
    with seams.use(now=lambda: aged + timedelta(days=800)):
        assert retention.purge(actor="shell:ana").buyers == 1
    assert set(case.entries.values_list("note", flat=True)) == {""}
    assert acts_of(case) == ["opened", "noted", "ended"]
    assert CaseLink.objects.count() == 1
