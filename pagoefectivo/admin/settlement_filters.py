"""By what lists of lines and differences are narrowed; no filter ever reads its choices from a long table."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.settlement_words import month_word
from pagoefectivo.domain.settlements import DIFFERENCES, VERDICT_WORDS, Verdict
from pagoefectivo.models import SettlementReport
from pagoefectivo.models.settlements import KIND_LABELS
from pagoefectivo.selectors.calendar import today

MONTHS = 13
_LONGEST_KEY = 18


class MonthFilter(admin.SimpleListFilter):
    """The last thirteen months, and any that an address names."""

    title = _("month")
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        months = list(_newest_months(today(), MONTHS))
        asked = _month(request.GET.get(self.parameter_name, ""))
        if asked is not None and asked not in months:
            months.append(asked)
        return [(f"{month:%Y-%m}", month_word(month)) for month in months]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        month = _month(self.value() or "")
        return queryset if month is None else queryset.filter(month=month)


class VerdictFilter(admin.SimpleListFilter):
    """The classes of differences."""

    title = _("class")
    parameter_name = "class"
    classes: Iterable[Verdict] = tuple(each for each in Verdict if each in DIFFERENCES)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(each.value, VERDICT_WORDS[each]) for each in self.classes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {each.value for each in self.classes}
        return queryset.filter(verdict=self.value()) if self.value() in known else queryset


class LineVerdictFilter(VerdictFilter):
    """The classes of lines, and all that does not add up together."""

    classes = tuple(sorted(Verdict, key=lambda verdict: verdict not in DIFFERENCES))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("off", _("all that does not add up")), *super().lookups(request, model_admin)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Walk along the few differences where it can be done, and not along all lines."""
        chosen = self.value()
        if chosen == "off":
            return queryset.filter(verdict__in=DIFFERENCES, discrepancy__isnull=False)
        found = super().queryset(request, queryset)
        return found.filter(discrepancy__isnull=False) if chosen in DIFFERENCES else found


class KindFilter(admin.SimpleListFilter):
    """What lines are about."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(KIND_LABELS)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() in dict(KIND_LABELS) else queryset


class FileFilter(admin.SimpleListFilter):
    """One file, where an address names it: there are too many to choose from."""

    title = _("file")
    parameter_name = "file"
    column = "report"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = request.GET.get(self.parameter_name, "")
        if not (asked.isascii() and asked.isdecimal() and len(asked) <= _LONGEST_KEY):
            return []
        report = SettlementReport.objects.only("name", "sha256").filter(pk=int(asked)).first()
        return [(asked, str(report))] if report is not None else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class FileOfLineFilter(FileFilter):
    """The file that the line of a difference stands in."""

    column = "line__report"


class CurrencyFilter(admin.SimpleListFilter):
    """The currency of the balance, where an address names it."""

    title = _("currency")
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = request.GET.get(self.parameter_name, "")
        return [(asked, asked)] if asked.isascii() and asked.isalpha() else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(book_currency=self.value()) if self.value() else queryset


def _newest_months(day: date, count: int) -> Iterable[date]:
    month = day.replace(day=1)
    for _number in range(count):
        yield month
        month = (
            month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)
        )


def _month(written: str) -> date | None:
    try:
        return date.fromisoformat(f"{written}-01")
    except ValueError:
        return None
