"""Named stories: what the buyer, the bank and the line do about one code, without anybody at the console.

A story is chosen by a button for the next code, by the buyer's address (`paid-late@sandbox.example`), and for refunds
by the last digits of the bank account. `tests/acceptance/test_scenarios.py` holds the app to the end of each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagoefectivo.sandbox.director import Director
    from pagoefectivo.sandbox.ledger import Payment, Refund

SOON, LATER, DAY = 5.0, 60.0, 86_400.0
ONE = Decimal("1.00")


@dataclass(frozen=True)
class Scenario:
    """One story. Its parts run before a code is asked for, once it is issued, before a refund, once that is open.

    `needs` is what a PSP must be able to do for it (see `Face.abilities`); `gives_back` marks one about a refund.
    """

    slug: str
    title: str
    story: str
    before_code: Callable[[Director], object] | None = None
    code: Callable[[Director, Payment], object] | None = None
    before_refund: Callable[[Director], object] | None = None
    refund: Callable[[Director, Refund], object] | None = None
    needs: str = ""

    @property
    def gives_back(self) -> bool:
        """Whether the shop has to ask for a refund before the story goes on."""
        return bool(self.before_refund or self.refund) and self.code is _pays


def _pays(director: Director, payment: Payment) -> None:
    director.later(SOON, lambda: director.pay(payment))


def _pays_late(director: Director, payment: Payment) -> None:
    director.later(SOON, lambda: director.expire(payment))
    director.later(LATER, lambda: director.pay(payment, late=True))


def _pays_twice(director: Director, payment: Payment) -> None:
    director.later(SOON, lambda: director.pay(payment, twice=True))


def _pays_short(director: Director, payment: Payment) -> None:
    director.later(SOON, lambda: director.pay(payment, amount=payment.amount - ONE))


def _pays_over(director: Director, payment: Payment) -> None:
    director.later(SOON, lambda: director.pay(payment, amount=payment.amount + ONE))


def _pays_in_dollars(director: Director, payment: Payment) -> None:
    director.later(SOON, lambda: director.pay(payment, currency="USD"))


def _never_pays(director: Director, payment: Payment) -> None:
    director.later(SOON, lambda: director.expire(payment))


def _pays_with(kind: str, times: int | None = 1) -> Callable[[Director, Payment], None]:
    def pays(director: Director, payment: Payment) -> None:
        director.webhook_fault(kind, "payment", times)
        _pays(director, payment)

    return pays


def _pays_in_silence(director: Director, payment: Payment) -> None:
    _pays_with("lost", None)(director, payment)
    director.later(DAY, director.clear_webhook_faults)


def _pays_and_takes_back(director: Director, payment: Payment) -> None:
    _pays(director, payment)
    director.later(LATER, lambda: director.reverse(payment))


def _pays_and_is_refunded_there(director: Director, payment: Payment) -> None:
    _pays(director, payment)
    director.later(LATER, lambda: director.refund_outside(payment))


def _pays_and_is_misnamed(director: Director, payment: Payment) -> None:
    director.fault("get_payment", "unknown_status")
    _pays(director, payment)


def _settles(outcome: str, reason: str | None = None) -> Callable[[Director, Refund], None]:
    def settle(director: Director, refund: Refund) -> None:
        director.later(SOON, lambda: director.settle(refund, outcome, reason))

    return settle


def _comes_back(director: Director, refund: Refund) -> None:
    _settles("succeed")(director, refund)
    director.later(LATER, lambda: director.settle(refund, "return", "The account is closed."))


def _has_no_balance(director: Director) -> None:
    director.switch(balance="0.00")
    director.later(LATER, lambda: director.switch(balance=None))


_ALL = (
    Scenario("paid-at-once", "Paid at once", "The buyer pays a few seconds after the code was issued.", code=_pays),
    Scenario(
        "paid-late",
        "Paid after the deadline",
        "The code expires, the goods are released, and then the money comes all the same.",
        code=_pays_late,
        needs="late money",
    ),
    Scenario(
        "paid-twice",
        "Paid twice",
        "The buyer pays the same code at two counters.",
        code=_pays_twice,
        needs="double money",
    ),
    Scenario("paid-short", "Paid short", "The counter took S/ 1 too little.", code=_pays_short, needs="other amounts"),
    Scenario("paid-over", "Paid over", "The counter took S/ 1 too much.", code=_pays_over, needs="other amounts"),
    Scenario(
        "paid-in-dollars",
        "Paid in dollars",
        "The counter took dollars for a code in soles.",
        code=_pays_in_dollars,
        needs="other currencies",
    ),
    Scenario("never-paid", "Never paid", "Nobody pays, and the code expires.", code=_never_pays),
    Scenario("webhook-lost", "Notification lost", "Paid, and the notification never arrives.", code=_pays_with("lost")),
    Scenario(
        "webhooks-silent",
        "A day of silence",
        "Paid, and for a day no notification arrives at all.",
        code=_pays_in_silence,
    ),
    Scenario(
        "webhook-doubled", "Notification twice", "The notification arrives two times.", code=_pays_with("duplicated")
    ),
    Scenario(
        "webhook-forged",
        "Notification with a wrong signature",
        "The only notification bears a signature that does not hold.",
        code=_pays_with("forged"),
    ),
    Scenario(
        "webhook-stale",
        "Notification a day old",
        "The notification is signed a day late.",
        code=_pays_with("stale"),
        needs="dated notifications",
    ),
    Scenario(
        "webhook-first",
        "Notification before the answer",
        "The notification of the payment overtakes the answer that brings the code.",
        before_code=lambda director: director.fault("create", "before_answer"),
    ),
    Scenario(
        "create-timeout",
        "No answer to the creation",
        "The code is created, and the answer is lost on the way.",
        before_code=lambda director: director.fault("create", "timeout_after"),
        code=_pays,
    ),
    Scenario(
        "create-unreadable",
        "An answer nobody can read",
        "The code is created, and a page of HTML comes back.",
        before_code=lambda director: director.fault("create", "html", work=True),
        code=_pays,
    ),
    Scenario(
        "provider-busy",
        "The PSP asks to slow down",
        "The first request is turned away: too many of them.",
        before_code=lambda director: director.fault("create", "429", retry_after=1),
        code=_pays,
    ),
    Scenario(
        "status-unknown",
        "A status nobody knows",
        "Asked about the payment, the PSP says a word that is in no document.",
        code=_pays_and_is_misnamed,
    ),
    Scenario(
        "payment-reversed",
        "Payment taken back",
        "The PSP says paid, and a minute later takes it back.",
        code=_pays_and_takes_back,
        needs="reversals",
    ),
    Scenario(
        "refund-on-dashboard",
        "Refunded elsewhere",
        "Somebody refunds the payment on the PSP's own screen.",
        code=_pays_and_is_refunded_there,
        refund=_settles("succeed"),
        needs="refunds",
    ),
    Scenario(
        "refund-done",
        "Refund arrives",
        "A refund is asked for, and the bank pays it out.",
        code=_pays,
        refund=_settles("succeed"),
        needs="refunds",
    ),
    Scenario(
        "refund-timeout",
        "No answer to the refund",
        "The refund is accepted, and the answer is lost on the way.",
        code=_pays,
        before_refund=lambda director: director.fault("refund", "timeout_after"),
        refund=_settles("succeed"),
        needs="refunds",
    ),
    Scenario(
        "refund-rejected",
        "Refund rejected by the bank",
        "The refund is accepted, and the bank rejects it.",
        code=_pays,
        refund=_settles("reject", "The account does not exist."),
        needs="slow refunds",
    ),
    Scenario(
        "form-unfilled",
        "The buyer never fills in the form",
        "The PSP mails the buyer a form for the bank account, and nobody fills it in.",
        code=_pays,
        refund=_settles("cancel", "The payer did not fill in the bank details."),
        needs="slow refunds",
    ),
    Scenario(
        "refund-returned",
        "Refund sent back",
        "The refund is paid out, and the bank sends it back.",
        code=_pays,
        refund=_comes_back,
        needs="slow refunds",
    ),
    Scenario(
        "balance-empty",
        "No balance for the refund",
        "The shop's balance at the PSP is empty; a minute later it is funded again.",
        code=_pays,
        before_refund=_has_no_balance,
        refund=_settles("succeed"),
        needs="balance",
    ),
)
SCENARIOS = {each.slug: each for each in _ALL}


def playable(abilities: Collection[str] | None) -> list[Scenario]:
    """The stories that a PSP with these abilities can play; all of them where no PSP is meant."""
    return [each for each in _ALL if not each.needs or abilities is None or each.needs in abilities]


ENDINGS = {"9001": "refund-rejected", "9002": "refund-returned", "9003": "form-unfilled"}
