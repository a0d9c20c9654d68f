"""Twelve ways in which one person of the shop tries to be two. Each ends with nothing changed and nothing sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Permission as DjangoPermission
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from pagoefectivo.domain.exceptions import PagoEfectivoError
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Refund
from pagoefectivo.services import api_keys, payouts, refunds
from pagoefectivo.services.actors import PermissionRefused, api_key, staff
from pagoefectivo.services.doubts import seen_of
from tests.integration.admin.conftest import hidden, refund_page, text_of
from tests.integration.admin.test_refund_acts import ask, filled_in
from tests.integration.api.conftest import EVERY_SCOPE, ApiClient
from tests.integration.by_hand import ELSEWHERE, ask_back, hand_over
from tests.integration.ledger import everything

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}
NOTED = {"ApiKey", "IdempotentRequest"}  # a key notes its use, and keeps its answers


@pytest.fixture
def waiting(at_desk: Any, account: Any, paid_order: Any, person: Any) -> Refund:
    """A refund that ana asked for, who may do everything, and that needs a second person."""
    order = paid_order()
    account(REFUND_APPROVAL_OVER="20.00")
    refund = ask(at_desk("everything", "ana"), order)
    assert refund.state == "awaiting_approval"
    return refund


@pytest.fixture
def nothing_changes(psp: Any) -> Callable[[], Any]:
    """Hold that a block leaves every row and the provider's books as they were."""

    @contextmanager
    def held() -> Iterator[None]:
        before, calls = everything(besides=NOTED), psp.call_counts().get("refund", 0)
        yield
        assert everything(besides=NOTED) == before
        assert (psp.call_counts().get("refund", 0), psp.refunds()) == (calls, [])

    return held


def refused(act: Callable[[], object]) -> str:
    """The code with which an act was refused."""
    with pytest.raises(PagoEfectivoError) as refusal:
        act()
    return str(refusal.value.code)


def approve_as(user: User, refund: Refund, **more: Any) -> Refund:
    """Approve as the code behind the page does, with permissions as they are in the database now."""
    fresh = User.objects.get(pk=user.pk)
    seen = seen_of(Refund.objects.get(pk=refund.pk))
    return refunds.approve(refund.public_id, actor=staff(fresh), source=Source.STAFF, seen=seen, **more)


def approve_by_page(browser: Client, refund: Refund, seen: str) -> tuple[int, str]:
    """Send the approval's form; return the status and what the page says."""
    answer = browser.post(refund_page(refund, "approve"), {"seen": seen}, headers=ENGLISH)
    return answer.status_code, text_of(answer)


def test_G18_1_a_superuser_approves_their_own_by_page_or_by_shell(
    waiting: Refund, at_desk: Any, person: Any, nothing_changes: Any
) -> None:
    ana = person("everything", "ana")
    User.objects.filter(pk=ana.pk).update(is_superuser=True)
    with nothing_changes():
        status, said = approve_by_page(at_desk("everything", "ana"), waiting, seen_of(waiting))
        assert (status, "APPROVAL_SELF" in said) == (422, True)
        assert refused(lambda: approve_as(ana, waiting)) == "APPROVAL_SELF"


def test_G18_2_the_same_person_under_a_new_name(
    waiting: Refund, person: Any, at_desk: Any, nothing_changes: Any
) -> None:
    ana = person("everything", "ana")
    User.objects.filter(pk=ana.pk).update(username="anabel")
    with nothing_changes():
        assert refused(lambda: approve_as(ana, waiting)) == "APPROVAL_SELF"
        browser = Client()
        browser.force_login(User.objects.get(pk=ana.pk))
        assert "APPROVAL_SELF" in approve_by_page(browser, waiting, seen_of(waiting))[1]
        assert refund_page(waiting, "approve") not in browser.get(refund_page(waiting)).content.decode()


