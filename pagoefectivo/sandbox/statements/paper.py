"""How the reports are written down: lines of cells, and instants by another clock."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone


def lines(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    """Return the rows as delimited text, quoted where need be."""
    sheet = io.StringIO()
    csv.writer(sheet, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return sheet.getvalue()


def plain_time(moment: datetime, hours: int) -> str:
    """Return an instant without its zone, by a clock that many hours from UTC."""
    return f"{moment.astimezone(timezone(timedelta(hours=hours))):%Y-%m-%d %H:%M:%S}"
