"""Settings of a process that a test starts: the test's database and broker, and its PAGOEFECTIVO as JSON."""

from __future__ import annotations

import json
import os

from project.settings import *  # noqa: F403 - reads the environment that the test has written

PAGOEFECTIVO = json.loads(os.environ["PAGOEFECTIVO_OF_THE_TEST"])
if "PAGOEFECTIVO_SQLITE_PATIENCE" in os.environ:
    DATABASES["default"]["OPTIONS"]["timeout"] = float(os.environ["PAGOEFECTIVO_SQLITE_PATIENCE"])  # noqa: F405