def test_G18_3_another_account_after_the_approval(
    by_hand: None, paid_order: Any, person: Any, nothing_changes: Any
) -> None:
    paid_order()
    refund, ana, luz = ask_back(), person("everything", "ana"), person("everything", "luz")
    approve_as(luz, refund)
    refunds.set_destination(refund.public_id, ELSEWHERE, actor=staff(ana), source=Source.STAFF)
    changed = Refund.objects.get(pk=refund.pk)
    assert (changed.state, changed.approved_by, changed.approved_at, changed.approver) == (
        "awaiting_approval", "", None, None,
    )  # fmt: skip
    with nothing_changes():
        assert list(payouts.ready("default", "PEN")) == []
        assert refused(hand_over) == "PAYOUT_NOTHING_READY"
        assert refused(lambda: approve_as(ana, refund)) == "APPROVAL_SELF"


def test_G18_4_a_stale_page_of_an_honest_approver(
    by_hand: None, paid_order: Any, at_desk: Any, person: Any, nothing_changes: Any
) -> None:
    paid_order()
    refund, luz = ask_back(), at_desk("everything", "luz")
    page = luz.get(refund_page(refund, "approve"))
    refunds.set_destination(refund.public_id, ELSEWHERE, actor=staff(person("everything", "ana")), source=Source.STAFF)
    with nothing_changes():
        status, said = approve_by_page(luz, refund, hidden(page, "seen"))
        assert (status, "APPROVAL_STALE" in said) == (422, True)


def test_G18_5_a_sum_split_over_two_orders_of_one_buyer(at_desk: Any, account: Any, paid_order: Any, psp: Any) -> None:
    first, second = paid_order("A-1"), paid_order("A-2")
    account(REFUND_APPROVAL_OVER="20.00")
    ana = at_desk("everything", "ana")
    states = [ask(ana, order, "15.00").state for order in (first, second)]
    assert (states, len(psp.refunds())) == (["pending", "awaiting_approval"], 1)


def test_G18_6_a_key_that_gives_the_account_and_approves(
    by_hand: None, paid_order: Any, person: Any, nothing_changes: Any
) -> None:
    paid_order()
    refund = ask_back(to=None)
    beto = person("everything", "beto")
    erp = ApiClient(api_keys.create_key("erp", EVERY_SCOPE, owner_id=beto.pk)[1])
    account = {
        "holder_name": "Rosa",
        "document": {"type": "DNI", "number": "45678913"},
        "account_number": ELSEWHERE.account_number,
    }
    assert erp.post(f"refunds/{refund.public_id}/destination/", account).status_code == 200
    with nothing_changes():
        seen = seen_of(Refund.objects.get(pk=refund.pk))
        answer = erp.post(f"refunds/{refund.public_id}/approve/", {"seen": seen})
        assert answer.status_code == 422
        assert refused(lambda: approve_as(beto, refund)) == "APPROVAL_OWN_ACCOUNT"


def test_G18_7_who_asked_in_person_approves_by_a_key(waiting: Refund, person: Any, nothing_changes: Any) -> None:
    ana = person("everything", "ana")
    own, nobodys = (api_keys.create_key(f"k{owner}", EVERY_SCOPE, owner_id=owner)[0] for owner in (ana.pk, None))
    with nothing_changes():
        for key, code in ((own, "APPROVAL_SELF"), (nobodys, "APPROVAL_NEEDS_PERSON")):
            actor = api_key(key.name, key.scopes, [], key.owner_id)
            with pytest.raises(PagoEfectivoError) as refusal:
                refunds.approve(waiting.public_id, actor=actor, source=Source.API, seen=seen_of(waiting))
            assert refusal.value.code == code


def test_G18_8_the_same_approval_sent_again(waiting: Refund, at_desk: Any, psp: Any) -> None:
    luz = at_desk("finance", "luz")
    seen = hidden(luz.get(refund_page(waiting, "approve")), "seen")
    assert approve_by_page(luz, waiting, seen)[0] == 302
    before = everything()
    for _ in range(2):
        status, said = approve_by_page(luz, waiting, seen)
        assert (status, "STATE_CONFLICT" in said) == (422, True)
    assert (everything(), len(psp.refunds())) == (before, 1)


