"""The three machines on one page. Bodies are empty: effects come after commit, and only lifecycle calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django_fsm import ConcurrentTransitionMixin, FSMField, FSMModelMixin, transition

from pagoefectivo.domain.states import OrderState as O
from pagoefectivo.domain.states import RefundState as R
from pagoefectivo.domain.states import VoucherState as V
from pagoefectivo.models.labels import ORDER_LABELS, REFUND_LABELS, VOUCHER_LABELS


class Machine(ConcurrentTransitionMixin, models.Model):
    """A row whose state only a transition may change; saving over somebody else's move raises ConcurrentTransition.

    django-fsm-2 4.2.4 lifts `protected` on the field object that all threads share while it refreshes, and leaves it
    lifted when the refresh fails. Here only this instance's value is set aside, and put back on error.
    """

    if TYPE_CHECKING:  # the library's own is hidden from mypy behind a decorator of Python 3.12

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    class Meta:
        abstract = True

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        held = self.__dict__.pop("state", None)
        try:
            super(FSMModelMixin, self).refresh_from_db(*args, **kwargs)
        finally:
            if "state" not in self.__dict__ and held is not None:
                self.__dict__["state"] = held
        self._update_initial_state()


class OrderMachine(Machine):
    """What the money facts mean. A projection: it may go back when a refund bounces."""

    state = FSMField(default=O.AWAITING_PAYMENT, protected=True, choices=ORDER_LABELS, max_length=24)

    class Meta:
        abstract = True

    @transition(state, source=[O.EXPIRED, O.CANCELED, O.IN_REVIEW], target=O.AWAITING_PAYMENT)
    def reopen(self) -> None: ...

    @transition(
        state,
        source=[O.AWAITING_PAYMENT, O.IN_REVIEW, O.EXPIRED, O.CANCELED, O.PARTIALLY_REFUNDED, O.REFUNDED],
        target=O.PAID,
    )
    def pay(self) -> None: ...

    @transition(state, source=[O.AWAITING_PAYMENT, O.EXPIRED, O.CANCELED, O.REFUNDED], target=O.IN_REVIEW)
    def review(self) -> None: ...

    @transition(state, source=[O.PAID, O.REFUNDED, O.IN_REVIEW], target=O.PARTIALLY_REFUNDED)
    def refund_partly(self) -> None: ...

    @transition(state, source=[O.PAID, O.PARTIALLY_REFUNDED, O.IN_REVIEW], target=O.REFUNDED)
    def refund(self) -> None: ...

    @transition(state, source=[O.AWAITING_PAYMENT, O.IN_REVIEW], target=O.EXPIRED)
    def expire(self) -> None: ...

    @transition(state, source=[O.AWAITING_PAYMENT, O.IN_REVIEW, O.EXPIRED], target=O.CANCELED)
    def cancel(self) -> None: ...


ORDER_MOVES = {
    O.AWAITING_PAYMENT: "reopen",
    O.PAID: "pay",
    O.IN_REVIEW: "review",
    O.PARTIALLY_REFUNDED: "refund_partly",
    O.REFUNDED: "refund",
    O.EXPIRED: "expire",
    O.CANCELED: "cancel",
}


class VoucherMachine(Machine):
    """A fact: did money arrive. Late money is still money, so the dead can be paid."""

    state = FSMField(default=V.REQUESTED, protected=True, choices=VOUCHER_LABELS, max_length=24)

    class Meta:
        abstract = True

    @transition(state, source=V.REQUESTED, target=V.SUBMITTING)
    def submit(self) -> None: ...

    @transition(state, source=V.SUBMITTING, target=V.UNKNOWN)
    def lose(self) -> None: ...

    @transition(state, source=[V.SUBMITTING, V.UNKNOWN], target=V.ISSUED)
    def issue(self) -> None: ...

    @transition(state, source=[V.SUBMITTING, V.UNKNOWN], target=V.FAILED)
    def fail(self) -> None: ...

    @transition(state, source=[V.ISSUED, V.EXPIRED], target=V.CONFIRMING)
    def begin_confirming(self) -> None: ...

    @transition(state, source=V.ISSUED, target=V.ISSUED)
    def prolong(self) -> None: ...

    @transition(state, source=V.CONFIRMING, target=V.ISSUED)
    def doubt(self) -> None: ...

    @transition(state, source=[V.ISSUED, V.CONFIRMING, V.EXPIRED, V.CANCELED, V.FAILED], target=V.PAID)
    def pay(self) -> None: ...

    @transition(state, source=[V.ISSUED, V.CONFIRMING], target=V.EXPIRED)
    def expire(self) -> None: ...

    @transition(state, source=[V.REQUESTED, V.ISSUED], target=V.CANCELED)
    def cancel(self) -> None: ...


class RefundMachine(Machine):
    """An instruction. Its amount is reserved from the first state on; failed, canceled and returned free it."""

    state = FSMField(default=R.REQUESTED, protected=True, choices=REFUND_LABELS, max_length=24)

    class Meta:
        abstract = True

    @transition(state, source=R.REQUESTED, target=R.REQUESTED)
    def ask(self) -> None: ...

    @transition(state, source=R.REQUESTED, target=R.REQUESTED)
    @transition(state, source=R.AWAITING_APPROVAL, target=R.AWAITING_APPROVAL)
    @transition(state, source=R.AWAITING_DESTINATION, target=R.AWAITING_DESTINATION)
    def redirect(self) -> None: ...

    @transition(state, source=R.AWAITING_APPROVAL, target=R.AWAITING_APPROVAL)
    def approve(self) -> None: ...

    @transition(state, source=[R.REQUESTED, R.AWAITING_DESTINATION], target=R.AWAITING_APPROVAL)
    def require_approval(self) -> None: ...

    @transition(state, source=R.AWAITING_APPROVAL, target=R.REQUESTED)
    def release(self) -> None: ...

    @transition(state, source=[R.REQUESTED, R.AWAITING_APPROVAL], target=R.AWAITING_DESTINATION)
    def require_destination(self) -> None: ...

    @transition(state, source=[R.REQUESTED, R.AWAITING_APPROVAL, R.AWAITING_DESTINATION], target=R.SUBMITTING)
    def submit(self) -> None: ...

    @transition(state, source=R.SUBMITTING, target=R.UNKNOWN)
    def lose(self) -> None: ...

    @transition(state, source=[R.SUBMITTING, R.UNKNOWN], target=R.PENDING)
    def accept(self) -> None: ...

    @transition(state, source=[R.SUBMITTING, R.UNKNOWN, R.PENDING], target=R.SUCCEEDED)
    def succeed(self) -> None: ...

    @transition(state, source=[R.SUBMITTING, R.UNKNOWN, R.PENDING], target=R.FAILED)
    def fail(self) -> None: ...

    @transition(state, source=[R.REQUESTED, R.AWAITING_APPROVAL, R.AWAITING_DESTINATION], target=R.CANCELED)
    def cancel(self) -> None: ...

    @transition(state, source=R.SUCCEEDED, target=R.RETURNED)
    def bounce(self) -> None: ...
