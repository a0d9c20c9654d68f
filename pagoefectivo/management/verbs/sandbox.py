"""Run the PSP simulator on this machine, with a console for a person at the counter."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from pagoefectivo.sandbox.__main__ import ADDRESS_HELP, main


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8077, help="0 takes a free port (8077)")
    parser.add_argument("--notification-url", action="append", default=[], metavar="URL", help=ADDRESS_HELP)
    parser.add_argument("--json", action="store_true", help="print where it listens as one JSON object")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:  # noqa: ARG001 - the simulator prints by itself
    """Serve until SIGINT or SIGTERM."""
    arguments = ["--host", options["host"], "--port", str(options["port"])]
    for address in options["notification_url"]:
        arguments += ["--notification-url", address]
    if options["json"]:
        arguments.append("--json")
    return main(arguments)
