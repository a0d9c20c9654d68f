"""Every static check, each named with its verdict."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

CHECKS: dict[str, list[str]] = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "import contracts": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    "migrations": ["manage.py", "makemigrations", "--check", "--dry-run"],
    "generated docs": ["-m", "tooling.docs", "--check"],
    "templates": ["-m", "djlint", "templates", "project", "pagoefectivo", "--lint", "--quiet"],
}


def run(arguments: list[str]) -> int:
    """Ruff, mypy, import contracts, migrations and templates; --json for machines"""
    parser = argparse.ArgumentParser(prog="dev.py lint")
    parser.add_argument("--json", action="store_true", help="end with one object on the last line")
    asked = parser.parse_args(arguments)

    verdicts = {name: _passes(name, command) for name, command in CHECKS.items()}
    if asked.json:
        print(json.dumps({"ok": all(verdicts.values()), "checks": verdicts}))
    return 0 if all(verdicts.values()) else 1


def _passes(name: str, command: list[str]) -> bool:
    environment = {**os.environ, "PAGOEFECTIVO_SQLITE_FILE": ":memory:"}
    done = subprocess.run(
        [sys.executable, *command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    print(f"{name:<18}{'ok' if passed else 'failed'}", flush=True)
    if not passed:
        print(done.stdout.rstrip(), flush=True)
    return passed
