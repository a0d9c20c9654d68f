"""What is read on a receipt against what the provider says, field by field. A picture proves nothing by itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from pagoefectivo.domain.localtime import LIMA

SURE = 0.9  # of every single letter; measured by `dev.py receipts`: no wrong digit was read more surely
SHORTEST_OPERATION = 6
A_DAY = timedelta(days=1)

_AMOUNT = re.compile(r"(?<!\d)(?<!\d[.,])(\d{1,3}(?:,\d{3})+|\d{1,10})\.(\d{2})(?![.,]?\d)", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_NAMED_MONTH = re.compile(r"(\d{1,2})\s*(?:de\s*)?([a-z]{3,10})\.?,?\s*(?:de\s*|del\s*)?(\d{4})", re.ASCII)
_HOUR = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?::\d{2})?(?!\d)(?:\s*([ap])\.?\s*m\b)?", re.ASCII)
_NOON = 12
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("ene jan", "feb", "mar", "abr apr", "may", "jun", "jul", "ago aug", "set sep", "oct", "nov", "dic dec"), 1
    )
    for name in names.split()
}


class Field(StrEnum):
    """What a receipt says."""

    CODE = "code"
    AMOUNT = "amount"
    PAID_ON = "paid_on"
    OPERATION = "operation"
    CHANNEL = "channel"


class Verdict(StrEnum):
    """How one field stands to the provider's word."""

    MATCH = "match"
    DIFFERS = "differs"
    EARLIER = "earlier"  # before there was a code to pay
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"  # the provider does not say


class Judgement(StrEnum):
    """What a person decided about a picture. None of them is about money."""

    MATCHES = "matches"
    DOES_NOT_MATCH = "does_not_match"
    BETTER_PICTURE = "better_picture"


@dataclass(frozen=True, slots=True)
class Seen:
    """One field as it was read: the letters, the lowest confidence of any of them, and where it stands."""

    field: Field
    text: str
    confidence: float
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Known:
    """What the provider and we know of an order: every code it had, what is or was to be paid, and when.

    `operations` are the numbers of the payment that the provider named; most name none that a receipt would show.
    `created_at` is when the first of the codes was asked for, `paid_at` when the provider says that one was paid.
    """

    codes: frozenset[str] = field(repr=False)
    amount: Decimal
    currency: str
    first_day: date
    last_day: date
    operations: frozenset[str] = frozenset()
    created_at: datetime | None = None
    paid_at: datetime | None = None


def compare(seen: Iterable[Seen], known: Known) -> dict[Field, Verdict]:
    """Judge every field. What was not read, or not surely, is *unreadable*: a doubtful digit is never a match."""
    found = {each.field: each for each in seen}
    return {field: _verdict(found.get(field), field, known) for field in Field}


def is_plausible(verdicts: Mapping[Field, Verdict]) -> bool:
    """Whether nothing contradicts the provider: reason enough to ask it, and never more than that."""
    return not {Verdict.DIFFERS, Verdict.EARLIER} & set(verdicts.values())


def contradicts(verdicts: Mapping[Field, Verdict]) -> bool:
    """Whether the code or the amount is surely another one."""
    return Verdict.DIFFERS in {verdicts[Field.CODE], verdicts[Field.AMOUNT]}


def printed_amount(text: str) -> tuple[Decimal, str] | None:
    """Read `S/ 1,234.50` as an amount and its currency; None for what has to be guessed, such as one without cents."""
    found = _AMOUNT.search(text)
    if found is None:
        return None
    return Decimal(f"{found[1].replace(',', '')}.{found[2]}"), "USD" if re.search(r"US\s*\$|USD", text) else "PEN"


def printed_day(text: str) -> date | None:
    """Read the first day written as in Peru (24/11/2026, 24 nov. 2026) or as ISO (2026-11-24); None for no real day."""
    plain = without_accents(text)
    if found := _YEAR_FIRST.search(plain):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.search(plain):
        return _day(int(found[3]), int(found[2]), int(found[1]))
    if found := _NAMED_MONTH.search(plain):
        return _day(int(found[3]), _MONTHS.get(found[2][:3], 0), int(found[1]))
    return None


def printed_hour(text: str) -> time | None:
    """Read the first time of day, `15:04`, `3:04 p. m.` or `15:04:59`, to the minute; None where there is none."""
    found = _HOUR.search(without_accents(text))
    if found is None:
        return None
    hour, half = int(found[1]), found[3]
    if half and hour <= _NOON:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    try:
        return time(hour, int(found[2]))
    except ValueError:
        return None


def operation_of(text: str) -> str:
    """Return an operation number as it is compared: letters and digits; empty for one too short to name anything."""
    bare = re.sub(r"[^0-9A-Z]", "", text.upper(), flags=re.ASCII)
    return bare if len(bare) >= SHORTEST_OPERATION else ""


def without_accents(text: str) -> str:
    """Return a text in small letters without accents, letter by letter, so that places in it stay what they were."""
    return "".join((unicodedata.normalize("NFD", letter)[:1] or letter).lower()[:1] for letter in text)


def _verdict(seen: Seen | None, field: Field, known: Known) -> Verdict:
    if field is Field.CHANNEL:
        return Verdict.UNKNOWN
    if seen is None or seen.confidence < SURE:
        return Verdict.UNREADABLE
    agrees = _agrees(seen, known)
    if agrees is None:
        return Verdict.UNREADABLE
    if field is Field.OPERATION and not agrees:
        return Verdict.UNKNOWN  # a bank numbers otherwise than the provider: another number contradicts nothing
    if field is Field.PAID_ON and _is_earlier(seen.text, known.created_at):
        return Verdict.EARLIER
    return Verdict.MATCH if agrees else Verdict.DIFFERS


def _agrees(seen: Seen, known: Known) -> bool | None:
    """Whether a field says what is known; None where what was read is not of its kind."""
    if seen.field is Field.CODE:
        digits = re.sub(r"\D", "", seen.text)
        return digits in known.codes if digits else None
    if seen.field is Field.AMOUNT:
        amount = printed_amount(seen.text)
        return None if amount is None else amount == (known.amount, known.currency)
    if seen.field is Field.PAID_ON:
        day = printed_day(seen.text)
        return None if day is None else known.first_day <= day <= known.last_day
    return operation_of(seen.text) in known.operations


def _is_earlier(text: str, created_at: datetime | None) -> bool:
    """Whether a receipt is older than the code, to the minute: receipts print no seconds. A day alone ends with its day."""
    day = printed_day(text)
    if day is None or created_at is None:
        return False
    paid_at = datetime.combine(day, printed_hour(text) or time.max, LIMA)
    return paid_at < created_at.replace(second=0, microsecond=0)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
