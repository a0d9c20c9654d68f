"""dLocal's gateway over `responses`: no socket opens in this folder, only in `loopback/`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import responses

from pagoefectivo.providers.base import Account, Gateway
from pagoefectivo.providers.dlocal import DLocal
from tests.conformance.evidence import KeptEvidence, open_wire

SAMPLES = Path(__file__).parents[2] / "samples" / "dlocal"
HOST = "https://sandbox.dlocal.com"


def sample(name: str) -> bytes:
    """Return one stored message, byte for byte."""
    return (SAMPLES / name).read_bytes()


@dataclass
class Line:
    """A gateway, what answers it, and what its recorder was told."""

    gateway: Gateway
    psp: responses.RequestsMock
    evidence: KeptEvidence

    def will_answer(self, method: str, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        self.psp.add(method, HOST + path, body=body, status=status, headers=headers)


@pytest.fixture
def account() -> Account:
    return Account(
        name="default",
        base_url=HOST,
        credentials={"login": "lg_test_PE01", "trans_key": "tk_demo", "secret_key": ("sk_demo_9f2c71", "sk_old")},
    )


@pytest.fixture
def line(account: Account) -> Iterator[Line]:
    evidence = KeptEvidence()
    with responses.RequestsMock() as psp, open_wire() as wire:
        yield Line(DLocal.gateway(account, evidence, wire), psp, evidence)
