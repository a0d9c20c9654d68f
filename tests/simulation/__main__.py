"""`python -m tests.simulation`: many seeds, or one with its story."""

from __future__ import annotations

import os
import sys


def start() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.simulation.settings"
    import django

    django.setup()
    from tests.simulation import command

    return command.run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(start())
