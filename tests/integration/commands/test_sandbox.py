"""`manage.py pagoefectivo sandbox` is the PSP simulator as a process that ends when told to."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.servers
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_its_console_and_ends_at_a_signal(stop: signal.Signals) -> None:
    command = [sys.executable, "manage.py", "pagoefectivo", "sandbox", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        assert requests.get(f"{where['url']}/", timeout=10).status_code == 200
        process.send_signal(stop)
        assert process.wait(15) == 0
