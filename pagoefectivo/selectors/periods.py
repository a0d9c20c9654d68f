"""A stretch of time that figures are about, and how long the database may take over one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Aggregate, DateTimeField, DurationField
from django.db.models.functions import TruncDay, TruncHour

from pagoefectivo.domain.localtime import LIMA

LONGEST = timedelta(days=366)
BY_HOUR_UP_TO = timedelta(days=8)
PATIENCE = timedelta(seconds=8)
_CANCELED = "57014"


class RangeTooLarge(Exception):
    """The database was stopped because the figures of this stretch of time take too long."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on, before `until`; of one account, or of all with ""."""

    since: datetime
    until: datetime
    account: str = ""

    @classmethod
    def of_days(cls, first: date, last: date, account: str = "") -> Period:
        """Both days included, as Lima counts them."""
        begins = datetime.combine(first, time(), LIMA)
        return cls(begins, datetime.combine(last + timedelta(days=1), time(), LIMA), account)

    def within(self, instant: str) -> dict[str, datetime]:
        """The condition that a column lies in it."""
        return {f"{instant}__gte": self.since, f"{instant}__lt": self.until}

    def of_account(self, column: str = "account") -> dict[str, str]:
        """The condition on the account, where one was asked for."""
        return {column: self.account} if self.account else {}

    def step(self, instant: str) -> TruncDay | TruncHour:
        """The day, or in a short stretch the hour, that an instant belongs to, in Lima."""
        truncated = TruncHour if self.is_by_hour else TruncDay
        return truncated(instant, tzinfo=LIMA, output_field=DateTimeField())

    @property
    def is_by_hour(self) -> bool:
        return self.until - self.since <= BY_HOUR_UP_TO


class Percentile(Aggregate):
    """The value below which a share of all lie; NULL on a database that does not know it."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, expression: Any, share: float, **extra: Any) -> None:
        super().__init__(expression, share=float(share), **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        sql, params = super().as_sql(compiler, connection, template="MAX(NULL AND %(expressions)s)", **extra)
        return sql, params


@contextmanager
def patience() -> Iterator[None]:
    """Let no statement inside take longer than eight seconds; raises RangeTooLarge. PostgreSQL only."""
    if connection.vendor != "postgresql":
        yield
        return
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, true)", [str(int(PATIENCE.total_seconds() * 1000))]
                )
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _CANCELED:
            raise RangeTooLarge from error
        raise
