"""What one person may ask for and approve, how long an approval is waited for, and what an emergency leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection, transaction

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import RuleRefused, StateConflict
from pagoefectivo.domain.states import Source
from pagoefectivo.models import LimitPass, Refund
from pagoefectivo.services import refund_requests, refunds
from pagoefectivo.services.actors import SHOP, Actor, Permission
from pagoefectivo.services.doubts import seen_of
from pagoefectivo.services.refund_requests import Wish
from tests.integration.ledger import everything, only_refund, only_voucher, outbox

pytestmark = pytest.mark.django_db(transaction=True)

LIMITS = {
    "support": {"REQUEST": {"PEN": "40.00"}, "REQUEST_DAY": {"PEN": "60.00"}},
    "finance": {"APPROVE": {"PEN": "50.00"}, "APPROVE_DAY": {"PEN": "70.00"}},
    "heads": {"REQUEST": {"PEN": "500.00"}, "APPROVE": {"PEN": "500.00"}, "APPROVE_DAY": {"PEN": "900.00"}},
    "*": {"REQUEST": {"PEN": "5.00"}},
}


@pytest.fixture
def limited(psp: Any, settings: Any) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "REFUND_LIMITS": LIMITS}


def person(name: str, *groups: str, may_pass: bool = False) -> Actor:
    """Somebody of a group, who may do everything but pass limits."""
    user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    user.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    held = frozenset(Permission) - (frozenset() if may_pass else {Permission.EXCEED_LIMITS})
    return Actor(f"staff:{name}", held, user_id=user.pk)


def ask(amount: str, actor: Actor, reference: str = "A-1042", **more: Any) -> Refund:
    wish = Wish(reference=reference, amount=Decimal(amount), reason="damaged", **more)
    return refund_requests.carry_out(wish, actor=actor, source=Source.STAFF)


def approve(refund: Refund, actor: Actor, **more: Any) -> Refund:
    return refunds.approve(refund.public_id, actor=actor, source=Source.STAFF, seen=seen_of(refund), **more)


def limit_said(act: Callable[[], object]) -> list[str]:
    """What a refusal says of the limits, each with the currency's no-break space as a space."""
    before = everything()
    with pytest.raises(RuleRefused) as refusal:
        act()
    assert everything() == before
    assert {reason.code for reason in refusal.value.reasons} == {"REFUND_OVER_LIMIT"}
    said = [f"{reason.message} {reason.next_step}" for reason in refusal.value.reasons]
    return [each.replace("\N{NO-BREAK SPACE}", " ") for each in said]


def test_a_request_above_ones_limit_says_which_and_who_may_do_more(limited: None, paid_order: Any, psp: Any) -> None:
    from django.utils.translation import override

    paid_order()
    ana = person("ana", "support")
    with override("en"):
        assert limit_said(lambda: ask("40.01", ana)) == [
            "Your limit for one request is S/ 40.00; this would come to S/ 40.01. Who may do more: heads."
        ]
        assert limit_said(lambda: ask("5.01", person("eva"))) == [
            "Your limit for one request is S/ 5.00; this would come to S/ 5.01. Who may do more: support, heads."
        ]
        assert ask("40.00", ana).state == "pending"
        assert limit_said(lambda: ask("20.01", ana)) == [
            "Your limit for the requests of one day is S/ 60.00; this would come to S/ 60.01. Who may do more: –."
        ]
    assert ask("20.00", ana).state == "pending"
    assert shop.request_refund(reference="A-1042", amount="29.90", reason="other", actor=SHOP).state == "pending"
    assert len(psp.refunds()) == 3


def test_a_day_ends_at_midnight_in_lima_and_what_was_withdrawn_does_not_count(
    limited: None, paid_order: Any, account: Any, world: Any
) -> None:
    account(REFUND_APPROVAL_OVER="0.00")
    paid_order()
    ana = person("ana", "support")
    refunds.cancel(ask("40.00", ana).public_id, actor=ana, source=Source.STAFF)
    ask("40.00", ana)
    limit_said(lambda: ask("20.01", ana))
    world.advance(hours=24)
    assert ask("40.00", ana).amount == Decimal("40.00")


def test_two_requests_at_once_share_one_days_limit(limited: None, paid_order: Any, psp: Any) -> None:
    for reference in ("A-1", "A-2"):
        paid_order(reference)
    ana, start, ended = person("ana", "support"), threading.Barrier(2), []

    def try_it(reference: str) -> None:
        start.wait()
        try:
            ended.append(ask("40.00", ana, reference).state)
        except RuleRefused as refusal:
            ended.append(str(refusal.code))
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it, args=(reference,)) for reference in ("A-1", "A-2")]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert sorted(ended) == ["REFUND_OVER_LIMIT", "pending"]
    assert len(psp.refunds()) == 1


