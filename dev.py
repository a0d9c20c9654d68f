#!/usr/bin/env python3
"""One entry to the project: `python3 dev.py demo`, `test`, `lint`, `bench`, `catalogue`.

Needs Python 3.11 or newer with venv, nothing else. Makes `.venv` beside this file with the locked versions, then hands over to `tooling`.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
LOCK = ROOT / "requirements.lock"


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - any python3 may have been called
        sys.exit(f"dev.py needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: python3.11 dev.py")
    wanted = _fingerprint()
    if not (STAMP.exists() and STAMP.read_text() == wanted):
        print("Preparing .venv with the locked versions ...", file=sys.stderr, flush=True)
        _make_environment()
        STAMP.write_text(wanted)
    os.chdir(ROOT)
    # the same process, so that signals arrive where they should
    os.execv(PYTHON, [str(PYTHON), "-m", "tooling", *sys.argv[1:]])  # noqa: S606 - there is no shell in between


def _fingerprint() -> str:
    content = LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    return f"{hashlib.sha256(content).hexdigest()} {ROOT}"


def _make_environment() -> None:
    # Debian without python3-venv leaves half an environment behind: it has python, but no pip
    whole = (VENV / "bin" / "pip").exists()
    if not whole and subprocess.run([sys.executable, "-m", "venv", VENV], check=False).returncode:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"Python's venv is missing. On Debian or Ubuntu: apt-get install python{version}-venv, then run this again."
        )
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    uv = [str(PYTHON), "-m", "uv", "pip"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as only_uv:
        only_uv.write(_locked("uv"))
        only_uv.flush()
        _run([*pip, "install", "--quiet", "--require-hashes", "--requirement", only_uv.name])
    locked = ["install", "--quiet", "--require-hashes", "--requirement", str(LOCK)]
    if subprocess.run([*uv, *locked, "--system-certs", "--python", PYTHON], check=False).returncode:
        print("uv could not fetch the packages; trying pip, which also reads pip's own settings.", file=sys.stderr)
        _run([*pip, *locked])
    ours = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--offline", "--editable", str(ROOT)]
    _run([*uv, *ours, "--python", str(PYTHON)])


def _locked(name: str) -> str:
    """The lock file's entry of one package, hashes included."""
    entry = re.search(rf"^{name}==.*(?:\n .*)*", LOCK.read_text(), re.MULTILINE)
    if entry is None:
        sys.exit(f"requirements.lock does not name {name}.")
    return entry.group()


def _run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        sys.exit("The environment could not be prepared. The lines above say why; run the same command again to retry.")


if __name__ == "__main__":
    main()
