"""`python -m pagoefectivo.sandbox`: the sandbox in the foreground until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from typing import Any

from pagoefectivo.sandbox.server import SandboxServer


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal comes; print where, as one line of text or of JSON."""
    parser = argparse.ArgumentParser(prog="pagoefectivo sandbox", description="A stand-in PSP on this machine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8077, help="0 takes a free port")
    parser.add_argument("--notification-url", help="where notifications go when a payment names no address")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a sentence")
    options = parser.parse_args(arguments)
    server = SandboxServer(options.host, options.port, **_switches(options))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with server:
        faces = {name: server.url_of(name) for name in server.company.faces}
        sentences = [f"Sandbox console {server.url}/  (Ctrl-C stops it)"]
        sentences += [f"  {face.title:<20} {faces[name]}" for name, face in server.company.faces.items()]
        print(json.dumps({"url": server.url, "faces": faces}) if options.json else "\n".join(sentences), flush=True)
        ended.wait()
    return 0


def _switches(options: argparse.Namespace) -> dict[str, Any]:
    return {"notification_url": options.notification_url} if options.notification_url else {}


if __name__ == "__main__":
    raise SystemExit(main())
