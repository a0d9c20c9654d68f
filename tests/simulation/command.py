"""The command: seeds in parallel, a story for one, a table for the planted bugs."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from tests.simulation import database
from tests.simulation.faults import setup_of
from tests.simulation.history import live


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py simulate")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--trace", action="store_true")
    asked = parser.parse_args(arguments)
    database.build()
    if asked.seed is not None:
        outcome = live(setup_of(asked.seed), telling=True)
        print("\n".join(outcome.story))
        print(outcome.setup, outcome.trace_hash, dict(outcome.faults), outcome.violation)
        return 0
    started, cpu = time.monotonic(), time.process_time()
    bad, faults = 0, 0
    for seed in range(asked.first, asked.first + asked.seeds):
        before = time.process_time()
        outcome = live(setup_of(seed))
        if os.environ.get("SLOW"):
            print(seed, outcome.setup.profile, outcome.steps, round(time.process_time() - before, 3), outcome.healed_after)
        faults += outcome.faults.total()
        if outcome.violation:
            bad += 1
            print(seed, outcome.setup.profile, str(outcome.violation)[:600], flush=True)
    print(json.dumps({"seeds": asked.seeds, "faults": faults, "violations": bad, "seconds": time.monotonic() - started, "cpu": time.process_time() - cpu}))
    return 1 if bad else 0
