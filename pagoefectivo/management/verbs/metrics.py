"""Print how the machine does: what is due, unknown, waiting for people, stopped or silent.

Without options as text for Prometheus (needs the extra `metrics`), with --json as one object for anything else.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from pagoefectivo import metrics
from pagoefectivo.selectors import figures

USAGE = 2


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object; needs no extra package")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Print one look at everything; 2 when the extra package is missing."""
    if options["json"]:
        out.write(json.dumps(figures.figures().as_dict()) + "\n")
        return 0
    try:
        out.write(metrics.exposition())
    except ImportError:
        out.write('prometheus-client is not installed: pip install "django-pagoefectivo[metrics]", or use --json.\n')
        return USAGE
    return 0
