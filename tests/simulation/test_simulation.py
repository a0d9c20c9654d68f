"""The simulator in the ordinary suite: few seeds, each a day of faults; the same story under any hash seed; bugs noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def simulate(*arguments: str, hash_seed: str = "0") -> subprocess.Popen[str]:
    """Start a run of its own: it needs its own settings and its own database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAGOEFECTIVO_", "DJANGO_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.simulation", *arguments, "--json"],
        cwd=ROOT,
        env={**kept, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def told_by(run: subprocess.Popen[str]) -> dict[str, Any]:
    said, _ = run.communicate(timeout=300)
    assert run.returncode == 0, said
    summary: dict[str, Any] = json.loads(said.splitlines()[-1])
    return summary


def test_days_full_of_faults_end_as_the_provider_says() -> None:
    summary = told_by(simulate("--seeds", "40", "--jobs", "2"))
    assert (summary["seeds"], summary["violations"]) == (40, 0)
    assert summary["faults"] >= 10 * summary["seeds"]


def test_days_with_what_the_real_providers_declare_end_as_they_say() -> None:
    summary = told_by(simulate("--from", "100000", "--seeds", "32", "--jobs", "2"))
    assert (summary["seeds"], summary["violations"]) == (32, 0)
    assert summary["profiles"] == ["dlocal", "ebanx", "mercadopago", "pagoefectivo_direct"]


def test_one_seed_is_one_story_under_any_hash_seed() -> None:
    runs = [simulate("--seeds", "3", "--jobs", "1", "--hashes", hash_seed=each) for each in ("1", "2")]
    one, other = (told_by(run)["hashes"] for run in runs)
    assert len(set(one)) == 3
    assert one == other


def test_planted_bugs_are_noticed() -> None:
    words = "in two transactions,trusts the body,sends again without"
    assert told_by(simulate("--seeds", "1", "--jobs", "2", "--mutants", words))["mutants_killed"] == "3/3"
