"""The sandbox's HTTP server: one door for the PSP faces, the control and the console."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import struct
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pagoefectivo.sandbox.company import Company
from pagoefectivo.sandbox.console import Console
from pagoefectivo.sandbox.faults import Fault
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.sandbox.psps.face import Face
from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.wire import Answer, Request, json_answer

logger = logging.getLogger(__name__)

LARGEST_BODY = 1_048_576
MOST_CONNECTIONS = 256
IDLE_SECONDS = 75
SLOW_PIECES = 20
CONTROL = "/_control/"
TEXT = "text/plain; charset=utf-8"


class Handler(BaseHTTPRequestHandler):
    """Reads one request after another from a kept-alive connection."""

    protocol_version = "HTTP/1.1"
    server_version = "pagoefectivo-sandbox"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Listener

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 - names of the standard library

    def _serve(self) -> None:
        address = urlsplit(self.path)
        path = unquote(address.path)
        company = self.server.company
        for name, face in company.faces.items():
            if path.startswith(f"/{name}/"):
                self._serve_face(face, path.removeprefix(f"/{name}"), address.query)
                return
        request = self._request(path, address.query)
        if request is None:
            return
        if path.startswith(CONTROL):
            self._send(self._controlled(path.removeprefix(CONTROL), request))
        else:
            self._send(self.server.console.answer(request))

    def _serve_face(self, face: Face, path: str, query: str) -> None:
        company = self.server.company
        request = self._request(path, query)
        if request is None:
            return
        operation = face.operation(self.command, path)
        if operation:
            company.director.before(operation, request.body + path.encode())
        fault = company.faults.take(operation) if operation else None
        number = company.calls.arrived(company.clock.now(), face, request, operation, fault)
        found = self._found(face, operation, request, fault)
        company.calls.answered(number, found)
        self._send(found)

    def _found(self, face: Face, operation: str | None, request: Request, fault: Fault | None) -> Answer:
        if operation is None:
            return face.unrouted()
        if fault and fault.kind == "drop_before":
            return Answer(0, b"", manner="reset")
        try:
            return self.server.company.exchange.answer(face, operation, request, fault)
        except Exception:
            logger.exception("the sandbox failed to answer %s", operation)
            return face.error(500)

    def _controlled(self, method: str, request: Request) -> Answer:
        if request.method != "POST" or request.headers.get("content-type") != "application/json":
            return json_answer(405, {"refused": "the control takes POST with application/json"})
        act = None if method.startswith("_") else getattr(self.server.operations, method, None)
        if act is None:
            return json_answer(404, {"refused": f"the control has no {method!r}"})
        try:
            return json_answer(200, {"result": act(**json.loads(request.body or b"{}"))})
        except ControlRefused as refusal:
            return json_answer(409, {"refused": str(refusal)})
        except (TypeError, ValueError) as error:
            return json_answer(400, {"refused": f"{method}: {error}"})

    def _request(self, path: str, query: str) -> Request | None:
        headers = self._lower_headers()
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdecimal():
            self._turn_away(Answer(411, b"Length Required", TEXT))
            return None
        if int(length) > LARGEST_BODY:
            self._turn_away(Answer(413, b"Payload Too Large", TEXT))
            return None
        return Request(self.command, path, dict(parse_qsl(query)), headers, self.rfile.read(int(length)))

    def _lower_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _turn_away(self, answer: Answer) -> None:
        self.close_connection = True
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        if answer.manner in ("silence", "reset"):
            self._hang_up(abruptly=answer.manner == "reset")
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        if answer.manner != "slow":
            self.wfile.write(answer.body)
            return
        size = max(1, len(answer.body) // SLOW_PIECES)
        for start in range(0, len(answer.body), size):
            self.wfile.write(answer.body[start : start + size])
            self.wfile.flush()
            self.server.company.pause(answer.seconds / SLOW_PIECES)

    def _hang_up(self, *, abruptly: bool) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            if abruptly:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Stay silent: calls are in the call log, and paths may carry order ids."""


class Listener(ThreadingHTTPServer):
    """A thread per connection, at most MOST_CONNECTIONS of them, all ended by `close_all`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], company: Company, operations: Operations) -> None:
        self.company = company
        self.operations = operations
        self.console = Console(operations, company)
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - the standard library's signature
        """Accept a connection unless too many are open."""
        with self._lock:
            if len(self._connections) >= MOST_CONNECTIONS:
                return False
            self._connections.add(request)
            return True

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def close_all(self) -> None:
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class SandboxServer:
    """The sandbox as a server in this process; `control` does what `SandboxControl` does from another.

    `port` 0 takes a free one. `addresses` are those of notifications, by PSP (see `Company`); further keywords are
    switches (see `Switches`). Both are kept over `reset`.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, addresses: Mapping[str, str] | None = None, **switches: Any
    ) -> None:
        self.company = Company(switches, addresses)
        self.control = Operations(self.company)
        self.ledger = self.company.ledger
        self._listener = Listener((host, port), self.company, self.control)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        host, port = self._listener.server_address[:2]
        return f"http://{host!s}:{port}"

    def url_of(self, psp: str) -> str:
        """Return the base URL under which this server is that PSP."""
        return f"{self.url}/{psp}{self.company.faces[psp].root}"

    def start(self) -> Self:
        """Answer requests from now on, in background threads."""
        self.company.start()
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox-door", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the door, end every connection and hang, join the threads."""
        self.company.stop()
        if self._thread:
            self._listener.shutdown()
            self._thread.join(timeout=5)
            self._thread = None
        self._listener.close_all()
        self._listener.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
