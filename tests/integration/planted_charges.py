"""A month whose costs are known line by line: what was agreed, what was charged instead, and what that comes to.

Everything is settled in dollars at four soles each, so that each figure is exact. Costs are with 18 % of tax.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pagoefectivo.domain.states import RefundState, VoucherState
from pagoefectivo.models import ExchangeRate, FeeSchedule, FeeTier, Refund, SettlementReport, Voucher
from tests.integration.pages.stage import place_order, place_voucher
from tests.integration.settlement_files import Row, bring, file_of, of_refund, of_voucher

NOVEMBER = date(2026, 11, 1)
TENTH, TWENTIETH = datetime(2026, 11, 10, 15, tzinfo=UTC), datetime(2026, 11, 20, 15, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 20, 15, tzinfo=UTC)
AT_FOUR: dict[str, Any] = {"rate": Decimal(4)}

CLAIMED = {
    "percentage": Decimal("0.12"),  # 3 % of 100 and 1.00: 4.72 soles, 1.18 dollars; 1.30 charged
    "minimum": Decimal("0.41"),  # 3 % of 20 and 1.00 are below 2.00: 2.36 soles, 0.59 dollars; 1.00 charged
    "tier": Decimal("0.7375"),  # from the 16th on, and after two payments in October, 2 % of 200 and 0.50: 5.31 soles,
    # 1.3275 dollars; 8.26 soles, 2.065 dollars, by the old schedule charged
    "tax": Decimal("0.02"),  # 4.00 soles with 20 % of tax instead of 18: 1.20 dollars instead of 1.18
    "refund": Decimal("0.115"),  # 3.00 for a refund: 3.54 soles, 0.885 dollars; 1.00 charged
    "own": Decimal("1.00"),  # a fee on a line of its own, which no schedule knows
}
LESS, QUESTIONED, ROUNDING = Decimal("-0.18"), Decimal("0.82"), Decimal("0.005")
AGREED, CHARGED = Decimal("9.2925"), Decimal("12.34")  # of all ten lines


def paid(amount: str, at: datetime = TENTH) -> Voucher:
    """A code that was paid on a day, straight in the database."""
    order = place_order(amount=Decimal(amount), created_at=at)
    theirs: dict[str, Any] = {"provider_reference": f"D-4-{order.reference}", "paid_at": at, "created_at": at}
    return place_voucher(order, VoucherState.PAID, **theirs)


def agree(**terms: Any) -> FeeSchedule:
    """What was agreed since 2020: 3 % and 1.00, 2.00 at least, 3.00 for a refund."""
    values: dict[str, Any] = {
        "account": "default", "name": "2026", "currency": "PEN", "settlement_currency": "USD", "percent": "3.00",
        "fixed": "1.00", "minimum": "2.00", "refund_fee": "3.00", "valid_from": date(2020, 1, 1), "market": "local",
        "created_by": "test", "created_at": datetime(2026, 1, 2, tzinfo=UTC), **terms,
    }  # fmt: skip
    return FeeSchedule.objects.create(**values)


def agree_on_both_halves() -> tuple[FeeSchedule, FeeSchedule]:
    """One schedule until the 15th, and from the 16th on one with a tier that October's two payments have reached."""
    first = agree(valid_until=date(2026, 11, 15))
    second = agree(name="2026 with tiers", valid_from=date(2026, 11, 16))
    FeeTier.objects.create(schedule=second, from_payments=2, percent="2.00", fixed="0.50")
    for _number in range(2):
        paid("30.00", OCTOBER)
    return first, second


def plant() -> SettlementReport:
    """Import the month."""
    agree_on_both_halves()
    back = paid("50.00")
    refund = Refund.objects.create(
        public_id="rfd_1", order=back.order, voucher=back, account="default", reference="R-1", amount=Decimal("50.00"),
        currency="PEN", reason="buyer_request", state=RefundState.SUCCEEDED, provider_reference="REF-1",
        created_at=TENTH, changed_at=TENTH,
    )  # fmt: skip
    late = "2026-11-20 15:00:00"
    return bring(
        file_of(
            [
                of_voucher(paid("100.00"), fee=Decimal("-1.30"), **AT_FOUR),
                of_voucher(paid("20.00"), fee=Decimal("-1.00"), **AT_FOUR),
                of_voucher(paid("200.00", TWENTIETH), fee=Decimal("-2.065"), at=late, **AT_FOUR),
                of_voucher(paid("100.00"), fee=Decimal("-1.20"), **AT_FOUR),
                of_refund(refund, fee=Decimal("-1.00"), **AT_FOUR),
                Row("F-1", Decimal("-4.00"), kind="SETTLEMENT_FEE", fee=Decimal(0), **AT_FOUR),
                of_voucher(paid("100.00"), fee=Decimal("-1.00"), **AT_FOUR),
                Row("D-4-nobody", Decimal("100.00"), fee=Decimal("-2.00"), **AT_FOUR),
                of_voucher(paid("100.00"), fee=Decimal("-1.185"), **AT_FOUR),
                of_voucher(paid("10.00"), fee=Decimal("-0.59"), **AT_FOUR),
            ]
        )
    )


def plant_exchanges() -> dict[str, str]:
    """Four codes of a day whose dollar cost 4.00, with two percent agreed on top; return what the provider calls each."""
    agree(fx_margin_percent="2.00")
    ExchangeRate.objects.create(
        day=TENTH.date(), base="USD", quote="PEN", rate="4.000000", source="SBS", imported_by="test", imported_at=TENTH
    )
    codes = {"fair": "102.00", "dear": "102.00", "odd": "100.00", "kind": "100.00"}
    asked = {name: paid(amount) for name, amount in codes.items()}
    bring(
        file_of([
            of_voucher(asked["fair"], rate=Decimal("4.08"), fee=Decimal("-1.174020")),
            of_voucher(asked["dear"], rate=Decimal("4.25"), fee=Decimal("-1.127059")),
            of_voucher(asked["odd"], gross=Decimal("23.00"), fee=Decimal("-1.18"), **AT_FOUR),
            of_voucher(asked["kind"], gross=Decimal("26.00"), fee=Decimal("-1.18"), **AT_FOUR),
        ])
    )  # fmt: skip
    return {name: voucher.provider_reference for name, voucher in asked.items()}