def test_G18_9_a_file_whose_sender_approves_its_lines(
    at_desk: Any, account: Any, paid_order: Any, person: Any, nothing_changes: Any
) -> None:
    paid_order("A-1")
    paid_order("A-2")
    account(REFUND_APPROVAL_OVER="20.00")
    ana = at_desk("everything", "ana")
    new = reverse("admin:pagoefectivo_refundfile_new")
    lines = "reference,amount,reason\nA-1,30.00,damaged\nA-2,30.00,damaged\n"
    seen = hidden(ana.post(new, {"lines": lines}), "seen")
    assert ana.post(new, {"lines": lines, "seen": seen}).status_code == 302
    asked = list(Refund.objects.order_by("pk"))
    assert [refund.state for refund in asked] == ["awaiting_approval"] * 2
    with nothing_changes():
        for refund in asked:
            assert approve_by_page(ana, refund, seen_of(refund))[0] == 422
            assert refused(partial(approve_as, person("everything", "ana"), refund)) == "APPROVAL_SELF"


def test_G18_10_somebody_who_no_longer_works_here(
    waiting: Refund, at_desk: Any, person: Any, nothing_changes: Any
) -> None:
    browser, luz = at_desk("finance", "luz"), person("finance", "luz")
    seen = hidden(browser.get(refund_page(waiting, "approve")), "seen")
    User.objects.filter(pk=luz.pk).update(is_active=False)
    with nothing_changes():
        answer = browser.post(refund_page(waiting, "approve"), {"seen": seen})
        assert (answer.status_code, "/login/" in answer["Location"]) == (302, True)
        with pytest.raises(PermissionRefused):
            approve_as(luz, waiting)


def test_G17_11_a_permission_that_was_taken_between_page_and_button(
    waiting: Refund, at_desk: Any, person: Any, nothing_changes: Any
) -> None:
    browser, luz = at_desk("finance", "luz"), person("finance", "luz")
    seen = hidden(browser.get(refund_page(waiting, "approve")), "seen")
    luz.user_permissions.remove(DjangoPermission.objects.get(codename="approve_refund"))
    with nothing_changes():
        assert approve_by_page(browser, waiting, seen)[0] == 403
        with pytest.raises(PermissionRefused):
            approve_as(luz, waiting)


def test_G18_12_whoever_writes_into_the_database(
    by_hand: None, paid_order: Any, person: Any, nothing_changes: Any
) -> None:
    paid_order()
    open_one, approved = ask_back(amount="30.00"), ask_back(amount="20.00")
    ana, luz = person("everything", "ana"), person("everything", "luz")
    approve_as(luz, approved)
    other = Refund.objects.exclude(pk=approved.pk).get().destination_id
    edits: list[tuple[Refund, dict[str, Any]]] = [
        (open_one, {"approved_by": "staff:ana"}),
        (open_one, {"approver": ana, "approved_by": "staff:somebody"}),
        (open_one, {"requested_by": "staff:ghost", "requester": None}),
        (open_one, {"amount": "0.01"}),
        (approved, {"amount": "50.00"}),
        (approved, {"destination": other}),
        (approved, {"approved_by": "staff:ghost"}),
        (approved, {"requester": luz}),
    ]
    with nothing_changes():
        for refund, edit in edits:
            with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
                Refund.objects.filter(pk=refund.pk).update(**edit)
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            Refund.objects.filter(pk=approved.pk).delete()


def test_G18_a_preview_is_no_refund_and_a_stale_one_asks_for_nothing(
    at_desk: Any, paid_order: Any, psp: Any, nothing_changes: Any
) -> None:
    order, ana = paid_order(), at_desk("support_n2", "ana")
    with nothing_changes():
        form = filled_in(ana, order)
    ask(at_desk("support_n2", "beto"), order, "10.00")
    before = everything()
    page = reverse("admin:pagoefectivo_order_refund", args=[order.pk])
    answer = ana.post(page, form, headers=ENGLISH)
    assert (answer.status_code, "REFUND_PREVIEW_STALE" in text_of(answer)) == (422, True)
    assert everything() == before
    assert "Left to give back now S/ 79.90" in text_of(answer)
    assert ana.post(page, form | {"seen": hidden(answer, "seen")}).status_code == 302
    assert len(psp.refunds()) == 2
