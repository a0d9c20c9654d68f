"""What the simulator found, kept as the seed that would find it again.

A seed stands for one history of the simulator as it is now; each is proved to matter by planting its bug anew.
"""

from __future__ import annotations

from tests.simulation.test_simulation import simulate, told_by

FOUND = (
    "questions use up the watch",  # a paid voucher was never asked about again after four lost answers
)


def test_what_was_found_once_is_found_again() -> None:
    summary = told_by(simulate("--seeds", "1", "--jobs", "1", "--mutants", ",".join(FOUND)))
    assert summary["mutants_killed"] == f"{len(FOUND)}/{len(FOUND)}"
