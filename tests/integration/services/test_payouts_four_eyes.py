"""Ways in which one person might pay themselves a refund by hand: each is refused, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Permission as DjangoPermission
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import PagoEfectivoError, RuleRefused, StateConflict
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Order, Refund
from pagoefectivo.selectors import invariants
from pagoefectivo.services import doubts, payout_results, payouts, refunds
from pagoefectivo.services.actors import SHOP, SYSTEM, PermissionRefused, api_key, staff
from tests.integration.by_hand import (
    ELSEWHERE,
    approve,
    ask_back,
    hand_over,
    paid,
    person,
    ready,
    today,
)
from tests.integration.ledger import everything, only_refund, only_voucher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("by_hand")]


def refused(act: Callable[[], object], error: type[PagoEfectivoError] = RuleRefused) -> ErrorCode:
    """The code of a refusal; nothing was written."""
    before = everything()
    with pytest.raises(error) as refusal:
        act()
    assert everything() == before
    return refusal.value.code


@pytest.mark.parametrize("over", [None, "1000000.00"])
def test_G18_no_threshold_lets_a_refund_by_hand_pass_alone(paid_order: Any, account: Any, over: str | None) -> None:
    account(REFUND_APPROVAL_OVER=over)
    paid_order()
    assert ask_back(amount="0.01").state == "awaiting_approval"


def test_G18_who_asked_does_not_approve_not_even_as_a_superuser(paid_order: Any) -> None:
    paid_order()
    boss = staff(User.objects.create_superuser("boss"))
    waiting = ask_back(by="boss")
    assert waiting.requested_by == boss.name
    assert (
        refused(
            lambda: refunds.approve(waiting.public_id, seen=doubts.seen_of(waiting), actor=boss, source=Source.STAFF)
        )
        == "APPROVAL_SELF"
    )


def test_G18_who_chose_the_account_does_not_approve_it(paid_order: Any) -> None:
    paid_order()
    waiting = ask_back(by="ana", to=None)
    refunds.set_destination(waiting.public_id, ELSEWHERE, actor=person("luz"), source=Source.STAFF)
    assert refused(lambda: approve(waiting, by="luz")) == "APPROVAL_OWN_ACCOUNT"
    assert approve(waiting, by="beto").state == "requested"


def test_E18_a_changed_account_voids_the_approval_at_every_step(paid_order: Any) -> None:
    paid_order()
    waiting = ask_back()
    stale = doubts.seen_of(waiting)
    refunds.set_destination(waiting.public_id, ELSEWHERE, actor=person("ana"), source=Source.STAFF)
    assert refused(lambda: approve(waiting, seen=stale), StateConflict) == "APPROVAL_STALE"
    approve(waiting, seen=doubts.seen_of(only_refund()))
    refunds.set_destination(waiting.public_id, ELSEWHERE, actor=person("ana"), source=Source.STAFF)
    assert (only_refund().state, only_refund().approved_by) == ("awaiting_approval", "")
    assert refused(hand_over) == "PAYOUT_NOTHING_READY"


@pytest.mark.parametrize(
    "change",
    [
        lambda _refund: _past_the_guards("UPDATE pagoefectivo_refund SET amount = 11"),
        lambda refund: Order.objects.filter(pk=refund.order_id).update(payer_name="Rosa Huamán"),
        lambda refund: Order.objects.filter(pk=refund.order_id).update(payer_document_number="05678912"),
    ],
    ids=["the amount", "the buyer's name", "the buyer's document"],
)
def test_E18_what_is_shown_to_an_approver_is_approved_and_nothing_else(paid_order: Any, change: Any) -> None:
    paid_order()
    waiting = ask_back("A-1042", "10.00")
    stale = doubts.seen_of(waiting)
    change(waiting)
    assert refused(lambda: approve(waiting, seen=stale), StateConflict) == "APPROVAL_STALE"
    assert approve(waiting).state == "requested"


def _past_the_guards(statement: str) -> None:
    """Write what the database itself refuses, as whoever owns it can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)


def test_G18_an_approval_is_used_once(paid_order: Any) -> None:
    paid_order()
    refund = ready()
    assert refused(lambda: approve(refund, by="beto"), StateConflict) == "STATE_CONFLICT"
    hand_over()
    assert refused(lambda: approve(refund, by="beto"), StateConflict) == "STATE_CONFLICT"


@pytest.mark.parametrize("cheat", ["ana", "beto"])
def test_G18_neither_who_asked_nor_who_made_the_file_says_what_the_bank_did(paid_order: Any, cheat: str) -> None:
    paid_order()
    refund = ready()
    hand_over(by="beto")
    said: dict[str, Any] = {"actor": person(cheat), "source": Source.STAFF, "on": today()}
    assert refused(lambda: paid(refund, by=cheat)) == "PAYOUT_SELF"
    reject = ErrorCode.REFUND_REJECTED
    assert refused(lambda: payout_results.mark_rejected(refund.public_id, code=reject, **said)) == "PAYOUT_SELF"
    paid(refund, by="luz")
    assert refused(lambda: payout_results.mark_returned(refund.public_id, **said)) == "PAYOUT_SELF"


