"""What the stories about Mercado Pago share: stored messages, two requests, and a line whose other end is scripted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import responses

from pagoefectivo.providers.base import Account, Call, Gateway
from pagoefectivo.providers.mercadopago import MercadoPago
from pagoefectivo.testing.conformance.evidence import KeptEvidence, open_wire
from tests.unit.providers import stage

SAMPLES = Path(__file__).parents[2] / "samples" / "mercadopago"
HOST = "https://api.mercadopago.com"
PAYMENT, REFUND_ID = "24308766", "1009042015"
VOUCHER = dataclasses.replace(
    stage.VOUCHER, description="Two books", notification_url="https://shop.example.com/hooks/mp"
)
REFUND = dataclasses.replace(stage.REFUND, payment_reference=PAYMENT, amount=Decimal("100.50"), is_whole=True)
ACCOUNT = Account(
    name="default",
    base_url=HOST,
    credentials={"access_token": "TEST-4711", "webhook_secret": ("mp_made_up_secret_9f3c", "mp_old")},
    options=MercadoPago.options,
)


def sample(name: str) -> bytes:
    """Return one stored message, byte for byte."""
    return (SAMPLES / name).read_bytes()


@dataclasses.dataclass
class Line:
    """A gateway, what answers it, and what its recorder was told."""

    gateway: Gateway
    psp: responses.RequestsMock
    evidence: KeptEvidence

    def will_answer(self, method: str, path: str, body: bytes, status: int = 200) -> None:
        self.psp.add(method, HOST + path, body=body, status=status)

    def calls(self) -> list[tuple[str, str]]:
        return [(call.method, call.url.removeprefix(HOST)) for call in self.evidence.calls]

    @property
    def call(self) -> Call:
        """The only call there was."""
        (call,) = self.evidence.calls
        return call


@contextmanager
def open_line(account: Account = ACCOUNT) -> Iterator[Line]:
    evidence = KeptEvidence()
    with responses.RequestsMock() as psp, open_wire() as wire:
        yield Line(MercadoPago.gateway(account, evidence, wire), psp, evidence)
