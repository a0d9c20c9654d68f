"""Two refunds of the whole amount at once, through every pair of doors: one is accepted, and the PSP gets one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from decimal import Decimal
from itertools import combinations_with_replacement
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.admin.refund_forms import new_nonce
from pagoefectivo.domain.exceptions import RuleRefused, StateConflict
from pagoefectivo.domain.messages import RefundUpdate
from pagoefectivo.domain.states import FREED_REFUND, Proof, RefundStatus, Source
from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.services import api_keys, doubts, refunds
from pagoefectivo.services.actors import SHOP, Actor
from pagoefectivo.services.claiming import claim_row
from pagoefectivo.services.polling import ask_voucher
from pagoefectivo.services.seams import new_id
from tests.concurrency.conftest import Team, Work, ask, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

ROUNDS = 50
LATE_ROUNDS = int(os.environ.get("RACE_ROUNDS", "10"))  # each needs an order of its own
WHOLE = "89.90"
REFUSED = (RuleRefused, StateConflict)
DOORS = ("shop", "api", "admin", "retry")


class Doors:
    """The ways in, each for the whole amount of one order; true where the refund was accepted."""

    def __init__(self) -> None:
        key = api_keys.create_key("erp", ("orders:read", "refunds:write"), ())[1]
        self._key = {"Authorization": f"Api-Key {key}"}
        self._staff = User.objects.create_superuser("ana", password="x")

    def at(self, door: str, order: Order) -> Work:
        """Return one person at that door, ready to act on an order."""
        makers = {
            "shop": self._shop, "api": self._api, "admin": self._admin, "retry": self._retry, "draft": self._draft,
        }  # fmt: skip
        return makers[door](order)

    def _shop(self, order: Order) -> Work:
        return _accepted(
            lambda: shop.request_refund(reference=order.reference, amount=WHOLE, reason="other", actor=SHOP)
        )

    def _retry(self, order: Order) -> Work:
        failed = Refund.objects.filter(order=order, state__in=FREED_REFUND).order_by("pk").last()
        assert failed is not None
        return _accepted(lambda: refunds.retry(failed.public_id, actor=SHOP, source=Source.STAFF))

    def _draft(self, order: Order) -> Work:
        """Somebody hears of the payment, whose refund is drafted, and approves the newest refund there is."""
        voucher = Voucher.objects.get(order=order)
        claim = claim_row(Voucher, voucher.pk)
        assert claim is not None
        Voucher.objects.filter(pk=voucher.pk).update(lease_until=None)  # so that a second one may ask as well
        approver = Actor(f"approver-{claim.token}", SHOP.permissions)

        def hear_and_approve() -> Refund:
            ask_voucher(voucher, claim, source=Source.POLL)
            newest = Refund.objects.filter(order=order).last()
            if newest is None:
                raise StateConflict  # somebody claimed the payment since, and has not drafted anything yet
            return refunds.approve(newest.public_id, seen=doubts.seen_of(newest), actor=approver, source=Source.STAFF)

        return _accepted(hear_and_approve)

    def _api(self, order: Order) -> Work:
        client, path = Client(), reverse("pagoefectivo:api-order-refunds", args=[order.reference])
        body, headers = json.dumps({"amount": WHOLE, "reason": "other"}), {**self._key, "Idempotency-Key": new_id()}

        def post() -> bool:
            answer = client.post(path, body, content_type="application/json", headers=headers)
            assert answer.status_code in {201, 422}, answer.content
            return answer.status_code == 201

        return post

    def _admin(self, order: Order) -> Work:
        browser, path = Client(), reverse("admin:pagoefectivo_order_refund", args=[order.pk])
        browser.force_login(self._staff)
        form = {"amount": WHOLE, "reason": "damaged", "note": "", "nonce": new_nonce()}

        def submit() -> bool:
            preview = browser.post(path, form)
            seen = re.search(r'name="seen" value="(\w+)"', preview.content.decode())
            answer = browser.post(path, {**form, "seen": seen[1]}) if seen else preview
            assert answer.status_code in {302, 422}, answer.content
            return answer.status_code == 302

        return submit


def _accepted(act: Callable[[], Refund]) -> Work:
    def attempt() -> bool:
        try:
            act()
        except REFUSED:
            return False
        return True

    return attempt


@pytest.mark.parametrize(("first", "second"), list(combinations_with_replacement(DOORS, 2)))
def test_E02_E04_of_two_refunds_at_once_exactly_one_is_accepted(
    first: str, second: str, psp: Operations, paid: Callable[..., Order], pair: Team
) -> None:
    order = paid()
    payment = Voucher.objects.get().provider_reference
    doors = Doors()
    doors.at("shop", order)()
    bounce(psp, order)
    for _ in range(ROUNDS):
        psp.clear_calls()
        accepted = pair.race(doors.at(first, order), doors.at(second, order))

        same_refund = first == second == "retry"  # both name one failed refund, so both are given its one successor
        assert sorted(accepted) == ([True, True] if same_refund else [False, True])
        assert Refund.objects.exclude(state__in=FREED_REFUND).count() == 1
        assert psp.call_counts() == {"refund": 1}
        assert Decimal(psp.totals(payment)["refunded"]) == Decimal(WHOLE)
        bounce(psp, order)
    assert Refund.objects.count() == len(psp.refunds(payment)) == ROUNDS + 1
    assert Voucher.objects.get().reserved_amount == 0


def bounce(psp: Operations, order: Order) -> None:
    """Let the bank turn the refund under way down, and hear of it: its amount is free again."""
    refund = Refund.objects.get(order=order, state="pending")
    psp.settle_refund(refund.provider_reference, "reject")
    rejected = RefundUpdate(RefundStatus.FAILED, "REJECTED", Proof.READ, reference=refund.reference)
    told(rejected, Source.POLL)()
    assert Refund.objects.get(pk=refund.pk).state == "failed"


def test_E03_one_request_that_arrives_twice_at_once_is_one_refund(
    psp: Operations, paid: Callable[..., Order], pair: Team
) -> None:
    order = paid()
    for number in range(ROUNDS // 5):

        def ask_once(nonce: str = f"form:{number}") -> Refund:
            return refunds.request(
                order.reference, amount=Decimal(WHOLE), reason="other", actor=SHOP, source=Source.STAFF, nonce=nonce
            )

        first, second = pair.race(ask_once, ask_once)
        assert first.pk == second.pk
        assert len(psp.refunds()) == Refund.objects.count() == number + 1
        bounce(psp, order)


@pytest.mark.parametrize("door", [*DOORS, "draft"])
def test_E02_D06_a_drafted_refund_of_late_money_and_another_are_one_refund(
    door: str, psp: Operations, issued: Callable[..., Order], pair: Team, settings: Any
) -> None:
    """The late payment is heard, its refund drafted and approved, while somebody wants the same money given back.

    Asking again needs a refund that failed: there the draft is the one that failed, and hearing again drafts no other.
    """
    account = {**settings.PAGOEFECTIVO["ACCOUNTS"]["default"], "LATE_PAYMENT": "refund"}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": account}}
    doors = Doors()
    for number in range(LATE_ROUNDS):
        order = issued(f"L-{number}")
        voucher = Voucher.objects.get(order=order)
        psp.expire(voucher.code)
        ask(voucher)
        psp.pay(voucher.code, late=True)
        if door == "retry":
            assert doors.at("draft", order)()
            bounce(psp, order)
        psp.clear_calls()
        accepted = pair.race(doors.at("draft", order), doors.at(door, order))

        assert sorted(accepted) == [False, True]
        assert psp.call_counts()["refund"] == 1
        only = Refund.objects.exclude(state__in=FREED_REFUND).get(order=order)
        assert (only.state, only.amount) == ("pending", Decimal(WHOLE))
        assert only.requested_by == ("shop" if door == "retry" else "system")
        assert bool(only.approved_by) == (door != "retry"), "what nobody asked for is not sent without an approval"
        assert Refund.objects.filter(order=order).count() == 1 + (door == "retry")
        assert Decimal(psp.totals(voucher.provider_reference)["refunded"]) == Decimal(WHOLE)


def test_E18_two_approvals_at_once_send_one_refund(
    psp: Operations, paid: Callable[..., Order], pair: Team, settings: Any
) -> None:
    account = {**settings.PAGOEFECTIVO["ACCOUNTS"]["default"], "REFUND_APPROVAL_OVER": "0"}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": account}}
    ana, luis = (Actor(name, SHOP.permissions) for name in ("ana", "luis"))
    order = paid()
    payment = Voucher.objects.get().provider_reference
    for number in range(ROUNDS // 5):
        asked = shop.request_refund(reference=order.reference, amount=WHOLE, reason="other", actor=SHOP)
        assert asked.state == "awaiting_approval"

        def approve(actor: Actor, refund: Refund = asked) -> Refund:
            return refunds.approve(refund.public_id, seen=doubts.seen_of(refund), actor=actor, source=Source.STAFF)

        outcomes = pair.race(lambda: approve(ana), lambda: approve(luis))
        assert len([each for each in outcomes if isinstance(each, StateConflict)]) == 1
        assert len(psp.refunds(payment)) == number + 1
        bounce(psp, order)


def test_E04_the_database_itself_refuses_more_than_was_paid(paid: Callable[..., Order]) -> None:
    paid()
    voucher = Voucher.objects.get()
    before = Voucher.objects.values().get()
    for columns in (
        {"reserved_amount": Decimal("89.91")},
        {"refunded_amount": Decimal("0.01")},
        {"refunded_amount": Decimal("-0.01")},
        {"paid_amount": Decimal("-0.01")},
    ):
        with pytest.raises(IntegrityError, match="pe_voucher_refunds_within_paid"), transaction.atomic():
            Voucher.objects.filter(pk=voucher.pk).update(**columns)
    assert Voucher.objects.values().get() == before
