"""What must hold once the faults have stopped: everything equals the PSP's books, or says truly why it waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from tests.simulation.bank import Bank
from tests.simulation.database import rows
from tests.simulation.invariants import money
from tests.simulation.psp import Payment, Psp, Refund
from tests.simulation.world import LEASE, Violation, World

DEAD_VOUCHER = frozenset({"expired", "canceled", "failed"})
RESTING_REFUND = {"SUCCEEDED": {"succeeded"}, "FAILED": {"failed"}, "RETURNED": {"returned", "failed"}}
HELD_BACK = frozenset({"create_mismatch", "code_reused"})  # what the PSP made differs from what was asked for
UNANSWERED = frozenset({"submitting", "unknown"})


@dataclass(frozen=True, slots=True)
class Row:
    """A voucher or a refund of ours as it stands."""

    id: int
    state: str
    reference: str
    theirs: str
    code: str
    amount: object
    paid: object
    odd: frozenset[str]


class Convergence:
    """L1 to L6 over one history."""

    def __init__(self, world: World, psp: Psp, bank: Bank | None) -> None:
        self._world, self._psp, self._bank = world, psp, bank
        self.rows = self.parked = 0

    def differences(self) -> list[str]:
        """Everything that does not yet agree; empty when the history has converged."""
        return [*self._vouchers(), *self._refunds(), *self._queues(), *self._silences()]

    def check(self) -> None:
        left = self.differences()
        if left:
            raise Violation(left[0][:2], "; ".join(left))
        self._check_parked()

    # --- L1, L3 ----------------------------------------------------------------------------------------------------

    def _vouchers(self) -> Iterator[str]:
        for row in self._rows("voucher"):
            found = self._psp.payments_of(row.reference)
            truth = next((each for each in found if each.id == row.theirs), None)
            if truth is None:
                yield from self._unsettled_voucher(row, found)
                continue
            if len(found) > 1 and self._psp.profile.looks_up:
                yield f"L3 voucher {row.id} has {len(found)} payments at the PSP"
            yield from self._settled_voucher(row, truth)

    def _settled_voucher(self, row: Row, truth: Payment) -> Iterator[str]:
        if _came_and_went(row, truth):
            return
        if truth.paid and (row.state != "paid" or money(row.paid) != truth.paid):
            yield f"L1 voucher {row.id} is {row.state} with {row.paid}, the PSP has {truth.paid}"
        elif truth.status == "REVERSED":
            yield f"L1 voucher {row.id} was reversed and nobody was told"
        elif not truth.paid and truth.status != "PENDING" and row.state not in DEAD_VOUCHER:
            yield f"L1 voucher {row.id} is {row.state}, the PSP says {truth.status}"
        elif truth.status == "PENDING" and row.state not in {"issued", "canceled"}:
            yield f"L1 voucher {row.id} is {row.state}, the PSP says PENDING"

    def _unsettled_voucher(self, row: Row, found: list[Payment]) -> Iterator[str]:
        if row.state in DEAD_VOUCHER and not found:
            return
        if self._is_left_to_people(row, found):
            return
        yield f"L1 voucher {row.id} is {row.state}, the PSP has {[each.id for each in found]}"

    def _is_left_to_people(self, row: Row, found: list[Payment]) -> bool:
        """Whether a voucher without a payment is held back from the buyer on purpose, or nobody can look it up."""
        if found and row.odd & HELD_BACK:
            return True
        return row.state in UNANSWERED and "outcome_unknown" in row.odd and self._cannot_know("payment")

    def _transfers(self, bank: Bank) -> Iterator[str]:
        for row in self._rows("refund"):
            transfer = bank.transfers.get(row.reference)
            resting = RESTING_REFUND.get(transfer.status, set()) if transfer else {"failed", "canceled"}
            if row.state not in resting:
                yield f"L1 refund {row.id} is {row.state}, the bank says {transfer.status if transfer else 'nothing'}"

    def _refunds(self) -> Iterator[str]:
        if self._bank:
            yield from self._transfers(self._bank)
            return
        known, is_unsure = set(), False
        for row in self._rows("refund"):
            known.add(row.theirs)
            found = self._psp.refunds_of(row.reference)
            is_unsure = is_unsure or row.state in UNANSWERED
            truth = self._psp.refunds.get(row.theirs) or (found[0] if found else None)
            if truth is None and row.state in {"failed", "canceled"}:
                continue
            if truth is not None and row.state in RESTING_REFUND.get(truth.status, {"pending"}):
                continue
            if row.state in UNANSWERED and "outcome_unknown" in row.odd and self._cannot_know("refund"):
                known.update(each.id for each in found)
                continue
            yield f"L1 refund {row.id} is {row.state}, the PSP says {truth.status if truth else 'nothing'}"
        if is_unsure and not self._psp.able.refunds_bear_reference:
            return  # what is listed may be ours, and only its key can tell
        if self._psp.profile.lists_refunds:
            yield from (f"L3 {each.id} is unknown to us" for each in self._lost(known))

    def _lost(self, known: set[str]) -> list[Refund]:
        """Refunds that we should know of: not those of a payment that only people can find."""
        unseen = {
            each.id
            for row in self._rows("voucher")
            if not row.theirs and self._is_left_to_people(row, found := self._psp.payments_of(row.reference))
            for each in found
        }
        refunds = self._psp.refunds.values()
        return [each for each in refunds if each.id not in known and each.payment.id not in unseen]

    def _cannot_know(self, kind: str) -> bool:
        """Whether the PSP leaves no way to find out: then a person is the only right answer."""
        profile, able = self._psp.profile, self._psp.able
        looks_up = profile.looks_up and (kind == "payment" or profile.names_refunds)
        proves = able.absent_payment_proves_never if kind == "payment" else able.absent_refund_proves_never
        if looks_up and proves:
            return False
        return not looks_up or able.idempotency_life.total_seconds() <= self._world.time

    # --- L2 --------------------------------------------------------------------------------------------------------

    def _queues(self) -> Iterator[str]:
        waiting = rows("SELECT count(*) FROM pagoefectivo_webhookdelivery WHERE outcome = 'waiting'")[0][0]
        untold = rows("SELECT count(*) FROM pagoefectivo_outboxmessage WHERE done_at IS NULL")[0][0]
        a_while_ago = self._world.now() - timedelta(seconds=LEASE)  # a question may be on its way just now
        open_calls = rows(
            "SELECT count(*) FROM pagoefectivo_apiexchange WHERE outcome = 'sending' AND sent_at < ?",
            connection.ops.adapt_datetimefield_value(a_while_ago),
        )[0][0]
        if waiting:
            yield f"L2 {waiting} letters are not worked on"
        if untold:
            yield f"L2 {untold} announcements are not made"
        if open_calls:
            yield f"I8 {open_calls} calls never ended"

    # --- C06, D05 --------------------------------------------------------------------------------------------------

    def _silences(self) -> Iterator[str]:
        """What nobody may pass over without a word, even if a later fact has answered it."""
        unheard = rows(
            "SELECT count(*) FROM pagoefectivo_paymentevent e WHERE e.is_believed AND e.status = 'unrecognised' "
            "AND e.refund_id IS NULL AND NOT EXISTS (SELECT 1 FROM pagoefectivo_anomaly a "
            "WHERE a.voucher_id = e.voucher_id AND a.kind = 'status_unrecognised') "
            "AND NOT EXISTS (SELECT 1 FROM pagoefectivo_statechange c WHERE c.voucher_id = e.voucher_id "
            "AND c.subject = 'voucher' AND c.to_state = 'paid' AND c.at <= e.recorded_at)"
        )[0][0]
        if unheard:
            yield f"L1 {unheard} unknown words were passed over"
        warned = {number for (number,) in rows(
            "SELECT voucher_id FROM pagoefectivo_anomaly WHERE kind = 'currency_mismatch'"
        )}  # fmt: skip
        for row in self._rows("voucher"):
            truth = self._psp.payments.get(row.theirs)
            if (
                truth is not None
                and not _came_and_went(row, truth)
                and truth.paid_currency not in {"", "PEN"}
                and row.id not in warned
            ):
                yield f"L1 voucher {row.id} was paid in {truth.paid_currency} and nobody was told"

    # --- L6 --------------------------------------------------------------------------------------------------------

    def _check_parked(self) -> None:
        """Nothing may wait for a person without a true cause."""
        for row in self._rows("voucher"):
            self._count(row)
            for kind in sorted(row.odd):
                if not self._is_true(kind, row):
                    raise Violation("L6", f"voucher {row.id} waits for a person because of {kind}, without cause")
        for row in self._rows("refund"):
            self._count(row)

    def _count(self, row: Row) -> None:
        """Count what waits for a person because nobody could find out; odd money is not ours to decide."""
        self.rows += 1
        self.parked += bool(row.odd & {"outcome_unknown", "not_found_at_provider", "status_unrecognised"})

    def _is_true(self, kind: str, row: Row) -> bool:
        truth, struck = self._psp.payments.get(row.theirs), self._world.struck
        causes = {
            "underpaid": truth is not None
            and any(money(each["amount"]) < money(row.amount) for _, each in truth.history),
            "overpaid": truth is not None and truth.paid > money(row.amount),
            "paid_late": (truth is not None and (truth.paid_at or 0) > truth.expires_at) or struck["late_payment"] > 0,
            "currency_mismatch": truth is not None and truth.paid_currency not in {"", "PEN"},
            "payment_reversed": struck["payment_reversed"] > 0,
            "create_mismatch": struck["create_mismatch"] > 0,
            "code_reused": struck["code_reused"] > 0,
            "outcome_unknown": self._cannot_know("payment") or bool(row.odd & HELD_BACK),
        }
        return causes.get(kind, True)

    def _rows(self, kind: str) -> list[Row]:
        code, paid = ("code", "paid_amount") if kind == "voucher" else ("''", "0")
        found = rows(
            f"SELECT id, state, reference, provider_reference, {code}, amount, {paid} "  # noqa: S608
            f"FROM pagoefectivo_{kind} ORDER BY id"
        )
        column = "refund_id" if kind == "refund" else "refund_id IS NULL AND voucher_id"
        odd: dict[int, set[str]] = {}
        for number, name in rows(
            f"SELECT {kind}_id, kind FROM pagoefectivo_anomaly WHERE closed_at IS NULL AND {column} IS NOT NULL"  # noqa: S608
        ):
            odd.setdefault(number, set()).add(name)
        return [
            Row(number, state, ours, theirs, shown, amount, got, frozenset(odd.get(number, ())))
            for number, state, ours, theirs, shown, amount, got in found
        ]


def _came_and_went(row: Row, truth: Payment) -> bool:
    """Whether money was taken back, perhaps before we could read of it, and a person was told."""
    return truth.status == "REVERSED" and bool(row.odd & {"payment_reversed", "status_unrecognised"})
