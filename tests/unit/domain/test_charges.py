"""Sums of what was charged beside what was agreed, and the name that a claim bears."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pagoefectivo.domain.cases import CaseKind, LinkKind, claim_subject, claimed_month, subject_of
from pagoefectivo.domain.charges import Charge, Charges, MonthCharges, Standing, by_kind
from pagoefectivo.domain.messages import SettlementKind

NOVEMBER = date(2026, 11, 1)


def charge(kind: SettlementKind, standing: Standing, agreed: str, charged: str, tax: str | None = None) -> Charge:
    named = None if tax is None else Decimal(tax)
    return Charge(kind=kind, standing=standing, lines=2, agreed=Decimal(agreed), charged=Decimal(charged), tax=named)


def test_R17_what_nothing_agreed_is_known_of_is_in_no_difference_but_in_what_a_code_cost() -> None:
    known = charge(SettlementKind.PAYMENT, Standing.CLAIMED, "3.000001", "3.500000", "0.54")
    unknown = charge(SettlementKind.ADJUSTMENT, Standing.UNKNOWN, "0", "7.00")
    month = MonthCharges(currency="PEN", kinds=by_kind([unknown, known]), payments=4)
    assert month.total.known.difference == Decimal("0.499999")
    assert (month.total.unknown.charged, month.total.charged) == (Decimal("7.00"), Decimal("10.500000"))
    assert month.per_paid_code == Decimal("2.63")  # 2.625, half up
    assert [kind for kind, _charges in month.kinds] == [SettlementKind.PAYMENT, SettlementKind.ADJUSTMENT]


def test_R17_tax_that_no_file_names_is_not_zero() -> None:
    silent = charge(SettlementKind.PAYMENT, Standing.AGREED, "1", "1")
    named = charge(SettlementKind.REFUND, Standing.AGREED, "1", "1", "0.15")
    assert Charges([silent]).tax is None
    assert Charges([silent, named]).tax == Decimal("0.15")


def test_R17_without_a_payment_nothing_is_said_of_each() -> None:
    month = MonthCharges(currency="PEN", kinds=[], payments=0)
    assert (month.per_paid_code, month.unpaid, month.total.lines) == (None, None, 0)


@pytest.mark.parametrize("account", ["default", "a" * 64])
def test_R18_a_claim_is_named_by_account_and_month_however_long_the_account(account: str) -> None:
    subject = claim_subject(account, NOVEMBER)
    assert len(subject) <= 60
    assert claimed_month(subject) == NOVEMBER
    assert subject != claim_subject(f"{account[:-1]}b", NOVEMBER) != claim_subject(account, date(2026, 12, 1))
    assert claimed_month(subject_of(CaseKind.INQUIRY, LinkKind.VOUCHER, 7)) is None
