"""When money should arrive by Peru's calendar and the provider's promise, and what is noted once it has not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pagoefectivo import shop
from pagoefectivo.domain.business_days import BusinessDays, Expected
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import ErrorOccurrence, NonWorkingDay, Refund, Voucher
from pagoefectivo.selectors import calendar
from pagoefectivo.selectors.expectations import TRANSFER_TAKES, expected_refund_dates, expected_settlement_dates
from pagoefectivo.services import calendar as keeping
from pagoefectivo.services import seams
from pagoefectivo.services.actors import SHOP, Actor, PermissionRefused
from tests.integration.ledger import everything, moves, only_refund

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNT = Destination("María Quispe", "DNI", "45678912", "002", "00219300123456789013")
FROM_ACCEPTANCE = {"refund_takes": [1, 3], "refund_counts_from_details": False}
Says = Callable[..., None]


@pytest.fixture
def contract(account: Any) -> Iterator[Says]:
    """What the account's contract says, on a day in March 2026 on which the table is empty."""

    def says(**said: Any) -> None:
        account(CAPABILITIES=said)

    with seams.use(now=lambda: datetime(2026, 3, 2, 15, tzinfo=UTC)):
        yield says


def on_its_way(accepted: str, account: str = "default", **columns: Any) -> Refund:
    """A refund that the provider accepted at that moment in Lima."""
    changed_at = datetime.fromisoformat(accepted).replace(tzinfo=LIMA)
    return Refund(account=account, state="pending", changed_at=changed_at, **columns)


def days(first: str, last: str) -> Expected:
    return Expected(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("accepted", "first", "last"),
    [
        ("2026-03-02 10:00", "2026-03-03", "2026-03-05"),
        ("2026-03-02 14:00", "2026-03-04", "2026-03-06"),  # after the cut-off
        ("2026-04-01 10:00", "2026-04-06", "2026-04-08"),  # the Wednesday of Semana Santa
        ("2026-04-02 10:00", "2026-04-07", "2026-04-09"),  # Maundy Thursday counts as the Monday
        ("2026-07-27 10:00", "2026-07-30", "2026-08-03"),  # 28 and 29 July, and a weekend
        ("2026-12-07 10:00", "2026-12-10", "2026-12-14"),  # 8 and 9 December
        ("2026-12-31 15:00", "2027-01-05", "2027-01-07"),  # into another year, after its first day
    ],
)
def test_weekends_holidays_and_the_cut_off_move_a_refund(contract: Says, accepted: str, first: str, last: str) -> None:
    contract(**FROM_ACCEPTANCE)
    assert expected_refund_dates(on_its_way(accepted)) == days(first, last)


def test_without_a_cut_off_what_comes_late_in_the_evening_still_counts_as_that_day(
    contract: Says, settings: Any
) -> None:
    contract(**FROM_ACCEPTANCE)
    refund = on_its_way("2026-03-02 23:59")
    assert refund.changed_at.astimezone(UTC).date() == date(2026, 3, 3)
    assert expected_refund_dates(refund) == days("2026-03-04", "2026-03-06")
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "BANK_CUT_OFF": None}
    assert expected_refund_dates(refund) == days("2026-03-03", "2026-03-05")


def test_a_decree_day_is_off_and_a_holiday_on_which_banks_work_is_not(contract: Says) -> None:
    contract(**FROM_ACCEPTANCE)
    refund = on_its_way("2026-07-22 10:00")  # Thursday 23 is a holiday
    assert expected_refund_dates(refund) == days("2026-07-24", "2026-07-30")
    keeping.keep(NonWorkingDay(day=date(2026, 7, 24), what="DS 042-2026-PCM"), actor=SHOP)
    assert expected_refund_dates(refund) == days("2026-07-27", "2026-07-31")
    keeping.keep(NonWorkingDay(day=date(2026, 7, 23), what="Air Force", banks_work=True), actor=SHOP)
    assert expected_refund_dates(refund) == days("2026-07-23", "2026-07-30")
    keeping.remove(NonWorkingDay.objects.get(day=date(2026, 7, 24)), actor=SHOP)
    assert expected_refund_dates(refund) == days("2026-07-23", "2026-07-27")


def test_the_table_is_read_once_per_year_and_again_a_minute_later(contract: Says) -> None:
    contract(**FROM_ACCEPTANCE)
    refunds = [on_its_way(f"2026-12-{day:02} 10:00") for day in range(1, 32)] * 5
    with CaptureQueriesContext(connection) as asked:
        before = [expected_refund_dates(refund) for refund in refunds]
    assert len(asked) == 2, "2026 and 2027"
    NonWorkingDay.objects.create(day=date(2026, 12, 3), what="as another process writes it")
    assert [expected_refund_dates(refund) for refund in refunds] == before
    with seams.use(now=lambda: datetime(2026, 3, 2, 15, 1, tzinfo=UTC)):
        assert expected_refund_dates(on_its_way("2026-12-02 10:00")) == days("2026-12-04", "2026-12-10")


def test_only_those_who_may_keep_the_calendar(contract: Says) -> None:
    keeping.keep(NonWorkingDay(day=date(2026, 7, 24), what="DS"), actor=SHOP)
    nobody, before = Actor("staff:eva", frozenset()), everything()
    for act in (keeping.keep, keeping.remove):
        with pytest.raises(PermissionRefused):
            act(NonWorkingDay.objects.get(), actor=nobody)
    assert everything() == before