def test_G18_who_made_the_file_is_known_under_a_new_name_as_well(paid_order: Any) -> None:
    paid_order()
    refund = ready()
    hand_over(by="beto")
    User.objects.filter(username="beto").update(username="carlos")
    renamed = staff(User.objects.get(username="carlos"))
    assert renamed.name == "staff:carlos"
    assert refused(lambda: paid(refund, by="carlos")) == "PAYOUT_SELF"


def test_G18_one_person_cannot_be_both_ends_even_where_the_shop_itself_asked(paid_order: Any) -> None:
    paid_order()
    waiting = refunds.request(
        "A-1042",
        amount=only_voucher().paid_amount,
        reason="other",
        actor=SHOP,
        source=Source.API,
        destination=ELSEWHERE,
    )
    approve(waiting, by="luz")
    hand_over(by="luz")
    assert refused(lambda: paid(waiting, by="luz")) == "PAYOUT_SELF"
    assert paid(waiting, by="beto").state == "succeeded"
    assert [finding.id for finding in invariants.check() if finding.count] == []


def test_G18_no_program_makes_takes_or_settles_a_payout_however_much_it_may(paid_order: Any) -> None:
    paid_order()
    refund = ready()
    machines = [SHOP, SYSTEM, api_key("erp", ["payouts:make", "payouts:download", "payouts:settle"], [])]
    for machine in machines:
        act: dict[str, Any] = {"actor": machine, "source": Source.API}
        paid_today: dict[str, Any] = {"operation_number": "7", "on": today()}
        for attempt in (
            partial(payouts.make, "default", "PEN", **act),
            partial(payouts.file_of, "P-1", actor=machine),
            partial(payout_results.mark_paid, refund.public_id, **paid_today, **act),
            partial(payout_results.record, [], **act),
        ):
            assert refused(attempt, PermissionRefused) == "PERMISSION_DENIED"


def test_G17_each_act_has_its_own_permission_in_the_service_too(paid_order: Any) -> None:
    paid_order()
    refund = ready()
    payout = hand_over()
    acts: dict[str, Callable[[Any], object]] = {
        "make_payout": lambda actor: payouts.make("default", "PEN", actor=actor, source=Source.STAFF),
        "download_payout": lambda actor: payouts.file_of(payout.reference, actor=actor),
        "settle_payout": lambda actor: payout_results.mark_paid(
            refund.public_id, operation_number="7", on=today(), actor=actor, source=Source.STAFF
        ),
    }
    for needed, act in acts.items():
        others = DjangoPermission.objects.filter(content_type__app_label="pagoefectivo").exclude(codename=needed)
        user = User.objects.create(username=f"all but {needed}")
        user.user_permissions.set(others)
        assert refused(partial(act, staff(user)), PermissionRefused) == "PERMISSION_DENIED"


def test_G18_splitting_a_refund_makes_as_many_approvals(paid_order: Any) -> None:
    paid_order()
    parts = [ask_back(amount="0.01") for _ in range(3)]
    assert {part.state for part in parts} == {"awaiting_approval"}
    approve(parts[0])
    assert hand_over().count == 1


def test_G18_a_direct_edit_of_the_approval_is_refused_or_found(paid_order: Any) -> None:
    paid_order()
    waiting = ask_back()
    with pytest.raises(IntegrityError, match="pe_refund_four_eyes"), transaction.atomic():
        Refund.objects.filter(pk=waiting.pk).update(approved_by=waiting.requested_by)
    Refund.objects.filter(pk=waiting.pk).update(approved_by="staff:luz", approval_digest="made up")
    assert refused(hand_over) == "PAYOUT_NOTHING_READY"


def test_I6_what_counts_as_paid_out_without_a_second_person_or_a_number_is_found(paid_order: Any) -> None:
    from tests.integration.operations.test_invariants import plant

    paid_order()
    refund = ready()
    hand_over(by="beto")
    paid(refund, by="luz")
    faults = {
        "no number": "UPDATE pagoefectivo_refund SET provider_reference = ''",
        "the maker said so": "UPDATE pagoefectivo_statechange SET actor = 'staff:beto' WHERE to_state = 'succeeded'",
        "who asked said so": "UPDATE pagoefectivo_statechange SET actor = 'staff:ana' WHERE to_state = 'succeeded'",
        "nobody approved": "UPDATE pagoefectivo_refund SET approved_by = '', approval_digest = ''",
        "another amount": "UPDATE pagoefectivo_paymentevent SET amount = 1 WHERE proof = 'attested'",
        "a mere answer": "UPDATE pagoefectivo_paymentevent SET proof = 'read' WHERE proof = 'attested'",
    }
    for story, statement in faults.items():
        with transaction.atomic():
            plant(statement)()
            found = {finding.id: finding.rows for finding in invariants.check() if finding.count}
            transaction.set_rollback(True)
        assert found.get("I6") == (f"refund {refund.pk}",), story
    assert [finding.id for finding in invariants.check() if finding.count] == []
