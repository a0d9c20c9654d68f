"""`manage.py pagoefectivo` explains itself and ends with the codes it promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from pagoefectivo.management.verbs import VERBS

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "pagoefectivo", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_help_names_every_verb_and_the_exit_codes() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(f"\n    {name} " in done.stdout for name in VERBS)
    assert "3 provider unreachable" in done.stdout


@pytest.mark.parametrize("wrong", [[], ["swep"], ["apikey"], ["sweep", "--looop"]])
def test_usage_errors_end_with_2(wrong: list[str]) -> None:
    done = run(*wrong)
    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_from_code_usage_errors_are_command_errors() -> None:
    with pytest.raises(CommandError):
        call_command("pagoefectivo", "swep")
