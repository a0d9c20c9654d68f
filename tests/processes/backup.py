"""A backup restored behind the provider's back: what the shop forgot is read again before any money moves."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

from django.db import connections

from pagoefectivo.models import Refund, Voucher
from pagoefectivo.sandbox.faults import WRITES
from pagoefectivo.services import api_keys, recovery
from tests.processes.judgement import HEALED_WITHIN, books, evidence, left, unfinished
from tests.processes.kills import SCOPES, Report
from tests.processes.stack import Stack, wait_for
from tests.processes.traffic import AMOUNT, GIVEN_BACK, PAYER, Traffic

BY = "drill"
READ_WITHIN = 60.0
QUIET = 3.0  # seconds in which a worker that may move money would have done so many times over
BEFORE = ("OPEN", "PAID", "ASKED", "CREATING")
FORGOTTEN = "FORGOTTEN"
DURING = "DURING"


def restore(stack: Stack) -> Report:
    """Sell, dump, sell on, restore the dump, recover, and judge. The sale made after the dump is all that may be lost."""
    began = time.monotonic()
    stack.start()
    story = _Story(stack, Traffic(stack, api_keys.create_key("drill", SCOPES)[1]))
    violations = list(story.tell())
    return Report(violations=violations, sales=len(BEFORE) + 1, seconds=time.monotonic() - began)


class _Story:
    """Four sales, each caught by the dump in another state; one sale after it; one while all is read again."""

    def __init__(self, stack: Stack, desk: Traffic) -> None:
        self._stack, self._desk, self._psp = stack, desk, stack.psp
        self._dump = stack.home / "dump"

    def tell(self) -> Iterator[str]:
        self._until_the_dump()
        self._after_the_dump()
        forgotten = {payment["id"] for payment in self._psp.payments() if payment["order_id"].startswith(FORGOTTEN)}
        self._restore()
        recovery.start(by=BY, why="a backup was restored")
        self._psp.clear_calls()
        if not recovery.finish(by=BY):
            yield "the recovery ended before anything was read"
        self._stack.start("web")
        yield from self._money_stands_still()
        if going_on := recovery.finish(by=BY):
            yield f"unread after {READ_WITHIN:g} s: {going_on}"
            return
        yield from self._all_comes_right(forgotten)

    def _until_the_dump(self) -> None:
        for reference in ("OPEN", "PAID", "ASKED"):
            self._open(reference)
        for reference in ("PAID", "ASKED"):
            self._pay(reference)
        self._psp.fault("refund", "429", None, retry_after=1)
        self._psp.fault("create", "429", None, retry_after=1)
        self._ask_back("ASKED", GIVEN_BACK, key="first")
        self._open("CREATING", issued=False)
        self._run("pg_dump", "--format=custom", f"--file={self._dump}", self._database)
        self._psp.clear_faults()

    def _after_the_dump(self) -> None:
        """All that the backup knows nothing of: two payments, two refunds, one code, one whole sale."""
        self._settle("ASKED")
        self._ask_back("PAID", GIVEN_BACK, key="first")
        self._settle("PAID")
        for reference in ("OPEN", "CREATING"):
            self._pay(reference)
        self._open(FORGOTTEN)
        self._pay(FORGOTTEN)
        self._psp.wait_idle()

    def _restore(self) -> None:
        connections.close_all()
        for role in self._stack.roles:
            self._stack.end(role)
        self._run("dropdb", "--force", self._database)
        self._run("createdb", self._database)
        self._run("pg_restore", "--exit-on-error", f"--dbname={self._database}", str(self._dump))

    def _money_stands_still(self) -> Iterator[str]:
        """A new order and a refund are taken down, and wait; also once everything was read, until a person says so.

        Both are asked for before anything is read: whoever asks later is told what had been given back already.
        """
        self._open(DURING, issued=False)
        self._ask_back("PAID", AMOUNT, key="second")

        def is_read() -> bool:
            self._stack.revive()
            return not any(each.unread for each in recovery.status())

        wait_for(is_read, seconds=READ_WITHIN)
        time.sleep(QUIET)
        counts = self._psp.call_counts()
        moved = {operation: count for operation, count in counts.items() if operation in WRITES and count}
        if moved:
            yield f"money moved while the recovery was under way: {moved}"
        if not counts:
            yield "nothing was read"

    def _all_comes_right(self, forgotten: set[str]) -> Iterator[str]:
        self._desk.wait_for_row("voucher", "code", "state = 'issued'", DURING)
        self._pay(DURING)

        def rests() -> bool:
            self._stack.revive()
            for refund in self._psp.refunds():
                if refund["state"] == "pending":
                    self._psp.settle_refund(refund["id"])
            return not unfinished()

        wait_for(rests, seconds=HEALED_WITHIN)
        yield from left()
        yield from self._desk.server_errors
        yield from self._each_sale()
        unknown = {f"payment {each} is unknown here" for each in forgotten}
        complaints = set(books(self._stack))
        yield from sorted(complaints - unknown)
        if not unknown <= complaints:
            yield "the forgotten sale is known: then this drill restored nothing"
        yield from evidence()

    def _each_sale(self) -> Iterator[str]:
        for reference in (*BEFORE, DURING):
            states = list(Voucher.objects.filter(order__reference=reference).values_list("state", flat=True))
            if states != ["paid"]:
                yield f"{reference}: {states} instead of one paid code"
            codes = [each for each in self._psp.payments() if each["order_id"].startswith(f"{reference}-")]
            if len(codes) != 1:
                yield f"{reference}: {len(codes)} codes at the provider"
        for reference in ("ASKED", "PAID"):
            payment = Voucher.objects.get(order__reference=reference).provider_reference
            if (count := len(self._psp.refunds(payment))) != 1:
                yield f"{reference}: {count} refunds at the provider"
        ours = Refund.objects.filter(order__reference="ASKED").values_list("state", "is_outside")
        if list(ours) != [("succeeded", False)]:
            yield f"ASKED: {list(ours)} instead of the one refund that was asked for"

    def _open(self, reference: str, *, issued: bool = True) -> None:
        order = {"reference": reference, "amount": str(AMOUNT), "currency": "PEN", "payer": PAYER}
        self._desk.post("orders/", order, key=f"open-{reference}")
        if issued:
            self._desk.wait_for_row("voucher", "code", "state = 'issued'", reference)

    def _pay(self, reference: str) -> None:
        self._psp.pay(self._desk.wait_for_row("voucher", "code", "code <> ''", reference))
        self._desk.wait_for_row("order", "id", "state = 'paid'", reference)

    def _ask_back(self, reference: str, amount: object, *, key: str) -> None:
        wish = {"amount": str(amount), "reason": "buyer_request"}
        self._desk.post(f"orders/{reference}/refunds/", wish, key=f"{key}-{reference}")

    def _settle(self, reference: str) -> None:
        self._psp.settle_refund(self._desk.wait_for_row("refund", "provider_reference", "state = 'pending'", reference))
        self._desk.wait_for_row("refund", "id", "state = 'succeeded'", reference)

    @property
    def _database(self) -> str:
        return self._stack.environment["PAGOEFECTIVO_DB_NAME"]

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs on the stack's server."""
        where = self._stack.environment
        address = ("-h", where["PAGOEFECTIVO_DB_HOST"], "-U", where["PAGOEFECTIVO_DB_USER"])
        programs = self._stack.postgres_program.parent
        subprocess.run([str(programs / program), *address, *arguments], check=True, capture_output=True, text=True)
