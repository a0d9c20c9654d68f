"""Settlement files as dLocal writes them, made of rows that a story names; the totals always add up."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from pagoefectivo.models import Refund, SettlementReport, Voucher
from pagoefectivo.services import settlement_imports

RATE = Decimal("3.75")
NAMES = (
    "ROW_TYPE,MID,LOGIN,COUNTRY,CREATION_DATE,APPROVED_DATE,TRANSACTION_ID,DLOCAL_TRANSACTION_ID,LOCAL_AMOUNT,"
    "LOCAL_CURRENCY,FX_RATE,GROSS_AMOUNT,FEE_AMOUNT,NET_AMOUNT,PAYMENT_TYPE,PAYMENT_METHOD_CODE,CARD_BIN,CARD_TYPE,"
    "INSTALLMENTS,STATUS,STATUS_CODE,STATUS_DETAILS,USER_DOCUMENT,USER_EMAIL,DESCRIPTION"
)
MICRO = Decimal("0.000001")


@dataclass(frozen=True)
class Row:
    """One row: amounts in soles, signed; what it settles in dollars follows from the rate and the fee in dollars."""

    theirs: str
    amount: Decimal
    ours: str = ""
    kind: str = "PAYMENT"
    currency: str = "PEN"
    fee: Decimal = Decimal("-1.000000")
    rate: Decimal = RATE
    gross: Decimal | None = None
    at: str = "2026-11-10 15:00:00"

    @property
    def settled(self) -> Decimal:
        return self.gross if self.gross is not None else (self.amount / self.rate).quantize(MICRO)

    @property
    def net(self) -> Decimal:
        return self.settled + self.fee

    def but(self, **changes: object) -> Row:
        """The same row, but for what is changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


def of_voucher(voucher: Voucher, **changes: object) -> Row:
    """The row that settles a paid code."""
    row = Row(voucher.provider_reference, voucher.paid_amount or voucher.amount, voucher.reference)
    return row.but(**changes)


def of_refund(refund: Refund, **changes: object) -> Row:
    """The row that settles a refund."""
    row = Row(
        refund.provider_reference, -refund.amount, refund.voucher.reference, kind="REFUND", fee=Decimal("-0.500000")
    )
    return row.but(**changes)


def file_of(rows: Iterable[Row], *, transfer: str = "TR-1", day: str = "2026-11-15") -> bytes:
    """One transfer as dLocal's settlement report."""
    rows = list(rows)
    net = sum((row.net for row in rows), Decimal(0))
    padding = "," * (NAMES.count(",") - 7)
    lines = [
        "ROW_TYPE,SETTLEMENT_CURRENCY,NUMBER_OF_ITEMS,GROSS_TOTAL_AMOUNT,FEE_TOTAL_AMOUNT,NET_TOTAL_AMOUNT,TRANSFER_DATE,"
        "TRANSFER_ID" + padding,
        f"HEADER,USD,{len(rows)},0.00,0.00,{net:.6f},{day},{transfer}{padding}",
        NAMES,
        *(
            f"{row.kind},1,login,Peru,{row.at},{row.at},{row.ours},{row.theirs},{row.amount:.6f},{row.currency},"
            f"{row.rate},{row.settled:.6f},{row.fee:.6f},{row.net:.6f},TICKET,EF,,,,PAID,200,,,,"
            for row in rows
        ),
        "",
    ]
    return "\n".join(lines).encode()


def bring(content: bytes, *, account: str = "default", name: str = "november.csv") -> SettlementReport:
    """Take a file in and read it, as the command does."""
    return settlement_imports.bring(io.BytesIO(content), account=account, name=name)
