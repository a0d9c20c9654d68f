"""What runs in the cage cannot take more than it is given, and is gone when its time is over."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from pagoefectivo.ocr import cage

CAGED = "tests.receipts.caged"
LIMITS = cage.Limits(seconds=1, memory=512 * 1024**2, output=1_000_000)
PATIENT = replace(LIMITS, seconds=30)  # a busy machine may take a second to start a process at all


def test_G16_an_answer_comes_back_and_the_child_had_no_environment_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "ours")
    assert cage.run(CAGED, b"hello", PATIENT) == b"environment LANG,PYTHONDONTWRITEBYTECODE"


@pytest.mark.parametrize("wish", ["hang", "spin", "child"])
def test_G16_what_takes_too_long_is_killed_with_all_its_children(wish: str) -> None:
    began = time.monotonic()
    with pytest.raises(cage.Overrun):
        cage.run(CAGED, wish.encode(), LIMITS)
    assert time.monotonic() - began < 10


def test_G16_a_child_that_has_used_up_its_processor_says_so_by_its_signal() -> None:
    limits = (str(each) for each in (LIMITS.seconds, LIMITS.memory, LIMITS.output))
    child = subprocess.run([sys.executable, "-I", "-m", CAGED, *limits], input=b"spin", check=False, timeout=60)
    assert child.returncode == -signal.SIGXCPU


@pytest.mark.parametrize("wish", ["eat", "write", "connect"])
def test_G13_G16_what_wants_memory_room_or_the_network_gets_none(wish: str) -> None:
    with pytest.raises(cage.Crashed):
        cage.run(CAGED, wish.encode(), PATIENT)


def test_a_module_that_is_not_there_is_a_crash_and_not_a_wait() -> None:
    with pytest.raises(cage.Crashed):
        cage.run("pagoefectivo.ocr.nothing", b"", PATIENT)


def test_a_machine_that_has_no_process_left_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cage, "_python", lambda: "/nowhere/python3")
    with pytest.raises(cage.Crashed):
        cage.run(CAGED, b"hello", LIMITS)
