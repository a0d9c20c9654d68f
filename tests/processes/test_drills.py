"""A selling shop of real processes, killed and starved: every sale gets through, once, and everything heals.

A few kills here. Two hundred over all points, with a table: `python3 dev.py drill --kills 200`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.servers

KILLS = 9


def drill(*arguments: str) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.processes", "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert ran.stdout, ran.stderr[-3000:]
    report: dict[str, Any] = json.loads(ran.stdout)
    assert report["violations"] == []
    assert ran.returncode == 0
    return report


def test_F03_processes_killed_at_named_points_lose_nothing_and_do_nothing_twice() -> None:
    report = drill("--kills", str(KILLS))
    assert sum(report["kills"].values()) == KILLS
    assert report["points"] >= 40
    assert report["sales"] >= 3


@pytest.mark.parametrize("outage", ["broker", "database"])
def test_F01_F06_a_server_that_fails_under_load_costs_time_and_nothing_else(outage: str) -> None:
    assert drill("--outage", outage)["sales"] >= 5


def test_F10_the_tables_change_back_and_forth_while_the_shop_sells() -> None:
    assert drill("--outage", "migrations")["sales"] >= 8


def test_F08_four_processes_that_write_into_one_sqlite_file_never_answer_with_500() -> None:
    assert drill("--outage", "sqlite")["sales"] >= 5


def test_F16_a_backup_restored_behind_the_providers_back_moves_no_money_until_all_was_read_again() -> None:
    assert drill("--outage", "backup")["sales"] == 5
