"""What stands around the letters: rows of ours to be named, and our door as a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from pagoefectivo.domain.states import OrderState, RefundState, VoucherState
from pagoefectivo.models import Order, Refund, Voucher
from tests.fuzz.letters import ACCOUNTS
from tests.integration.pages.stage import place_order, place_refund, place_voucher

SHOP = {"PUBLIC_BASE_URL": "http://127.0.0.1:9", "SHOP_NAME": "Mi Tienda", "ACCOUNTS": ACCOUNTS}


@dataclass(frozen=True)
class Answered:
    """What came through the door."""

    status: int
    headers: dict[str, str]
    body: bytes


class Door:
    """Our application as a WSGI server sees it; what it raises goes through, as it would to the server."""

    def __init__(self) -> None:
        self._application = WSGIHandler()

    def __call__(self, environ: Mapping[str, Any]) -> Answered:
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None, /) -> Any:
            told.append((status, headers))

        response = self._application(dict(environ), start)
        try:
            body = b"".join(response)
        finally:
            response.close()
        [(status, headers)] = told
        return Answered(int(status.split()[0]), dict(headers), body)


@contextmanager
def lasting_connection() -> Iterator[None]:
    """Keep the connection over requests, as a server does; the tests' settings close it after each."""
    kept = connection.settings_dict["CONN_MAX_AGE"]
    connection.close()
    connection.settings_dict["CONN_MAX_AGE"] = None
    try:
        yield
    finally:
        connection.settings_dict["CONN_MAX_AGE"] = kept
        connection.close()


SCENES: tuple[tuple[OrderState, VoucherState], ...] = (
    (OrderState.AWAITING_PAYMENT, VoucherState.ISSUED),
    (OrderState.AWAITING_PAYMENT, VoucherState.ISSUED),
    (OrderState.AWAITING_PAYMENT, VoucherState.CONFIRMING),
    (OrderState.AWAITING_PAYMENT, VoucherState.UNKNOWN),
    (OrderState.EXPIRED, VoucherState.EXPIRED),
    (OrderState.CANCELED, VoucherState.CANCELED),
    (OrderState.PAID, VoucherState.PAID),
    (OrderState.PAID, VoucherState.PAID),
)


def place_rows() -> None:
    """Put orders in eight situations into the database, named as the letters name them; the paid ones have refunds."""
    for at, (order_state, state) in enumerate(SCENES):
        is_paid = state is VoucherState.PAID
        order = place_order(order_state, reference=f"F-{at}", paid_amount="89.90" if is_paid else 0)
        reference = "" if state is VoucherState.UNKNOWN else f"D-4-{at}"
        reserved = "30.00" if is_paid else 0
        voucher = place_voucher(order, state, provider_reference=reference, reserved_amount=reserved)
        if is_paid:
            refund = RefundState.PENDING if at % 2 else RefundState.UNKNOWN
            known = f"REF-{at}" if refund is RefundState.PENDING else ""
            place_refund(voucher, refund, reference=f"R-{at}", provider_reference=known)


def money() -> list[tuple[Any, ...]]:
    """Everything that says who has the money."""
    return [
        *Order.objects.order_by("pk").values_list("reference", "paid_amount", "refunded_amount"),
        *Voucher.objects.order_by("pk").values_list("reference", "paid_amount", "reserved_amount", "refunded_amount"),
        *Voucher.objects.filter(state=VoucherState.PAID).order_by("pk").values_list("reference"),
        *Refund.objects.order_by("pk").values_list("reference", "state", "amount"),
    ]
