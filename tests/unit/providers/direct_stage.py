"""What the stories about PagoEfectivo's own API share: its messages, an account, and a line under a token or without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import responses

from pagoefectivo.providers.base import Account, Call, Gateway, Operation, Wire
from pagoefectivo.providers.pagoefectivo_direct import PagoEfectivoDirect
from pagoefectivo.testing.conformance.evidence import NOW, KeptEvidence, open_wire
from tests.unit.providers.stage import VOUCHER

SAMPLES = Path(__file__).parents[2] / "samples" / "pagoefectivo_direct"
HOST = "https://pre1a.services.pagoefectivo.pe/v1"
CIP = "12345678"
SECRETS = ("c2VjcmV0LWRlbW8rMDAwMS9hYmNkZWZnaGlqa2xt", "an-old-secret")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.canary.of-a-token"
CREDENTIALS: dict[str, str | tuple[str, ...]] = {
    "id_service": "1234",
    "access_key": "AKDEMO00000000000001",
    "secret_key": SECRETS,
}
REQUEST = replace(VOUCHER, description="")


def sample(name: str) -> bytes:
    """Return one stored message, byte for byte."""
    return (SAMPLES / name).read_bytes()


def account_with(**options: Any) -> Account:
    return Account("default", HOST, CREDENTIALS, {**PagoEfectivoDirect.options, **options})


@dataclass
class DirectLine:
    """A gateway, what answers it, what its recorder was told, and a clock that can be moved."""

    gateway: Gateway
    psp: responses.RequestsMock
    evidence: KeptEvidence
    wire: Wire
    ahead: list[timedelta]

    def will_answer(self, method: str, path: str, body: bytes, status: int = 200) -> None:
        self.psp.add(method, HOST + path, body=body, status=status)

    def will_authorize(self) -> None:
        self.will_answer("POST", "/authorizations", sample("authorized.json"), 201)

    def pass_time(self, **duration: float) -> None:
        self.ahead.append(timedelta(**duration))

    def gateway_of(self, account: Account) -> Gateway:
        """Return another gateway of the same process."""
        return PagoEfectivoDirect.gateway(account, self.evidence, self.wire)

    def operations(self) -> list[Operation]:
        return [call.operation for call in self.evidence.calls]

    def calls_of(self, operation: Operation) -> list[Call]:
        return [call for call in self.evidence.calls if call.operation is operation]


@contextmanager
def direct_line(account: Account, *, authorized: bool = True) -> Iterator[DirectLine]:
    """Open a line on which, unless told otherwise, one authorization will be answered."""
    evidence, ahead = KeptEvidence(), [timedelta()]
    with responses.RequestsMock() as psp, open_wire() as opened:

        def now() -> datetime:
            return NOW + sum(ahead, timedelta())

        wire = replace(opened, now=now)
        line = DirectLine(PagoEfectivoDirect.gateway(account, evidence, wire), psp, evidence, wire, ahead)
        if authorized:
            line.will_authorize()
        yield line