def test_what_nobody_promises_is_not_expected(contract: Says, account: Any) -> None:
    assert expected_refund_dates(on_its_way("2026-03-02 10:00")) is None, "dLocal asks the buyer for an account first"
    assert expected_refund_dates(on_its_way("2026-03-02 10:00", destination_id=1)) == days("2026-03-03", "2026-03-09")
    for state in set(RefundState) - {RefundState.PENDING}:
        assert expected_refund_dates(Refund(account="default", state=state, destination_id=1)) is None, state
    contract(refund_takes=None)
    assert expected_refund_dates(on_its_way("2026-03-02 10:00", destination_id=1)) is None
    assert expected_refund_dates(on_its_way("2026-03-02 10:00", account="gone", destination_id=1)) is None


def test_a_transfer_by_hand_is_expected_as_banks_do_unless_the_account_says_otherwise(contract: Says) -> None:
    assert BusinessDays(1, 3) == TRANSFER_TAKES
    contract(refund_takes=None)
    for name in ("default", "gone"):
        refund = on_its_way("2026-03-02 10:00", account=name, payout_id=1)
        assert expected_refund_dates(refund) == days("2026-03-03", "2026-03-05")
    contract(refund_takes=[0, 1])
    assert expected_refund_dates(on_its_way("2026-03-02 10:00", payout_id=1)) == days("2026-03-02", "2026-03-03")


def test_settlement_is_expected_from_the_payment_until_it_came(contract: Says) -> None:
    paid: dict[str, Any] = {"account": "default", "state": "paid", "paid_at": datetime(2026, 3, 31, 18, tzinfo=LIMA)}
    assert expected_settlement_dates(Voucher(**paid)) is None, "what no contract says is not guessed"
    contract(settles_in=[1, 3])
    assert expected_settlement_dates(Voucher(**paid)) == days("2026-04-06", "2026-04-08")
    assert expected_settlement_dates(Voucher(**paid, settled_at=paid["paid_at"])) is None
    assert expected_settlement_dates(Voucher(account="default", state="issued")) is None


def test_R16_settlement_comes_in_the_cycle_of_the_contract(contract: Says, account: Any) -> None:
    friday = Voucher(account="default", state="paid", paid_at=datetime(2026, 3, 27, 10, tzinfo=LIMA))
    saturday = Voucher(account="default", state="paid", paid_at=datetime(2026, 3, 28, 10, tzinfo=LIMA))
    account(SETTLES="weekly friday+2", CAPABILITIES={"settles_in": [1, 1]})
    assert expected_settlement_dates(friday) == days("2026-03-31", "2026-03-31")
    assert expected_settlement_dates(saturday) == days("2026-04-07", "2026-04-07"), "Good Friday closes the week"
    account(SETTLES="T+3")
    assert expected_settlement_dates(friday) == days("2026-04-01", "2026-04-01")
    assert expected_settlement_dates(saturday) == days("2026-04-06", "2026-04-06")
    assert expected_settlement_dates(Voucher(account="gone", state="paid", paid_at=saturday.paid_at)) is None


def ask_back() -> Refund:
    return shop.request_refund(reference="A-1042", amount="30.00", reason="other", actor=SHOP, destination=ACCOUNT)


def late() -> list[tuple[str, str, int]]:
    found = ErrorOccurrence.objects.filter(code="REFUND_PENDING_TOO_LONG").order_by("pk")
    return [(each.operation, each.account, each.refund_id or 0) for each in found]


def test_R12_a_refund_past_its_days_is_noted_once_and_inside_them_never(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    refund = ask_back()
    awaited = expected_refund_dates(refund)
    assert awaited is not None
    while calendar.today() < awaited.last:
        world.advance(days=1)
        sweep()
        assert late() == []
    before = moves("refund")
    for _ in range(3):
        world.advance(days=1)
        sweep()
        assert late() == [("fetch_refund", "default", refund.pk)]
    assert (only_refund().state, moves("refund")) == ("pending", before), "it says so and changes nothing"
    psp.settle_refund(refund.provider_reference)
    world.advance(days=1)
    sweep()
    assert (only_refund().state, len(late())) == ("succeeded", 1)


def test_R12_an_answer_that_it_has_arrived_is_not_called_late(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    refund = ask_back()
    psp.settle_refund(refund.provider_reference)
    world.advance(days=40)
    sweep()
    assert (only_refund().state, late()) == ("succeeded", [])


def test_R12_a_provider_that_does_not_answer_does_not_hide_that_a_refund_is_late(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    refund = ask_back()
    psp.fault("get_refund", "500", times=None)
    world.advance(days=40)
    sweep()
    assert late() == [("fetch_refund", "default", refund.pk)]


def test_R12_a_refund_of_which_nobody_says_how_long_it_takes_is_never_late(
    account: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    account(CAPABILITIES={"refund_takes": None, "refund_counts_from_details": False})
    paid_order()
    ask_back()
    world.advance(days=40)
    sweep()
    assert (only_refund().state, late()) == ("pending", [])
