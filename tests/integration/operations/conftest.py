"""Stories of the machine itself: outages, silence, restored backups. Memories of one process never reach the next test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pagoefectivo.services import breaker, jobs


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    breaker.forget()
    jobs.forget()
    yield
    breaker.forget()
    jobs.forget()


@pytest.fixture
def timing(psp: Any, settings: Any) -> Callable[..., None]:
    """Change the schedules, as a shop would in its settings."""

    def change(**keys: Any) -> None:
        written = {**settings.PAGOEFECTIVO["TIMING"], **keys}
        settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "TIMING": written}

    return change
