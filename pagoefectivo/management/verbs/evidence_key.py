"""Print the public key by which others check evidence bundles, or make a new private one.

The public key may be published. The private one belongs into EVIDENCE_KEY, from the environment, and nowhere else.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from pagoefectivo.domain import bundles
from pagoefectivo.services.bundles import public_key

OK, PROBLEM = 0, 1


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--new", action="store_true", help="make a private key and print it, this once; nothing is kept"
    )
    parser.add_argument(
        "--json", action="store_true", help="one object: key_id, public_key, and with --new private_key"
    )


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Print the key; 1 where none is set."""
    seed = bundles.new_seed() if options["new"] else ""
    pem = bundles.public_pem(bundles.private_key(seed)) if seed else public_key()
    if not pem:
        raise CommandError("EVIDENCE_KEY is not set: bundles are not signed. Make one with --new.", returncode=PROBLEM)
    found = {"key_id": bundles.key_id(pem), "public_key": pem} | ({"private_key": seed} if seed else {})
    if options["json"]:
        out.write(json.dumps(found) + "\n")
        return OK
    if seed:
        out.write(f"EVIDENCE_KEY={seed}\nKeep it now: it is not shown again.\n")
    out.write(f"{pem}Key id: {found['key_id']}\n")
    return OK
