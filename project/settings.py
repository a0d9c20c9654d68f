"""Settings of the demo shop. Everything that differs between machines comes from the environment."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from project.accounts import sandbox_accounts

BASE_DIR = Path(__file__).resolve().parent.parent
DEV_DIR = BASE_DIR / ".dev"  # what this machine keeps between runs; never committed


def _flag(name: str, *, default: bool) -> bool:
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def _words(name: str, default: str) -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def _secret_key() -> str:
    """The environment's key; while developing, a random one that survives restarts."""
    key = os.environ.get("SECRET_KEY", "")
    if key or not DEBUG:
        return key  # Django refuses to start on an empty one
    kept = DEV_DIR / "secret_key"
    if not kept.exists():
        DEV_DIR.mkdir(exist_ok=True)
        fresh = DEV_DIR / f"secret_key.{os.getpid()}"
        fresh.write_text(secrets.token_urlsafe(50))
        fresh.chmod(0o600)
        fresh.replace(kept)
    return kept.read_text()


def _database() -> dict[str, Any]:
    """PostgreSQL where the environment names one, else a SQLite file for a first look."""
    name = os.environ.get("PAGOEFECTIVO_DB_NAME")
    if name:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": os.environ.get("PAGOEFECTIVO_DB_USER", "postgres"),
            "PASSWORD": os.environ.get("PAGOEFECTIVO_DB_PASSWORD", ""),
            "HOST": os.environ.get("PAGOEFECTIVO_DB_HOST", ""),
            "PORT": os.environ.get("PAGOEFECTIVO_DB_PORT", ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"server_side_binding": True, "prepare_threshold": 5, "options": "-c lock_timeout=3000"},
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("PAGOEFECTIVO_SQLITE_FILE", str(BASE_DIR / "shop.sqlite3")),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _cache(url: str) -> dict[str, Any]:
    """Limits count across processes only in a shared cache."""
    if url:
        return {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url, "KEY_PREFIX": "shop"}
    return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}


DEBUG = _flag("DEBUG", default=True)
SECRET_KEY = _secret_key()
ALLOWED_HOSTS = _words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else "")
CSRF_TRUSTED_ORIGINS = _words("CSRF_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "pagoefectivo",
    "project.shop",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],  # an installed wheel carries these inside the package
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "es-pe"
LANGUAGES = [("es-pe", "Español (Perú)"), ("en", "English"), ("zh-hans", "简体中文")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/Lima"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"

SESSION_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = not DEBUG
SECURE_SSL_REDIRECT = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else 60 * 60 * 24 * 30
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

EMAIL_BACKEND = "project.mailbox.Backend"  # a demo: no mail leaves this machine
MAILBOX_DIR = os.environ.get("SHOP_MAILBOX_DIR", str(DEV_DIR / "mailbox"))
DEFAULT_FROM_EMAIL = "Tienda Faro <tienda@shop.example>"

BROKER_URL = os.environ.get("PAGOEFECTIVO_BROKER_URL", "")
CACHES = {"default": _cache(os.environ.get("PAGOEFECTIVO_CACHE_URL", BROKER_URL))}

CELERY_BROKER_URL = BROKER_URL or "redis://127.0.0.1:6379/0"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False  # the sweep finds what a lost bell would have announced
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_TASK_ROUTES = {"pagoefectivo.*": {"queue": "pagoefectivo"}}
CELERY_TIMEZONE = "UTC"
SWEEP_SECONDS = float(os.environ.get("PAGOEFECTIVO_SWEEP_SECONDS", "15"))
CELERY_BEAT_SCHEDULE = {"pagoefectivo-sweep": {"task": "pagoefectivo.sweep", "schedule": SWEEP_SECONDS}}

REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}

PUBLIC_URL = os.environ.get("PAGOEFECTIVO_PUBLIC_BASE_URL", "http://127.0.0.1:8000")
PAGOEFECTIVO: dict[str, Any] = {
    "PUBLIC_BASE_URL": PUBLIC_URL,
    "ACCOUNTS": sandbox_accounts(os.environ.get("PAGOEFECTIVO_SANDBOX_URL", "http://127.0.0.1:8077")),
    "SHOP_NAME": "Tienda Faro",
    "SUPPORT_CONTACT": "ayuda@shop.example",
    "BRAND": {"RETURN_URL": f"{PUBLIC_URL}/"},
    "NEW_CODE_BY_BUYER": os.environ.get("PAGOEFECTIVO_NEW_CODE_BY_BUYER", "unreleased"),
    "TIMING": json.loads(os.environ.get("PAGOEFECTIVO_TIMING", "{}")),  # the demo and some tests are in a hurry
}
