"""The transport on real sockets of this machine: what was sent, what came, and what silence means."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, ConfigurationError, NotSent, ProviderError
from pagoefectivo.providers.base import Account, Answer, Operation, Wire
from pagoefectivo.providers.transport import LARGEST_ANSWER, Transport
from pagoefectivo.testing.conformance.evidence import KeptEvidence, open_wire
from pagoefectivo.testing.conformance.scripted_server import (
    Script,
    answers,
    breaks_off_body,
    breaks_off_chunks,
    drips,
    hangs_up,
    keeps_silent,
    resets,
    says_nonsense,
    scripted_server,
)

MOVE, READ = Operation.REQUEST_REFUND, Operation.FETCH_REFUND
HEADERS = {"X-Trans-Key": "tk", "Content-Type": "application/json"}
BODY = '{"amount":100.50,"name":"María"}'.encode()


@dataclass
class Way:
    """A transport on a real session, and what its recorder was told."""

    wire: Wire
    evidence: KeptEvidence

    def to(self, base_url: str) -> Transport:
        account = Account("default", base_url, {}, connect_timeout=0.5, read_timeout=0.3)
        return Transport(account, self.evidence, self.wire)

    def send(self, base_url: str, operation: Operation = MOVE) -> Answer:
        method, body = ("POST", BODY) if operation is MOVE else ("GET", b"")
        return self.to(base_url).send(operation, method, "/refunds", HEADERS, body)

    def fails(self, base_url: str, operation: Operation = MOVE) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            self.send(base_url, operation)
        assert caught.value.request_id == self.evidence.calls[-1].request_id
        assert caught.value.__context__ is None
        return caught.value


@pytest.fixture
def way() -> Iterator[Way]:
    with open_wire() as wire:
        yield Way(wire, KeptEvidence())


def test_the_exact_bytes_go_out_and_the_exact_bytes_come_back(way: Way) -> None:
    with scripted_server(answers(201, b'{"id":  "REF-1"}', "X-Request-Id: psp-1")) as server:
        answer = way.send(server.base_url)
    assert server.bodies == [BODY]
    assert server.request_lines() == ["POST /refunds"]
    assert (answer.status, answer.body, answer.request_id) == (201, b'{"id":  "REF-1"}', "req-1")
    assert answer.headers["X-Request-Id"] == "psp-1"
    assert answer.duration > 0
    assert way.evidence.told == ["sending", "answered"]


def test_a_path_under_the_base_address_is_kept(way: Way) -> None:
    with scripted_server(answers(200, b"{}")) as server:
        way.send(server.base_url + "/psps/dlocal/", READ)
    assert server.request_lines() == ["GET /psps/dlocal/refunds"]


def test_one_connection_serves_many_calls(way: Way) -> None:
    with scripted_server(answers(200, b"{}")) as server:
        transport = way.to(server.base_url)
        for _ in range(5):
            transport.send(READ, "GET", "/refunds", HEADERS)
    assert (len(server.requests), server.connections) == (5, 1)


def test_the_evidence_is_durable_before_the_first_byte_leaves(way: Way) -> None:
    class FullDisk(KeptEvidence):
        def sending(self, call: object) -> None:
            raise OSError("no space left")

    with scripted_server(answers(200, b"{}")) as server, pytest.raises(OSError, match="no space"):
        Way(way.wire, FullDisk()).send(server.base_url)
    assert server.requests == []


@pytest.mark.parametrize("status", [200, 301, 302, 307, 308, 400, 404, 429, 500, 503])
def test_any_status_is_an_answer_and_is_asked_for_once(way: Way, status: int) -> None:
    headers = ("Location: http://127.0.0.1:1/elsewhere", "Retry-After: 0")
    with scripted_server(answers(status, b"{}", *headers)) as server:
        assert way.send(server.base_url).status == status
    assert len(server.requests) == 1


def test_G28_a_malformed_redirect_is_not_even_looked_at(way: Way) -> None:
    with scripted_server(answers(302, b"x" * (LARGEST_ANSWER + 1), "Location: http://[")) as server:
        assert way.fails(server.base_url).code is ErrorCode.REFUND_OUTCOME_UNKNOWN
    assert way.evidence.losses == ["answer too large"]


def test_no_cookie_is_kept_between_calls(way: Way) -> None:
    with scripted_server(answers(200, b"{}", "Set-Cookie: session=abc; Path=/")) as server:
        way.send(server.base_url)
        way.send(server.base_url)
    assert len(server.requests) == 2
    assert b"cookie:" not in server.requests[1].lower()


def test_nothing_is_decompressed(way: Way) -> None:
    with scripted_server(answers(200, b"\x1f\x8b not really", "Content-Encoding: gzip")) as server:
        assert way.send(server.base_url).body == b"\x1f\x8b not really"
    assert b"accept-encoding: identity" in server.requests[0].lower()


def test_G28_proxies_and_netrc_of_the_environment_are_ignored(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    with scripted_server(answers(200, b"{}")) as server:
        assert way.send(server.base_url).status == 200
    assert b"authorization:" not in server.requests[0].lower()


AFTER_SENDING: list[tuple[str, Script, str]] = [
    ("read-timeout", keeps_silent(), "read timeout"),
    ("drips", drips(0.05), "read timeout"),
    ("reset", resets(), "connection broken"),
    ("hang-up", hangs_up(), "connection broken"),
    ("short-body", breaks_off_body(), "connection broken"),
    ("short-chunks", breaks_off_chunks(), "connection broken"),
    ("nonsense", says_nonsense(), "connection broken"),
    ("two-lengths", answers(200, b"{}", "Content-Length: 7"), "connection broken"),
    ("oversized", answers(200, b"x" * (LARGEST_ANSWER + 1)), "answer too large"),
]


@pytest.mark.parametrize(
    ("script", "why"), [each[1:] for each in AFTER_SENDING], ids=[each[0] for each in AFTER_SENDING]
)
def test_after_the_request_left_a_move_is_ambiguous(way: Way, script: Script, why: str) -> None:
    with scripted_server(script) as server:
        error = way.fails(server.base_url)
    assert type(error) is Ambiguous
    assert error.code is ErrorCode.REFUND_OUTCOME_UNKNOWN
    assert server.bodies == [BODY]
    assert (way.evidence.told, way.evidence.losses) == (["sending", "lost"], [why])


@pytest.mark.parametrize(
    ("script", "why"), [each[1:] for each in AFTER_SENDING], ids=[each[0] for each in AFTER_SENDING]
)
def test_a_question_that_got_no_answer_may_be_asked_again(way: Way, script: Script, why: str) -> None:
    with scripted_server(script) as server:
        error = way.fails(server.base_url, READ)
    assert type(error) is NotSent
    codes = {"read timeout": ErrorCode.PSP_TIMEOUT, "answer too large": ErrorCode.PSP_BAD_RESPONSE}
    assert error.code is codes.get(why, ErrorCode.PSP_UNAVAILABLE)
    assert len(server.requests) == 1


def test_an_answer_of_exactly_the_largest_size_is_read(way: Way) -> None:
    with scripted_server(answers(200, b"x" * LARGEST_ANSWER)) as server:
        assert len(way.send(server.base_url).body) == LARGEST_ANSWER


def test_a_chunked_answer_is_read_whole(way: Way) -> None:
    def chunked(connection: object, over: threading.Event) -> bool:
        connection.sendall(  # type: ignore[attr-defined]
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"id":\r\n4\r\n "x"\r\n1\r\n}\r\n0\r\n\r\n'
        )
        return True

    with scripted_server(chunked) as server:
        assert way.send(server.base_url).body == b'{"id": "x"}'


def test_a_refused_connection_sent_nothing(way: Way) -> None:
    with scripted_server(answers(200, b"{}")) as server:
        pass
    error = way.fails(server.base_url)
    assert type(error) is NotSent
    assert (error.code, way.evidence.losses) == (ErrorCode.PSP_UNAVAILABLE, ["connection refused"])


def test_an_unknown_host_was_sent_nothing(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = way.fails("https://nowhere.invalid")
    assert type(error) is NotSent
    assert (error.code, way.evidence.losses) == (ErrorCode.PSP_UNAVAILABLE, ["host unknown"])


@pytest.mark.parametrize("script", [hangs_up(), says_nonsense(), resets(), keeps_silent()])
def test_a_failed_handshake_sent_nothing(way: Way, script: Script) -> None:
    with scripted_server(script) as server:
        error = way.fails(server.base_url.replace("http://", "https://"))
    assert type(error) is NotSent
    assert (error.code, way.evidence.losses) == (ErrorCode.PSP_UNAVAILABLE, ["tls failed"])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + built.public_bytes(Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_G28_a_certificate_that_nobody_vouches_for_gets_no_request(way: Way, tls: ssl.SSLContext) -> None:
    with scripted_server(answers(200, b"{}"), tls=tls) as server:
        error = way.fails(server.base_url)
    assert type(error) is NotSent
    assert (server.requests, way.evidence.losses) == ([], ["tls failed"])


def test_over_tls_the_answer_comes_back(way: Way, tls: ssl.SSLContext, certificate: Path) -> None:
    way.wire.session.verify = str(certificate)
    with scripted_server(answers(200, b"{}"), tls=tls) as server:
        assert way.send(server.base_url).status == 200
    assert server.bodies == [BODY]


@pytest.mark.parametrize("script", [resets(), hangs_up(), keeps_silent(), breaks_off_body()])
def test_over_tls_too_a_break_after_the_request_is_ambiguous(
    way: Way, tls: ssl.SSLContext, certificate: Path, script: Script
) -> None:
    way.wire.session.verify = str(certificate)
    with scripted_server(script, tls=tls) as server:
        assert type(way.fails(server.base_url)) is Ambiguous
    assert server.bodies == [BODY]


@pytest.mark.parametrize(
    ("raised", "why"),
    [
        (requests.ConnectTimeout(), "connect timeout"),
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed")), "tls failed"),
    ],
)
def test_on_a_session_of_somebody_else_the_plain_cases_are_still_told_apart(
    way: Way, monkeypatch: pytest.MonkeyPatch, raised: Exception, why: str
) -> None:
    def send(*args: object, **options: object) -> None:
        raise raised

    monkeypatch.setattr(way.wire.session.get_adapter("https://x"), "send", send)
    assert type(way.fails("https://x")) is NotSent
    assert way.evidence.losses == [why]


@pytest.mark.parametrize(
    "raised",
    [
        requests.exceptions.SSLError("broken record"),
        requests.exceptions.InvalidHeader("two lengths"),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.TooManyRedirects(),
        ConnectionResetError(),
    ],
)
def test_what_may_have_come_after_the_request_is_ambiguous(
    way: Way, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    def send(*args: object, **options: object) -> None:
        raise raised

    monkeypatch.setattr(way.wire.session.get_adapter("https://x"), "send", send)
    assert type(way.fails("https://x")) is Ambiguous


def test_an_earlier_unrelated_failure_does_not_colour_a_later_one(way: Way) -> None:
    with scripted_server(resets()) as server:
        try:
            int("an earlier failure")
        except ValueError as earlier:
            earlier.__context__ = requests.ConnectTimeout()
            with pytest.raises(Ambiguous):
                way.send(server.base_url)


def test_an_interrupt_is_not_swallowed(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(way.wire.session.get_adapter("https://x"), "send", send)
    with pytest.raises(KeyboardInterrupt):
        way.send("https://x")
    assert way.evidence.told == ["sending"]


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.dlocal.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1@evil.example",
        "https://user:pass@api.dlocal.com",
        "https://api.dlocal.com?x=1",
        "https://api.dlocal.com/#x",
        "https://api.dlocal.com:port",
        "https://",
        "http://[",
        "ftp://127.0.0.1",
        "api.dlocal.com",
        "",
    ],
)
def test_G28_an_address_that_would_leak_the_keys_is_refused(way: Way, base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="https address"):
        way.to(base_url)


@pytest.mark.parametrize(
    "base_url", ["https://api.dlocal.com", "http://127.0.0.1:8000/psps/dlocal", "http://localhost:1", "http://[::1]:1"]
)
def test_https_anywhere_and_http_on_loopback_are_taken(way: Way, base_url: str) -> None:
    assert isinstance(way.to(base_url), Transport)
