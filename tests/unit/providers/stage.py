"""What the stories about dLocal share: stored messages and two requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from pagoefectivo.domain.messages import Destination, Payer, RefundRequest, VoucherRequest

SAMPLES = Path(__file__).parents[2] / "samples" / "dlocal"
HOST = "https://sandbox.dlocal.com"
PAYMENT = "D-4-00000000-0000-4000-8000-000000000001"
VOUCHER = VoucherRequest(
    reference="ORD-0001",
    amount=Decimal("100.50"),
    currency="PEN",
    payer=Payer(email="maria@example.com", name="María Quispe", document_type="DNI", document_number="12345678"),
    expires_at=datetime(2026, 11, 25, tzinfo=UTC),
    idempotency_key="key-1",
    notification_url="https://shop.example.com/hooks/dlocal",
)
REFUND = RefundRequest(
    reference="RF-0001",
    payment_reference=PAYMENT,
    amount=Decimal("40.00"),
    currency="PEN",
    reason="buyer_request",
    idempotency_key="key-2",
    notification_url="https://shop.example.com/hooks/dlocal/refunds",
)
DESTINATION = Destination(
    holder_name="María " + "Q" * 60,
    document_type="DNI",
    document_number="12345678",
    bank_code="002",
    account_number="00219312345678901234",
    account_type="S",
)


def sample(name: str) -> bytes:
    """Return one stored message, byte for byte."""
    return (SAMPLES / name).read_bytes()


def changed(body: bytes, **changes: object) -> bytes:
    """Return a JSON object with some keys changed; None takes the key out."""
    document = json.loads(body) | changes
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()
