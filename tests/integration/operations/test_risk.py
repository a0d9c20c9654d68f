"""Many unpaid codes, bursts of small ones, one phone, one document, one address: flagged with a reason, never stopped."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from pagoefectivo import shop, signals
from pagoefectivo.domain.exceptions import StateConflict
from pagoefectivo.domain.states import OrderState
from pagoefectivo.models import BuyerMark, Job, Order, OutboxMessage, RiskFlag
from pagoefectivo.selectors import invariants
from pagoefectivo.services import jobs, proofs, risk
from pagoefectivo.services.actors import Actor, Permission, PermissionRefused
from pagoefectivo.services.proofs import Told
from tests.integration.admin.conftest import at_desk, everything, order_page, person, text_of  # noqa: F401 - fixtures
from tests.integration.pages.stage import place_order, place_voucher
from tests.receipts import uploads

pytestmark = pytest.mark.django_db(transaction=True)
RULES = {
    "SMALL_BURST": {"COUNT": 3, "WITHIN": "1h", "AMOUNT": {"PEN": "20.00"}},
    "UNPAID": {"COUNT": 4, "WITHIN": "7d"},
    "BY_PHONE": {"COUNT": 3, "WITHIN": "24h"},
    "BY_DOCUMENT": {"COUNT": 3, "WITHIN": "24h"},
    "BY_ADDRESS": {"COUNT": 2, "WITHIN": "24h"},
}


@pytest.fixture(autouse=True)
def _strict(psp: Any, settings: Any) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "RISK": RULES}


def place(
    count: int, *, state: OrderState = OrderState.PAID, every: timedelta = timedelta(seconds=1), **columns: Any
) -> list[Order]:
    """Orders of different buyers, in a row, the last one now."""
    now = timezone.now()
    alone = {f"payer_{name}": "" for name in ("phone", "document_number")}
    return [
        place_voucher(
            place_order(
                state,
                **{
                    **alone,
                    "payer_email": f"buyer{number}@example.pe",
                    "amount": Decimal("89.90"),
                    "paid_amount": Decimal("89.90") if state == OrderState.PAID else 0,
                    "created_at": now - (count - 1 - number) * every,
                    **columns,
                },
            )
        ).order
        for number in range(count)
    ]


def watch() -> list[tuple[str, str]]:
    """Let the sweep's job run; what is flagged, by order and rule."""
    list(jobs.due({risk.JOB: timedelta(0)}))
    risk.watch()
    return [
        (flag.order.reference, flag.rule) for flag in RiskFlag.objects.select_related("order").order_by("order", "rule")
    ]


def test_small_codes_in_a_burst_are_flagged_and_the_reason_has_numbers() -> None:
    small = place(4, amount=Decimal("12.50"), payer_email="Ana@Example.pe", every=timedelta(minutes=10))
    place(4, amount=Decimal("20.01"), payer_email="rosa@example.pe")
    place(4, amount=Decimal("12.50"), payer_email="luis@example.pe", every=timedelta(minutes=40))
    assert watch() == [(order.reference, "small_burst") for order in small[2:]]
    with translation.override("en"):
        said = RiskFlag.objects.earliest("pk").sentence.replace("\N{NO-BREAK SPACE}", " ")
    assert said == "3 codes of at most S/ 20.00 with the same e-mail within 1 hour. Flagged from 3 on."


def test_unpaid_codes_of_one_buyer_are_flagged_and_paid_ones_are_not() -> None:
    paid = place(9, payer_email="ana@example.pe")
    unpaid = place(4, state=OrderState.AWAITING_PAYMENT, payer_email="ANA@example.pe ", every=timedelta(days=1))
    place(3, state=OrderState.EXPIRED, payer_email="rosa@example.pe")
    assert watch() == [(unpaid[3].reference, "unpaid")]
    assert RiskFlag.objects.get().facts["count"] == 4
    assert len(paid) == 9


def test_one_phone_with_and_without_its_country_and_one_document_over_many_names() -> None:
    phones = [place(1, payer_phone=phone)[0] for phone in ("+51 987-654-321", "987654321", "51987654321")]
    papers = place(3, payer_document_type="DNI", payer_document_number="45678912")
    place(2, payer_document_type="CE", payer_document_number="45678912")
    assert watch() == [(phones[2].reference, "by_phone"), (papers[2].reference, "by_document")]
    assert set(BuyerMark.objects.values_list("mark", flat=True)) == {"email", "phone", "document"}
    kept = str(list(BuyerMark.objects.values()))
    assert not [thing for thing in ("987654321", "45678912", "example") if thing in kept], "digests and nothing else"


def test_receipts_of_many_orders_from_one_address() -> None:
    first, second, other = place(3, state=OrderState.AWAITING_PAYMENT)
    for order, ip in ((first, "2001:db8::1"), (other, "198.51.100.7"), (second, "2001:db8::2")):
        proofs.send(order.page_key, uploads.photo(), Told(), remote_ip=ip)
    assert watch() == [(second.reference, "by_address")], "one customer is given a whole /64"
    assert watch() == [(second.reference, "by_address")], "and looking again finds nothing new"


