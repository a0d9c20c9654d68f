"""Reading what went wrong: how often each code came, which raw codes lead to it, and what of it is whose.

The tallies are few, one for each way in which something ever went wrong: a page reads them all, once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone
from django.utils.translation import override

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.models import CodeMapping, ErrorMark, ErrorOccurrence, ErrorTally
from pagoefectivo.providers.registry import provider_named

DAY, WEEK, TREND = timedelta(days=1), timedelta(days=7), 14
_LANGUAGES = ("es", "en", "zh-hans")
_KEY = ("account", "operation", "raw_code", "code")
Tallies = Sequence[ErrorTally]


@dataclass(slots=True)
class Standing:
    """How often a code came: in 24 hours, in 7 days, ever; and when it came first and last."""

    day: int = 0
    week: int = 0
    ever: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RawCodes:
    """What one provider says that leads to a code, by operation: as its table has it and as it was seen."""

    provider: str
    by_operation: dict[str, list[str]] = field(default_factory=dict)


def tallies() -> Tallies:
    """Return every way in which something ever went wrong, the most frequent first."""
    return list(ErrorTally.objects.order_by("-count", "pk"))


def standings(known: Tallies) -> dict[str, Standing]:
    """Return how often each code came, by what is read in it today; one query, bounded by a week's errors."""
    found = _ever(known)
    reread = {_key(each): each.reads_as for each in known}
    now = timezone.now()
    recent = ErrorOccurrence.objects.filter(occurred_at__gte=now - WEEK).values_list(*_KEY)
    lately = Count("pk", filter=Q(occurred_at__gte=now - DAY))
    for *key, week, day in recent.annotate(week=Count("pk"), day=lately):
        standing = found[reread.get(tuple(key), key[-1])]
        standing.week += week
        standing.day += day
    return found


def standing_of(code: str, known: Tallies) -> tuple[Standing, list[tuple[date, int]]]:
    """Return how often one code came, and how often on each of the last 14 days of Lima, oldest first; one query."""
    standing, now = _ever(known)[code], timezone.now()
    today = now.astimezone(LIMA).date()
    days = [today - timedelta(days=back) for back in reversed(range(TREND))]
    since = datetime.combine(days[0], datetime.min.time(), LIMA)
    counted = (
        reading_as(code, known)
        .filter(occurred_at__gte=since)
        .annotate(on=TruncDate("occurred_at", tzinfo=LIMA))
        .values_list("on")
        .annotate(
            times=Count("pk"),
            week=Count("pk", filter=Q(occurred_at__gte=now - WEEK)),
            day=Count("pk", filter=Q(occurred_at__gte=now - DAY)),
        )
    )
    counts: Counter[date] = Counter()
    for on, times, week, day in counted:
        counts[on] += times
        standing.week += week
        standing.day += day
    return standing, [(day, counts[day]) for day in days]


def with_reading(rows: QuerySet[ErrorOccurrence]) -> QuerySet[ErrorOccurrence]:
    """Return occurrences with `read`, the code that each reads as today, what each is about, and what people did."""
    same = ErrorTally.objects.filter(**{name: OuterRef(name) for name in _KEY})
    return (
        rows.annotate(read=Coalesce(Subquery(same.values("reads_as")[:1]), "code"))
        .select_related("voucher__order", "refund")
        .defer("voucher__barcode_svg", "voucher__order__payer_document_number", "voucher__order__metadata")
        .prefetch_related(Prefetch("marks", ErrorMark.objects.order_by("pk")))
    )


def reading_as(code: str, known: Tallies, rows: QuerySet[ErrorOccurrence] | None = None) -> QuerySet[ErrorOccurrence]:
    """Return the occurrences that read as `code` today; by the index on code and instant unless a meaning was given."""
    rows = ErrorOccurrence.objects.all() if rows is None else rows
    wanted = Q(code=code)
    for tally in known:
        if tally.reads_as != tally.code:
            same = Q(**dict(zip(_KEY, _key(tally), strict=True)))
            if tally.code == code:
                wanted &= ~same
            elif tally.reads_as == code:
                wanted |= same
    return rows.filter(wanted)


def newest(code: str, known: Tallies, most: int) -> Sequence[ErrorOccurrence]:
    """Return the newest occurrences of a code, as `with_reading` has them."""
    return list(with_reading(reading_as(code, known)).order_by("-occurred_at")[:most])


def raw_codes(code: str, known: Tallies) -> list[RawCodes]:
    """Return what each provider of the settings says that leads to a code."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for slug in _providers():
        for (operation, raw), rule in provider_named(slug).errors.items():
            if rule.code == code:
                found[provider_named(slug).name][operation].add(raw)
    accounts = conf.current().accounts
    for tally in known:
        if tally.reads_as == code and tally.raw_code and tally.account in accounts:
            name = provider_named(accounts[tally.account].provider).name
            found[name][tally.operation].add(tally.raw_code)
    return [
        RawCodes(name, {op: sorted(raws) for op, raws in sorted(ops.items())}) for name, ops in sorted(found.items())
    ]


def matching(term: str, known: Tallies) -> set[str]:
    """Return the codes that a term finds: part of a code, a word of its texts in any language, or a whole raw code."""
    term = term.strip().casefold()
    if not term:
        return {code.value for code in ErrorCode}
    raws = {code for raw, code in _raws(known) if raw.casefold() == term}
    return raws | {
        code.value for code in ErrorCode if term in code.casefold() or any(term in said for said in _words(code))
    }


def unknown(known: Tallies) -> Tallies:
    """Return what nobody has explained yet, the most frequent first."""
    return [each for each in known if each.is_unknown and each.raw_code]


def meanings_said(tally: ErrorTally) -> Sequence[CodeMapping]:
    """Return every meaning that people gave an unknown raw code, newest first."""
    config = conf.current().accounts.get(tally.account)
    said = CodeMapping.objects.filter(operation=tally.operation, raw_code=tally.raw_code)
    return list(said.filter(provider=config.provider if config else "").order_by("-pk"))


def _ever(known: Tallies) -> dict[str, Standing]:
    found: dict[str, Standing] = defaultdict(Standing)
    for tally in known:
        standing = found[tally.reads_as]
        standing.ever += tally.count
        standing.first_at = min(standing.first_at or tally.first_at, tally.first_at)
        standing.last_at = max(standing.last_at or tally.last_at, tally.last_at)
    return found


def _key(tally: ErrorTally) -> tuple[str, ...]:
    return (tally.account, tally.operation, tally.raw_code, tally.code)


def _providers() -> list[str]:
    return sorted({account.provider for account in conf.current().accounts.values()})


def _raws(known: Tallies) -> Iterator[tuple[str, str]]:
    for slug in _providers():
        yield from ((raw, rule.code) for (_, raw), rule in provider_named(slug).errors.items())
    yield from ((each.raw_code, each.reads_as) for each in known if each.raw_code)


def _words(code: ErrorCode) -> Iterator[str]:
    entry = CATALOGUE[code]
    for language in _LANGUAGES:
        with override(language):
            yield f"{entry.message} {entry.next_step}".casefold()
