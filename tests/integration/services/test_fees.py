"""Fee schedules: who may keep them, what is refused, what stays on record, and what they say things cost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission as Granted
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, RuleRefused, StateConflict
from pagoefectivo.domain.fees import Cost, Market, QuoteRequest, Schedule, Tier
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import SettlementKind as K
from pagoefectivo.domain.states import RefundState, VoucherState
from pagoefectivo.models import BuyerMessage, Case, FeeSchedule, FeeTier, StateChange
from pagoefectivo.selectors.fees import costs, pricing_of, quotes
from pagoefectivo.services import fees
from pagoefectivo.services.actors import SHOP, Actor, PermissionRefused, staff
from pagoefectivo.services.fees import Agreement
from tests.integration.pages.stage import place_order, place_refund, place_voucher

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
JUNE = date(2026, 6, 1)


def agreed(**changes: Any) -> Agreement:
    terms = {
        "currency": "PEN",
        "percent": D("3.5"),
        "fixed": D("1.00"),
        "refund_fee": D("2.00"),
        "failed_refund_fee": D("3.00"),
        "dispute_fee": D("40.00"),
        **changes.pop("terms", {}),
    }
    wanted = {"account": "default", "name": "Contract 12", "market": Market.LOCAL, "valid_from": JUNE, **changes}
    return Agreement(terms=Schedule(**terms), **wanted)


def begin(**changes: Any) -> FeeSchedule:
    return fees.begin(agreed(**changes), why="signed", actor=SHOP)


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=LIMA)


def place_paid(at: datetime, amount: str = "89.90", **columns: Any) -> Any:
    order = place_order(amount=D(amount), created_at=at)
    born = {"created_at": at - timedelta(hours=3), "paid_at": at, "expires_at": at + timedelta(days=1)}
    return place_voucher(order, VoucherState.PAID, **{**born, **columns})


def rows() -> list[Any]:
    return [*FeeSchedule.objects.order_by("pk").values(), *FeeTier.objects.order_by("pk").values()]


def refusal(do: Callable[[], object]) -> RuleRefused:
    before = rows()
    with pytest.raises(RuleRefused) as caught:
        do()
    assert rows() == before, "a refusal changes nothing"
    return caught.value


def test_a_schedule_is_entered_with_its_tiers_and_says_who_and_why(psp: Any) -> None:
    luz = User.objects.create_user("luz", is_staff=True)
    luz.user_permissions.add(Granted.objects.get(codename="keep_fees"))
    terms = {"tiers": (Tier(100, D(3)), Tier(500, D("2.25"), D("0.50"))), "settlement_currency": "USD"}
    fees.begin(agreed(terms=terms), why="signed", actor=staff(luz))
    row = FeeSchedule.objects.get()
    assert row.terms == agreed(terms=terms).terms
    assert (row.created_by, row.creator, row.why, row.valid_until) == ("staff:luz", luz, "signed", None)


def test_whoever_may_not_keep_fees_is_refused_and_nothing_changes(psp: Any) -> None:
    row = begin()
    nobody = Actor("staff:ana", frozenset(), user_id=1)
    before = rows()
    doings: tuple[Callable[[], object], ...] = (
        lambda: fees.begin(agreed(valid_from=date(2030, 1, 1)), why="x", actor=nobody),
        lambda: fees.end(row.pk, JUNE, why="x", actor=nobody),
        lambda: fees.withdraw(row.pk, why="x", actor=nobody),
    )
    for do in doings:
        with pytest.raises(PermissionRefused):
            do()
    assert rows() == before


@pytest.mark.parametrize(
    ("first", "last", "is_free"),
    [
        (date(2026, 5, 1), date(2026, 5, 31), True),
        (date(2026, 5, 1), JUNE, False),
        (date(2026, 5, 1), None, False),
        (date(2026, 6, 10), date(2026, 6, 12), False),
        (date(2026, 6, 30), None, False),
        (date(2026, 7, 1), None, True),
    ],
)
def test_two_schedules_of_an_account_and_currency_never_hold_on_one_day(
    psp: Any, first: date, last: date | None, is_free: bool
) -> None:
    begin(valid_until=date(2026, 6, 30))
    begin(terms={"currency": "USD"})
    if is_free:
        begin(valid_from=first, valid_until=last)
        return
    refused = refusal(lambda: begin(valid_from=first, valid_until=last))
    assert refused.code == ErrorCode.FEES_OVERLAP
    assert "Contract 12" in refused.reasons[0].message
    assert "01/06/2026 – 30/06/2026" in refused.reasons[0].message
    row = FeeSchedule.objects.earliest("pk")
    row.pk, row.valid_from, row.valid_until = None, first, last
    with pytest.raises(IntegrityError), transaction.atomic():  # the database says so as well
        row.save(force_insert=True)


def test_of_two_who_enter_at_once_one_is_refused(psp: Any) -> None:
    outcomes: list[object] = []
    start = threading.Barrier(2)

    def enter() -> None:
        try:
            start.wait()
            outcomes.append(begin().pk)
        except RuleRefused as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    both = [threading.Thread(target=enter) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert FeeSchedule.objects.count() == 1
    assert ErrorCode.FEES_OVERLAP in outcomes


def test_what_cannot_be_is_refused(psp: Any) -> None:
    row = begin(valid_until=date(2026, 6, 30))
    later = {"valid_from": date(2026, 8, 1)}
    assert refusal(lambda: begin(account="another")).code == ErrorCode.ACCOUNT_UNKNOWN
    assert refusal(lambda: begin(**later, name=" ")).reasons[0].field == "name"
    assert refusal(lambda: fees.begin(agreed(**later), why="", actor=SHOP)).reasons[0].field == "why"
    assert refusal(lambda: begin(**later, valid_until=JUNE)).reasons[0].field == "valid_until"
    for day in (date(2026, 5, 31), date(2026, 7, 1)):
        assert refusal(lambda day=day: fees.end(row.pk, day, why="x", actor=SHOP)).reasons[0].field == "last_day"  # type: ignore[misc]
    with pytest.raises(NotFound):
        fees.withdraw(0, why="x", actor=SHOP)


def test_a_schedule_is_ended_once_and_never_edited(psp: Any) -> None:
    row = begin(valid_until=date(2026, 12, 31), terms={"tiers": (Tier(10, D(1)),)})
    fees.end(row.pk, date(2026, 6, 30), why="new contract", actor=SHOP)
    row = FeeSchedule.objects.get()
    assert (row.valid_until, row.planned_until) == (date(2026, 6, 30), date(2026, 12, 31))
    assert (row.ended_by, row.ended_why) == ("shop", "new contract")
    with pytest.raises(StateConflict) as caught:
        fees.withdraw(row.pk, why="x", actor=SHOP)
    assert caught.value.code == ErrorCode.FEES_ENDED
    begin(valid_from=date(2026, 7, 1))
    if connection.vendor == "postgresql":
        for change in (
            lambda: FeeSchedule.objects.filter(pk=row.pk).update(percent=1),
            lambda: FeeSchedule.objects.filter(pk=row.pk).update(valid_until=None),
            lambda: FeeSchedule.objects.filter(pk=row.pk).update(ended_why="another"),
            lambda: FeeTier.objects.update(percent=9),
            lambda: FeeTier.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()


def test_what_was_wrong_from_the_start_counts_for_no_day_and_makes_room(psp: Any) -> None:
    row = begin(terms={"percent": D(35)})
    fees.withdraw(row.pk, why="a comma too far", actor=SHOP)
    assert pricing_of("default").cost(K.PAYMENT, D("89.90"), "PEN", JUNE) is None
    begin()
    assert pricing_of("default").cost(K.PAYMENT, D("89.90"), "PEN", JUNE) == Cost(D("4.15"), D("0.75"))
    assert FeeSchedule.objects.filter(is_withdrawn=True).get().ended_why == "a comma too far"


def test_pricing_reads_the_schedules_once_and_counts_a_month_when_a_tier_asks(psp: Any) -> None:
    begin(valid_until=date(2026, 7, 31), terms={"tiers": (Tier(2, D(3)),)})
    begin(valid_from=date(2026, 8, 1), market=Market.CROSS_BORDER, terms={"cross_border_percent": D(1)})
    place_paid(noon(6, 1))
    place_paid(datetime(2026, 6, 30, 23, 59, tzinfo=LIMA))
    place_paid(noon(7, 1))
    with CaptureQueriesContext(connection) as asked:
        pricing = pricing_of("default")
    assert len(asked) == 2
    with CaptureQueriesContext(connection) as asked:
        in_june, in_july, in_august = (
            pricing.cost(K.PAYMENT, D("100.00"), "PEN", date(2026, month, 15)) for month in (6, 7, 8)
        )
        for day in range(1, 31):
            assert pricing.cost(K.PAYMENT, D("100.00"), "PEN", date(2026, 6, day)) == in_june
    assert len(asked) == 2, "of May and of June; what holds in August has no tiers"
    assert in_june == Cost(D("4.50"), D("0.81")), "nothing was paid in May"
    assert in_july == Cost(D("3.00"), D("0.54")), "two were paid in June, as Lima counts"
    assert in_august == Cost(D("5.50"), D("0.99")), "acquired from abroad"
    with CaptureQueriesContext(connection) as asked:
        assert pricing.cost(K.REFUND, D("-10.00"), "PEN", JUNE) == Cost(D("2.00"), D("0.36"))
        assert pricing.cost(K.CHARGEBACK, D("-10.00"), "PEN", JUNE) == Cost(D("40.00"), D("7.20"))
        assert pricing.cost(K.PAYMENT, D("10.00"), "USD", JUNE) is None
        assert pricing.cost(K.PAYMENT, D("10.00"), "PEN", date(2026, 5, 31)) is None
        assert pricing.cost(K.PAYOUT, D("10.00"), "PEN", JUNE) is None
    assert not asked


def test_a_months_costs_are_what_happened_in_it(psp: Any) -> None:
    begin(valid_from=date(2026, 6, 2), terms={"settlement_currency": "USD", "fx_margin_percent": D(2)})
    place_paid(noon(6, 1))  # a day too early for the schedule
    place_paid(noon(5, 31))
    paid = [place_paid(noon(6, 2)), place_paid(noon(6, 2)), place_paid(noon(6, 30), "250.00")]
    place_paid(noon(7, 1))
    for number, state in enumerate((RefundState.SUCCEEDED, RefundState.FAILED, RefundState.FAILED)):
        refund = place_refund(paid[number], state, provider_reference=f"R-{number}" if number < 2 else "")
        StateChange.objects.create(
            subject="refund",
            order=refund.order,
            refund=refund,
            from_state="pending",
            to_state=state,
            transition="x",
            source="poll",
            actor="provider",
            at=noon(6, 20),
        )
    Case.objects.create(
        public_id="C-1",
        kind="dispute",
        account="default",
        subject="x",
        about="x",
        currency="PEN",
        due_date=JUNE,
        opened_at=noon(6, 21),
        opened_by="shop",
    )
    forgotten = place_voucher(
        place_order(), VoucherState.EXPIRED, created_at=noon(6, 3), expires_at=noon(6, 5), wanted_expiry_at=noon(6, 5)
    )
    for channel in ("email", "sms"):
        BuyerMessage.objects.create(
            public_id=channel,
            order=forgotten.order,
            voucher=forgotten,
            kind="voucher_issued",
            channel=channel,
            language="es",
            outcome="sent",
            due_at=noon(6, 3),
            created_at=noon(6, 3),
        )
    with CaptureQueriesContext(connection) as asked:
        (told,) = costs(date(2026, 6, 17), message_cost=D("0.25"))
    assert len(asked) == 7
    assert (told.account, told.currency, told.unpriced) == ("default", "PEN", 1)
    assert (told.payments.count, told.payments.volume) == (3, D("429.80"))
    assert (told.payments.fee, told.payments.tax) == (D("18.05"), D("3.26"))  # 2 × 4.15 + 9.75; 2 × 0.75 + 1.76
    assert (told.refunds.count, told.refunds.total) == (1, D("2.36"))
    assert (told.failed_refunds.count, told.failed_refunds.total) == (1, D("3.54")), "one never reached the provider"
    assert (told.disputes.count, told.disputes.total) == (1, D("47.20"))
    assert told.fx_margin == D("8.60")
    assert (told.unpaid_codes, told.messages, told.unpaid_cost) == (1, 1, D("0.25"))
    assert told.total == D("83.26")
    assert (told.per_paid_voucher, told.effective_percent) == (D("27.75"), D("19.37"))
    assert {day: each.count for day, each in told.days.items()} == {date(2026, 6, 2): 2, date(2026, 6, 30): 1}
    assert {band: each.count for band, each in told.bands.items()} == {D(50): 2, D(200): 1}
    assert costs(JUNE, "another") == []


def test_accounts_are_quoted_side_by_side_and_the_cheapest_is_marked(psp: Any, settings: Any) -> None:
    account = settings.PAGOEFECTIVO["ACCOUNTS"]["default"]
    settings.PAGOEFECTIVO = {
        **settings.PAGOEFECTIVO,
        "ACCOUNTS": dict.fromkeys(("default", "abroad", "bare"), account),
    }
    begin()
    begin(account="abroad", market=Market.CROSS_BORDER, terms={"percent": D(2), "cross_border_percent": D(1)})
    request = QuoteRequest(payments=100, average=D("100.00"), currency="PEN")
    with CaptureQueriesContext(connection) as asked:
        here, abroad, bare = quotes(request, JUNE)
    assert len(asked) == 2
    assert (here.quote is not None, here.is_cheapest, here.provider) == (True, False, "dLocal")
    assert abroad.quote is not None
    assert (abroad.quote.cross_border, abroad.quote.total, abroad.is_cheapest) == (D(100), D("472.00"), True)
    assert (bare.quote, bare.schedule, bare.is_cheapest) == (None, None, False)
    half = quotes(request, JUNE, cross_border=D("0.5"))[1].quote
    assert half is not None
    assert half.cross_border == D(50)
    assert [each.quote for each in quotes(request, date(2026, 5, 31))] == [None] * 3
