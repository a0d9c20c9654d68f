"""The verbs of `manage.py pagoefectivo`, one file each.

A verb is a module with `add_arguments(parser)` and `run(options, out) -> int`; its docstring's first line is its help.
Exit codes: 0 ok · 1 a problem was found · 2 usage · 3 provider unreachable.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, Protocol

from django.core.management.base import OutputWrapper

from pagoefectivo.management.verbs import (
    apikey,
    close_month,
    config,
    evidence_key,
    export,
    groups,
    import_rates,
    import_settlement,
    invariants,
    metrics,
    payouts,
    purge,
    recover,
    remap,
    sandbox,
    sweep,
    verify_audit,
    verify_bundle,
)

Options = Mapping[str, Any]


class Verb(Protocol):
    """What the dispatcher needs of a module."""

    __doc__: str | None

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the verb takes."""

    def run(self, options: Options, out: OutputWrapper) -> int:
        """Do it, write to `out`, return the exit code."""


VERBS: dict[str, Verb] = {
    "sweep": sweep,
    "sandbox": sandbox,
    "apikey": apikey,
    "config": config,
    "verify-audit": verify_audit,
    "invariants": invariants,
    "metrics": metrics,
    "recover": recover,
    "payouts": payouts,
    "import-settlement": import_settlement,
    "close-month": close_month,
    "purge": purge,
    "export": export,
    "import-rates": import_rates,
    "remap": remap,
    "verify-bundle": verify_bundle,
    "evidence-key": evidence_key,
    "groups": groups,
}
