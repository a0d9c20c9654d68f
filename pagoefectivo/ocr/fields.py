"""Finding on the lines of a receipt what it says: channel, code, amount, day with its hour, and operation number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pagoefectivo.domain.proofs import SURE, Field, Seen, printed_hour, without_accents
from pagoefectivo.ocr.base import Box, Line

# As they stand on receipts, in small letters without spaces and accents: of those on one line the first holds.
CHANNELS = {
    "yape": "Yape",
    "plin": "Plin",
    "interbank": "Interbank",
    "scotiabank": "Scotiabank",
    "bbva": "BBVA",
    "banbif": "BanBif",
    "kasnet": "KasNet",
    "westernunion": "Western Union",
    "tambo": "Tambo+",
    "fullcarga": "FullCarga",
    "reddigital": "Red Digital",
    "niubiz": "Niubiz",
    "moneygram": "MoneyGram",
    "disashop": "Disashop",
    "cajaarequipa": "Caja Arequipa",
    "cajapiura": "Caja Piura",
    "cajahuancayo": "Caja Huancayo",
    "bancodelanacion": "Banco de la Nación",
    "bancodecredito": "BCP",
    "bcp": "BCP",
}
_TAKEN_FOR_LETTERS = str.maketrans("01", "oi")
_ROWS_BELOW = 2.5  # a value stands at most so many of its label's heights below it


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a field is found: by words beside or above it, the best first, or by its looks alone where it has any."""

    field: Field
    labels: tuple[re.Pattern[str], ...]
    value: re.Pattern[str]
    never: re.Pattern[str]  # words on a line whose value is another thing
    stands_alone: bool = False


_KINDS = (
    _Kind(
        Field.CODE,
        (re.compile(r"\bcip\b|codigo ?(?:de ?)?(?:pago|cip)|cod\.? ?(?:de ?)?pago"),),
        re.compile(r"(?<!\d)(?<!\d[/.,:-])\d(?: ?\d){5,15}(?![\d/.,:-]*\d)"),
        re.compile(r"operac|fecha"),
    ),
    _Kind(
        Field.OPERATION,
        (
            re.compile(
                r"operac[a-z]*\b(?! ?(?:exitosa|realizada|aprobada))|transacc|\btrx\b|secuencia|\b(?:nro|n.)\.? ?op"
            ),
        ),
        re.compile(r"(?<!\w)(?<!\d[/.,:-])(?=[a-z-]*\d)[a-z0-9][a-z0-9-]{4,18}[a-z0-9](?![\w/.,:-]*\d)"),
        re.compile(r"\bcip\b|codigo de pago|fecha"),
    ),
    _Kind(
        Field.AMOUNT,
        (re.compile(r"monto|importe"), re.compile(r"total|pagaste|pagado|yapeaste")),
        re.compile(r"(?:(?<!\d)[s5$]/\.?|us ?\$|usd) ?\d[\d,]*\.\d\d(?!\d)"),
        re.compile(r"comision|\bitf\b|vuelto|recibido|saldo"),
        stands_alone=True,
    ),
    _Kind(
        Field.PAID_ON,
        (re.compile(r"fecha"),),
        re.compile(
            r"(?<!\d)(?:\d{1,2}[/.-]\d{1,2}[/.-]20\d\d|20\d\d-\d\d-\d\d|\d{1,2} ?(?:de )?[a-z]{3,10}\.?,? ?(?:del? )?20\d\d)"
            r"(?!\d(?!\d?:))"  # the time may follow without a space
        ),
        re.compile(r"venc|vigencia|valid|emision"),
        stands_alone=True,
    ),
)


_HOUR = _Kind(
    Field.PAID_ON,
    (re.compile(r"\bhora\b"),),
    re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?!\d)(?: ?[ap]\.? ?m\b\.?)?"),
    re.compile(r"venc|vigencia|valid|emision|atencion"),
)


@dataclass(frozen=True, slots=True)
class _Plain:
    """A line, its text in small letters without accents, and that text as words, place by place: `0peraci0n` is one."""

    line: Line
    text: str
    words: str


def fields_on(lines: Sequence[Line], width: int, height: int) -> list[Seen]:
    """Return each field that was found, with the confidence of its weakest letter. What is not there is left out.

    What is sure of every letter may still be a guess, and then has no confidence at all: a field that stands there twice
    with different values, and one that touches the edge of the picture, for a digit may be cut off. A day bears its
    hour where that is surely read.
    """
    plain = [_plain(line) for line in lines]
    found = [seen for kind in _KINDS if (seen := _found(kind, plain)) is not None]
    found = [_with_hour(each, plain) if each.field is Field.PAID_ON else each for each in found]
    channel = _channel(plain)
    whole = [each if _is_whole(each.box, width, height) else _doubted(each) for each in found]
    return whole if channel is None else [*whole, channel]


