"""What people do about many errors at once: each row has its own answer, and no act does what its service would not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.models import ErrorMark, ErrorOccurrence, Refund, Voucher
from pagoefectivo.services import following
from pagoefectivo.services.actors import SHOP, Actor, Permission, PermissionRefused
from tests.integration.ledger import everything

pytestmark = pytest.mark.django_db(transaction=True)

P = Permission
LUZ = Actor("staff:luz", frozenset({P.FOLLOW_ERRORS, P.WRITE_ORDERS, P.WRITE_REFUNDS}), user_id=1)
EVA = Actor("staff:eva", frozenset({P.FOLLOW_ERRORS}), user_id=2)


def told(rows: list[following.Told]) -> list[str]:
    return [row.reason.code if row.reason else "done" for row in rows]


def ids() -> list[int]:
    return list(ErrorOccurrence.objects.order_by("pk").values_list("pk", flat=True))


def test_what_the_provider_knows_is_asked_about_and_nothing_is_sent(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    open_order("A-1")
    psp.fault("get_payment", "500")
    world.advance(seconds=2)
    sweep()
    psp.fault("create", "refused", code="5001")
    open_order("A-2")
    Voucher.objects.filter(order__reference="A-1").update(next_action_at=world.now() + timedelta(days=1))
    psp.clear_calls()
    assert told(following.ask_again(ids(), note="again", actor=EVA)) == ["done", "ERROR_NOTHING_TO_ASK"]
    sweep()
    assert psp.call_counts() == {"get_payment": 1}
    assert list(ErrorMark.objects.values_list("act", "note", "refused", "actor")) == [
        ("asked", "again", "", "staff:eva"),
        ("asked", "again", "ERROR_NOTHING_TO_ASK", "staff:eva"),
    ]


def test_R15_only_what_is_safe_is_tried_again_and_each_service_decides(
    psp: Any, open_order: Any, paid_order: Any
) -> None:
    luz = replace(LUZ, user_id=User.objects.create_user("luz").pk)  # a refund keeps who asked for it
    paid_order("A-1")
    for code in ("5012", "5007", "5021", "7777"):  # no funds, too much, and two that may have happened
        psp.fault("refund", "refused", code=code)
        shop.request_refund(reference="A-1", amount="5.00", reason="damaged", actor=SHOP)
    psp.fault("create", "refused", code="5001")
    open_order("A-2")
    psp.clear_calls()
    states = list(Refund.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["submitting", "failed", "unknown", "unknown"]
    assert told(following.retry(ids(), note="", actor=EVA)) == [
        "PERMISSION_DENIED", "PERMISSION_DENIED", "ERROR_NOT_RETRIABLE", "ERROR_NOT_RETRIABLE", "PERMISSION_DENIED",
    ]  # fmt: skip
    assert psp.call_counts() == {}
    assert told(following.retry(ids(), note="", actor=luz)) == [
        "STATE_CONFLICT", "done", "ERROR_NOT_RETRIABLE", "ERROR_NOT_RETRIABLE", "done",
    ]  # fmt: skip
    assert psp.call_counts() == {"refund": 1, "create": 1}
    again = following.retry(ids(), note="", actor=luz)
    assert psp.call_counts() == {"refund": 1, "create": 1}, "the same failure is tried again once"
    assert told(again)[1] == "done"
    assert (Refund.objects.count(), Voucher.objects.filter(order__reference="A-2").count()) == (5, 2)


def test_errors_are_given_to_a_person_and_marked_as_seen_row_by_row(psp: Any, open_order: Any) -> None:
    User.objects.create_user("eva", is_staff=True)
    User.objects.create_user("buyer")
    psp.fault("create", "refused", times=2, code="5001")
    open_order("A-1"), open_order("A-2")
    rows = ids()
    assert told(following.assign(rows, owner="eva", note="yours", actor=LUZ)) == ["done", "done"]
    assert told(following.mark_seen([*rows, rows[0], 987654], note="", actor=EVA)) == ["done", "done"]
    assert list(ErrorMark.objects.order_by("pk").values_list("act", "owner", "actor")) == [
        ("assigned", "eva", "staff:luz"), ("assigned", "eva", "staff:luz"),
        ("seen", "", "staff:eva"), ("seen", "", "staff:eva"),
    ]  # fmt: skip
    before = everything()
    for wrong in ("buyer", "nobody", ""):
        with pytest.raises(RuleRefused):
            following.assign(rows, owner=wrong, note="", actor=LUZ)
    assert everything() == before


def test_without_the_permission_or_beyond_the_bound_nothing_changes(psp: Any, open_order: Any) -> None:
    psp.fault("create", "refused", code="5001")
    open_order()
    before = everything()
    nobody = Actor("staff:x", frozenset({P.WRITE_ORDERS, P.WRITE_REFUNDS}), user_id=3)
    for act in (following.mark_seen, following.ask_again, following.retry):
        with pytest.raises(PermissionRefused):
            act(ids(), note="", actor=nobody)
    with pytest.raises(PermissionRefused):
        following.assign(ids(), owner="eva", note="", actor=nobody)
    for act, most in ((following.mark_seen, 50), (following.retry, 10)):
        for wrong in ([], list(range(most + 1))):
            with pytest.raises(RuleRefused):
                act(wrong, note="", actor=LUZ)
    assert everything() == before
