"""The import contracts of pyproject.toml hold, and each is shown to break on a planted import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.reading import ROOT

FLOORS = "nothing calls up"
PLANTED = [
    ("domain/money.py", "from pagoefectivo.models import orders", FLOORS),
    ("models/orders.py", "from pagoefectivo.providers import base", FLOORS),
    ("providers/base.py", "from pagoefectivo.services import planted", FLOORS),
    ("services/planted.py", "from pagoefectivo.tasks import planted", FLOORS),
    ("selectors/planted.py", "from pagoefectivo.api import planted", FLOORS),
    ("providers/one/planted.py", "from pagoefectivo.providers.another import planted", "No provider imports another"),
    ("providers/transport.py", "from pagoefectivo.providers.one import planted", "No provider imports another"),
    ("sandbox/planted.py", "from pagoefectivo.domain import money", "The sandbox is another company"),
    ("services/planted.py", "from pagoefectivo.sandbox import planted", "Only pagoefectivo.testing and the commands"),
]


def _contracts(root: Path) -> subprocess.CompletedProcess[str]:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    return subprocess.run(
        [sys.executable, "-c", command],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )


def _plant(package: Path, file: str, line: str) -> None:
    """Append the import, and give the module that it names a place to stand."""
    target = line.replace("from ", "").replace("import ", "").replace(" ", ".").removeprefix("pagoefectivo.")
    for module in (package / file, package / f"{target.replace('.', '/')}.py"):
        if not module.with_suffix("").is_dir():
            module.parent.mkdir(parents=True, exist_ok=True)
            (module.parent / "__init__.py").touch()
            module.touch()
    with (package / file).open("a") as source:
        source.write(f"\n{line}\n")


def test_the_contracts_hold() -> None:
    done = _contracts(ROOT)
    assert done.returncode == 0, done.stdout
    assert "4 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED)
def test_a_planted_import_breaks_its_contract(tmp_path: Path, file: str, line: str, contract: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("pagoefectivo", "project"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    _plant(tmp_path / "pagoefectivo", file, line)

    done = _contracts(tmp_path)

    broken = [row for row in done.stdout.splitlines() if " BROKEN" in row and contract in row]
    assert done.returncode == 1
    assert len(broken) == 1, done.stdout
