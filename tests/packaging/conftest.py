"""A shop that has the built wheel, and nothing of the source tree, installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """
    SECRET_KEY = "only-for-this-test"
    DEBUG = True
    ROOT_URLCONF = "shop_urls"
    ALLOWED_HOSTS = ["testserver"]
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}}
    DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
    USE_TZ = True
    STATIC_URL = "static/"
    INSTALLED_APPS = [
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
        "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
    ]
    INSTALLED_APPS += ["rest_framework", "pagoefectivo"]
    MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    TEMPLATES = [{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }]
"""
URLS = """
    from django.contrib import admin
    from django.urls import include, path

    urlpatterns = [path("admin/", admin.site.urls)]
    urlpatterns += [path("pagoefectivo/", include("pagoefectivo.urls"))]
"""


class Host:
    """A minimal Django project in a folder and an environment of its own."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder, self.python = folder, python

    def run(self, *arguments: str) -> str:
        """Run Python in the host; its output. Fails the test with what it said on stderr."""
        return said([str(self.python), *arguments], self.folder, DJANGO_SETTINGS_MODULE="shop_settings")

    def script(self, text: str) -> str:
        return self.run("-c", dedent(text))


def said(command: Sequence[str], folder: Path, **environment: str) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        command, cwd=folder, env={**kept, **environment}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would be published, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    said([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)], ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def host(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A host whose environment borrows this one's packages but not its editable install, which is shadowed by the wheel."""
    folder = tmp_path_factory.mktemp("host")
    venv.create(folder / "env", symlinks=True, with_pip=False)
    python = folder / "env" / "bin" / "python"
    install = [sys.executable, "-m", "uv", "pip", "install", "--python", str(python)]
    said([*install, "--no-deps", "--offline", "--no-cache", str(wheel)], folder)
    site = Path(said([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder).strip())
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (folder / "shop_settings.py").write_text(dedent(SETTINGS))
    (folder / "shop_urls.py").write_text(dedent(URLS))
    return Host(folder, python)
