"""Every state of the buyer's pages as a phone shows it: `python3 dev.py pictures [part of a name …]`.

The states are placed into a database of their own, the clock stands still, so that a picture changes only with its page.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin

import django
from PIL import Image
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.pictures.registry import Picture, rooms

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
TAKEN_AT = datetime(2026, 11, 23, 3, 32, tzinfo=UTC)
PHONE, DESK = ViewportSize(width=360, height=640), ViewportSize(width=1280, height=900)
LARGEST = 80 * 1024
QUALITIES = ((2, 32), (1, 64), (1, 16))  # sharpness and colours, the best first


def main() -> int:
    """Take the pictures whose name holds one of the arguments, all without any; 1 when one is too large."""
    parser = argparse.ArgumentParser(prog="dev.py pictures")
    parser.add_argument("names", nargs="*", metavar="NAME", help="parts of names; all when left out")
    parser.add_argument("--into", type=Path, default=IMAGES, help="another folder")
    asked = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.pictures.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread
    django.setup()
    wanted = [
        [each for each in room if not asked.names or any(part in each.name for part in asked.names)] for room in rooms()
    ]
    asked.into.mkdir(parents=True, exist_ok=True)
    return 1 if any(size > LARGEST for size in _take([room for room in wanted if room], asked.into)) else 0


def _take(wanted: list[list[Picture]], folder: Path) -> list[int]:
    """Take them room by room, each in a shop that begins empty; return how large they are."""
    import time_machine
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.management import call_command
    from django.test.testcases import LiveServerThread

    from tests.benchmarks.stage import database

    sizes = []
    with database(), time_machine.travel(TAKEN_AT), sync_playwright() as drivers:
        server = LiveServerThread("127.0.0.1", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        if server.error:
            raise server.error
        browser = drivers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for room in wanted:
            call_command("flush", verbosity=0, interactive=False)
            for picture in room:
                path = folder / f"{picture.name}.png"
                path.write_bytes(_look(browser, f"http://127.0.0.1:{server.port}", picture))
                sizes.append(path.stat().st_size)
                print(f"{sizes[-1] / 1024:5.1f} KB  {path.name}", flush=True)
        browser.close()
        server.terminate()
    return sizes


def _look(browser: Browser, server: str, picture: Picture) -> bytes:
    """As sharp as is small enough."""
    address = server + picture.place() + ("" if picture.is_staff else f"?lang={picture.language}")
    for sharpness, colours in QUALITIES:
        kept = _drawn_with(colours, _seen(browser, address, picture, sharpness))
        if len(kept) <= LARGEST:
            break
    return kept


def _seen(browser: Browser, address: str, picture: Picture, sharpness: int) -> bytes:
    context = browser.new_context(
        viewport=DESK if picture.is_staff else PHONE,
        device_scale_factor=sharpness,
        locale="es-PE",
        java_script_enabled=picture.has_script,
        color_scheme="dark" if picture.is_dark else "light",
    )
    if picture.is_staff:
        name, value = _session()
        context.add_cookies([{"url": urljoin(address, "/"), "name": name, "value": value}])
    page = context.new_page()
    page.goto(address)
    for what, text in picture.fill:
        page.locator(what).fill(text)
    for what in picture.open:
        page.locator(what).first.click()
    if picture.is_paper:
        page.emulate_media(media="print")
    taken = page.locator(picture.part).screenshot() if picture.part else page.screenshot(full_page=True)
    context.close()
    return taken


def _session() -> tuple[str, str]:
    """Somebody who may do everything is at the desk."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    client, who = Client(), User.objects.filter(username="luz").first()
    client.force_login(who or User.objects.create_superuser("luz"))
    return settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value


def _drawn_with(colours: int, taken: bytes) -> bytes:
    kept = BytesIO()
    drawn = Image.open(BytesIO(taken)).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    drawn.save(kept, "PNG", optimize=True)
    return kept.getvalue()


if __name__ == "__main__":
    sys.exit(main())
