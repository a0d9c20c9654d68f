"""A settlement file comes in: every line finds what it is about, or says what does not add up. No payment is changed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.models import Discrepancy, Order, ReportStanding, SettlementLine, Voucher
from pagoefectivo.services.actors import SHOP
from tests.integration.ledger import everything
from tests.integration.settlement_files import Row, bring, file_of, of_refund, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
BROUGHT = {"SettlementReport", "SettlementPiece", "SettlementLine", "Discrepancy"}


@pytest.fixture
def paid(paid_order: Callable[..., Order]) -> Callable[..., Voucher]:
    """Have an order paid and return its code."""

    def voucher(reference: str, amount: str = "89.90") -> Voucher:
        found = paid_order(reference, amount).current_voucher
        assert found is not None
        return found

    return voucher


def verdicts() -> list[tuple[str, str]]:
    """Each line by what it is about, and its class."""
    lines = SettlementLine.objects.order_by("report_id", "line")
    return [(line.provider_reference or line.refund_provider_reference, line.verdict) for line in lines]


def test_D10_a_file_that_adds_up_is_matched_and_changes_no_payment(paid: Any) -> None:
    one, two = paid("A-1"), paid("A-2", "40.00")
    before = everything(besides=BROUGHT)
    report = bring(file_of([of_voucher(one), of_voucher(two)]))
    assert (report.standing, report.line_count, report.refused_why) == (ReportStanding.IMPORTED, 2, "")
    assert verdicts() == [(one.provider_reference, "matched"), (two.provider_reference, "matched")]
    assert everything(besides=BROUGHT) == before
    assert not Discrepancy.objects.exists()


def test_D10_each_kind_of_difference_is_found_and_its_amount_said(paid: Any, psp: Any, open_order: Any) -> None:
    good, short, rate = paid("A-1"), paid("A-2", "50.00"), paid("A-3", "75.00")
    unpaid = open_order("A-4", "30.00").current_voucher
    rows = [
        of_voucher(good),
        of_voucher(short, amount=Decimal("45.00")),
        of_voucher(rate, gross=Decimal("19.500000")),
        of_voucher(unpaid),
        Row("D-4-nobody", Decimal("12.00"), "NOBODY"),
        of_voucher(good, theirs="D-4-again"),
        Row("D-4-note", Decimal("-5.00"), kind="ADJUSTMENT"),
    ]
    report = bring(file_of(rows))
    assert report.standing == ReportStanding.IMPORTED
    found = [
        (line.line, line.verdict, line.difference, line.difference_currency)
        for line in SettlementLine.objects.order_by("line")
    ]
    assert found == [
        (4, "matched", None, "USD"),
        (5, "amount", Decimal("-5.000000"), "PEN"),
        (6, "fx", Decimal("-0.500000"), "USD"),
        (7, "missing_here", Decimal("7.000000"), "USD"),
        (8, "missing_here", Decimal("2.200000"), "USD"),
        (9, "duplicate", Decimal("22.973333"), "USD"),
        (10, "missing_here", Decimal("-2.333333"), "USD"),
    ]
    assert list(Discrepancy.objects.order_by("line__line").values_list("verdict", flat=True)) == [
        verdict for _, verdict, *_ in found if verdict != "matched"
    ]


def test_D10_a_payment_that_only_they_know_as_paid_is_asked_about_at_once(
    open_order: Any, psp: Any, world: Any, sweep: Any
) -> None:
    voucher = open_order("A-1", "30.00").current_voucher
    psp.pay(voucher.code)
    bring(file_of([of_voucher(voucher)]))
    assert SettlementLine.objects.get().verdict == "missing_here"
    sweep()
    assert shop.get_order(reference="A-1").state == "paid"


def test_D10_refunds_are_found_by_the_providers_names(paid: Any, psp: Any, world: Any, sweep: Any) -> None:
    voucher = paid("A-1", "90.00")
    refund = shop.request_refund(reference="A-1", amount="30.00", reason="buyer_request", actor=SHOP)
    sweep()
    refund.refresh_from_db()
    bring(file_of([of_voucher(voucher), of_refund(refund), of_refund(refund, theirs="REF-unknown")]))
    assert [verdict for _, verdict in verdicts()] == ["matched", "matched", "missing_here"]
    assert SettlementLine.objects.get(verdict="matched", kind="refund").refund_id == refund.pk


def test_D10_the_same_file_and_the_same_line_in_another_file_change_nothing(paid: Any) -> None:
    one, two = paid("A-1"), paid("A-2", "40.00")
    first = file_of([of_voucher(one)])
    report = bring(first)
    before = everything()
    assert bring(first, name="again.csv").pk == report.pk
    assert everything() == before
    bring(file_of([of_voucher(one), of_voucher(two), of_voucher(two)], transfer="TR-2"))
    assert [verdict for _, verdict in verdicts()] == ["matched", "repeated", "matched", "repeated"]
    assert not Discrepancy.objects.exists()


def test_D10_the_same_line_with_another_amount_is_told(paid: Any) -> None:
    voucher = paid("A-1", "50.00")
    bring(file_of([of_voucher(voucher)]))
    bring(file_of([of_voucher(voucher, fee=Decimal("-2.000000"))], transfer="TR-2"))
    assert [verdict for _, verdict in verdicts()] == ["matched", "duplicate"]


def test_D10_a_file_that_is_cut_off_is_refused_whole_with_its_line(paid: Any) -> None:
    voucher = paid("A-1")
    before = everything(besides={"SettlementReport", "SettlementPiece"})
    report = bring(file_of([of_voucher(voucher)]).rstrip()[:-30])
    assert (report.standing, report.refused_line) == (ReportStanding.REFUSED, 4)
    assert report.refused_why
    assert everything(besides={"SettlementReport", "SettlementPiece"}) == before


def test_D10_names_are_kept_to_the_letter_whatever_stands_in_them(paid: Any) -> None:
    odd = ["\\.", "\\N", "a\tb", 'in ""quotes""', "semi;colon, comma", "Ñandú 订单", "None", "NULL"]
    rows = [Row(f'"{name}-{number}"', Decimal("5.00"), f'"{name}"') for number, name in enumerate(odd)]
    report = bring(file_of(rows))
    assert report.standing == ReportStanding.IMPORTED, report.refused_why
    said = [name.replace('""', '"') for name in odd]
    lines = SettlementLine.objects.order_by("line")
    assert list(lines.values_list("reference", flat=True)) == said
    assert list(lines.values_list("provider_reference", flat=True)) == [f"{n}-{at}" for at, n in enumerate(said)]
    assert set(lines.values_list("code", "refund_reference", "batch")) == {("", "", "TR-1")}
