"""`dev.py demo` as a stranger meets it: one command up, one journey through, nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.servers

ROOT = Path(__file__).resolve().parents[2]
MARK = "PAGOEFECTIVO_DEMO_MARK"
UP_SECONDS, DOWN_SECONDS = 300, 40


def alive(mark: str) -> list[str]:
    """Every running process, whoever started it, that was born with this mark in its environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"{MARK}={mark}".encode() in (folder / "environ").read_bytes()
            found += [(folder / "cmdline").read_text().replace("\0", " ")] if marked else []
        except OSError:
            continue  # gone in the meantime, or not ours
    return found


class Demo:
    """One run of the command, its output in a file, its whole family marked."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.mark = uuid.uuid4().hex
        self.log = folder / "demo.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAGOEFECTIVO_", "PYTEST"))}
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tooling", "demo", *arguments],
                cwd=ROOT,
                env={**kept, MARK: self.mark, "DJANGO_SETTINGS_MODULE": "project.settings"},
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + UP_SECONDS
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def start(*arguments: str) -> Demo:
        started.append(Demo(tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(DOWN_SECONDS)


def test_one_whole_journey_ends_well_and_leaves_no_process(demo: Callable[..., Demo]) -> None:
    run = demo("--once")
    code = run.process.wait(UP_SECONDS)
    assert code == 0, run.said
    assert "✗" not in run.said
    assert run.said.count("✓") == 111
    for step in (
        "refund of S/ 59.91 refused",
        "webhook lost, found by poll",
        "refund of S/ 30.00 refused",
        "receipt read, nothing paid",
        "new code from the page",
        "second factor",
        "paid, says finance",
        "three months of sales",
        "nobody signs alone",
        "month signed",
        "report as PDF",
        "a closed month refuses",
        "late line",
        "the closed month stays",
        "invariants",
        "verify-audit",
    ):
        assert run.said.count(f"✓ {step}:") == 1
    for step, times in (("paid at the counter", 6), ("double confirmation", 5)):
        assert run.said.count(f"✓ {step}:") == times
    assert run.said.count("planted and found") == 12, "three months of four companies"
    for company in ("dLocal", "EBANX", "Mercado Pago", "PagoEfectivo itself"):
        assert run.said.count(f"A purchase through {company}") == 1
    assert alive(run.mark) == []


def test_the_shop_answers_until_ctrl_c_and_then_nothing_is_left(demo: Callable[..., Demo]) -> None:
    run = demo()
    run.wait_for("Ctrl-C stops everything")
    shop, page, mailbox, office, console, months, docs = re.findall(r"http://127\.0\.0\.1:\d+\S*", run.said)
    password = re.findall(r"password: (\S+)", run.said)[0]
    key = re.findall(r"pek_\S+", run.said)[0]
    with requests.Session() as browser:
        browser.trust_env = False
        assert [browser.get(each, timeout=20).status_code for each in (shop, page, mailbox, console, docs)] == [200] * 5
        login = browser.get(f"{office}login/", timeout=20)
        style = re.findall(r'href="(/static/[^"]+\.css)"', login.text)[0]
        assert browser.get(f"{shop}{style.lstrip('/')}", timeout=20).headers["Content-Type"].startswith("text/css")
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', login.text)[0]
        form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token, "next": "/admin/"}
        inside = browser.post(f"{office}login/", data=form, timeout=20)
        assert (inside.status_code, inside.url) == (200, office)
        orders = browser.get(
            f"{docs.removesuffix('docs/')}orders/", headers={"Authorization": f"Api-Key {key}"}, timeout=20
        )
        assert orders.json()["results"][0]["reference"].startswith("F-")
        assert browser.get(months, timeout=20).text.count("/monthlyclose/of/") == 12
    assert len(alive(run.mark)) > 5
    os.killpg(run.process.pid, signal.SIGINT)  # as a terminal does
    run.process.wait(DOWN_SECONDS)
    assert "Stopped." in run.said
    assert "Traceback" not in run.said
    assert alive(run.mark) == []


@pytest.mark.parametrize(
    ("moment", "stop"), [("", signal.SIGTERM), ("✓ stack", signal.SIGINT), ("✓ three months of sales", signal.SIGTERM)]
)
def test_interrupted_at_any_moment_nothing_is_left(
    demo: Callable[..., Demo], moment: str, stop: signal.Signals
) -> None:
    run = demo("--once")
    if moment:
        run.wait_for(moment)
    else:
        time.sleep(2)  # the servers are just coming up
    run.process.send_signal(stop)
    assert run.process.wait(DOWN_SECONDS) != 0
    assert alive(run.mark) == []
