"""Bodies that lie about themselves are refused before anybody reads or verifies them."""

from __future__ import annotations

import io
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pagoefectivo.models import WebhookDelivery, WebhookRejection
from pagoefectivo.services.webhooks import LARGEST_BODY
from pagoefectivo.views.webhooks import letterbox
from tests.integration.webhooks.conftest import DOOR, signed

pytestmark = pytest.mark.django_db(transaction=True)


def _say(url: str, *lines: str, body: bytes = b"", hang_up: bool = False) -> int:
    """Speak HTTP by hand; return the status that comes back."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as wire:
        head = "\r\n".join((f"POST {DOOR} HTTP/1.1", f"Host: {address.netloc}", "Connection: close", *lines))
        wire.sendall(head.encode() + b"\r\n\r\n" + body)
        if hang_up:
            wire.shutdown(socket.SHUT_WR)
        return int(wire.makefile("rb").readline().split()[1])


def _nothing_was_kept() -> bool:
    return not WebhookDelivery.objects.exists() and not WebhookRejection.objects.exists()


def test_A09_an_oversized_letter_is_refused_before_a_byte_of_it_is_read(live_server: Any) -> None:
    assert _say(live_server.url, f"Content-Length: {LARGEST_BODY + 1}") == 413
    assert _nothing_was_kept()


def test_A09_a_letter_of_exactly_the_largest_size_is_taken(deliver: Any) -> None:
    assert deliver(b" " * LARGEST_BODY).status_code == 200
    assert deliver(b" " * (LARGEST_BODY + 1)).status_code == 413
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.parametrize("length", ["-1", "+5", "abc", "5, 5", "1e3", "0x10", "5 5", "9" * 30])
def test_A09_a_length_that_is_no_number_is_refused(deliver: Any, body: bytes, length: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert deliver(body, CONTENT_LENGTH=length).status_code == 400
    assert len(asked) == 0


def test_A09_a_letter_shorter_than_it_says_is_not_believed(live_server: Any, body: bytes) -> None:
    headers = [f"{name}: {value}" for name, value in signed(body).items()]
    assert _say(live_server.url, *headers, f"Content-Length: {len(body) + 10}", body=body, hang_up=True) == 400
    assert _nothing_was_kept()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, identity"])
def test_A09_a_packed_letter_is_refused_unopened(deliver: Any, body: bytes, coding: str) -> None:
    assert deliver(body, headers=signed(body) | {"Content-Encoding": coding}).status_code == 415
    assert _nothing_was_kept()


def test_A09_a_letter_without_a_length_is_refused(live_server: Any) -> None:
    assert _say(live_server.url, "Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n\r\n") == 411
    assert _nothing_was_kept()


class _Spool(io.BytesIO):
    """A body that counts what is taken out of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        self.taken += len(chunk)
        return chunk


def test_A09_no_more_than_the_cap_is_ever_read(psp: Any) -> None:
    spool = _Spool(b" " * (4 * LARGEST_BODY))
    scope = {
        "type": "http",
        "method": "POST",
        "path": DOOR,
        "query_string": b"",
        "headers": [(b"content-length", b"10")],
    }
    answer = letterbox(ASGIRequest(scope, spool), "default")
    assert answer.status_code == 413
    assert spool.taken == LARGEST_BODY + 1
    assert _nothing_was_kept()


def test_a_letter_that_a_middleware_has_read_already_is_still_heard(rf: Any, body: bytes) -> None:
    request = rf.post(DOOR, body, content_type="application/json", headers=signed(body))
    assert request.body == body
    assert letterbox(request, "default").status_code == 200
    assert WebhookDelivery.objects.get().body == body
