"""Instants as people in Peru read them. Django's es-PE formats are Spain's, so the words stand here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, ngettext

LIMA = ZoneInfo("America/Lima")
NARROW = "\N{NO-BREAK SPACE}"


def month_named(written: str) -> date:
    """Return the first day of a month written as `2026-11`; raises ValueError for anything else."""
    return date.fromisoformat(f"{written}-01")


@dataclass(frozen=True, slots=True)
class Words:
    """How one language writes a moment, a day and a span of days; the patterns name the pieces.

    `bare_day` is one of two days of one month; with `year_leads` it is the second that is shortened, else the first.
    """

    days: tuple[str, ...]
    months: tuple[str, ...]
    halves: tuple[str, str]
    pattern: str
    dated: str
    long_days: tuple[str, ...]
    long_months: tuple[str, ...]
    bare_day: str
    whole_day: str
    dated_day: str
    alone: str
    span: str
    year_leads: bool = False


_WORDS = {
    "es": Words(
        ("lun.", "mar.", "mié.", "jue.", "vie.", "sáb.", "dom."),
        ("ene.", "feb.", "mar.", "abr.", "may.", "jun.", "jul.", "ago.", "set.", "oct.", "nov.", "dic."),
        (f"a.{NARROW}m.", f"p.{NARROW}m."),
        "{day} {number} {month}, {hour}:{minute} {half}",
        "{day} {number} {month} {year}, {hour}:{minute} {half}",
        ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        (
            *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
            *("julio", "agosto", "setiembre", "octubre", "noviembre", "diciembre"),
        ),
        "el {day} {number}",
        "el {day} {number} de {month}",
        "el {day} {number} de {month} de {year}",
        "{first}",
        "entre {first} y {last}",
    ),
    "en": Words(
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        ("a.m.", "p.m."),
        "{day}, {month} {number}, {hour}:{minute} {half}",
        "{day}, {month} {number}, {year}, {hour}:{minute} {half}",
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        (
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
        "{day}, {month} {number}",
        "{day}, {month} {number}",
        "{day}, {month} {number}, {year}",
        "on {first}",
        "between {first} and {last}",
    ),
    "zh": Words(
        ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
        tuple(f"{month}月" for month in range(1, 13)),
        ("上午", "下午"),
        "{month}{number}日 {day} {half}{hour}:{minute}",
        "{year}年{month}{number}日 {day} {half}{hour}:{minute}",
        ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
        tuple(f"{month}月" for month in range(1, 13)),
        "{month}{number}日（{day}）",
        "{month}{number}日（{day}）",
        "{year}年{month}{number}日（{day}）",
        "{first}",
        "{first}至{last}",
        year_leads=True,
    ),
}


def lima_moment(instant: datetime, language: str, *, now: datetime) -> str:
    """Write an aware instant in Lima's time: `mar. 24 nov., 10:32 p. m.`; with the year when it is not this year's.

    `language` is a code like `es`, `es-pe`, `en` or `zh-hans`; any other reads Spanish.
    """
    local = instant.astimezone(LIMA)
    words = _words_of(language)
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


def between_days(first: date, last: date, language: str, *, today: date) -> str:
    """Write a span of days: `entre el martes 1 y el jueves 3 de diciembre`; one day alone: `el martes 1 de diciembre`.

    The year stands where it is not this year's, and beside both days where they lie in two years. Languages as in `lima_moment`.
    """
    words = _words_of(language)
    whole = words.whole_day if first.year == last.year == today.year else words.dated_day
    if first == last:
        return words.alone.format(first=_day(first, whole, words))
    short = _short(first, last, words)
    start, end = (whole, short) if words.year_leads else (short, whole)
    return words.span.format(first=_day(first, start, words), last=_day(last, end, words))


def _short(first: date, last: date, words: Words) -> str:
    """Return the pattern of the one of two days that leaves out what the other says for both."""
    if first.year != last.year:
        return words.dated_day
    return words.bare_day if first.month == last.month else words.whole_day


def _words_of(language: str) -> Words:
    return _WORDS.get(language.partition("-")[0], _WORDS["es"])


def _day(day: date, pattern: str, words: Words) -> str:
    return pattern.format(
        day=words.long_days[day.weekday()], number=day.day, month=words.long_months[day.month - 1], year=day.year
    )


def written_day(day: date, language: str) -> str:
    """Write a day with its year and without weekday or hour: `27 nov. 2026`."""
    code = language.partition("-")[0]
    month = _words_of(language).months[day.month - 1]
    if code == "zh":
        return f"{day.year}年{month}{day.day}日"
    return f"{month} {day.day}, {day.year}" if code == "en" else f"{day.day} {month} {day.year}"


def written_month(month: date, language: str | None = None) -> str:
    """Write a month with its year: `noviembre de 2026`. Languages as in `lima_moment`; the active one unless one is named."""
    language = language or get_language() or ""
    code = language.partition("-")[0]
    name = _words_of(language).long_months[month.month - 1]
    if code == "zh":
        return f"{month.year}年{name}"
    return f"{name} {month.year}" if code == "en" else f"{name} de {month.year}"


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
