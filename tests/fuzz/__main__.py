"""`python -m tests.fuzz`: a great many inputs of one kind, judged one by one."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INPUTS = {
    "letterbox": 100_000,
    "answers": 50_000,
    "kept": 5_000,
    "api": 15_000,
    "settlements": 20_000,
    "imports": 20_000,
}


def main() -> int:
    """Returns 0 when every input was judged harmless, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="dev.py fuzz", description="A great many odd inputs, judged one by one.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"some of {', '.join(INPUTS)}; all when left out")
    parser.add_argument(
        "--inputs", type=int, metavar="N", help="how many of each, instead of 100,000 letters and so on"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="another seed, other inputs")
    asked = parser.parse_args()
    unknown = sorted(set(asked.targets) - set(INPUTS))
    if unknown:
        parser.error(f"nothing to fuzz is called {', '.join(unknown)}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    with _database():
        logging.disable(logging.CRITICAL)
        failed = [
            name for name in asked.targets or INPUTS if not _holds(name, asked.inputs or INPUTS[name], asked.seed)
        ]
    return 1 if failed else 0


def _holds(name: str, inputs: int, seed: int) -> bool:
    from django.test import override_settings

    from tests.fuzz import answering, api, imports, keeping, letterbox, settlements
    from tests.fuzz.figures import Figures
    from tests.fuzz.stage import SHOP

    runs: dict[str, Callable[..., Figures]] = {
        "letterbox": letterbox.run,
        "answers": answering.run,
        "kept": keeping.run,
        "api": api.run,
        "settlements": settlements.run,
        "imports": imports.run,
    }
    with override_settings(PAGOEFECTIVO=SHOP):
        figures = runs[name](seed, inputs, loud=True)
    print(f"\n{name}, seed {seed}")
    print("\n".join(figures.lines()), flush=True)
    return not figures.failures


@contextmanager
def _database() -> Iterator[None]:
    import django

    django.setup()
    from django.conf import settings
    from django.test.utils import get_runner, setup_test_environment, teardown_test_environment

    setup_test_environment(debug=False)
    runner = get_runner(settings)(verbosity=0, interactive=False)
    made = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(made)
        teardown_test_environment()


if __name__ == "__main__":
    sys.exit(main())
