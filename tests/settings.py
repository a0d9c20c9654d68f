"""Settings under test: the demo shop's, on the servers that `dev.py test` has started."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

if not (os.environ.get("PAGOEFECTIVO_DB_NAME") and os.environ.get("PAGOEFECTIVO_BROKER_URL")):
    raise ImproperlyConfigured(
        "The tests need PostgreSQL and Valkey. Run them with `python3 dev.py test [pytest arguments]`, "
        "which starts both, or set PAGOEFECTIVO_DB_NAME, PAGOEFECTIVO_DB_HOST and PAGOEFECTIVO_BROKER_URL."
    )

os.environ.setdefault("SECRET_KEY", "only-for-the-tests")


# Each parallel worker keeps to Valkey databases of its own: gw0 has 1 and 33, a lone run 0 and 32.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
_number = int(_worker.removeprefix("gw")) + 1 if _worker else 0
_server = os.environ["PAGOEFECTIVO_BROKER_URL"].rsplit("/", 1)[0]
os.environ["PAGOEFECTIVO_BROKER_URL"] = f"{_server}/{_number}"
os.environ["PAGOEFECTIVO_CACHE_URL"] = f"{_server}/{_number + 32}"

from project.settings import *  # noqa: E402, F403 - reads the environment that was just settled

DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405 - a server thread of one test must not outlive it in the database
