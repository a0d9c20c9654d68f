"""Secrets and personal data are planted everywhere, and looked for in everything that is shown."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
import requests
import responses

from pagoefectivo.domain.exceptions import InvalidSignature, ProviderError, UnreadableMessage
from pagoefectivo.domain.messages import Destination, Payer, RefundRequest, VoucherRequest
from pagoefectivo.providers.base import Account, Gateway
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.testing.conformance.evidence import NOW, KeptEvidence, open_wire
from tests.unit.providers.stage import HOST, sample

CANARIES = (
    *("canary-login", "canary-trans-key", "canary-secret-key", "canary-old-secret", "canary@example.com"),
    *("Canaria", "87654321", "999111222", "00219312345678901234", "2301711"),
)
ACCOUNT = Account(
    name="default",
    base_url=HOST,
    credentials={
        "login": "canary-login",
        "trans_key": "canary-trans-key",
        "secret_key": ("canary-secret-key", "canary-old-secret"),
    },
)
VOUCHER = VoucherRequest(
    reference="ORD-0001",
    amount=Decimal("100.50"),
    currency="PEN",
    payer=Payer("canary@example.com", "María Canaria", "+51999111222", "DNI", "87654321"),
    expires_at=NOW,
    idempotency_key="key-1",
    notification_url="https://shop.example.com/hooks",
)
REFUND = RefundRequest(
    reference="RF-0001",
    payment_reference="D-4",
    amount=Decimal("40.00"),
    currency="PEN",
    reason="other",
    idempotency_key="key-2",
    notification_url="https://shop.example.com/hooks",
    destination=Destination("María Canaria", "DNI", "87654321", "002", "00219312345678901234", "S"),
)
ECHO = b'{"code": 5001, "message": "canary@example.com 87654321 999111222 00219312345678901234", "param": "x"}'
CALLS: list[Callable[[Gateway], object]] = [
    lambda gateway: gateway.issue_voucher(VOUCHER),
    lambda gateway: gateway.request_refund(REFUND),
]
ANSWERS: list[tuple[int, bytes | Exception]] = [
    (400, ECHO),
    (400, b'{"code": "canary@example.com"}'),
    (500, b"<html>canary-trans-key canary@example.com</html>"),
    (200, b'{"email": "canary@example.com", '),
    (200, b'{"email": "canary@example.com", "email": "canary-secret-key"}'),
    (200, b'{"status": {"Canaria": "87654321"}}'),
    (200, b'{"id": "' + b"2301711" * 20 + b'"}'),
    (200, requests.ConnectionError("canary-trans-key canary@example.com")),
    (200, requests.ReadTimeout("canary-trans-key canary@example.com")),
    (200, requests.exceptions.SSLError("canary-trans-key canary@example.com")),
]


def everything_shown(error: BaseException) -> Iterator[str]:
    """Yield what a log, a tracker or an error page could print of an exception and of all that it drags along."""
    chain: BaseException | None = error
    while chain is not None:
        yield from (str(chain), repr(chain), repr(chain.args), repr(vars(chain)))
        assert not isinstance(chain, requests.RequestException)
        chain = chain.__cause__ or chain.__context__
    yield "".join(traceback.format_exception(error))


def canaries_in(texts: Iterator[str]) -> set[str]:
    return {canary for text in texts for canary in CANARIES if canary in text}


@pytest.mark.parametrize("call", CALLS, ids=["issue", "refund"])
@pytest.mark.parametrize(("status", "answer"), ANSWERS)
def test_no_exception_carries_a_secret_or_a_person(
    call: Callable[[Gateway], object], status: int, answer: bytes | Exception
) -> None:
    with responses.RequestsMock() as psp, open_wire() as wire:
        for path in ("/payments", "/refunds"):
            psp.add("POST", HOST + path, body=answer, status=status)
        psp.assert_all_requests_are_fired = False
        with pytest.raises(ProviderError) as caught:
            call(DLocal.gateway(ACCOUNT, KeptEvidence(), wire))
    assert canaries_in(everything_shown(caught.value)) == set()
    assert caught.value.request_id == "req-1"


def test_no_repr_carries_a_secret_or_a_person() -> None:
    evidence = KeptEvidence()
    with responses.RequestsMock() as psp, open_wire() as wire:
        psp.add("POST", HOST + "/payments", body=sample("payment_pending.json"))
        gateway = DLocal.gateway(ACCOUNT, evidence, wire)
        update = gateway.issue_voucher(VOUCHER)
        shown = (ACCOUNT, VOUCHER, REFUND, gateway, wire, update, DLocal.webhook_reader(ACCOUNT), *evidence.calls)
        assert canaries_in(repr(each) for each in (*shown, *evidence.answers)) == set()


def test_what_is_personal_or_secret_travels_in_body_and_headers_only_never_in_the_address() -> None:
    evidence = KeptEvidence()
    with responses.RequestsMock() as psp, open_wire() as wire:
        psp.add("POST", HOST + "/payments", body=sample("payment_pending.json"))
        psp.add("POST", HOST + "/refunds", body=sample("refund_pending.json"))
        for call in CALLS:
            call(DLocal.gateway(ACCOUNT, evidence, wire))
    assert [call.url for call in evidence.calls] == [HOST + "/payments", HOST + "/refunds"]
    assert canaries_in(call.url for call in evidence.calls) == set()


def test_a_refused_or_unreadable_message_repeats_nothing() -> None:
    reader = DLocal.webhook_reader(ACCOUNT)
    body = b'{"id": "D-4", "status": "PAID", "amount": "canary@example.com"}'
    with pytest.raises(UnreadableMessage) as unreadable:
        reader.parse(body, believed=True)
    headers = {"X-Date": "canary@example.com", "Authorization": "canary-secret-key"}
    with pytest.raises(InvalidSignature) as unsigned:
        reader.verify(body, headers)
    assert canaries_in(everything_shown(unreadable.value)) == set()
    assert canaries_in(everything_shown(unsigned.value)) == set()
