"""A month is closed by two people, stays as they signed it, and is opened again by two."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, RuleRefused, StateConflict
from pagoefectivo.domain.month import CloseState, MonthReport, Step
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import (
    BankReceipt,
    CloseAct,
    Discrepancy,
    MonthlyClose,
    SettlementLine,
    SettlementReport,
)
from pagoefectivo.selectors.months import closed_months, report_of
from pagoefectivo.services import closing, discrepancies, seams
from pagoefectivo.services.actors import SHOP, Actor, PermissionRefused, api_key
from pagoefectivo.services.closing import Arrival
from tests.integration.pages.stage import place_refund
from tests.integration.services.closing_stage import (
    NOVEMBER,
    TENTH,
    closed,
    finance,
    paid,
    prepared,
    refusal,
    refused_by_database,
    settled_november,
)
from tests.integration.settlement_files import Row, bring, file_of, of_refund, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
DECEMBER = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _in_december(psp: Any) -> Any:
    """The month is over, and what was paid on its last days is due."""
    with seams.use(now=lambda: datetime(2026, 12, 9, 15, tzinfo=UTC)):
        yield


@pytest.fixture
def luz() -> Actor:
    return finance("luz")


@pytest.fixture
def marco() -> Actor:
    return finance("marco")


def amounts(report: MonthReport, currency: str = "USD") -> dict[str, tuple[Decimal, int]]:
    flow = next(each for each in report.flows if each.currency == currency)
    return {step.value: (flow.of(step).amount, flow.of(step).lines) for step in Step}


def left(report: MonthReport) -> set[str]:
    return {check.name for check in report.checks if check.left and check.blocks}


def test_R16_the_figures_of_a_month_are_exact_to_the_cent(luz: Actor) -> None:
    one, two = paid("75.00"), paid("37.50")
    refund = place_refund(one, RefundState.SUCCEEDED, "15.00", provider_reference="REF-1")
    rows = [
        of_voucher(one),
        of_voucher(two, fee=D("-0.504000")),
        of_refund(refund),
        Row("D-4-cb", D("-7.50"), kind="CHARGEBACK", fee=D("0.000000")),
        Row("D-4-note", D("-3.75"), kind="ADJUSTMENT", fee=D("0.000000")),
    ]
    bring(file_of(rows))
    closing.note_receipt(
        "default", NOVEMBER, Arrival(currency="USD", amount=D("20.99"), day=date(2026, 11, 16)), actor=luz
    )
    report = report_of("default", NOVEMBER)
    assert amounts(report) == {
        "gross": (D("30.00"), 2),
        "fees": (D("-2.00"), 3),
        "tax": (D("0.00"), 0),
        "refunds": (D("-4.00"), 1),
        "disputes": (D("-2.00"), 1),
        "adjustments": (D("-1.00"), 1),
        "net": (D("21.00"), 5),
        "bank": (D("20.99"), 1),
    }
    booked = sum(SettlementLine.objects.values_list("booked", flat=True))
    assert abs(amounts(report)["net"][0] - booked) <= D("0.005")
    assert sum(each.net for each in report.classes) == amounts(report)["net"][0]
    assert next(check for check in report.checks if check.name == "bank_USD").left == 1


def test_R16_the_checklist_says_what_is_left_and_hinders_the_signatures(luz: Actor, account: Any) -> None:
    account(SETTLES="T+3")
    assert left(report_of("default", NOVEMBER)) == {"files"}
    code = refusal(lambda: prepared(luz)).code
    assert code == ErrorCode.MONTH_NOT_READY
    voucher = paid()
    paid("12.00")
    place_refund(voucher, RefundState.UNKNOWN)
    SettlementReport.objects.create(
        account="default", sha256="a" * 64, size=1, created_at=TENTH, brought_by="x", path="staff"
    )
    bring(file_of([of_voucher(voucher), Row("D-4-nobody", D("12.00"))]))
    report = report_of("default", NOVEMBER)
    assert left(report) == {"half_read", "differences", "overdue", "refunds"}
    said = refusal(lambda: prepared(luz))
    assert isinstance(said, RuleRefused)
    assert {reason.field for reason in said.reasons} == left(report)


@translation.override("en")
def test_R16_a_month_is_not_closed_before_it_is_over_nor_before_an_earlier_one(luz: Actor) -> None:
    bring(
        file_of(
            [of_voucher(paid(at=datetime(2026, 10, 9, 15, tzinfo=UTC)), at="2026-10-09 15:00:00")], day="2026-10-12"
        )
    )
    settled_november()
    assert left(report_of("default", NOVEMBER)) == {"order"}
    with seams.use(now=lambda: datetime(2026, 12, 1, 4, 59, tzinfo=UTC)):
        report = report_of("default", NOVEMBER)
        assert "over" in left(report)
        assert report.checks[0].said == "The month is not over yet: it ends in Lima with Nov 30, 2026."
        assert refusal(lambda: prepared(luz)).code == ErrorCode.MONTH_NOT_READY
    with seams.use(now=lambda: datetime(2026, 12, 1, 5, tzinfo=UTC)):
        report = report_of("default", NOVEMBER)
        assert "over" not in left(report)
        assert report.checks[0].said == "The month is over in Lima."


def test_R16_what_is_paid_and_not_due_yet_is_in_transit(luz: Actor, account: Any) -> None:
    account(SETTLES="T+3")
    settled_november()
    paid("40.00", at=datetime(2026, 11, 30, 18, tzinfo=UTC))
    report = report_of("default", NOVEMBER)
    assert [(each.currency, each.payments, each.amount) for each in report.transits] == [("PEN", 1, D("40.00"))]
    assert left(report) == {"overdue"}, "on 9 December it is due"
    with seams.use(now=lambda: datetime(2026, 12, 2, 15, tzinfo=UTC)):
        assert left(report_of("default", NOVEMBER)) == set()
        assert prepared(luz).standing == CloseState.PREPARED


def test_R16_two_people_close_a_month_and_its_rows_stay(luz: Actor, marco: Actor) -> None:
    settled_november()
    close = closed(luz, marco)
    report = report_of("default", NOVEMBER)
    assert (report.state, report.digest) == (CloseState.CLOSED, close.digest)
    assert (report.prepared_by, report.signed_by) == ("luz", "marco")
    assert not left(report)
    assert list(CloseAct.objects.values_list("act", "digest")) == [("prepared", close.digest), ("signed", close.digest)]
    line = SettlementLine.objects.get()
    again = SettlementLine.objects.get()
    again.pk, again.identity = None, "another"
    for do in (
        lambda: SettlementLine.objects.update(booked=D(1)),
        lambda: SettlementLine.objects.update(month=DECEMBER),
        lambda: SettlementLine.objects.filter(pk=line.pk)._raw_delete("default"),
        lambda: again.save(force_insert=True),
        lambda: Discrepancy.objects.create(
            account="default", verdict="missing_there", month=NOVEMBER, amount=1, currency="PEN", opened_at=TENTH
        ),
        lambda: BankReceipt.objects.create(
            account="default", month=NOVEMBER, currency="USD", amount=1, day=TENTH, noter_id=luz.user_id or 0, at=TENTH
        ),
        lambda: MonthlyClose.objects.update(signed_by="staff:eve"),
        lambda: MonthlyClose.objects.update(standing="open", digest=""),
        lambda: MonthlyClose.objects.update(standing="reopening", digest="0" * 64),
        lambda: MonthlyClose.objects.all()._raw_delete("default"),
        lambda: CloseAct.objects.all()._raw_delete("default"),
        lambda: MonthlyClose.objects.create(account="default", month=NOVEMBER, revision=2),
    ):
        assert refused_by_database(do)


def test_G17_nobody_closes_a_month_alone(luz: Actor, marco: Actor) -> None:
    settled_november()
    close = prepared(luz)
    assert refusal(lambda: closing.sign("default", NOVEMBER, close.digest, actor=luz)).code == ErrorCode.MONTH_SELF
    User.objects.filter(username="luz").update(username="another-name")
    renamed = finance("another-name")
    assert renamed.user_id == luz.user_id
    assert refusal(lambda: closing.sign("default", NOVEMBER, close.digest, actor=renamed)).code == ErrorCode.MONTH_SELF
    key = api_key("till", ["months:sign", "months:prepare"], [], owner_id=marco.user_id)
    for actor in (key, SHOP, Actor("staff:ana", frozenset(), user_id=marco.user_id)):
        with pytest.raises(PermissionRefused):
            closing.sign("default", NOVEMBER, close.digest, actor=actor)
    now = {"signed_at": TENTH, "standing": "closed"}
    assert refused_by_database(lambda: MonthlyClose.objects.update(signed_by="staff:luz", signer=marco.user_id, **now))
    assert refused_by_database(lambda: MonthlyClose.objects.update(signed_by="staff:x", signer=luz.user_id, **now))
    assert refused_by_database(lambda: MonthlyClose.objects.update(prepared_by="staff:x"))


def test_R16_who_signs_signs_what_they_saw(luz: Actor, marco: Actor) -> None:
    settled_november()
    stale = prepared(luz)
    assert refusal(lambda: closing.sign("default", NOVEMBER, "0" * 64, actor=marco)).code == ErrorCode.MONTH_CHANGED
    bring(file_of([of_voucher(paid("20.00"))], transfer="TR-2"))
    assert "changed" in left(report_of("default", NOVEMBER))
    assert refusal(lambda: closing.sign("default", NOVEMBER, stale.digest, actor=marco)).code == ErrorCode.MONTH_CHANGED
    closing.withdraw("default", NOVEMBER, actor=marco)
    fresh = prepared(luz)
    assert fresh.digest != stale.digest
    assert refusal(lambda: closing.sign("default", NOVEMBER, stale.digest, actor=marco)).code == ErrorCode.MONTH_CHANGED
    closing.sign("default", NOVEMBER, fresh.digest, actor=marco)
    assert MonthlyClose.objects.count() == 1


def test_R16_of_two_who_sign_at_once_one_does(luz: Actor, marco: Actor) -> None:
    settled_november()
    digest, eva = prepared(luz).digest, finance("eva")
    outcomes: list[object] = []
    begin = threading.Barrier(2)

    def sign(actor: Actor) -> None:
        begin.wait()
        try:
            outcomes.append(closing.sign("default", NOVEMBER, digest, actor=actor).signed_by)
        except StateConflict as conflict:
            outcomes.append(conflict.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=(actor,)) for actor in (marco, eva)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    assert ErrorCode.STATE_CONFLICT in outcomes
    assert MonthlyClose.objects.get().signed_by in outcomes
    assert CloseAct.objects.filter(act="signed").count() == 1


def test_R16_a_line_that_comes_after_the_close_goes_to_the_next_open_month(luz: Actor, marco: Actor) -> None:
    settled_november()
    before = closed(luz, marco).digest
    bring(file_of([of_voucher(paid("20.00"))], transfer="TR-2"))
    late = SettlementLine.objects.latest("pk")
    assert (late.own_month, late.month, late.verdict) == (NOVEMBER, DECEMBER, "matched")
    november, december = report_of("default", NOVEMBER), report_of("default", DECEMBER)
    assert (november.digest, left(november), november.late_lines) == (before, set(), 0)
    assert december.late_lines == 1
    assert closed_months("default") == [(NOVEMBER, DECEMBER)]


def test_R16_a_difference_of_a_closed_month_is_left_as_it_is(luz: Actor, marco: Actor) -> None:
    voucher = paid("50.00")
    bring(file_of([of_voucher(voucher, amount=D("45.00"))]))
    number = Discrepancy.objects.get().pk
    assert "differences" in left(report_of("default", NOVEMBER))
    discrepancies.settle(number, "rounding", "the counter's till", actor=luz)
    closed(luz, marco)
    for do in (
        lambda: discrepancies.reopen(number, "no", actor=luz),
        lambda: discrepancies.take(number, actor=luz),
        lambda: discrepancies.note(number, "x", actor=luz),
        lambda: discrepancies.open_case(
            number, actor=Actor("staff:luz", frozenset(SHOP.permissions), user_id=luz.user_id)
        ),
        lambda: discrepancies.match(number, [discrepancies.Part(voucher.public_id, D("45.00"))], actor=luz),
    ):
        said = refusal(do)
        assert said.code == ErrorCode.MONTH_CLOSED
        assert isinstance(said, RuleRefused)
        assert "2026" in said.reasons[0].message
    assert refused_by_database(lambda: Discrepancy.objects.update(settled_by="eve"))


def test_R16_a_closed_month_is_opened_again_by_two_people(luz: Actor, marco: Actor) -> None:
    settled_november()
    first = closed(luz, marco)
    assert refusal(lambda: closing.ask_reopening("default", NOVEMBER, " ", actor=luz)).code == ErrorCode.MONTH_UNSAID
    assert isinstance(refusal(lambda: closing.reopen("default", NOVEMBER, actor=marco)), StateConflict)
    closing.ask_reopening("default", NOVEMBER, "a file was missing", actor=luz)
    assert report_of("default", NOVEMBER).state is CloseState.REOPENING
    assert refusal(lambda: closing.reopen("default", NOVEMBER, actor=luz)).code == ErrorCode.MONTH_SELF
    assert refused_by_database(
        lambda: MonthlyClose.objects.update(agreed_by="staff:x", agreer=luz.user_id, agreed_at=TENTH)
    )
    assert closed_months("default"), "it stays closed until the second agrees"
    closing.reopen("default", NOVEMBER, actor=marco)
    assert not closed_months("default")
    assert report_of("default", NOVEMBER).revision == 2
    old = report_of("default", NOVEMBER, 1)
    assert (old.digest, old.signed_by) == (first.digest, "marco")
    assert refused_by_database(lambda: MonthlyClose.objects.filter(revision=1).update(asked_why="x"))
    bring(file_of([of_voucher(paid("20.00"))], transfer="TR-2"))
    assert SettlementLine.objects.latest("pk").month == NOVEMBER
    second = closed(marco, luz)
    assert (second.revision, second.digest == first.digest) == (2, False)


def test_R16_bank_receipts_are_noted_struck_out_and_never_changed(luz: Actor, marco: Actor) -> None:
    settled_november()
    good = Arrival(currency="USD", amount=D("22.97"), day=date(2026, 11, 16), batch="TR-1")
    for bad in ({"amount": D(0)}, {"amount": D("1.001")}, {"currency": "EUR"}, {"day": date(2027, 1, 1)}):
        arrival = Arrival(**{"currency": "USD", "amount": D(1), "day": date(2026, 11, 16), **bad})  # type: ignore[arg-type]
        said = refusal(lambda arrival=arrival: closing.note_receipt("default", NOVEMBER, arrival, actor=luz))  # type: ignore[misc]
        assert said.code == ErrorCode.RECEIPT_UNFIT
    wrong = closing.note_receipt("default", NOVEMBER, good, actor=luz)
    assert refusal(lambda: closing.strike_receipt(wrong.pk, "", actor=luz)).code == ErrorCode.MONTH_UNSAID
    strike = closing.strike_receipt(wrong.pk, "typed twice", actor=marco)
    assert amounts(report_of("default", NOVEMBER))["bank"] == (D("0.00"), 0)
    for again in (wrong, strike):
        assert isinstance(refusal(lambda again=again: closing.strike_receipt(again.pk, "x", actor=luz)), StateConflict)  # type: ignore[misc]
    assert refused_by_database(lambda: BankReceipt.objects.update(amount=D(5)))
    other = closing.note_receipt("default", NOVEMBER, good, actor=luz)
    closed(luz, marco)
    assert refusal(lambda: closing.strike_receipt(other.pk, "x", actor=luz)).code == ErrorCode.MONTH_CLOSED
    assert refusal(lambda: closing.note_receipt("default", NOVEMBER, good, actor=luz)).code == ErrorCode.MONTH_CLOSED


def test_G19_what_somebody_changed_in_the_database_is_said_loudly(luz: Actor, marco: Actor) -> None:
    settled_november()
    closed(luz, marco)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        with suppress(IntegrityError):
            SettlementLine.objects.update(booked=D("1000"), settled_amount=D("1000"))
        cursor.execute("SET session_replication_role = DEFAULT")
    report = report_of("default", NOVEMBER)
    assert left(report) == {"signed"}
    assert amounts(report)["gross"] == (D("23.97"), 1), "what was signed is shown"


def test_R16_who_may_not_and_what_there_is_not(luz: Actor) -> None:
    settled_november()
    for do in (
        lambda: closing.prepare("nowhere", NOVEMBER, actor=luz),
        lambda: closing.prepare("default", date(2026, 11, 2), actor=luz),
        lambda: closing.strike_receipt(99, "x", actor=luz),
    ):
        assert isinstance(refusal(do), NotFound)
    assert isinstance(refusal(lambda: closing.withdraw("default", NOVEMBER, actor=luz)), StateConflict)


def test_R16_a_report_costs_the_same_however_many_lines_there_are(luz: Actor, marco: Actor) -> None:
    bring(file_of([of_voucher(paid()) for _ in range(3)]))
    with CaptureQueriesContext(connection) as few:
        report_of("default", NOVEMBER)
    bring(file_of([of_voucher(paid()) for _ in range(12)], transfer="TR-2"))
    with CaptureQueriesContext(connection) as many:
        report_of("default", NOVEMBER)
    assert len(few) == len(many) == 12
