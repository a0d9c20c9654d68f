"""What must hold after every step, read by raw SQL and held against the PSP's own books."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pagoefectivo.models.fields import cipher
from tests.simulation.database import Row, rows
from tests.simulation.people import People
from tests.simulation.psp import ZERO, Payment, Psp
from tests.simulation.world import EPOCH, FOREVER, LEASE, Violation, World

STALE = 300 + 1  # seconds
FREED = frozenset({"failed", "canceled", "returned"})
UNSENT = frozenset({"requested", "awaiting_approval", "awaiting_destination"})
LIVE_VOUCHER = frozenset({"requested", "submitting", "unknown", "issued", "confirming"})
LIVE_REFUND = UNSENT | {"submitting", "unknown", "pending"}
FIRST = {"order": "awaiting_payment", "voucher": "requested", "refund": "requested"}
ONWARD: dict[str, dict[str, set[str]]] = {
    "voucher": {
        "requested": {"submitting", "canceled"},
        "submitting": {"unknown", "issued", "failed"},
        "unknown": {"issued", "failed"},
        "issued": {"confirming", "paid", "expired", "canceled"},
        "confirming": {"issued", "paid", "expired"},
        "expired": {"confirming", "paid"},
        "canceled": {"paid"},
        "failed": {"paid"},
        "paid": set(),
    },
    "refund": {
        "requested": {"requested", "awaiting_approval", "awaiting_destination", "submitting", "canceled"},
        "awaiting_approval": {"awaiting_approval", "awaiting_destination", "submitting", "canceled"},
        "awaiting_destination": {"awaiting_destination", "awaiting_approval", "submitting", "canceled"},
        "submitting": {"unknown", "pending", "succeeded", "failed"},
        "unknown": {"pending", "succeeded", "failed"},
        "pending": {"succeeded", "failed"},
        "succeeded": {"returned"},
        "failed": set(),
        "canceled": set(),
        "returned": set(),
    },
}
BY_HAND = {"awaiting_approval": {*ONWARD["refund"]["awaiting_approval"], "requested"}}  # approved, for the next file
_DUE = " UNION ALL ".join(
    f"SELECT min(CASE WHEN lease_until > next_action_at THEN lease_until ELSE next_action_at END) AS due "  # noqa: S608
    f"FROM pagoefectivo_{table} WHERE next_action_at IS NOT NULL"
    for table in ("webhookdelivery", "voucher", "refund", "outboxmessage")
)


def instant(value: Any) -> datetime:
    """A database's instant: SQLite keeps text, with or without its offset."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def money(value: Any) -> Decimal:
    """A database's amount: SQLite keeps a number."""
    return ZERO if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


