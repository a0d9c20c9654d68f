"""Paths, dates and keys: what may never go out wrong."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import pytest
import responses

from pagoefectivo.domain.exceptions import ConfigurationError, Held, NotSent
from pagoefectivo.providers.base import Account
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.providers.dlocal.webhook import signature
from pagoefectivo.testing.conformance.evidence import NOW, KeptEvidence, open_wire
from tests.unit.providers.line import Line
from tests.unit.providers.stage import HOST, PAYMENT, sample


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("D-4 x/../y", "/payments/D-4%20x%2F..%2Fy"),
        ("a?b#c", "/payments/a%3Fb%23c"),
        ("ñ\x00", "/payments/%C3%B1%00"),
        ("..a", "/payments/..a"),
    ],
)
def test_an_id_is_quoted_and_never_leads_to_another_address(line: Line, reference: str, path: str) -> None:
    line.psp.add("GET", "https://sandbox.dlocal.com" + path, body=b"{}")
    with pytest.raises(NotSent):
        line.gateway.fetch_payment(reference)
    assert line.evidence.calls[0].url == "https://sandbox.dlocal.com" + path


@pytest.mark.parametrize("reference", ["", ".", ".."])
def test_an_id_that_would_change_the_address_is_never_sent(line: Line, reference: str) -> None:
    with pytest.raises(Held):
        line.gateway.fetch_payment(reference)
    assert line.evidence.calls == []


def test_while_a_secret_rotates_the_first_one_signs(line: Line) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", sample("payment_pending.json"))
    line.gateway.fetch_payment(PAYMENT)
    headers = line.evidence.calls[0].headers
    signed = signature("lg_test_PE01", headers["X-Date"], b"", "sk_demo_9f2c71")
    assert headers["Authorization"] == f"V2-HMAC-SHA256, Signature: {signed}"


@pytest.mark.parametrize("missing", ["login", "trans_key", "secret_key"])
@pytest.mark.parametrize("value", [None, "", (), ("",), "line\nbreak", "sp ace", "ñandú"])
def test_an_unusable_credential_is_named_and_not_shown(
    account: Account, missing: str, value: str | tuple[str, ...] | None
) -> None:
    credentials = {key: each for key, each in account.credentials.items() if key != missing}
    if value is not None:
        credentials[missing] = value
    with open_wire() as wire, pytest.raises(ConfigurationError, match=missing) as caught:
        DLocal.gateway(dataclasses.replace(account, credentials=credentials), KeptEvidence(), wire)
    assert not value or str(value) not in str(caught.value)


@pytest.mark.parametrize(
    "now", [NOW.replace(microsecond=0), NOW.replace(microsecond=999_999), NOW.replace(microsecond=1_999)]
)
def test_the_date_is_utc_with_three_decimals(account: Account, now: datetime) -> None:
    evidence = KeptEvidence()
    with open_wire(now) as wire, responses.RequestsMock() as psp:
        psp.add("GET", f"{HOST}/payments/{PAYMENT}", body=sample("payment_pending.json"))
        DLocal.gateway(account, evidence, wire).fetch_payment(PAYMENT)
    assert evidence.calls[0].headers["X-Date"] == f"2026-11-22T14:05:06.{now.microsecond // 1000:03d}Z"
