"""The two proofs that bring a world of their own: simulated histories, and real processes that are killed."""

from __future__ import annotations

import os
import subprocess
import sys


def run(arguments: list[str]) -> int:
    """Seeded histories under every fault; takes --seeds, --seed, --trace, --mutants, --jobs and --json"""
    return _run("tests.simulation", arguments)


def drill(arguments: list[str]) -> int:
    """Real processes of a selling shop die of SIGKILL, or its servers fail; takes --kills, --outage, --seed and --json"""
    return _run("tests.processes", arguments)


def _run(module: str, arguments: list[str]) -> int:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run([sys.executable, "-m", module, *arguments], env=environment, check=False).returncode
