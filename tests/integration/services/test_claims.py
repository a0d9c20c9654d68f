"""What was charged beside what was agreed, to the millionth, and the claim that is made of it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pagoefectivo.domain.cases import CaseStanding
from pagoefectivo.domain.charges import Standing
from pagoefectivo.domain.exceptions import NotFound, RuleRefused
from pagoefectivo.domain.states import RefundState, VoucherState
from pagoefectivo.models import (
    CaseLink,
    Discrepancy,
    FeeSchedule,
    Refund,
    SettlementLine,
    Voucher,
)
from pagoefectivo.selectors.charges import Wanted, charges_of, differing_lines
from pagoefectivo.selectors.claims import CLAIM_COLUMNS, charges_csv, claim_of, claim_row
from pagoefectivo.selectors.erp import erp_xlsx, lines_off
from pagoefectivo.selectors.months import report_of
from pagoefectivo.services import cases, claims, closing, discrepancies, seams
from pagoefectivo.services.actors import Actor, Permission, PermissionRefused
from tests.integration.ledger import everything
from tests.integration.planted_charges import (
    AGREED,
    AT_FOUR,
    CHARGED,
    CLAIMED,
    LESS,
    NOVEMBER,
    QUESTIONED,
    ROUNDING,
    TENTH,
    agree,
    paid,
    plant,
    plant_exchanges,
)
from tests.integration.settlement_files import Row, bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
MONTH = "default", NOVEMBER
WHOLE = sum(CLAIMED.values())
DESK = frozenset({Permission.WORK_DIFFERENCES, Permission.OPEN_CASES})


@pytest.fixture(autouse=True)
def _in_december(psp: Any) -> Any:
    with seams.use(now=lambda: datetime(2026, 12, 9, 15, tzinfo=UTC)):
        yield


@pytest.fixture
def luz(admin_user: Any) -> Actor:
    """Somebody in finance."""
    return Actor("staff:luz", DESK, user_id=admin_user.pk)


def standing(which: Standing) -> tuple[int, Decimal]:
    (month,) = charges_of(*MONTH)
    found = month.total.of(which)
    return found.lines, found.difference


def test_R17_the_planted_differences_are_found_to_the_millionth() -> None:
    plant()
    (month,) = charges_of(*MONTH)
    known = month.total.known
    assert (month.currency, known.lines, known.agreed, known.charged, known.tax) == ("USD", 10, AGREED, CHARGED, None)
    assert known.difference == CHARGED - AGREED == WHOLE + LESS + QUESTIONED + ROUNDING
    assert standing(Standing.CLAIMED) == (6, WHOLE)
    assert standing(Standing.LESS) == (1, LESS)
    assert standing(Standing.QUESTIONED) == (1, QUESTIONED)
    assert standing(Standing.AGREED) == (2, ROUNDING)
    by_kind = {kind.value: (charges.lines, charges.claimed.difference) for kind, charges in month.kinds}
    assert by_kind == {
        "payment": (8, sum(CLAIMED[name] for name in ("percentage", "minimum", "tier", "tax"))),
        "refund": (1, CLAIMED["refund"]),
        "fee": (1, CLAIMED["own"]),
    }
    assert (month.payments, month.per_paid_code) == (8, Decimal("1.54"))
    assert (month.unpaid, month.failed_refunds, month.total.unknown.lines) == (None, None, 0)


def test_R17_the_lines_that_differ_come_greatest_or_newest_first() -> None:
    plant()
    greatest = [-line.cost_difference for line in differing_lines(*MONTH, Wanted()) if line.cost_difference]
    assert greatest == sorted([*CLAIMED.values(), LESS, QUESTIONED], key=abs, reverse=True)
    newest = differing_lines(*MONTH, Wanted(newest_first=True)).first()
    assert newest is not None
    assert newest.cost_difference == -CLAIMED["tier"]
    assert differing_lines(*MONTH, Wanted(kind="refund")).count() == 1
    assert differing_lines(*MONTH, Wanted(standing="less")).count() == 1
    assert differing_lines(*MONTH, Wanted(currency="PEN")).count() == 0


def test_R17_what_a_person_settled_is_not_claimed_and_a_match_by_hand_settles_no_cost(luz: Actor) -> None:
    plant()
    tier = Discrepancy.objects.get(line__cost_difference=-CLAIMED["tier"])
    discrepancies.settle(tier.pk, "agreed_fee", "The tier counts from December on.", actor=luz)
    assert standing(Standing.SETTLED) == (1, CLAIMED["tier"])
    stranger = Discrepancy.objects.get(line__verdict="missing_here")
    ours = paid("100.00")
    matcher = Actor("staff:luz", frozenset({Permission.MATCH_LINES}), user_id=luz.user_id)
    discrepancies.match(stranger.pk, [discrepancies.Part(ours.public_id, Decimal("100.00"))], actor=matcher)
    assert standing(Standing.CLAIMED) == (6, WHOLE - CLAIMED["tier"] + QUESTIONED)
    assert standing(Standing.QUESTIONED) == (0, Decimal(0))


def test_R17_lines_that_were_told_before_count_in_no_sum() -> None:
    agree()
    row = of_voucher(paid("100.00"), fee=Decimal("-1.30"), **AT_FOUR)
    bring(file_of([row]))
    once = charges_of(*MONTH)
    bring(file_of([row], transfer="TR-1", day="2026-11-16"), name="again.csv")
    assert SettlementLine.objects.filter(verdict="repeated").count() == 1
    assert charges_of(*MONTH) == once


def test_R17_what_brought_no_money_is_told_only_where_a_line_tells_of_it() -> None:
    agree()
    unpaid = paid("100.00")
    Voucher.objects.filter(pk=unpaid.pk).update(paid_at=None, state=VoucherState.EXPIRED, paid_amount=0)
    back = paid("50.00")
    Refund.objects.create(
        public_id="rfd_9", order=back.order, voucher=back, account="default", reference="R-9", amount=Decimal("5.00"),
        currency="PEN", reason="buyer_request", state=RefundState.RETURNED, provider_reference="REF-9",
        created_at=TENTH, changed_at=TENTH,
    )  # fmt: skip
    named = {"ours": "", "amount": Decimal("-5.00"), "kind": "REFUND", "fee": Decimal("-0.885")}
    bring(
        file_of([
            of_voucher(unpaid, amount=Decimal("100.00"), fee=Decimal("-1.18"), **AT_FOUR),
            Row("REF-9", **{**named, **AT_FOUR}),
        ])
    )  # fmt: skip
    (month,) = charges_of(*MONTH)
    assert month.unpaid is not None
    assert (month.unpaid.lines, month.unpaid.charged) == (1, Decimal("1.18"))
    assert month.failed_refunds is not None
    assert (month.failed_refunds.lines, month.failed_refunds.charged) == (1, Decimal("0.885"))


def test_R17_costs_of_days_without_a_schedule_stand_apart() -> None:
    bring(file_of([of_voucher(paid("100.00"), fee=Decimal("-1.30"), **AT_FOUR)]))
    (month,) = charges_of(*MONTH)
    assert (month.total.known.lines, month.total.unknown.charged, month.total.difference) == (
        0, Decimal("1.30"), Decimal("1.30"),
    )  # fmt: skip
    assert claim_of(*MONTH).lines == []


@pytest.mark.parametrize(("planted", "rate", "statements"), [(plant, "4.00", 7), (plant_exchanges, "4.25", 9)])
def test_R17_sums_and_claims_ask_the_same_however_many_lines_there_are(
    planted: Callable[[], object], rate: str, statements: int
) -> None:
    planted()
    with CaptureQueriesContext(connection) as few:
        charges_of(*MONTH), claim_of(*MONTH)
    rows = [of_voucher(paid("100.00"), fee=Decimal("-1.30"), rate=Decimal(rate)) for _ in range(12)]
    bring(file_of(rows, transfer="TR-2"), name="second.csv")
    with CaptureQueriesContext(connection) as many:
        charges_of(*MONTH), claim_of(*MONTH)
    assert len(few) == len(many) == statements


def test_R17_a_claim_names_the_agreement_of_each_line(luz: Actor) -> None:
    plant()
    claim = claim_of(*MONTH)
    assert [each.difference for each in claim.lines] == sorted(CLAIMED.values(), reverse=True)
    (total,) = claim.totals
    assert (total.currency, total.lines, total.difference) == ("USD", 6, WHOLE)
    assert [(each.schedule.name, each.percent, each.fixed, each.tier_from) for each in claim.agreements] == [
        ("2026", Decimal("3.00"), Decimal("1.00"), 0),
        ("2026 with tiers", Decimal("2.00"), Decimal("0.50"), 2),
    ]
    assert (claim.unfounded, claim.left_out) == (0, 0)


def test_R17_what_the_schedules_no_longer_lead_to_is_not_claimed(luz: Actor) -> None:
    plant()
    FeeSchedule.objects.filter(name="2026").update(is_withdrawn=True, ended_at=datetime.now(UTC), ended_by="test")
    claim = claim_of(*MONTH)
    assert ([each.difference for each in claim.lines], claim.unfounded) == ([CLAIMED["tier"]], 5)
    assert standing(Standing.CLAIMED) == (6, WHOLE)  # what stands on the lines is what it was


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", ("Asunto:", "6 líneas", "cobrado de más", "noviembre de 2026")),
        ("en", ("Subject:", "6 lines", "too much", "November 2026")),
        ("zh", ("主题", "6", "2026年11月")),
    ],
)
def test_R17_the_letter_says_it_in_three_languages_and_names_nobody(
    luz: Actor, language: str, words: tuple[str, ...]
) -> None:
    plant()
    before = everything()
    letter = claims.letter(*MONTH, language, actor=luz)
    for word in words:
        assert word in letter.text
    assert letter.language == language
    for fact in ("default", "D-4-", "REF-1", "“2026”", "01/01/2020", "15/11/2026", "3 %", "US$ 2.4025", "US$ 0.7375"):
        assert fact in letter.text
    order = SettlementLine.objects.filter(voucher__isnull=False).first()
    assert order is not None
    for secret in ("maria.quispe@example.pe", "45678912", "12345678"):
        assert secret not in letter.text
    assert everything() == before


def test_R17_the_letter_speaks_the_language_of_the_providers_support(luz: Actor) -> None:
    plant()
    assert claims.letter(*MONTH, actor=luz).language == "en"  # dLocal's
    assert claims.letter(*MONTH, "xx", actor=luz).language == "en"


def test_G17_a_letter_is_for_who_works_on_differences_and_for_a_month_with_claims(luz: Actor) -> None:
    with pytest.raises(NotFound):
        claims.letter(*MONTH, actor=luz)
    plant()
    with pytest.raises(PermissionRefused):
        claims.letter(*MONTH, actor=Actor("staff:eve", frozenset({Permission.WORK_CASES}), user_id=1))
    with pytest.raises(NotFound):
        claims.letter(*MONTH, actor=Actor("key:x", DESK, accounts=frozenset({"other"}), user_id=1))
    with pytest.raises(RuleRefused, match="ACCOUNT_UNKNOWN"):
        claims.letter("nowhere", NOVEMBER, actor=luz)


def test_R18_a_case_is_opened_once_and_names_the_lines(luz: Actor) -> None:
    plant()
    case = claims.open_case(*MONTH, actor=luz)
    assert (case.kind, case.account, case.amount, case.currency, case.owner_id) == (
        "inquiry", "default", Decimal("2.40"), "USD", luz.user_id,
    )  # fmt: skip
    assert "11/2026" in case.about
    assert CaseLink.objects.filter(case=case).count() == 5  # the fee of its own is about nothing of ours
    assert Discrepancy.objects.filter(case=case).count() == 6
    assert {each.entries.get().act for each in Discrepancy.objects.filter(case=case)} == {"case_opened"}
    before = everything()
    assert claims.open_case(*MONTH, actor=luz) == case
    assert everything() == before
    closer = Actor("staff:luz", frozenset({Permission.CLOSE_CASES}), user_id=luz.user_id)
    cases.end(case.public_id, CaseStanding.CLOSED, "They pay it back.", actor=closer)
    assert claims.open_case(*MONTH, actor=luz) != case


def test_R18_a_case_is_refused_without_a_claim_or_a_right(luz: Actor) -> None:
    with pytest.raises(NotFound):
        claims.open_case(*MONTH, actor=luz)
    plant()
    before = everything()
    for held in DESK:
        with pytest.raises(PermissionRefused):
            claims.open_case(*MONTH, actor=Actor("staff:eve", frozenset({held}), user_id=luz.user_id))
    with pytest.raises(PermissionRefused):
        claims.open_case(*MONTH, actor=Actor("key:erp", DESK))
    assert everything() == before


def test_R18_a_month_that_two_people_closed_is_not_written_into(luz: Actor, django_user_model: Any) -> None:
    agree()
    bring(file_of([Row("D-4-nobody", Decimal("100.00"), fee=Decimal("-2.00"), **AT_FOUR)]))
    everybody = frozenset(Permission)
    one = Actor(luz.name, everybody, user_id=luz.user_id)
    two = Actor("staff:marco", everybody, user_id=django_user_model.objects.create(username="marco").pk)
    part = discrepancies.Part(paid("100.00").public_id, Decimal("100.00"))
    discrepancies.match(Discrepancy.objects.get().pk, [part], actor=one)
    closing.sign(*MONTH, closing.prepare(*MONTH, actor=one).digest, actor=two)
    assert standing(Standing.CLAIMED) == (1, QUESTIONED)
    before = everything()
    with pytest.raises(RuleRefused, match="MONTH_CLOSED"):
        claims.open_case(*MONTH, actor=one)
    assert everything() == before


def test_R17_the_tables_hold_every_line_and_calculate_nothing() -> None:
    plant()
    SettlementLine.objects.filter(cost_difference=-CLAIMED["tier"]).update(batch="=1+1")
    lines = "".join(charges_csv("default", differing_lines(*MONTH, Wanted()), with_people=True)).splitlines()
    assert len(lines) == 1 + 8
    assert lines[0].count(",") == len(CLAIM_COLUMNS) - 1
    assert '"\'=1+1"' in "".join(lines)
    assert ',2.065000,0.737500,"claimed","2026 with tiers",' in "".join(lines)


def test_G17_a_payment_that_is_named_by_its_code_is_masked_in_tables_as_the_code_is() -> None:
    agree()
    voucher = paid("100.00")
    bring(file_of([of_voucher(voucher, theirs=voucher.code, fee=Decimal("-1.30"), **AT_FOUR)]))
    lines = differing_lines(*MONTH, Wanted())
    assert voucher.code in "".join(charges_csv("default", lines, with_people=True))
    assert voucher.code not in "".join(charges_csv("default", lines, with_people=False))
    (off,) = lines_off(report_of(*MONTH))
    assert voucher.code not in claim_row(off, in_full=False)
    assert voucher.code in claim_row(off, in_full=True)


def test_R16_the_erp_file_has_a_sheet_of_claims_where_a_month_has_some() -> None:
    agree()
    bring(file_of([of_voucher(paid("100.00"), fee=Decimal("-1.18"), **AT_FOUR)]))
    report = report_of(*MONTH)
    assert sheets(erp_xlsx(report, lines_off(report))) == ["erp"]
    bring(file_of([of_voucher(paid("100.00"), fee=Decimal("-1.30"), **AT_FOUR)], transfer="TR-2"), name="second.csv")
    assert sheets(erp_xlsx(report, lines_off(report))) == ["erp", "claims"]
    assert lines_off(replace(report, revision=2)) == []


def sheets(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        book = file.read("xl/workbook.xml").decode()
    return [each.partition('"')[0] for each in book.split('<sheet name="')[1:]]
