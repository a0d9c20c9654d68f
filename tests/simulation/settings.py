"""The app alone on a database in memory: what a history needs and nothing that could differ between two runs."""

from __future__ import annotations

import os

SECRET_KEY = "canary-secret-key-of-the-simulation"
DEBUG = False
USE_TZ = True
TIME_ZONE = "America/Lima"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.simulation.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "pagoefectivo"]
CACHES = {"default": {"BACKEND": "tests.simulation.database.SimulatedCache"}}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("PAGOEFECTIVO_DB_NAME"),
        "USER": os.environ.get("PAGOEFECTIVO_DB_USER"),
        "HOST": os.environ.get("PAGOEFECTIVO_DB_HOST"),
        "PORT": os.environ.get("PAGOEFECTIVO_DB_PORT", ""),
    }
    if os.environ.get("SIMULATION_DATABASE") == "postgresql"
    else {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {"transaction_mode": "IMMEDIATE"}}
}
LOGGING_CONFIG = None  # a history reads the log itself
PAGOEFECTIVO: dict[str, object] = {"PUBLIC_BASE_URL": "https://shop.example"}