def _plain(line: Line) -> _Plain:
    text = without_accents(line.text)
    return _Plain(line, text, text.translate(_TAKEN_FOR_LETTERS))


def _is_whole(box: Box, width: int, height: int) -> bool:
    left, top, right, bottom = box
    letter = (bottom - top) // 3
    return left > letter and right < width - letter and top > 1 and bottom < height - 1


def _doubted(seen: Seen) -> Seen:
    return Seen(seen.field, seen.text, 0.0, seen.box)


def _found(kind: _Kind, plain: list[_Plain]) -> Seen | None:
    """By the best label that stands there; without any, by the value's looks alone where it has some."""
    sensible = [each for each in plain if not kind.never.search(each.words)]
    for label in kind.labels:
        if any(label.search(each.words) for each in sensible):
            return _agreed(list(_labelled(kind, label, sensible)))
    return _agreed(list(_alone(kind, sensible))) if kind.stands_alone else None


def _agreed(seen: list[Seen]) -> Seen | None:
    if not seen:
        return None
    best = max(seen, key=lambda each: each.confidence)
    if len({re.sub(r"\W", "", each.text) for each in seen}) == 1:
        return best
    return _doubted(best)


def _labelled(kind: _Kind, label: re.Pattern[str], plain: list[_Plain]) -> Iterator[Seen]:
    for each in plain:
        named = label.search(each.words)
        if named is None:
            continue
        value = kind.value.search(each.text, named.end())
        if value is not None:
            yield _seen(kind.field, each.line, value)
            continue
        for other in _beside(each.line.box, plain):
            if not _bears_a_label(other) and (value := kind.value.search(other.text)):
                yield _seen(kind.field, other.line, value)
                break


def _alone(kind: _Kind, plain: list[_Plain]) -> Iterator[Seen]:
    for each in plain:
        if value := kind.value.search(each.text):
            yield _seen(kind.field, each.line, value)


def _with_hour(day: Seen, plain: list[_Plain]) -> Seen:
    """A day with the one hour that has a label or stands behind it; as it was where that is unsure, or there are two."""
    sensible = [each for each in plain if not _HOUR.never.search(each.words)]
    read = [*_labelled(_HOUR, _HOUR.labels[0], sensible), *_behind(day, sensible)]
    hours = {hour: each.text for each in read if each.confidence >= SURE and (hour := printed_hour(each.text))}
    return replace(day, text=f"{day.text} {next(iter(hours.values()))}") if len(hours) == 1 else day


def _behind(day: Seen, plain: list[_Plain]) -> Iterator[Seen]:
    """The hours that follow a day on its line with no other number between them."""
    for each in plain:
        place = each.line.text.find(day.text)
        end = place + len(day.text)
        hour = _HOUR.value.search(each.text, end) if place >= 0 else None
        if hour is not None and not re.search(r"\d", each.text[end : hour.start()]):
            yield _seen(Field.PAID_ON, each.line, hour)


def _bears_a_label(plain: _Plain) -> bool:
    return any(label.search(plain.words) for kind in _KINDS for label in kind.labels)


def _beside(box: Box, plain: list[_Plain]) -> list[_Plain]:
    """The lines to the right of a box, nearest first, and then those just below it."""
    left, top, right, bottom = box
    height = bottom - top
    to_the_right, below = [], []
    for each in plain:
        other_left, other_top, other_right, other_bottom = each.line.box
        shared = min(bottom, other_bottom) - max(top, other_top)
        if other_left > left and shared > 0.4 * min(height, other_bottom - other_top):
            to_the_right.append((other_left, each))
        elif (
            bottom - height / 2 < other_top < bottom + _ROWS_BELOW * height
            and other_left < right
            and other_right > left
        ):
            below.append((other_top, each))
    return [each for ordered in (to_the_right, below) for _, each in sorted(ordered, key=lambda pair: pair[0])]


def _seen(field: Field, line: Line, value: re.Match[str]) -> Seen:
    """Only what carries meaning has to be sure: digits and their points, and for a number with letters those too."""
    wanted = re.compile(r"[\d.,]" if field is Field.AMOUNT else r"\w")
    places = [place for place in range(value.start(), value.end()) if wanted.match(line.text[place])]
    weakest = min((line.confidence(place, place + 1) for place in places), default=0.0)
    return Seen(field, line.text[value.start() : value.end()], weakest, line.box)


def _channel(plain: list[_Plain]) -> Seen | None:
    for each in sorted(plain, key=lambda each: each.line.box[1]):
        letters = re.sub(r"[^a-z]", "", each.text)
        for name, channel in CHANNELS.items():
            if name in letters:
                return Seen(Field.CHANNEL, channel, each.line.confidence(0, len(each.text)), each.line.box)
    return None
