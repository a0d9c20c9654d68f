"""The demo shop as it runs in production, on a database of the benchmarks' own."""

from __future__ import annotations

import os

os.environ["DEBUG"] = "false"  # Django would keep every query in memory
os.environ.setdefault("SECRET_KEY", "only-for-the-benchmarks")
os.environ["PAGOEFECTIVO_DB_NAME"] = os.environ.get("BENCHMARK_DB_NAME", "bench_shop")

from project.settings import *  # noqa: F403 - reads the environment that was just settled

ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
SECURE_SSL_REDIRECT = False
ROOT_URLCONF = "tests.benchmarks.urls"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
PAGOEFECTIVO["PUBLIC_BASE_URL"] = "http://127.0.0.1:9"  # noqa: F405
PAGOEFECTIVO["SHOP_NAME"] = "Mi Tienda"  # noqa: F405
PAGOEFECTIVO["ACCOUNTS"]["default"]["BASE_URL"] = os.environ.get("BENCHMARK_PSP_URL", "http://127.0.0.1:9")  # noqa: F405
PAGOEFECTIVO["TIMING"] = {"POLL": ["1m"]}  # noqa: F405
LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"pagoefectivo": {"level": "CRITICAL"}}}
