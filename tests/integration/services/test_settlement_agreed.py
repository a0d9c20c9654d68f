"""A line against what was agreed: its cost, its exchange rate, its day; and money that no file tells of in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.discrepancies import DiscrepancyReason
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.states import AnomalyKind
from pagoefectivo.models import Anomaly, Discrepancy, ExchangeRate, FeeSchedule, Order, SettlementLine, Voucher
from pagoefectivo.services import discrepancies, late_money
from pagoefectivo.services.actors import Actor, Permission, PermissionRefused
from tests.integration.ledger import everything
from tests.integration.settlement_files import bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
MICRO = Decimal("0.000001")


@pytest.fixture
def voucher(paid_order: Callable[..., Order]) -> Voucher:
    """A code of 75 soles that was paid."""
    found = paid_order("A-1", "75.00").current_voucher
    assert found is not None
    return found


def agreed(**terms: Any) -> FeeSchedule:
    """What was agreed with the provider since 2020; 3 % and 1 sol, 18 % tax on it."""
    values = {"percent": "3.00", "fixed": "1.00", "settlement_currency": "USD", **terms}
    return FeeSchedule.objects.create(
        account="default", name="2026", currency="PEN", valid_from=date(2020, 1, 1), created_by="test",
        created_at=datetime.now(UTC), **values,
    )  # fmt: skip


# 3 % of 75 and 1.00 are 3.25, with 18 % of tax 3.84 (0.585 rounds to 0.59); at 3.75 a dollar that is 1.024
COST = Decimal("-1.024000")


@pytest.mark.parametrize(
    ("fee", "verdict", "difference"),
    [
        (COST, "matched", None),
        (COST - Decimal("0.01"), "matched", None),
        (COST - Decimal("0.011"), "fee", Decimal("-0.011000")),
        (COST + Decimal("0.50"), "fee", Decimal("0.500000")),
    ],
)
def test_D10_another_fee_than_agreed_is_found_beyond_a_cent(
    voucher: Voucher, fee: Decimal, verdict: str, difference: Decimal | None
) -> None:
    agreed()
    bring(file_of([of_voucher(voucher, fee=fee)]))
    line = SettlementLine.objects.get()
    assert (line.verdict, line.difference, line.cost_expected) == (verdict, difference, COST)


# 45.00 for a dispute and 18 % of tax on it are 53.10; at 3.75 a dollar that is 14.16
@pytest.mark.parametrize(
    ("fee", "verdict", "difference"), [("-14.16", "matched", None), ("-20.00", "fee", Decimal("-5.84"))]
)
def test_D10_a_dispute_that_cost_more_than_agreed_is_found(
    voucher: Voucher, fee: str, verdict: str, difference: Decimal | None
) -> None:
    agreed(dispute_fee="45.00")
    Anomaly.objects.create(
        kind=AnomalyKind.PAYMENT_REVERSED, order=voucher.order, voucher=voucher, opened_at=datetime.now(UTC)
    )
    taken = of_voucher(voucher, kind="CHARGEBACK", amount=Decimal("-75.00"), fee=Decimal(fee))
    bring(file_of([of_voucher(voucher, fee=COST), taken]))
    line = SettlementLine.objects.get(kind="chargeback")
    assert (line.verdict, line.difference) == (verdict, difference)


def test_D10_a_rate_above_the_agreed_margin_is_found_and_a_better_one_is_no_complaint(voucher: Voucher) -> None:
    agreed(fx_margin_percent="2.00")
    ExchangeRate.objects.create(
        day=date(2026, 11, 10), base="USD", quote="PEN", rate="3.700000", source="SBS", imported_by="test",
        imported_at=datetime.now(UTC),
    )  # fmt: skip
    worst = Decimal("3.774")  # 3.70 and two percent
    for number, (rate, verdict) in enumerate(
        [(worst, "matched"), (Decimal("3.70"), "matched"), (Decimal("3.80"), "fx")]
    ):
        SettlementLine.objects.all().delete()
        fee = (Decimal("-3.84") / rate).quantize(MICRO)
        bring(file_of([of_voucher(voucher, rate=rate, fee=fee)], transfer=f"TR-{number}"))
        line = SettlementLine.objects.get()
        assert (line.verdict, line.day_rate) == (verdict, Decimal("3.700000"))
        Discrepancy.objects.all().delete() if verdict == "matched" else None
    # 75 / 3.774 are 19.872814 dollars, 75 / 3.80 are 19.736842
    assert Discrepancy.objects.get().amount == Decimal("-0.135972")


@pytest.mark.parametrize(
    ("day", "verdict"), [("2026-11-10", "date"), ("2026-11-11", "matched"), ("2026-11-13", "date")]
)
def test_R12_a_line_outside_the_agreed_cycle_is_found(voucher: Voucher, account: Any, day: str, verdict: str) -> None:
    account(SETTLES="T+1")
    bring(file_of([of_voucher(voucher)], day=day))  # paid on Tuesday, November 10
    assert SettlementLine.objects.get().verdict == verdict


def test_R12_money_that_no_file_tells_of_is_found_once_and_settled_when_it_comes(
    paid_order: Callable[..., Order], account: Any, world: Any
) -> None:
    account(SETTLES="T+3")
    first, second = (paid_order(name, "75.00").current_voucher for name in ("A-1", "A-2"))
    assert first is not None
    assert second is not None
    assert first.paid_at is not None
    told = f"{first.paid_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    assert late_money.find() == 0  # no file was ever imported: nothing can be missed
    bring(file_of([of_voucher(first, at=told)]))
    world.advance(days=1)
    assert late_money.find() == 0
    world.advance(days=20)
    assert (late_money.find(), late_money.find()) == (1, 0)
    missing = Discrepancy.objects.get(line=None)
    assert (missing.verdict, missing.voucher_id, missing.amount, missing.settled_at) == (
        "missing_there", second.pk, Decimal("-75.000000"), None,
    )  # fmt: skip
    bring(file_of([of_voucher(second, at=told)], transfer="TR-2"))
    missing.refresh_from_db()
    assert (missing.reason, missing.settled_by) == (DiscrepancyReason.ARRIVED, "system")
    assert late_money.find() == 0


def test_a_difference_is_settled_with_a_reason_and_by_who_may(voucher: Voucher, admin_user: Any) -> None:
    finance = Actor("staff:carla", frozenset({Permission.WORK_DIFFERENCES}), user_id=admin_user.pk)
    bring(file_of([of_voucher(voucher, amount=Decimal("70.00"))]))
    number = Discrepancy.objects.get().pk
    before = everything()
    for reason, text, who, refusal in (
        ("", "because", finance, RuleRefused),
        ("arrived", "because", finance, RuleRefused),
        ("rounding", "  ", finance, RuleRefused),
        ("rounding", "because", Actor("staff:rosa", frozenset(), user_id=admin_user.pk), PermissionRefused),
        ("rounding", "because", Actor("key:erp", frozenset(Permission)), PermissionRefused),
    ):
        with pytest.raises(refusal):
            discrepancies.settle(number, reason, text, actor=who)
    assert everything() == before
    discrepancies.settle(number, "provider_error", "They send five soles with the next one.", actor=finance)
    with pytest.raises(RuleRefused, match="DIFFERENCE_SETTLED"):
        discrepancies.settle(number, "rounding", "again", actor=finance)
    found = Discrepancy.objects.get()
    assert (found.reason, found.settled_by) == ("provider_error", "staff:carla")
    assert [entry.act for entry in found.entries.all()] == ["settled"]
