"""Settings of a process in a drill: the demo shop's as in production, in a hurry, with kill points planted."""

from __future__ import annotations

import os

os.environ["DEBUG"] = "false"
os.environ.setdefault("SECRET_KEY", "only-for-the-drills")

from project.settings import *  # noqa: F403 - reads the environment that was just settled

ALLOWED_HOSTS = ["127.0.0.1"]
SECURE_SSL_REDIRECT = False
INSTALLED_APPS += ["tests.processes.kill_points.KillPoints"]  # noqa: F405
PAGOEFECTIVO["SHOP_NAME"] = "Mi Tienda"  # noqa: F405
PAGOEFECTIVO["TIMING"] = {"POLL": ["1s"], "RETRY": ["1s"], "CONNECT": "1s", "READ": "1s", "LEASE": "5s"}  # noqa: F405
PAGOEFECTIVO["ACCOUNTS"]["default"] |= {  # noqa: F405
    "PROVIDER": "tests.processes.provider.QuickDLocal",
    "QUESTIONS_PER_SECOND": 200,
}
