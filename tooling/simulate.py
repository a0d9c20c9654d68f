"""Seeded histories of the whole app under every fault: `python3 dev.py simulate --seeds 2000`."""

from __future__ import annotations

import os
import subprocess
import sys

MODULE = ["-m", "tests.simulation"]


def run(arguments: list[str]) -> int:
    """Seeded histories under every fault; takes --seeds, --seed, --trace, --mutants, --jobs and --json"""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run([sys.executable, *MODULE, *arguments], env=environment, check=False).returncode
