"""Ventanilla itself: a server on loopback with its own books. It knows nothing of ours."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

API_KEY, SIGNING_KEY = "made-up-api-key", "made-up-signing-key"


class Company:
    """The codes and refunds that it knows, by its own ids."""

    def __init__(self) -> None:
        self.url = ""
        self.codes: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self._answers: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def collect(self, code: str) -> int:
        """Take cash at the counter and tell the shop; returns the HTTP status of its answer."""
        (sold,) = (each for each in self.codes.values() if each["code"] == code)
        sold["state"], sold["collected_at"] = "collected", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        body, at = json.dumps(_shown(sold)).encode(), str(int(time.time()))
        signed = hmac.new(SIGNING_KEY.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"V-Signature": f"t={at},v={signed}", "Content-Type": "application/json"}
        with urlopen(Request(sold["notify"], body, headers), timeout=10) as answer:  # noqa: S310 - the shop on loopback
            return int(answer.status)

    def answer(self, method: str, target: str, said: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        """Return status and body; what was asked before under the same key is answered as before."""
        if method == "POST":
            if key not in self._answers:
                self._answers[key] = self._made(urlsplit(target).path, said)
            return 201, _shown(self._answers[key])
        address = urlsplit(target)
        kept = self.refunds if address.path.startswith("/refunds") else self.codes
        if address.query:
            (reference,) = parse_qs(address.query)["reference"]
            return 200, {"found": [_shown(each) for each in kept.values() if each["reference"] == reference]}
        known = kept.get(address.path.rpartition("/")[2])
        return (200, _shown(known)) if known else (404, {"error": "V-UNKNOWN"})

    def _made(self, path: str, said: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        if path == "/codes":
            made = {**said, "id": f"C{number}", "state": "open", "code": f"{4411000 + number}"}
            self.codes[made["id"]] = made
            return made
        sold = self.codes[path.split("/")[2]]
        made = {**said, "id": f"R{number}", "code_id": sold["id"], "currency": sold["currency"], "state": "handed_back"}
        self.refunds[made["id"]] = made
        return made


def _shown(kept: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kept.items() if name not in {"notify", "email"}}


@contextmanager
def open_company() -> Iterator[Company]:
    """Run it on a free port until the end of the block."""
    company = Company()

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def _serve(self, method: str) -> None:
            said = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            status, answer = 401, {"error": "V-KEY"}
            if self.headers["Authorization"] == f"Bearer {API_KEY}":
                status, answer = company.answer(method, self.path, said, self.headers.get("Idempotency-Key", ""))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    company.url = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    try:
        yield company
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