class Invariants:
    """I1 to I14 over one history."""

    def __init__(self, world: World, psp: Psp, people: People, *, trusts_webhooks: bool) -> None:
        self._world, self._psp, self._people = world, psp, people
        self._onward = {**ONWARD, "refund": {**ONWARD["refund"], **BY_HAND}} if people.bank else ONWARD
        self._proofs = {"read", "answer", "signed_body"} if trusts_webhooks else {"read", "answer"}
        self._states: dict[tuple[str, int], str] = {}
        self._last_change = 0
        self._codes: dict[int, str] = {}
        self._proven: set[tuple[str, int, str]] = set()
        self._letters: list[str] = []

    def check(self, written: set[str]) -> None:
        """Raise the first Violation that the tables just written to show."""
        if written & {"webhookdelivery", "outboxmessage"}:
            self._check_queues()
        if written & {"order", "voucher", "refund", "statechange"}:
            self._check_money()

    def check_all(self) -> None:
        self._check_queues()
        self._check_money()
        self._check_letters()

    def _check_money(self) -> None:
        vouchers = rows(
            "SELECT id, order_id, state, amount, paid_amount, reserved_amount, refunded_amount, outside_amount, code, "
            "provider_reference, next_action_at, lease_until, currency, paid_currency FROM pagoefectivo_voucher"
        )
        refunds = rows(
            "SELECT id, voucher_id, state, amount, currency, is_outside, reference, provider_reference, "
            "next_action_at, lease_until, approved_by, requested_by FROM pagoefectivo_refund"
        )
        orders = rows("SELECT id, state, paid_amount, refunded_amount, currency FROM pagoefectivo_order")
        self._follow_changes(orders, vouchers, refunds)
        for voucher in vouchers:
            self._check_voucher(voucher, [refund for refund in refunds if refund[1] == voucher[0]])
        for refund in refunds:
            self._check_refund(refund)
        for order in orders:
            self._check_order(order, [voucher for voucher in vouchers if voucher[1] == order[0]], refunds)

    def next_due(self) -> float:
        """When the earliest row is due, in simulated seconds."""
        found = [instant(due) for (due,) in rows(_DUE) if due is not None]
        return (min(found) - EPOCH).total_seconds() - self._world.skew if found else FOREVER

    # --- I1 --------------------------------------------------------------------------------------------------------

    def accept(self, body: bytes, age: float, *, genuine: bool) -> None:
        """A letter of `age` seconds was answered with 2xx: it must be there, byte for byte, and stay."""
        identity = hashlib.sha256(b"default\0" + body).hexdigest()
        kept = rows(
            "SELECT body, verdict, repeats FROM pagoefectivo_webhookdelivery WHERE event_identity = ?", identity
        )
        if not kept or cipher().decrypt(bytes(kept[0][0])) != body:
            raise Violation("I1", "a letter was answered with 2xx and is not in the letterbox")
        if not genuine:
            raise Violation("I6", "a letter with a wrong signature was taken")
        if kept[0][1] == "verified" and not kept[0][2] and abs(age) > STALE:
            raise Violation("I6", f"a letter of {age:.0f} s passes for a fresh one")
        self._letters.append(identity)

    def _check_letters(self) -> None:
        kept = {identity for (identity,) in rows("SELECT event_identity FROM pagoefectivo_webhookdelivery")}
        if not kept.issuperset(self._letters):
            raise Violation("I1", "a letter that was answered with 2xx is gone")

    # --- I2, I3: the PSP's books -----------------------------------------------------------------------------------

    def audit(self, payment: Payment) -> None:
        """Called by the PSP at every refund it takes on."""
        if payment.ours_given_back > payment.paid:
            raise Violation("I2", f"{payment.id}: {payment.ours_given_back} given back of {payment.paid}")
        references = [refund.reference for refund in payment.refunds if refund.reference]
        if len(set(references)) != len(references):
            raise Violation("I3", f"{payment.id}: one refund of ours became two: {references}")
        newest = payment.refunds[-1]
        approvals = rows(
            "SELECT r.requested_by, r.approved_by FROM pagoefectivo_refund r JOIN pagoefectivo_statechange c "
            "ON c.refund_id = r.id AND c.to_state = 'awaiting_approval' WHERE r.reference = ?",
            newest.reference,
        )
        if approvals:
            seen = self._people.approved.get(newest.reference, set())
            if (newest.amount, newest.account) not in seen or approvals[0][0] == approvals[0][1]:
                raise Violation("I12", f"{newest.reference} left without an approval of what it says: {approvals}")

    # --- I5, I7 ----------------------------------------------------------------------------------------------------

    def _follow_changes(self, orders: list[Row], vouchers: list[Row], refunds: list[Row]) -> None:
        changes = rows(
            "SELECT id, subject, order_id, voucher_id, refund_id, from_state, to_state, source, actor "
            "FROM pagoefectivo_statechange WHERE id > ? ORDER BY id",
            self._last_change,
        )
        for number, subject, order, voucher, refund, before, after, source, actor in changes:
            self._last_change = number
            key = (subject, {"order": order, "voucher": voucher, "refund": refund}[subject])
            stood = self._states.get(key, FIRST[subject])
            self._world.tell(f"  {subject} {key[1]}: {before} → {after} ({source}, {actor})")
            if before != stood or not (source and actor):
                raise Violation("I7", f"{key} went from {before}, but stood at {stood}")
            if subject in self._onward and after not in self._onward[subject][before]:
                raise Violation("I5", f"{key} went from {before} to {after}")
            self._states[key] = after
        for subject, found, column in (("order", orders, 1), ("voucher", vouchers, 2), ("refund", refunds, 2)):
            for row in found:
                if row[column] != self._states.get((subject, row[0]), FIRST[subject]):
                    raise Violation("I7", f"{subject} {row[0]} is {row[column]} and no change says so")

    # --- vouchers --------------------------------------------------------------------------------------------------

    def _check_voucher(self, voucher: Row, refunds: list[Row]) -> None:
        number, _, state, _, paid, reserved, refunded, outside, code, theirs, due, lease, _, _ = voucher
        live = [refund for refund in refunds if refund[2] not in FREED]
        ours = sum((money(refund[3]) for refund in live if not refund[5]), ZERO)
        done = sum((money(refund[3]) for refund in live if not refund[5] and refund[2] == "succeeded"), ZERO)
        others = sum((money(refund[3]) for refund in live if refund[5]), ZERO)
        if (money(reserved), money(refunded), money(outside)) != (ours, done, others):
            raise Violation("I4", f"voucher {number} says {reserved}/{refunded}/{outside}, not {ours}/{done}/{others}")
        if ours > money(paid):
            raise Violation("I4", f"voucher {number} has {ours} reserved of {paid}")
        if code and self._codes.setdefault(number, code) != code:
            raise Violation("I3", f"voucher {number} showed two codes")
        if state in LIVE_VOUCHER and due is None:
            raise Violation("I9", f"voucher {number} is {state} and forgotten")
        self._check_lease("voucher", number, lease)
        if state == "expired" and not self._died(theirs):
            raise Violation("I6", f"voucher {number} is expired, and the PSP never said so")
        if money(paid) or state == "paid":
            self._require_payment(number, money(paid), theirs)

    def _died(self, theirs: str) -> bool:
        truth = self._psp.payments.get(theirs)
        return truth is not None and any(said["status"] in {"EXPIRED", "CANCELED"} for _, said in truth.history)

    def _require_payment(self, number: int, paid: Decimal, theirs: str) -> None:
        truth = self._psp.payments.get(theirs)
        if truth is None or truth.paid < paid or not truth.paid:
            raise Violation("I6", f"voucher {number} counts {paid}, the PSP {truth.paid if truth else 'nothing'}")
        key = ("voucher", number, str(paid))
        if key in self._proven:
            return
        events = rows(
            "SELECT e.proof, e.amount, x.outcome, d.verdict FROM pagoefectivo_paymentevent e "
            "LEFT JOIN pagoefectivo_apiexchange x ON x.request_id = e.request_id AND e.request_id <> '' "
            "LEFT JOIN pagoefectivo_webhookdelivery d ON d.id = e.delivery_id "
            "WHERE e.voucher_id = ? AND e.refund_id IS NULL AND e.is_believed AND e.status = 'paid' ORDER BY e.id",
            number,
        )
        backed = [event for event in events if event[2] == "answered" or event[3] == "verified"]
        if not backed or backed[-1][0] not in self._proofs or money(backed[-1][1]) != paid:
            raise Violation("I6", f"voucher {number} counts {paid} on {events}")
        self._proven.add(key)

    # --- refunds ---------------------------------------------------------------------------------------------------

    def _check_refund(self, refund: Row) -> None:
        number, _, state, amount, currency, _, reference, theirs, due, lease, approved, asked = refund
        if state in LIVE_REFUND and due is None:
            raise Violation("I9", f"refund {number} is {state} and forgotten")
        if approved and approved == asked:
            raise Violation("I12", f"refund {number} was approved by who asked for it")
        self._check_lease("refund", number, lease)
        if state != "succeeded" or ("refund", number, state) in self._proven:
            return
        if self._people.bank:
            self._require_transfer(number, reference, money(amount))
            return
        truth = self._psp.refunds.get(theirs)
        if truth is None or "SUCCEEDED" not in truth.was or truth.amount != money(amount):
            raise Violation(
                "I6", f"refund {reference} is said to have succeeded, the PSP says {truth and truth.status}"
            )
        read = rows(
            "SELECT count(*) FROM pagoefectivo_paymentevent e JOIN pagoefectivo_apiexchange x "
            "ON x.request_id = e.request_id AND x.outcome = 'answered' WHERE e.refund_id = ? AND e.is_believed "
            "AND e.proof = 'read' AND e.status = 'succeeded' AND e.amount = ? AND e.currency = ?",
            number, str(amount) if isinstance(amount, str) else amount, currency,
        )  # fmt: skip
        if not read[0][0]:
            raise Violation("I6", f"refund {reference} succeeded without a read that says so")
        self._proven.add(("refund", number, state))

    def _require_transfer(self, number: int, reference: str, amount: Decimal) -> None:
        """In a refund by hand the bank's books stand for the PSP's, and its operation number for a read."""
        transfer = self._people.bank.transfers.get(reference) if self._people.bank else None
        if transfer is None or not transfer.was_paid or transfer.amount != amount:
            raise Violation("I6", f"refund {reference} is said to have succeeded, the bank says {transfer}")
        attested = rows(
            "SELECT count(*) FROM pagoefectivo_paymentevent WHERE refund_id = ? AND is_believed AND proof = 'attested' "
            "AND status = 'succeeded' AND event_identity <> ''",
            number,
        )
        if not attested[0][0]:
            raise Violation("I6", f"refund {reference} succeeded without the bank's operation number")
        self._proven.add(("refund", number, "succeeded"))

    # --- orders ----------------------------------------------------------------------------------------------------

    def _check_order(self, order: Row, vouchers: list[Row], refunds: list[Row]) -> None:
        number, state, paid, refunded, currency = order
        mine = {voucher[0] for voucher in vouchers}
        came = sum((money(voucher[4]) for voucher in vouchers if voucher[13] == currency), ZERO)
        went = sum((money(refund[3]) for refund in refunds if refund[1] in mine and refund[2] == "succeeded"), ZERO)
        if (money(paid), money(refunded)) != (came, went):
            raise Violation("I13", f"order {number} says {paid} − {refunded}, its parts {came} − {went}")
        if state == "refunded" and went < came:
            raise Violation("I13", f"order {number} is refunded with {went} of {came}")
        if money(paid) and state in {"awaiting_payment", "expired", "canceled"}:
            raise Violation("I13", f"order {number} holds money and is {state}")

    # --- queues ----------------------------------------------------------------------------------------------------

    def _check_lease(self, kind: str, number: int, lease: Any) -> None:
        longest = LEASE + 7200  # our clock may have gone wrong by an hour either way
        if lease is not None and instant(lease) > self._world.now() + timedelta(seconds=longest):
            raise Violation("I9", f"{kind} {number} is held until {lease}")

    def _check_queues(self) -> None:
        lost = rows(
            "SELECT count(*) FROM pagoefectivo_webhookdelivery WHERE outcome = 'waiting' AND next_action_at IS NULL"
        )[0][0] + rows(
            "SELECT count(*) FROM pagoefectivo_outboxmessage WHERE done_at IS NULL AND next_action_at IS NULL"
        )[0][0]  # fmt: skip
        if lost:
            raise Violation("I9", "a letter or an announcement is forgotten")