def test_nothing_is_looked_at_while_an_order_is_opened_and_a_sweep_flags_it_later(
    open_order: Any, world: Any, sweep: Any, heard: list[str]
) -> None:
    for number in range(4):
        open_order(f"A-{number}", "12.50")
    assert (BuyerMark.objects.count(), RiskFlag.objects.count()) == (0, 0)
    sweep()
    assert {flag.rule for flag in RiskFlag.objects.all()} == {"small_burst", "unpaid", "by_phone", "by_document"}
    assert heard.count("order_flagged") == 2, "once for each flagged order"
    assert {order.state for order in Order.objects.all()} == {"awaiting_payment"}, "a flag stops nothing"
    assert [finding.id for finding in invariants.check() if finding.count] == []
    world.advance(minutes=2)
    sweep()
    assert OutboxMessage.objects.filter(signal="order_flagged").count() == 2


def test_a_shop_may_act_on_a_flag(open_order: Any, sweep: Any) -> None:
    def withdraw(order: Order, **_: Any) -> None:
        if order.flags.filter(rule="small_burst").exists():
            shop.cancel_order(reference=order.reference)

    signals.order_flagged.connect(withdraw, dispatch_uid="withdraw", weak=False)
    try:
        for number in range(3):
            open_order(f"A-{number}", "12.50")
        sweep()
    finally:
        signals.order_flagged.disconnect(dispatch_uid="withdraw")
    wanted = Order.objects.exclude(cancel_wanted_at=None).values_list("reference", flat=True)
    assert list(wanted) == ["A-2"]


def test_looking_costs_the_same_however_many_orders_there_are() -> None:
    asked = []
    for number in range(3):
        place(3 + 40 * number)
        with CaptureQueriesContext(connection) as queries:
            watch()
        asked.append(len(queries))
    assert asked[1:] == [16, 16], "the first time the job itself is noted as well"
    with CaptureQueriesContext(connection) as queries:
        watch()
    assert len(queries) == 9, "where nothing is new"
    assert Job.objects.get(name=risk.JOB).outcome["seen_to"]


def test_marks_are_forgotten_once_no_rule_looks_back_so_far() -> None:
    place(2, every=timedelta(days=6))
    watch()
    BuyerMark.objects.filter(order__created_at__lt=timezone.now() - timedelta(days=1)).update(
        at=timezone.now() - timedelta(days=8)
    )
    watch()
    assert BuyerMark.objects.count() == 1


def test_a_person_puts_a_flag_aside_with_a_reason(at_desk: Any) -> None:  # noqa: F811 - the fixture
    order = place(3, payer_phone="987654321")[2]
    watch()
    flag = RiskFlag.objects.get()
    browser = at_desk("support_n1", headers={"accept-language": "en"})
    page = text_of(browser.get(order_page(order)))
    assert "Noticed by the rules" in page
    assert "Many orders with one phone : 3 orders with the same phone within 1 day." in page
    dismiss, before = reverse("admin:pagoefectivo_riskflag_dismiss", args=[flag.pk]), everything()
    assert browser.post(dismiss, {"why": "known"}).status_code == 403
    assert everything() == before
    from django.contrib.auth.models import Permission as DjangoPermission

    user = User.objects.get(username="support_n1")
    user.user_permissions.add(*DjangoPermission.objects.filter(codename__in=("dismiss_flag", "view_riskflag")))
    assert browser.post(dismiss, {"why": " "}).status_code == 422
    assert everything() == before
    answer = browser.post(dismiss, {"why": "A company that orders for its staff"}, follow=True)
    assert "Put aside: A company that orders for its staff" in text_of(answer)
    flag.refresh_from_db()
    assert (flag.dismissed_by, flag.dismissed_why) == ("staff:support_n1", "A company that orders for its staff")
    assert watch() == [(order.reference, "by_phone")], "the same rule stays silent here"
    with pytest.raises(StateConflict):
        risk.dismiss(flag.pk, why="again", actor=Actor("staff:ana", frozenset(Permission), user_id=1))
    with pytest.raises(PermissionRefused):
        risk.dismiss(flag.pk, why="by a program", actor=Actor("key:x", frozenset(Permission)))


def test_the_list_of_flags_asks_a_fixed_number_of_questions(at_desk: Any) -> None:  # noqa: F811 - the fixture
    from django.contrib.auth.models import Permission as DjangoPermission

    browser = at_desk("support_n1")
    User.objects.get(username="support_n1").user_permissions.add(DjangoPermission.objects.get(codename="view_riskflag"))
    address, asked = reverse("admin:pagoefectivo_riskflag_changelist"), []
    for number in range(2):
        place(4 + number, payer_phone=f"98765432{number}")
        watch()
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address, {"is": "open"}).status_code == 200
        asked.append(len(queries))
    assert asked == [6, 6]
