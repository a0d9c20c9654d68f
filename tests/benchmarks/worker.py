"""A worker that sweeps without pause until it is ended."""

from __future__ import annotations

import os
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"


def main() -> None:
    """Sweep; a pass that found nothing waits a hundredth of a second."""
    django.setup()
    from pagoefectivo.services import sweep

    print("ready", flush=True)
    while True:
        if sweep.run().total == 0:
            time.sleep(0.01)


if __name__ == "__main__":
    main()
