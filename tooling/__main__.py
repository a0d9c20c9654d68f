"""The verbs of `dev.py`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable

from tooling import catalogue, docs, lint, simulate
from tooling.processes import adopt_orphans, end_orphans, ends_with_parent, exit_on_signals
from tooling.services import services


def demo(arguments: list[str]) -> int:
    """The whole shop from nothing; --once walks one order through it and ends"""
    return _beside_services(["-m", "tooling.demo", *arguments])


def test(arguments: list[str]) -> int:
    """Every test on real PostgreSQL, Valkey and Celery; takes pytest's arguments"""
    workers = str(max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2))
    return _beside_services(["-m", "pytest", "-n", workers, "--dist", "worksteal", "-rs", *arguments])


def bench(arguments: list[str]) -> int:
    """Each hot path beside its floor; takes P1, P3 ... and --json"""
    return _beside_services(["-m", "tests.benchmarks", *arguments])


def fuzz(arguments: list[str]) -> int:
    """A great many odd inputs, judged one by one; takes letterbox, answers, kept, --inputs and --seed"""
    return _beside_services(["-m", "tests.fuzz", *arguments])


def pictures(arguments: list[str]) -> int:
    """The buyer's pages in every state, as a phone shows them, into docs/images; takes parts of names"""
    return _beside_services(["-m", "tests.pictures", *arguments])


def receipts(arguments: list[str]) -> int:
    """How well pictures of receipts are read and what is noticed on them; takes --per-layout N and --json"""
    return subprocess.run([sys.executable, "-m", "tests.receipts", *arguments], check=False).returncode


VERBS: dict[str, Callable[[list[str]], int]] = {
    "demo": demo,
    "test": test,
    "lint": lint.run,
    "bench": bench,
    "catalogue": catalogue.run,
    "simulate": simulate.run,
    "fuzz": fuzz,
    "receipts": receipts,
    "drill": simulate.drill,
    "docs": docs.run,
    "pictures": pictures,
}


def _beside_services(arguments: list[str]) -> int:
    """Run Python with these arguments while the servers are up; its exit code. Ctrl-C reaches it as well as us."""
    with services() as environment:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            preexec_fn=ends_with_parent(os.getpid(), signal.SIGTERM),  # noqa: PLW1509 - it only calls prctl
        )
        try:
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)


def main() -> int:
    lines = (f"  {name:<10} {(verb.__doc__ or '').strip()}" for name, verb in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="dev.py",
        usage="python3 dev.py VERB [arguments]",
        epilog="\n".join(["verbs:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="passed on to the verb")
    asked = parser.parse_args()
    exit_on_signals()
    adopt_orphans()
    try:
        return VERBS[asked.verb](asked.arguments)
    except KeyboardInterrupt:
        return 130
    finally:
        end_orphans()


if __name__ == "__main__":
    sys.exit(main())
