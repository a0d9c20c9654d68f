"""Settings of a process that a test starts: the test's database and broker, and its PAGOEFECTIVO as JSON."""

from __future__ import annotations

import json
import os

from project.settings import *  # noqa: F403 - reads the environment that the test has written

PAGOEFECTIVO = json.loads(os.environ["PAGOEFECTIVO_OF_THE_TEST"])
if "PAGOEFECTIVO_SQLITE_PATIENCE" in os.environ:
    DATABASES["default"]["OPTIONS"]["timeout"] = float(os.environ["PAGOEFECTIVO_SQLITE_PATIENCE"])  # noqa: F405
if "DRILL_FOLDER" in os.environ:
    INSTALLED_APPS += ["tests.processes.kill_points.KillPoints"]  # noqa: F405

EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
if "SMTP_PORT_OF_THE_TEST" in os.environ:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ["SMTP_PORT_OF_THE_TEST"])
