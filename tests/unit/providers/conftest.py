"""The gateways over `responses`: no socket opens in this folder, only in `loopback/`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from pagoefectivo.providers.base import Account
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.testing.conformance.evidence import KeptEvidence, open_wire
from tests.unit.providers import ebanx_stage, mercadopago_stage
from tests.unit.providers.stage import HOST, Line


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


@pytest.fixture
def ebanx() -> Iterator[Line]:
    with ebanx_stage.open_line() as line:
        yield line


@pytest.fixture
def mercado() -> Iterator[mercadopago_stage.Line]:
    with mercadopago_stage.open_line() as line:
        yield line
