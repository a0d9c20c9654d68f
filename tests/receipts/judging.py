"""Reading a set of receipts and judging what was read against what stands on them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pagoefectivo.domain.proofs import (
    SURE,
    Field,
    Known,
    Seen,
    Verdict,
    compare,
    contradicts,
    operation_of,
    printed_amount,
    printed_day,
)
from pagoefectivo.ocr.base import Line
from pagoefectivo.ocr.fields import fields_on
from pagoefectivo.ocr.forensics import SUSPICIOUS
from pagoefectivo.ocr.reader import lines_on
from pagoefectivo.ocr.sanitizer import sanitized
from tests.receipts.conditions import Sample
from tests.receipts.drawing import Truth

NUMBERS = (Field.CODE, Field.AMOUNT, Field.PAID_ON, Field.OPERATION)


@dataclass(frozen=True)
class Judged:
    """One receipt after cleaning and reading."""

    sample: Sample
    content: bytes = field(repr=False)
    looks: str = field(repr=False)
    edited: float
    seen: dict[Field, Seen]
    clean_seconds: float
    read_seconds: float

    def outcome(self, what: Field) -> str:
        """How a field was read: right, unsure (the confidence says so), missing, or wrong and sure of it."""
        seen = self.seen.get(what)
        if seen is None or value_of(seen) is None:
            return "missing"
        is_right = value_of(seen) == said(self.sample.printed, what)
        if seen.confidence < SURE:
            return "unsure, right" if is_right else "unsure, wrong"
        return "right" if is_right else "WRONG"

    @property
    def looks_edited(self) -> bool:
        return self.edited >= SUSPICIOUS

    @property
    def says_otherwise(self) -> bool:
        """Whether it surely names another code or amount than the provider, who says what was really paid."""
        return contradicts(compare(self.seen.values(), known_by(self.sample.truth)))

    @property
    def is_flagged(self) -> bool:
        return self.looks_edited or self.says_otherwise


def judged(sample: Sample, *, reads: bool = True) -> Judged:
    """Clean and read one upload in this process, by the code that otherwise runs in the cage."""
    began = time.perf_counter()
    facts, content = sanitized(sample.content)
    cleaned = time.perf_counter()
    found = lines_on(content) if reads else []
    lines = [Line(text, tuple(sureness), (box[0], box[1], box[2], box[3])) for text, sureness, box in found]
    read = time.perf_counter()
    width, height = facts["width"], facts["height"]
    assert isinstance(width, int)
    assert isinstance(height, int)
    seen = {each.field: each for each in fields_on(lines, width, height)}
    edited = facts["edited"]
    assert isinstance(edited, float)
    return Judged(sample, content, str(facts["looks"]), edited, seen, cleaned - began, read - cleaned)


def value_of(seen: Seen) -> object:
    """What a field says, as it is compared; None for what is not of its kind."""
    if seen.field is Field.CODE:
        return re.sub(r"\D", "", seen.text) or None
    if seen.field is Field.AMOUNT:
        found = printed_amount(seen.text)
        return None if found is None else found[0]
    if seen.field is Field.PAID_ON:
        return printed_day(seen.text)
    return operation_of(seen.text) or None


def said(truth: Truth, what: Field) -> object:
    """What a receipt says in one field."""
    return {
        Field.CODE: truth.code,
        Field.AMOUNT: truth.amount,
        Field.PAID_ON: truth.paid_on,
        Field.OPERATION: truth.operation,
        Field.CHANNEL: truth.channel,
    }[what]


def known_by(truth: Truth) -> Known:
    """What the provider would say of a payment."""
    return Known(
        frozenset({truth.code}), truth.amount, "PEN", truth.paid_on, truth.paid_on, frozenset({truth.operation})
    )


def false_matches(receipts: Iterable[Judged]) -> Iterator[str]:
    """Every field whose digits were read wrongly and are taken for a match by a provider who says just those digits."""
    for each in receipts:
        for what in NUMBERS:
            seen = each.seen.get(what)
            if seen is None or value_of(seen) in {None, said(each.sample.printed, what)}:
                continue
            if compare([seen], _who_says(seen, each.sample.printed))[what] is Verdict.MATCH:
                yield f"{each.sample.layout} {each.sample.condition} {what}: {seen.text!r} at {seen.confidence:.3f}"


def _who_says(seen: Seen, truth: Truth) -> Known:
    known, value = known_by(truth), value_of(seen)
    codes = frozenset({str(value)}) if seen.field is Field.CODE else known.codes
    operations = frozenset({str(value)}) if seen.field is Field.OPERATION else known.operations
    amount = value if isinstance(value, Decimal) else known.amount
    day = value if isinstance(value, date) else known.first_day
    return Known(codes, amount, "PEN", day, day, operations)
