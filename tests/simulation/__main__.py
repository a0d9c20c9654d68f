"""`python -m tests.simulation`: many seeds, or one with its story."""

from __future__ import annotations

import sys

from tests.simulation import command

if __name__ == "__main__":
    sys.exit(command.run(sys.argv[1:]))
