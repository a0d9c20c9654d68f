"""A buyer with a cheap phone: 360 × 640, Debian's chromium, with and without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize
from pytest_django.live_server_helper import LiveServer

CHROMIUM = Path("/usr/bin/chromium")
PHONE = ViewportSize(width=360, height=640)
ABSENT = "Debian's chromium is not installed: apt-get install chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("browser") and not CHROMIUM.exists():
            item.add_marker(pytest.mark.skip(reason=ABSENT))


@pytest.fixture(scope="session", autouse=True)
def _two_worlds_in_one_thread() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; Django would take our own queries for careless async code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    quiet = ("no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-background-networking", "no-first-run",
             "disable-component-update", "disable-sync", "disable-default-apps", "mute-audio")  # fmt: skip
    return {"executable_path": str(CHROMIUM), "args": [f"--{flag}" for flag in quiet]}


class Visitor:
    """One buyer's browser; what it complained about and whom it talked to is written down."""

    def __init__(self, browser: Browser, server: LiveServer, **options: Any) -> None:
        self.context: BrowserContext = browser.new_context(viewport=PHONE, locale="es-PE", **options)
        self.context.set_default_timeout(10_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self._server = server
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note)

    def open(self, path: str) -> Page:
        """Open a path of our server."""
        self.page.goto(self._server.url + path)
        return self.page

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self._server.url, "data:")):
            self.strangers.append(request.url)


@pytest.fixture
def visitor(browser: Browser, live_server: LiveServer) -> Iterator[Visitor]:
    """A buyer with JavaScript."""
    visitor = Visitor(browser, live_server)
    yield visitor
    visitor.context.close()
    assert visitor.complaints == []
    assert visitor.strangers == []


@pytest.fixture
def plain_visitor(browser: Browser, live_server: LiveServer) -> Iterator[Visitor]:
    """A buyer without JavaScript."""
    visitor = Visitor(browser, live_server, java_script_enabled=False)
    yield visitor
    visitor.context.close()
    assert visitor.strangers == []


@pytest.fixture(autouse=True)
def _named_shop(settings: Any) -> None:
    settings.PAGOEFECTIVO = {
        **settings.PAGOEFECTIVO,
        "SHOP_NAME": "Mi Tienda",
        "SUPPORT_CONTACT": "ayuda@tienda.example",
    }
