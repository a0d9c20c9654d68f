"""The development environment: one lock file that names no place, one command that needs nothing but Python."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

from tests.packaging.conftest import ROOT
from tooling import catalogue

LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _plain(requirement: str) -> str:
    return re.split(r"[\[<>=!~ ;]", requirement, maxsplit=1)[0].lower()


def test_the_lock_names_versions_and_hashes_and_no_place() -> None:
    entries = re.findall(r"^(\S+)==\S+(?: ; .*?)? \\$", LOCK, re.MULTILINE)
    hashes = re.findall(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$", LOCK, re.MULTILINE)
    assert len(entries) > 50
    assert len(entries) + len(hashes) == len(LOCK.splitlines())


def test_every_package_the_project_is_developed_with_is_locked() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [
        *PROJECT["project"]["dependencies"],
        *extras["postgres"],
        *extras["demo"],
        *PROJECT["dependency-groups"]["dev"],
    ]
    locked = set(re.findall(r"^(\S+)==", LOCK, re.MULTILINE))
    assert {_plain(one) for one in wanted} - locked == set()


def test_dev_py_needs_the_standard_library_alone() -> None:
    tree = ast.parse((ROOT / "dev.py").read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert imported
    assert imported <= sys.stdlib_module_names


def test_the_catalogue_lists_every_id_once_and_each_has_a_test() -> None:
    listed = tomllib.loads(catalogue.CATALOGUE.read_text(encoding="utf-8"))
    sizes = {"A": 20, "B": 17, "C": 9, "D": 10, "E": 20, "F": 16, "G": 28}
    assert list(listed["phrases"]) == [f"{group}{n:02}" for group, size in sizes.items() for n in range(1, size + 1)]
    assert catalogue.tested_ids(catalogue.CATALOGUE.parent) == set(listed["phrases"])


def test_the_catalogue_counts_tests_that_run(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import pytest\n"
        "def test_A01_twice(): ...\n"
        "async def test_B13_B14_crash(): ...\n"
        "class TestRefunds:\n    def test_E02(self): ...\n"
        "@pytest.mark.skip(reason='later')\ndef test_G09_formulas(): ...\n"
        "@pytest.mark.parametrize('n', [1])\ndef test_C01x_is_no_id(n): ...\n"
        "def not_a_test_A02_(): ...\n"
    )
    assert catalogue.tested_ids(tmp_path) == {"A01", "B13", "B14", "E02"}