def test_approvals_have_limits_of_their_own(limited: None, paid_order: Any, account: Any, psp: Any) -> None:
    account(REFUND_APPROVAL_OVER="0.00")
    paid_order(amount="200.00")
    head, luz = person("rosa", "heads"), person("luz", "finance")
    large, small, third = ask("50.01", head), ask("50.00", head), ask("20.01", head)
    assert len(limit_said(lambda: approve(large, luz))) == 1
    approve(small, luz)
    assert len(limit_said(lambda: approve(third, luz))) == 1
    approve(large, person("raul", "heads"))
    assert len(psp.refunds()) == 2


def test_an_emergency_passes_a_limit_and_never_the_second_person(
    limited: None, paid_order: Any, psp: Any, heard: list[str], sweep: Any
) -> None:
    paid_order()
    limit_said(lambda: ask("89.90", person("ana", "support"), emergency="the buyer is at the door"))
    ana = person("ana", "support", may_pass=True)
    limit_said(lambda: ask("89.90", ana, emergency="   "))
    refund = ask("89.90", ana, emergency="the buyer is at the door")
    assert (refund.state, psp.refunds()) == ("awaiting_approval", []), "no threshold is set, and yet it takes two"
    with pytest.raises(RuleRefused) as own:
        approve(refund, ana, emergency="I am alone")
    assert own.value.code == "APPROVAL_SELF"
    luz = person("luz", "finance", may_pass=True)
    limit_said(lambda: approve(refund, luz))
    assert approve(refund, luz, emergency="nobody else is here").state == "pending"
    marks = [(each.kind, each.allowed, each.reached, each.actor) for each in refund.limit_passes.all()]
    assert marks == [
        ("request", Decimal("40.00"), Decimal("89.90"), "staff:ana"),
        ("request_day", Decimal("60.00"), Decimal("89.90"), "staff:ana"),
        ("approve", Decimal("50.00"), Decimal("89.90"), "staff:luz"),
        ("approve_day", Decimal("70.00"), Decimal("89.90"), "staff:luz"),
    ]
    sweep()
    assert [name for name in heard if "limit" in name] == ["refund_requested_over_limit", "refund_approved_over_limit"]
    for act in (LimitPass.objects.all().delete, lambda: LimitPass.objects.update(reason="")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_what_nobody_approves_in_time_is_withdrawn_and_says_so(
    psp: Any, account: Any, paid_order: Any, world: Any, sweep: Any, heard: list[str]
) -> None:
    account(REFUND_APPROVAL_OVER="20.00")
    paid_order()
    refund = shop.request_refund(reference="A-1042", amount="30.00", reason="other", actor=person("ana"))
    world.advance(hours=47)
    sweep()
    assert (only_refund().state, only_voucher().reserved_amount) == ("awaiting_approval", Decimal("30.00"))
    world.advance(hours=1, seconds=1)
    before = everything()
    with pytest.raises(StateConflict) as late:
        approve(refund, person("luz"))
    assert (late.value.code, everything()) == ("APPROVAL_EXPIRED", before)
    sweep()
    gone = only_refund()
    assert (gone.state, gone.error_code, only_voucher().reserved_amount) == ("canceled", "APPROVAL_EXPIRED", 0)
    assert [(each.actor, each.source, each.why) for each in gone.changes.filter(to_state="canceled")] == [
        ("system", "clock", "approval_expired")
    ]
    sweep()
    assert outbox().count("refund_approval_expired") == heard.count("refund_approval_expired") == 1
    assert psp.refunds() == []
    assert refunds.retry(gone.public_id, actor=person("ana"), source=Source.STAFF).state == "awaiting_approval"


def test_what_the_shops_own_rule_proposed_waits_as_long_as_it_takes(
    psp: Any, account: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    account(LATE_PAYMENT="refund")
    code = open_order().current_voucher.code
    psp.expire(code)
    shop.refresh_order(reference="A-1042")
    psp.pay(code, late=True)
    shop.refresh_order(reference="A-1042")
    assert (only_refund().state, only_refund().requested_by) == ("awaiting_approval", "system")
    world.advance(days=9)
    sweep()
    assert only_refund().state == "awaiting_approval"
