"""Instants as people in Peru read them. Django's es-PE formats are Spain's, so the words stand here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext

LIMA = ZoneInfo("America/Lima")
NARROW = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Words:
    """How one language writes a day and an hour; `pattern` names the pieces."""

    days: tuple[str, ...]
    months: tuple[str, ...]
    halves: tuple[str, str]
    pattern: str
    dated: str


_WORDS = {
    "es": Words(
        ("lun.", "mar.", "mié.", "jue.", "vie.", "sáb.", "dom."),
        ("ene.", "feb.", "mar.", "abr.", "may.", "jun.", "jul.", "ago.", "set.", "oct.", "nov.", "dic."),
        (f"a.{NARROW}m.", f"p.{NARROW}m."),
        "{day} {number} {month}, {hour}:{minute} {half}",
        "{day} {number} {month} {year}, {hour}:{minute} {half}",
    ),
    "en": Words(
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        ("a.m.", "p.m."),
        "{day}, {month} {number}, {hour}:{minute} {half}",
        "{day}, {month} {number}, {year}, {hour}:{minute} {half}",
    ),
    "zh": Words(
        ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
        tuple(f"{month}月" for month in range(1, 13)),
        ("上午", "下午"),
        "{month}{number}日 {day} {half}{hour}:{minute}",
        "{year}年{month}{number}日 {day} {half}{hour}:{minute}",
    ),
}


def lima_moment(instant: datetime, language: str, *, now: datetime) -> str:
    """Write an aware instant in Lima's time: `mar. 24 nov., 10:32 p. m.`; with the year when it is not this year's.

    `language` is a code like `es`, `es-pe`, `en` or `zh-hans`; any other reads Spanish.
    """
    local = instant.astimezone(LIMA)
    words = _WORDS.get(language.partition("-")[0], _WORDS["es"])
    pattern = words.pattern if local.year == now.astimezone(LIMA).year else words.dated
    return pattern.format(
        day=words.days[local.weekday()],
        number=local.day,
        month=words.months[local.month - 1],
        year=local.year,
        hour=(local.hour - 1) % 12 + 1,
        minute=f"{local.minute:02}",
        half=words.halves[local.hour >= 12],  # noqa: PLR2004 - noon
    )


def written_day(day: date, language: str) -> str:
    """Write a day with its year and without weekday or hour: `27 nov. 2026`."""
    code = language.partition("-")[0]
    month = _WORDS.get(code, _WORDS["es"]).months[day.month - 1]
    if code == "zh":
        return f"{day.year}年{month}{day.day}日"
    return f"{month} {day.day}, {day.year}" if code == "en" else f"{day.day} {month} {day.year}"


def time_left(left: timedelta) -> str:
    """Say in the active language how long is left, to the minute and never more than there is; empty when it is over."""
    minutes = int(left.total_seconds() // 60)
    if left <= timedelta(0):
        return ""
    if minutes == 0:
        return gettext("Less than a minute left")
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return ngettext("%(days)d day and %(hours)d h left", "%(days)d days and %(hours)d h left", days) % {
            "days": days,
            "hours": hours,
        }
    if hours:
        return gettext("%(hours)d h %(minutes)d min left") % {"hours": hours, "minutes": minutes}
    return ngettext("%(minutes)d minute left", "%(minutes)d minutes left", minutes) % {"minutes": minutes}
