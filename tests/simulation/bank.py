"""Refunds that people pay out: the shop's bank, whose books are the oracle, and those who bring it files and read its word."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

from django.contrib.auth.models import User

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.states import Source
from pagoefectivo.services import payout_results, payouts, refunds
from pagoefectivo.services.actors import Actor, Permission
from tests.simulation.database import rows
from tests.simulation.profiles import HOUR, MINUTE
from tests.simulation.psp import ZERO, Psp
from tests.simulation.world import World

EVERYTHING = frozenset(Permission)
MAKER, READER = Actor("staff:beto", EVERYTHING, user_id=901), Actor("staff:luz", EVERYTHING, user_id=902)
REFUSED, RETURNED = 0.2, 0.2  # a bank's word is no fault: it does not end when the faults do
Request = Callable[[str, Callable[[], object]], None]
Approved = dict[str, set[tuple[Decimal, str]]]


@dataclass(slots=True)
class Transfer:
    """One line of a payout file as the bank carried it out, or not. `status` is in the words of the PSP's books."""

    reference: str
    amount: Decimal
    account: str
    number: str
    status: str = "PENDING"
    was_paid: bool = False
    on: date | None = None


class Bank:
    """Pays what files tell it to, once for each line, and knows nothing of orders."""

    def __init__(self, world: World, psp: Psp, approved: Approved) -> None:
        self._world, self._psp, self._approved = world, psp, approved
        self.transfers: dict[str, Transfer] = {}

    def take(self, file: bytes) -> None:
        """Carry a file out; what should never have been in it is a violation."""
        for line in csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")):
            number = f"OP-{len(self.transfers) + 1}"
            transfer = Transfer(line["reference"], Decimal(line["amount"]), line["cci"], number)
            if transfer.reference in self.transfers:
                self._world.complain("I3", f"{transfer.reference} is in two files")
            if (transfer.amount, transfer.account) not in self._approved.get(transfer.reference, set()):
                self._world.complain("I12", f"{transfer.reference} left without an approval of what it says")
            self.transfers[transfer.reference] = transfer
            self._require_money(transfer.reference)
            self._world.later(self._world.dice("bank").uniform(MINUTE, 2 * HOUR), partial(self._execute, transfer))

    def _require_money(self, reference: str) -> None:
        siblings = rows(
            "SELECT other.reference, v.provider_reference FROM pagoefectivo_refund mine "
            "JOIN pagoefectivo_refund other ON other.voucher_id = mine.voucher_id "
            "JOIN pagoefectivo_voucher v ON v.id = mine.voucher_id WHERE mine.reference = ?",
            reference,
        )
        known = [self.transfers[name] for name, _ in siblings if name in self.transfers]
        gone = sum((each.amount for each in known if each.status in {"PENDING", "SUCCEEDED"}), ZERO)
        payment = self._psp.payments.get(siblings[0][1])
        if payment is None or gone > payment.paid:
            self._world.complain("I2", f"{gone} go back of {payment and payment.paid}")

    def _execute(self, transfer: Transfer) -> None:
        dice = self._world.dice("bank")
        transfer.status = "FAILED" if dice.random() < REFUSED else "SUCCEEDED"
        transfer.was_paid = transfer.status == "SUCCEEDED"
        transfer.on = self._world.true_now().astimezone(LIMA).date()
        self._world.tell(f"bank: {transfer.reference} {transfer.status} {transfer.amount}")
        if transfer.was_paid and dice.random() < RETURNED:
            self._world.later(dice.uniform(MINUTE, 3 * HOUR), partial(self._return, transfer))

    def _return(self, transfer: Transfer) -> None:
        transfer.status, transfer.on = "RETURNED", self._world.true_now().astimezone(LIMA).date()
        self._world.tell(f"bank: {transfer.reference} RETURNED")


class Desk:
    """Those who find out the buyer's account, make the files, and enter what the bank says."""

    def __init__(self, world: World, bank: Bank, request: Request) -> None:
        self._world, self._bank, self._request = world, bank, request
        self._handed_over: set[str] = set()
        for actor in (MAKER, READER):
            if not User.objects.filter(username=actor.name).exists():
                User.objects.create(id=actor.user_id, username=actor.name)

    def give_account(self, destination: Destination, actor: Actor) -> None:
        for (public_id,) in rows("SELECT public_id FROM pagoefectivo_refund WHERE state = 'awaiting_destination'"):
            give = partial(refunds.set_destination, public_id, destination, actor=actor, source=Source.STAFF)
            self._request(f"{actor.name}.account", give)

    def pay_out(self) -> None:
        self._request("beto.file", lambda: payouts.make("default", "PEN", actor=MAKER, source=Source.STAFF))
        self._world.later(5 * MINUTE, self._hand_over)

    def _hand_over(self) -> None:
        """The bank's own door takes each file once."""
        for (reference,) in rows("SELECT reference FROM pagoefectivo_payout ORDER BY id"):
            if reference not in self._handed_over:
                self._request("beto.bank", partial(self._bring, reference))

    def _bring(self, reference: str) -> None:
        file = payouts.file_of(reference, actor=MAKER)
        if reference not in self._handed_over:
            self._handed_over.add(reference)
            self._bank.take(file)

    def read_statement(self, dice: Random) -> None:
        """Enter what the bank says and our books do not say yet; sometimes twice."""
        states: dict[str, str] = dict(rows("SELECT reference, state FROM pagoefectivo_refund"))
        for transfer in self._bank.transfers.values():
            for _ in range(dice.choice((1, 1, 2))):
                if states[transfer.reference] == "pending" and transfer.on is not None:
                    self._request("luz.result", partial(self._enter, transfer, transfer.was_paid))
                elif states[transfer.reference] == "succeeded" and transfer.status == "RETURNED":
                    self._request("luz.returned", partial(self._enter, transfer, False))

    def _enter(self, transfer: Transfer, is_paid: bool) -> None:
        ((public_id,),) = rows("SELECT public_id FROM pagoefectivo_refund WHERE reference = ?", transfer.reference)
        stated: dict[str, Any] = {"on": transfer.on, "actor": READER, "source": Source.STAFF}
        if is_paid:
            payout_results.mark_paid(public_id, operation_number=transfer.number, **stated)
        elif transfer.status == "RETURNED":
            payout_results.mark_returned(public_id, **stated)
        else:
            payout_results.mark_rejected(public_id, code=ErrorCode.REFUND_ACCOUNT_CLOSED, **stated)
