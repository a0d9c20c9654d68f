"""The gateways over `responses`: no socket opens in this folder, only in `loopback/`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import responses

from pagoefectivo.providers.base import Account
from pagoefectivo.testing.conformance.evidence import KeptEvidence, open_wire
from tests.unit.providers.line import Line

if TYPE_CHECKING:
    from tests.unit.providers import mercadopago_stage


@pytest.fixture
def account() -> Account:
    return Account(
        name="default",
        base_url="https://sandbox.dlocal.com",
        credentials={"login": "lg_test_PE01", "trans_key": "tk_demo", "secret_key": ("sk_demo_9f2c71", "sk_old")},
    )


@pytest.fixture
def line(account: Account) -> Iterator[Line]:
    from pagoefectivo.providers.dlocal import DLocal

    evidence = KeptEvidence()
    with responses.RequestsMock() as psp, open_wire() as wire:
        yield Line(DLocal.gateway(account, evidence, wire), psp, evidence, account.base_url)


@pytest.fixture
def ebanx() -> Iterator[Line]:
    from tests.unit.providers import ebanx_stage

    with ebanx_stage.open_line() as line:
        yield line


@pytest.fixture
def mercado() -> Iterator[mercadopago_stage.Line]:
    from tests.unit.providers import mercadopago_stage

    with mercadopago_stage.open_line() as line:
        yield line
