"""Buyers and a support agent while processes die: each sale is opened, paid, partly given back, and never let go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests
from django.db import DatabaseError, connection, connections

from tests.processes.stack import Stack, wait_for

AMOUNT, GIVEN_BACK = Decimal("89.90"), Decimal("20.00")
PAYER = {"email": "rosa@correo.example", "name": "Rosa Quispe", "document": {"type": "DNI", "number": "45678912"}}
PATIENCE = 180.0  # a request that died holds its key for twice the lease, and may die again when it is repeated
SERVER_ERROR = 500
REPEATABLE = frozenset({409, 429, SERVER_ERROR, 502, 503, 504})


@dataclass
class Sale:
    """One order and how far its people came."""

    reference: str
    done: list[str] = field(default_factory=list)
    complaint: str = ""


class Traffic:
    """Sellers side by side, sale after sale, until told to stop. Who gets no answer asks again with the same key."""

    def __init__(self, stack: Stack, api_key: str, *, sellers: int = 3) -> None:
        self._stack, self._key = stack, api_key
        self.sales: list[Sale] = []
        self.no_answer = 0
        self.server_errors: list[str] = []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._sell_on, args=(seller,)) for seller in range(sellers)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, meanwhile: Callable[[], object]) -> None:
        """Let every seller finish the sale at hand, and do something over and over until they have."""
        self._stopped.set()

        def is_over() -> bool:
            meanwhile()
            return not any(thread.is_alive() for thread in self._threads)

        wait_for(is_over, seconds=2 * PATIENCE)

    @property
    def finished(self) -> int:
        return sum("refunded" in sale.done for sale in self.sales)

    def _sell_on(self, seller: int) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            sale = Sale(f"S{seller}-{number}")
            self.sales.append(sale)
            try:
                self._sell(sale)
            except Exception as error:  # noqa: BLE001 - the judgement tells it
                sale.complaint = f"{type(error).__name__}: {error}"
        connections.close_all()

    def _sell(self, sale: Sale) -> None:
        order = {"reference": sale.reference, "amount": str(AMOUNT), "currency": "PEN", "payer": PAYER}
        self.post("orders/", order, key=f"open-{sale.reference}")
        sale.done.append("opened")
        self._stack.psp.pay(self.wait_for_row("voucher", "code", "state = 'issued'", sale.reference))
        self.wait_for_row("order", "id", "state = 'paid'", sale.reference)
        sale.done.append("paid")
        wish = {"amount": str(GIVEN_BACK), "reason": "buyer_request"}
        self.post(f"orders/{sale.reference}/refunds/", wish, key=f"refund-{sale.reference}")
        sale.done.append("asked back")
        self._stack.psp.settle_refund(
            self.wait_for_row("refund", "provider_reference", "state = 'pending'", sale.reference)
        )
        self.wait_for_row("refund", "id", "state = 'succeeded'", sale.reference)
        sale.done.append("refunded")

    def post(self, path: str, document: dict[str, Any], *, key: str) -> None:
        """Ask until an answer says yes, as often as we are told; raise AssertionError with the last word when it says no."""
        headers = {"Authorization": f"Api-Key {self._key}", "Idempotency-Key": key}
        address, deadline = f"{self._stack.web_url}/pagoefectivo/api/v1/{path}", time.monotonic() + PATIENCE
        said = ""
        while time.monotonic() < deadline:
            try:
                answer = requests.post(address, json=document, headers=headers, timeout=5)
            except requests.RequestException as error:
                self.no_answer += 1
                said, pause = type(error).__name__, 0.1
            else:
                if answer.ok:
                    return
                said = f"{answer.status_code} {answer.text[:300]}"
                pause = float(answer.headers.get("Retry-After", 0.1))
                if answer.status_code == SERVER_ERROR:
                    self.server_errors.append(f"{path}: {said}")
                if answer.status_code not in REPEATABLE:
                    break
            time.sleep(pause)
        raise AssertionError(f"{path}: {said}")

    def wait_for_row(self, table: str, column: str, condition: str, reference: str) -> Any:
        """Return a column of an order's row as soon as the condition holds; raise AssertionError when it never does."""
        place = (
            "reference = %s"
            if table == "order"
            else "order_id IN (SELECT id FROM pagoefectivo_order WHERE reference = %s)"
        )
        statement = f"SELECT {column} FROM pagoefectivo_{table} WHERE {place} AND {condition}"  # noqa: S608 - ours

        def look() -> Any:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(statement, [reference])
                found = cursor.fetchone()
                return found and found[0]
            connection.close()
            return None

        found = wait_for(look, seconds=PATIENCE)
        if not found:
            raise AssertionError(f"no {table} with {condition} after {PATIENCE:g} s: {_rows(table, place, reference)}")
        return found


def _rows(table: str, place: str, reference: str) -> list[Any]:
    """Return how an order's rows stand, for whoever has to find out why."""
    columns = "state" if table == "order" else "state, attempts, next_action_at, lease_until, error_code"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM pagoefectivo_{table} WHERE {place}", [reference])  # noqa: S608 - ours
        return [[str(value) for value in row] for row in cursor.fetchall()]
