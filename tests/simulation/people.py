"""Who uses the app: a buyer, the shop, support staff, an approver, an insider, an operator. All through its real doors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random

from django.db import DatabaseError

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import ConfigurationError, PagoEfectivoError
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.states import Source
from pagoefectivo.providers.base import RefundMode
from pagoefectivo.services import doubts, orders, refunds
from pagoefectivo.services.actors import Actor, Permission
from tests.simulation.bank import Bank, Desk
from tests.simulation.database import rows
from tests.simulation.profiles import HOUR, MINUTE
from tests.simulation.psp import Payment, Psp
from tests.simulation.world import FAULTY_SECONDS, World

ACCOUNT_OF_BUYER, ACCOUNT_OF_INSIDER = "00219312345678901234", "99988877766655544433"
PAYER = shop.Payer("canary.buyer@example.pe", "Canary Buyer", "+51987654321", "DNI", "45678912")
TO_BUYER = Destination("Canary Buyer", "DNI", "45678912", "002", ACCOUNT_OF_BUYER, "C")
TO_INSIDER = Destination("Canary Buyer", "DNI", "45678912", "", ACCOUNT_OF_INSIDER, "C")
CANARIES = (PAYER.email, PAYER.name, PAYER.phone, PAYER.document_number, ACCOUNT_OF_BUYER, ACCOUNT_OF_INSIDER)
AGENT = frozenset({Permission.READ_ORDERS, Permission.WRITE_ORDERS, Permission.READ_REFUNDS, Permission.WRITE_REFUNDS})
ANA, LUIS = Actor("staff:ana", AGENT), Actor("staff:luis", AGENT)
INSIDER = Actor("staff:mallory", AGENT | {Permission.APPROVE_REFUNDS})
APPROVER = Actor("staff:rosa", frozenset(Permission))


@dataclass(frozen=True, slots=True)
class Sale:
    """What one buyer wants."""

    reference: str
    amount: Decimal
    expires_in: timedelta
    opens_at: float
    pays_after: float  # never, where it lies beyond the history


class People:
    """Plans everybody's day from the seed and lets it happen."""

    def __init__(self, world: World, psp: Psp) -> None:
        self._world, self._psp = world, psp
        self.approved: dict[str, set[tuple[Decimal, str]]] = {}  # what an approver saw, by our refund reference
        self.bank = Bank(world, psp, self.approved) if psp.able.refund_mode is RefundMode.MANUAL else None
        self._desk = Desk(world, self.bank, self.request) if self.bank else None

    def plan(self) -> None:
        dice, actors = self._world.dice("plan"), self._world.setup.actors
        for number in range(1, 3 if "second_order" in actors and dice.random() < 0.6 else 2):
            sale = Sale(
                f"S-{number}",
                Decimal(dice.choice((2000, 8990, 15000, 120050))) / 100,
                timedelta(hours=dice.choice((2, 4, 8))),
                dice.uniform(0, HOUR),
                dice.choice((MINUTE, 20 * MINUTE, HOUR, 3 * HOUR, 3 * HOUR, FAULTY_SECONDS)),
            )
            self._plan_sale(sale, dice)
        if self._desk:
            self._plan_desk(self._desk)

    def _plan_sale(self, sale: Sale, dice: Random) -> None:
        world = self._world
        world.later(sale.opens_at, lambda: self._open(sale))
        if dice.random() < 0.3:
            world.later(sale.opens_at + dice.uniform(0, 1), lambda: self._open(sale))  # a double click
        for _ in range(dice.choice((0, 0, 1, 2))):  # an impatient agent beside the buyer
            world.later(sale.opens_at + dice.uniform(30, 1800), lambda: self._refresh(sale, dice))
        world.later(sale.opens_at + sale.pays_after, lambda: self._pay(sale))
        busy = sale.opens_at + min(sale.pays_after, 4 * HOUR)
        for _ in range(dice.choice((2, 3, 4, 5))):
            moment = dice.choice((busy + dice.uniform(0, 3 * MINUTE), dice.uniform(busy, FAULTY_SECONDS - 600)))
            for _ in range(dice.choice((1, 1, 2, 3))):
                world.later(moment + dice.uniform(0, 3), self._act_of(sale, Random(dice.random())))
        for _ in range(dice.choice((0, 1))):
            world.later(dice.uniform(0, FAULTY_SECONDS), self._meddle_with(sale))

    # --- the buyer -------------------------------------------------------------------------------------------------

    def _open(self, sale: Sale) -> None:
        def opened() -> None:
            shop.open_order(
                reference=sale.reference, amount=sale.amount, currency="PEN", payer=PAYER, expires_in=sale.expires_in
            )

        self.request("buyer.open", opened)
        self._world.later(45, lambda: None if self._order(sale) else self._open(sale))

    def _order(self, sale: Sale) -> int | None:
        found = rows("SELECT id FROM pagoefectivo_order WHERE reference = ?", sale.reference)
        return found[0][0] if found else None

    def _shown(self, sale: Sale) -> list[Payment]:
        """The PSP's payments whose codes the buyer has ever been shown."""
        codes = {
            code
            for (code,) in rows(
                "SELECT code FROM pagoefectivo_voucher v JOIN pagoefectivo_order o ON o.id = v.order_id "
                "WHERE o.reference = ? AND code <> '' AND v.state NOT IN ('submitting', 'unknown')",
                sale.reference,
            )
        }
        return [payment for payment in self._psp.payments.values() if payment.code in codes]

    def _pay(self, sale: Sale) -> None:
        world, psp = self._world, self._psp
        shown = [payment for payment in self._shown(sale) if payment.status == "PENDING"]
        if not shown:
            if world.strikes("late_payment"):
                self._pay_late(sale)
            elif world.time < FAULTY_SECONDS - 20 * MINUTE:
                world.later(10 * MINUTE, lambda: self._pay(sale))
            return
        payment, amount, currency = shown[-1], sale.amount, "PEN"
        if world.strikes("short"):
            amount -= Decimal("1.50")
        elif world.strikes("over"):
            amount += Decimal("1.50")
        if world.strikes("foreign_currency"):
            currency = "USD"
        psp.pay(payment, amount, currency)
        if world.strikes("double"):
            again = shown[0]
            world.later(world.dice("double").uniform(1, 600), partial(psp.pay, again, sale.amount, currency))
        if world.strikes("payment_reversed"):
            left = max(FAULTY_SECONDS - world.time, 61.0)
            world.later(world.dice("reversal").uniform(60, left), lambda: psp.reverse(payment))

    def _pay_late(self, sale: Sale) -> None:
        for payment in self._shown(sale):
            if payment.status in {"EXPIRED", "CANCELED"}:
                self._psp.pay_late(payment, sale.amount)
                return

    # --- the staff -------------------------------------------------------------------------------------------------

    def _act_of(self, sale: Sale, dice: Random) -> Callable[[], None]:
        acts: list[tuple[str, Callable[[Sale, Random], None], int]] = [
            ("agents", self._refund, 8),
            ("agents", self._refund_twice, 3),
            ("agents", self._refresh, 3),
            ("agents", self._cancel, 1),
            ("agents", self._reissue, 2),
            ("agents", self._retry, 2),
            ("agents", self._withdraw, 1),
            ("approver", self._approve, 6),
            ("approver", self._decline, 1),
            ("insider", self._approve_own, 3),
            ("insider", self._redirect, 2),
            ("operator", self._accept, 1),
        ]
        actor, act, _ = dice.choices(acts, [weight for _, _, weight in acts])[0]
        if actor not in self._world.setup.actors:
            return lambda: None
        return lambda: act(sale, dice)

    def _plan_desk(self, desk: Desk) -> None:
        """Those who pay refunds out look at their desk every now and then, whoever asks for what meanwhile."""
        world, dice = self._world, self._world.dice("desk")
        acts = (
            lambda: desk.give_account(TO_BUYER, LUIS),
            lambda: self._approve_waiting(dice),
            desk.pay_out,
            lambda: desk.read_statement(dice),
        )
        for _ in range(dice.choice((8, 16, 32))):
            world.later(dice.uniform(0, FAULTY_SECONDS), dice.choice(acts))

    def _refund(self, sale: Sale, dice: Random) -> None:
        amount = (sale.amount * dice.choice((25, 50, 50, 100, 110)) / 100).quantize(Decimal("0.01"))
        destination = dice.choice((None, TO_BUYER))
        nonce, actor = dice.choice((None, f"n{dice.random()}")), dice.choice((ANA, LUIS, INSIDER))

        def asked() -> None:
            refunds.request(
                sale.reference, amount=amount, reason="buyer_request", actor=actor, source=Source.STAFF,
                destination=destination, nonce=nonce,
            )  # fmt: skip

        self.request(f"{actor.name}.refund", asked)

    def _refund_twice(self, sale: Sale, dice: Random) -> None:
        kept = dice.getstate()
        self._refund(sale, dice)
        dice.setstate(kept)
        self._refund(sale, dice)

    def _refresh(self, sale: Sale, _: Random) -> None:
        self.request("ana.refresh", lambda: shop.refresh_order(reference=sale.reference))

    def _cancel(self, sale: Sale, _: Random) -> None:
        self.request("luis.cancel", lambda: shop.cancel_order(reference=sale.reference))

    def _reissue(self, sale: Sale, _: Random) -> None:
        self.request("ana.reissue", lambda: shop.reissue_voucher(reference=sale.reference))

    def _retry(self, _: Sale, dice: Random) -> None:
        for public_id in self._refunds_in("failed", "returned")[:1]:
            for _clicks in range(dice.choice((1, 2))):
                self.request("luis.retry", partial(refunds.retry, public_id, actor=LUIS, source=Source.STAFF))

    def _withdraw(self, _: Sale, __: Random) -> None:
        for public_id in self._refunds_in("requested", "awaiting_approval")[-1:]:
            self.request("ana.withdraw", partial(refunds.cancel, public_id, actor=ANA, source=Source.STAFF))

    def _approve(self, _: Sale, dice: Random) -> None:
        self._approve_waiting(dice)

    def _approve_waiting(self, dice: Random) -> None:
        for public_id in self._refunds_in("awaiting_approval")[:2]:
            self.request("rosa.approve", partial(self._look_and_approve, public_id, APPROVER, dice.uniform(0, 20)))

    def _look_and_approve(self, public_id: str, actor: Actor, thinking: float) -> None:
        seen = refunds.refund_named(public_id, actor=actor)
        account = seen.destination.account_number if seen.destination else ""
        shown = doubts.seen_of(seen)
        self._world.sleep(thinking)
        if actor.name != seen.requested_by:
            self.approved.setdefault(seen.reference, set()).add((seen.amount, account))
        refunds.approve(public_id, actor=actor, source=Source.STAFF, seen=shown)

    def _decline(self, _: Sale, __: Random) -> None:
        for public_id in self._refunds_in("awaiting_approval")[:1]:
            self.request("rosa.decline", partial(refunds.decline, public_id, actor=APPROVER, source=Source.STAFF))

    def _approve_own(self, _: Sale, __: Random) -> None:
        for public_id in self._refunds_in("awaiting_approval", of=INSIDER.name)[:1]:
            self.request("mallory.approve", partial(self._look_and_approve, public_id, INSIDER, 0.0))

    def _redirect(self, _: Sale, __: Random) -> None:
        for public_id in self._refunds_in("requested", "awaiting_approval")[:1]:
            redirect = partial(refunds.set_destination, public_id, TO_INSIDER, actor=INSIDER, source=Source.STAFF)
            self.request("mallory.redirect", redirect)

    def _accept(self, sale: Sale, _: Random) -> None:
        self.request(
            "rosa.accept",
            lambda: orders.accept_payment(sale.reference, note="seen", actor=APPROVER, source=Source.STAFF),
        )

    def _meddle_with(self, sale: Sale) -> Callable[[], None]:
        def refund_outside() -> None:
            waits = "outside_refund" in self._world.setup.faults and self._refunds_in("awaiting_approval")
            for payment in self._shown(sale):
                left = payment.paid - payment.given_back
                if payment.status == "PAID" and waits and left > 0:  # somebody tired of waiting uses the dashboard
                    self._psp.refund_outside(payment, left)
                elif payment.status == "PAID" and self._world.strikes("outside_refund"):
                    self._psp.refund_outside(payment, (payment.paid / 2).quantize(Decimal("0.01")))

        return refund_outside

    def finish(self) -> None:
        """At the end of the day nothing waits for a person any more."""
        for public_id in self._refunds_in("awaiting_approval"):
            if "approver" in self._world.setup.actors and self._world.dice("evening").random() < 0.5:
                self.request("rosa.approve", partial(self._look_and_approve, public_id, APPROVER, 0.0))
            else:
                self.request("rosa.decline", partial(refunds.decline, public_id, actor=APPROVER, source=Source.STAFF))

        if self._desk:
            self._desk.give_account(TO_BUYER, LUIS)
            self._desk.pay_out()
            self._desk.read_statement(self._world.dice("evening"))

    def _refunds_in(self, *states: str, of: str = "") -> list[str]:
        marks = ", ".join("?" for _ in states)
        found = rows(
            f"SELECT public_id, requested_by FROM pagoefectivo_refund WHERE state IN ({marks}) ORDER BY id",  # noqa: S608
            *states,
        )
        return [public_id for public_id, asker in found if not of or asker == of]

    def request(self, name: str, work: Callable[[], object]) -> None:
        """One request to the web server; what the app raises on purpose is its answer."""

        def answered() -> None:
            try:
                work()
            except ConfigurationError:
                raise
            except PagoEfectivoError as refusal:
                self._world.tell(f"  {name}: {type(refusal).__name__} {refusal.code}")
                self._inspect(str(refusal))
            except DatabaseError as trouble:
                if "database" not in str(trouble) and "connection" not in str(trouble):
                    raise
                self._world.tell(f"  {name}: 503")

        self._world.spawn(name, answered)

    def _inspect(self, said: str) -> None:
        if any(canary in said for canary in CANARIES):
            self._world.complain("I14", f"an exception names personal data: {said}")
