"""Pages of long tables without counting them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

REACH = 10_000


class NewestRows(_Paginator):
    """Counts no further than the newest 10,000 rows, so that the first page costs the same at any table size.

    Older rows are reached by search and filters. `is_cut` tells that there are some.
    """

    @cached_property
    def _seen(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return int(rows.order_by().values("pk")[: REACH + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._seen, REACH)

    @property
    def is_cut(self) -> bool:
        return self._seen > REACH
