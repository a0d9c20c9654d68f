"""`python -m pagoefectivo.sandbox`: the sandbox in the foreground until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import json
import re
import signal
import threading
from collections.abc import Sequence
from typing import Any

from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.server import SandboxServer

ADDRESS = re.compile(r"(?:(?P<psp>\w+)=)?(?P<url>https?://.+)", re.ASCII)
ADDRESS_HELP = "where notifications go that a payment names no address for; PSP=URL for one PSP alone, may be repeated"


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal comes; print where, as one line of text or of JSON."""
    parser = argparse.ArgumentParser(prog="pagoefectivo sandbox", description="A stand-in PSP on this machine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8077, help="0 takes a free port")
    parser.add_argument("--notification-url", action="append", default=[], metavar="URL", help=ADDRESS_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a sentence")
    options = parser.parse_args(arguments)
    try:
        server = SandboxServer(options.host, options.port, **_addresses(options.notification_url))
    except ControlRefused as refusal:
        parser.error(f"--notification-url: {refusal}")
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


def _addresses(written: Sequence[str]) -> dict[str, Any]:
    """Return the server's keywords for `--notification-url`: addresses by PSP, and the switch for all others."""
    addresses, switch = {}, {}
    for each in written:
        found = ADDRESS.fullmatch(each)
        if found is None:
            raise ControlRefused(f"{each!r} is not [PSP=]URL")
        if found["psp"]:
            addresses[found["psp"]] = found["url"]
        else:
            switch["notification_url"] = found["url"]
    return {"addresses": addresses, **switch}


if __name__ == "__main__":
    raise SystemExit(main())
