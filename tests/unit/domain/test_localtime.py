"""Peru's clock and words, whatever the server's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from pagoefectivo.domain.localtime import lima_moment, time_left

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "language", "written"),
    [
        (datetime(2026, 11, 25, 3, 32, tzinfo=UTC), "es", "mar. 24 nov., 10:32 p.\xa0m."),
        (datetime(2026, 11, 25, 3, 32, tzinfo=UTC), "es-pe", "mar. 24 nov., 10:32 p.\xa0m."),
        (datetime(2026, 11, 25, 3, 32, tzinfo=UTC), "en", "Tue, Nov 24, 10:32 p.m."),
        (datetime(2026, 11, 25, 3, 32, tzinfo=UTC), "zh-hans", "11月24日 周二 下午10:32"),
        (datetime(2026, 9, 5, 5, 0, tzinfo=UTC), "es", "sáb. 5 set., 12:00 a.\xa0m."),
        (datetime(2026, 9, 5, 17, 5, tzinfo=UTC), "es", "sáb. 5 set., 12:05 p.\xa0m."),
        (datetime(2027, 1, 1, 4, 59, tzinfo=UTC), "es", "jue. 31 dic., 11:59 p.\xa0m."),
        (datetime(2027, 1, 1, 5, 0, tzinfo=UTC), "es", "vie. 1 ene. 2027, 12:00 a.\xa0m."),
        (datetime(2027, 1, 1, 5, 0, tzinfo=UTC), "en", "Fri, Jan 1, 2027, 12:00 a.m."),
        (datetime(2026, 11, 25, 3, 32, tzinfo=UTC), "qu", "mar. 24 nov., 10:32 p.\xa0m."),
    ],
)
def test_an_instant_reads_as_lima_says_it(instant: datetime, language: str, written: str) -> None:
    assert lima_moment(instant, language, now=NOW) == written


@pytest.mark.parametrize(
    ("left", "es", "en"),
    [
        (timedelta(days=2, hours=4, minutes=59), "Quedan 2 días y 4 h", "2 days and 4 h left"),
        (timedelta(days=1), "Quedan 1 día y 0 h", "1 day and 0 h left"),
        (timedelta(hours=3, minutes=20, seconds=59), "Quedan 3 h 20 min", "3 h 20 min left"),
        (timedelta(minutes=12), "Quedan 12 minutos", "12 minutes left"),
        (timedelta(minutes=1, seconds=59), "Queda 1 minuto", "1 minute left"),
        (timedelta(seconds=59), "Queda menos de un minuto", "Less than a minute left"),
        (timedelta(0), "", ""),
        (timedelta(days=-1), "", ""),
    ],
)
def test_the_time_left_is_never_overstated(left: timedelta, es: str, en: str) -> None:
    with translation.override("es-pe"):
        assert time_left(left) == es
    with translation.override("en"):
        assert time_left(left) == en
