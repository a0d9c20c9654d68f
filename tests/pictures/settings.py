"""The demo shop as the pictures show it, on a database of their own."""

from __future__ import annotations

import os

os.environ["DEBUG"] = "false"
os.environ.setdefault("SECRET_KEY", "only-for-the-pictures")
os.environ["PAGOEFECTIVO_DB_NAME"] = "pictures_shop"

from project.settings import *  # noqa: F403 - reads the environment that was just settled

ALLOWED_HOSTS = ["127.0.0.1"]
SECURE_SSL_REDIRECT = False
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405 - the server's thread leaves no connection behind
PAGOEFECTIVO["SHOP_NAME"] = "Mi Tienda"  # noqa: F405
PAGOEFECTIVO["SUPPORT_CONTACT"] = "ayuda@tienda.example"  # noqa: F405
LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"pagoefectivo": {"level": "CRITICAL"}}}
