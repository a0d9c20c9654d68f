"""A provider is one folder: without it the rest stands, and a further one is entered nowhere but in the settings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from pagoefectivo import conf
from pagoefectivo.providers.registry import provider_slugs
from tests.architecture.reading import ROOT, Source, sources

COPIED = ("pagoefectivo", "project", "templates", "tests")
# dLocal is also the account that stands in where a shop wrote none, and the demo shop's. A host that takes its folder
# away names another provider in its settings, and so does this one: all that are left, at their sandbox's faces.
SETTINGS = """
    from project.settings import *
    from pagoefectivo.sandbox.server import SandboxServer

    with SandboxServer() as _server:
        PAGOEFECTIVO["ACCOUNTS"] = {
            face.name: {
                "PROVIDER": face.name,
                "ENVIRONMENT": "sandbox",
                "CREDENTIALS": dict(face.merchant().secrets),
                "BASE_URL": _server.url_of(face.name),
            }
            for face in _server.company.faces.values()
        }
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""
# every module imports, the checks and the import contracts hold, and tests pass that look at every provider there is
STANDS = """
    import importlib, pkgutil, django, pytest
    django.setup()
    import pagoefectivo, project
    for package in (pagoefectivo, project):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not module.name.endswith((".__main__", ".wsgi", ".celery")):
                importlib.import_module(module.name)
    from django.core.management import call_command
    call_command("check", fail_level="WARNING")
    from importlinter.cli import lint_imports
    assert lint_imports(cache_dir=None) == 0
    every = [
        "tests/conformance/test_every_provider.py::test_every_registered_provider_is_under_the_suite",
        "tests/unit/domain/test_error_codes.py::test_every_code_of_a_providers_tables_is_in_the_catalogue",
    ]
    raise SystemExit(pytest.main(["-v", "-p", "no:cacheprovider", "-p", "pytest_django.plugin", *every]))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what is shipped and of its tests, with what Python has compiled of it already."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "settings_of_the_rest.py").write_text(dedent(SETTINGS))
    return tmp_path


def _take_away(tree: Path, slug: str) -> None:
    """Delete the folder, its face, its samples, and every test that speaks of it or stands on one that does."""
    shutil.rmtree(tree / "pagoefectivo" / "providers" / slug)
    shutil.rmtree(tree / "tests" / "samples" / slug)
    sandbox = tree / "pagoefectivo" / "sandbox"
    for path in [
        *sandbox.glob(f"psps/{slug}.py"),
        *sandbox.glob(f"psps/{slug}_*.py"),
        *sandbox.glob(f"statements/{slug}.py"),
    ]:
        path.unlink()
    for path in _its_tests(slug):
        (tree / path).unlink(missing_ok=True)


def _its_tests(slug: str) -> set[Path]:
    spoken = re.compile(rf"(?<![a-z]){slug}(?![a-z])")
    gone = {path for path, text, _ in _test_files() if spoken.search(path.name + text)}
    while True:
        modules = {".".join(path.with_suffix("").parts) for path in gone}
        further = {path for path, _, imported in _test_files() if path not in gone and imported & modules}
        if not further:
            return gone
        gone |= further


@cache
def _test_files() -> list[tuple[Path, str, frozenset[str]]]:
    """Each test file's place, text, and the modules that it imports, or imports names from; parsed once for all."""
    files = [Source(ROOT, path) for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    return [
        (
            each.path.relative_to(ROOT),
            each.path.read_text(encoding="utf-8"),
            each.imports | {name.rpartition(".")[0] for name in each.imports},
        )
        for each in files
    ]


def _run(tree: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={
            **os.environ,
            "PYTHONPATH": str(tree),
            "DJANGO_SETTINGS_MODULE": "settings_of_the_rest",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # half of the time would go into loading what no test here needs
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


STANDS_IN = conf.SANDBOX_ACCOUNT["PROVIDER"]


@pytest.mark.parametrize("gone", [[STANDS_IN], [slug for slug in provider_slugs() if slug != STANDS_IN]], ids=", ".join)
def test_without_some_providers_the_rest_stands(tree: Path, gone: list[str]) -> None:
    """Each is gone once: the one that stands in alone, and all the others at once, which takes half of the time."""
    for slug in gone:
        _take_away(tree, slug)
    _run(tree, "-m", "ruff", "check", "--no-cache", "--quiet", "pagoefectivo", "project", "tests")
    said = _run(tree, "-c", dedent(STANDS))
    assert "4 kept, 0 broken" in said
    for proof in ("under_the_suite", "is_in_the_catalogue"):
        proven = {slug for slug in provider_slugs() if f"{proof}[{slug}] PASSED" in said}
        assert proven == {*provider_slugs()} - {*gone}


def test_no_shared_file_and_no_contract_names_a_provider() -> None:
    """So that there is no list in which a further one would have to be entered.

    What is said for a person (an example, a default of the sandbox) is no list; conf.SANDBOX_ACCOUNT is the account
    that stands in where a shop wrote none.
    """
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [slug for slug in provider_slugs() if re.search(rf"(?<![\w-]){slug}(?![\w-])", contracts)] == []
    assert sorted(_lists_of_providers(ROOT)) == []


def _lists_of_providers(root: Path) -> Iterator[str]:
    """Files that name two providers, outside their folders and the sandbox's."""
    for source in sources(root):
        at_home = source.module[1:2] == ("sandbox",) or set(source.module) & {*provider_slugs()}
        named = [slug for slug in provider_slugs() if source.strings & {slug}]
        if not at_home and len(named) > 1:
            yield f"{source.name} names {', '.join(named)}"
