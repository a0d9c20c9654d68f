"""What must be true of an order after any race: no double, no loss, nothing forgotten."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from pagoefectivo.domain.states import FREED_REFUND, LIVE_VOUCHER, UNSENT_REFUND
from pagoefectivo.models import ErrorOccurrence, Order, Refund, Voucher, WebhookDelivery
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.selectors import invariants
from pagoefectivo.services import seams
from tests.concurrency.scenes import APPROVAL_OVER, FAILED, WANTED, Scene

SOON = timedelta(minutes=2)  # a lease may have to end first
AT_REST = {"awaiting_approval", "pending", "succeeded", "failed", "canceled"}


class Judgement:
    """One order after its race, held against what everybody was told: `accepted` counts the yeses per entry point."""

    def __init__(self, psp: Operations, scene: Scene, points: set[str], accepted: Counter[str]) -> None:
        self._psp, self._scene, self._points, self._accepted = psp, scene, points, accepted
        self._order = Order.objects.get(pk=scene.order_id)
        self._vouchers = list(Voucher.objects.filter(order=self._order))
        self._refunds = list(Refund.objects.filter(order=self._order))
        self._live = [refund for refund in self._refunds if refund.state not in FREED_REFUND]

    def pass_on(self) -> None:
        """Raise AssertionError for whatever is not right."""
        self._one_code_to_choose()
        self._as_many_refunds_as_were_accepted()
        self._no_more_than_was_paid()
        self._approvals_count()
        self._the_draft_obeys()
        if self._accepted["accept"]:
            assert self._order.state != "in_review"
        if self._accepted["cancel"]:
            assert self._order.cancel_wanted_at is not None
        all_invariants_hold()

    def doubles(self) -> int:
        """Count refunds that nobody was told of, what the PSP holds beside ours, and codes it issued twice."""
        codes = sum(max(len(self._psp.payments(each.reference)) - 1, 0) for each in self._vouchers)
        return max(self._surplus, 0) + len(self._theirs - self._ours) + codes

    def losses(self) -> int:
        """Count refunds that somebody was promised and that are not there, and those sent that the PSP does not hold."""
        return max(-self._surplus, 0) + len(self._ours - self._theirs)

    @property
    def _surplus(self) -> int:
        staged = {refund.pk for refund in self._scene.failures}
        asked = [each for each in self._refunds if each.amount == Decimal(WANTED) and each.pk not in staged]
        return len(asked) - self._accepted["request"] - bool(self._accepted["retry"])

    @property
    def _ours(self) -> set[str]:
        return {refund.provider_reference for refund in self._refunds if refund.provider_reference}

    @property
    def _theirs(self) -> set[str]:
        payments = [voucher.provider_reference for voucher in self._vouchers if voucher.provider_reference]
        return {str(refund["id"]) for payment in payments for refund in self._psp.refunds(payment)}

    def _one_code_to_choose(self) -> None:
        a_new_try = self._scene.opening == FAILED and "open" in self._points
        assert len(self._vouchers) <= 1 + self._accepted["reissue"] + a_new_try, "a code that nobody asked for"
        live = [voucher for voucher in self._vouchers if voucher.state in LIVE_VOUCHER]
        assert len([voucher for voucher in live if voucher.replaced_at is None]) <= 1, "two codes to choose from"
        if self._order.cancel_wanted_at is not None:
            assert all(voucher.cancel_wanted_at for voucher in live), "a code that is live on a withdrawn order"
        for voucher in self._vouchers:
            assert len(self._psp.payments(voucher.reference)) == bool(voucher.provider_reference)

    def _as_many_refunds_as_were_accepted(self) -> None:
        assert {refund.state for refund in self._refunds} <= AT_REST
        assert self._surplus == 0

    def _no_more_than_was_paid(self) -> None:
        if self._scene.is_tight:
            assert len([refund for refund in self._live if refund.amount >= Decimal(WANTED)]) <= 1
        for voucher in self._vouchers:
            if voucher.provider_reference:
                ours = [each for each in self._refunds if each.voucher_id == voucher.pk and each.provider_reference]
                theirs = self._psp.refunds(voucher.provider_reference)
                assert sorted(each["id"] for each in theirs) == sorted(refund.provider_reference for refund in ours)
                books = self._psp.totals(voucher.provider_reference)
                assert Decimal(books["refunded"]) <= Decimal(books["received"])

    def _approvals_count(self) -> None:
        unseen = [each for each in self._live if each.state not in UNSENT_REFUND and not each.approved_by]
        assert sum(refund.amount for refund in unseen) <= Decimal(APPROVAL_OVER), "split below the threshold"
        for refund in self._live:
            if refund.state in UNSENT_REFUND and refund.is_approved:
                assert refund.next_action_at is not None
                assert refund.next_action_at < seams.now() + SOON, "approved, but left lying"

    def _the_draft_obeys(self) -> None:
        if not self._scene.drafts:
            return
        draft = next(refund for refund in self._refunds if refund.pk == self._scene.draft.pk)
        if self._accepted["withdraw"]:
            assert draft.state == "canceled"
        if self._accepted["redirect"]:
            assert draft.destination_id is not None
        if not (self._accepted["withdraw"] or self._accepted["redirect"]):
            assert draft.is_approved == bool(self._accepted["approve"])


def all_invariants_hold() -> None:
    """The project's own check finds nothing."""
    assert [finding for finding in invariants.check() if finding.count] == []


def judge_the_end(psp: Operations) -> None:
    """After everything due was worked on: all that the provider knows is known here, and nothing waits for nothing."""
    all_invariants_hold()
    staged = Voucher.objects.filter(state="failed").count()
    codes = list(ErrorOccurrence.objects.values_list("code", "operation", "raw_code", "raw_message"))
    assert len(codes) == staged, codes
    assert not WebhookDelivery.objects.filter(outcome="waiting").exists()
    assert not Refund.objects.filter(state__in=UNSENT_REFUND).exclude(approved_by="").exists()
    for voucher in Voucher.objects.exclude(provider_reference=""):
        assert Decimal(psp.totals(voucher.provider_reference)["received"]) == voucher.paid_amount
        for theirs in psp.refunds(voucher.provider_reference):
            ours = Refund.objects.get(provider_reference=theirs["id"])
            assert (ours.amount, ours.voucher_id) == (Decimal(theirs["amount"]), voucher.pk)
            assert (ours.state == "succeeded") == (theirs["state"] == "succeeded")
    for order in Order.objects.exclude(cancel_wanted_at=None).filter(paid_amount=0):
        assert order.state == "canceled"
