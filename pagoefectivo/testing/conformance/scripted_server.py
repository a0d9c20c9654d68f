"""A server on loopback that answers as a script says, down to the byte and the broken connection."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

POLL = 0.01
Script = Callable[[socket.socket, threading.Event], bool]


@dataclass(frozen=True)
class Arrived:
    """One request as it came in; names of headers in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """What was received, and where to send to."""

    base_url: str
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def bodies(self) -> list[bytes]:
        """The body bytes of each request."""
        return [each.body for each in self.arrived()]

    def arrived(self) -> list[Arrived]:
        """Return each request, read."""
        return [_parsed(request) for request in self.requests]

    def request_lines(self) -> list[str]:
        """Method and target of each request."""
        return [request.split(b" HTTP/1.1")[0].decode() for request in self.requests]


@contextmanager
def scripted_server(*scripts: Script, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Serve one script per request, the last one for ever, over TLS if asked; ends every thread it started."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(POLL)
    server = ScriptedServer(f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}")
    workers: list[threading.Thread] = []

    def serve(plain: socket.socket) -> None:
        plain.settimeout(5)
        try:
            connection = tls.wrap_socket(plain, server_side=True) if tls else plain
        except OSError:
            plain.close()
            return
        with connection:
            while not over.is_set():
                request = _received(connection, over)
                if not request:
                    return
                server.requests.append(request)
                script = scripts[min(len(server.requests), len(scripts)) - 1]
                if not script(connection, over):
                    return

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            server.connections += 1
            worker = threading.Thread(target=serve, args=(connection,))
            workers.append(worker)
            worker.start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        over.set()
        accepting.join()
        for worker in workers:
            worker.join()
        listener.close()


def answers(status: int, body: bytes, *headers: str, content_type: str = "application/json") -> Script:
    """A whole, well-formed answer that keeps the connection open."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", f"Content-Type: {content_type}", *headers]
    return _writes("\r\n".join(lines).encode() + b"\r\n\r\n" + body, keep=True)


def breaks_off_body() -> Script:
    """Promises more bytes than it sends, then closes."""
    return _writes(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": "D-', keep=False)


def breaks_off_chunks() -> Script:
    """Closes in the middle of a chunked body."""
    return _writes(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"id": "D-', keep=False)


def says_nonsense() -> Script:
    """Answers with something that is no HTTP."""
    return _writes(b"\x15\x03\x01 not http at all\r\n\r\n", keep=False)


def hangs_up() -> Script:
    """Closes without a word."""
    return _writes(b"", keep=False)


def resets() -> Script:
    """Resets the connection after reading the request."""

    def script(connection: socket.socket, over: threading.Event) -> bool:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return script


def keeps_silent() -> Script:
    """Reads the request and never answers."""

    def script(connection: socket.socket, over: threading.Event) -> bool:
        over.wait(5)
        return False

    return script


def drips(every: float) -> Script:
    """Sends one byte at a time, each soon enough for a socket timeout, the whole never."""

    def script(connection: socket.socket, over: threading.Event) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(every):
            try:
                connection.sendall(b" ")
            except OSError:
                return False
        return False

    return script


def _writes(data: bytes, *, keep: bool) -> Script:
    def script(connection: socket.socket, over: threading.Event) -> bool:
        try:
            connection.sendall(data)
        except OSError:
            return False
        return keep

    return script


def _parsed(request: bytes) -> Arrived:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    parted = (line.partition(":") for line in lines)
    return Arrived(method, target, {name.lower(): value.strip() for name, _, value in parted}, body)


def _received(connection: socket.socket, over: threading.Event) -> bytes:
    connection.settimeout(POLL)
    data = b""
    while not over.is_set():
        try:
            chunk = connection.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return b""
        if not chunk:
            return b""
        data += chunk
        head, separator, body = data.partition(b"\r\n\r\n")
        if separator and len(body) >= _promised(head):
            return data
    return b""


def _promised(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
