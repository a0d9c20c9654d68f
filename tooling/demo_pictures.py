"""The picture of the README, taken from the running demo with Debian's chromium: `python -m tooling.demo_pictures`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from tooling import demo_journey
from tooling.demo_stack import ROOT, running_stack
from tooling.processes import exit_on_signals
from tooling.services import services

PICTURE = ROOT / "docs" / "images" / "voucher.png"
CHROMIUM = "/usr/bin/chromium"


def main() -> int:
    exit_on_signals()
    with (
        services() as environment,
        TemporaryDirectory() as folder,
        running_stack(Path(folder), hurried=True, base=environment) as stack,
    ):
        _take(demo_journey.sample_voucher(stack))
    return 0


def _take(address: str) -> None:
    """Keep what a phone shows of a page before anybody scrolls."""
    with sync_playwright() as drivers:
        browser = drivers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        phone = browser.new_context(viewport={"width": 360, "height": 740}, device_scale_factor=2, locale="es-PE")
        page = phone.new_page()
        page.goto(address)
        page.screenshot(path=PICTURE)
        browser.close()
    print(PICTURE.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
