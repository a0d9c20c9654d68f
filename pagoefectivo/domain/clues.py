"""What a person may hold in hand when a buyer calls: one term, or a whole letter in which several stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from pagoefectivo.domain.proofs import SHORTEST_OPERATION

LONGEST = 8000  # letters of a pasted text that are looked at
MOST = 30  # clues that are taken from one text, the surest kinds first
SHORTEST_REFERENCE, LONGEST_REFERENCE = 3, 100
PHONE_DIGITS, SHORTEST_PHONE, LONGEST_PHONE = 9, 7, 15
ACCOUNT_DIGITS = 4
SHORTEST_CODE, LONGEST_CODE = 6, 20
SHORTEST_DOCUMENT, LONGEST_DOCUMENT = 4, 12
_DOCUMENT_LENGTHS = frozenset({8, 9, 11})  # of those that are digits alone: DNI with and without check digit, RUC


class Kind(StrEnum):
    """What a clue may be."""

    EMAIL = "email"
    REFUND = "refund"
    VOUCHER = "voucher"
    PROOF = "proof"
    CASE = "case"
    CODE = "code"
    PHONE = "phone"
    DOCUMENT = "document"
    ACCOUNT = "account"
    OPERATION = "operation"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Clue:
    """One term as it was written, and everything that it may be, the likeliest first."""

    text: str = field(repr=False)
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Clues:
    """What was found in a text. `is_whole`: the text is one term, so that its beginning may be looked for as well."""

    found: tuple[Clue, ...]
    is_whole: bool


_OWN_NUMBERS = frozenset({Kind.EMAIL, Kind.REFUND, Kind.VOUCHER, Kind.PROOF, Kind.CASE})  # name one thing surely
# Every repetition is bounded and begins at a fixed place, so that no text makes a pattern slow.
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[^\s@<>\"'(),;:]{1,190}")
_MARKED = re.compile(r"\b(?:rfd_|vch_)[0-9A-Za-z]{1,40}\b|\b[CK]-[2-9A-HJ-NP-Z]{8}\b", re.ASCII | re.IGNORECASE)
_PHONE_IN_PARTS = re.compile(r"(?<![\w.,/-])(?:\+?51[ -]?)?9\d\d[ -]\d{3}[ -]\d{3}(?![\w.,/-]?\d)", re.ASCII)
_CODE_IN_PARTS = re.compile(r"(?<![\w.,/+-])(?<!\d )\d{2,4}(?:[ -]\d{3,4}){1,3}(?![ -]?\d)", re.ASCII)
_WORD = re.compile(r"(?<![\w.~@+-])\+?[0-9A-Za-z][0-9A-Za-z._~:-]{2,99}", re.ASCII)
_DAY_OR_SUM = re.compile(
    r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|\d{1,2}(?::\d{2}){1,2}|\d{1,7}(?:[.,]\d{2,3}){1,3}|\d{1,3}(?:\.\d{1,3}){3}",
    re.ASCII,
)
_NUMBER = re.compile(r"\+?\d+", re.ASCII)
_GAPS = re.compile(r"[\s().-]+")


def read(text: str) -> Clues:
    """Return the clues in a text: at most 30, from its first 8,000 letters, each once. Takes time in its length only."""
    cut = text[:LONGEST].replace("\0", " ").strip()  # no database keeps a NUL
    number = without_gaps(cut)
    if _NUMBER.fullmatch(number) and len(number) <= LONGEST_REFERENCE:
        return Clues((_number(cut, number),), is_whole=True)
    if cut and not re.search(r"\s", cut):
        return Clues((_word(cut[:254]),), is_whole=True)
    by_value: dict[str, Clue] = {}
    for clue in _inside(cut):
        by_value.setdefault(without_gaps(clue.text), clue)
    found = sorted(by_value.values(), key=_surest_first)
    return Clues(tuple(found[:MOST]), is_whole=False)


def without_gaps(text: str) -> str:
    """Return a number as one word; a word keeps its hyphens and dots."""
    bare = _GAPS.sub("", text)
    return bare if _NUMBER.fullmatch(bare) else text.strip()


def phone_of(text: str) -> str:
    """Return a phone number as it is compared: its last nine digits, whatever country code or trunk zero leads it.

    Empty for what is too short to name anybody.
    """
    digits = re.sub(r"\D", "", text, flags=re.ASCII)
    return digits[-PHONE_DIGITS:] if len(digits) >= SHORTEST_PHONE else ""


def document_of(text: str) -> str:
    """Return a document's number as it is compared: capital letters and digits."""
    bare = re.sub(r"[^0-9A-Z]", "", text.upper(), flags=re.ASCII)
    return bare if len(bare) >= SHORTEST_DOCUMENT else ""


def account_of(text: str) -> str:
    """Return what a bank account is found by: its last four digits."""
    digits = re.sub(r"\D", "", text, flags=re.ASCII)
    return digits[-ACCOUNT_DIGITS:] if len(digits) >= ACCOUNT_DIGITS else ""


def _inside(text: str) -> Iterator[Clue]:
    for match in _EMAIL.finditer(text):
        yield Clue(match[0].strip("."), (Kind.EMAIL,))
    rest = _EMAIL.sub(" ", text)
    for match in _MARKED.finditer(rest):
        yield _word(match[0])
    for pattern in (_PHONE_IN_PARTS, _CODE_IN_PARTS):
        for match in pattern.finditer(rest):
            if not _DAY_OR_SUM.fullmatch(match[0]):
                yield _number(match[0], without_gaps(match[0]))
    for match in _WORD.finditer(rest):
        word = match[0].rstrip(".:~-")
        if _NUMBER.fullmatch(word):
            if len(word.lstrip("+")) >= SHORTEST_CODE:
                yield _number(word, word)
        elif len(word) >= SHORTEST_REFERENCE and re.search(r"\d", word) and not _DAY_OR_SUM.fullmatch(word):
            yield _word(word)


def _surest_first(clue: Clue) -> int:
    return 0 if clue.kinds[0] in _OWN_NUMBERS else 1


def _word(word: str) -> Clue:
    if "@" in word:
        return Clue(word, (Kind.EMAIL,))
    begun = word[:4].lower()
    if begun == "rfd_":
        return Clue(word, (Kind.REFUND,))
    if begun == "vch_":
        return Clue(word, (Kind.VOUCHER,))
    kinds = [Kind.REFERENCE]
    if _MARKED.fullmatch(word):
        kinds.insert(0, Kind.CASE if begun.startswith("k") else Kind.PROOF)
    bare = document_of(word)
    if SHORTEST_DOCUMENT <= len(bare) <= LONGEST_DOCUMENT and bare == word.upper():
        kinds.append(Kind.DOCUMENT)
    if len(bare) >= SHORTEST_OPERATION and re.search(r"\d", bare):
        kinds.append(Kind.OPERATION)
    return Clue(word, tuple(kinds))


def _number(text: str, number: str) -> Clue:
    digits = number.lstrip("+")
    length = len(digits)
    is_phone = number.startswith("+") or bool(_PHONE_IN_PARTS.fullmatch(text))  # a bare number is rather a code
    may_be = {
        Kind.PHONE: SHORTEST_PHONE <= length <= LONGEST_PHONE and (is_phone or length >= PHONE_DIGITS),
        Kind.CODE: SHORTEST_CODE <= length <= LONGEST_CODE,
        Kind.DOCUMENT: length in _DOCUMENT_LENGTHS,
        Kind.ACCOUNT: length == ACCOUNT_DIGITS,
        Kind.OPERATION: length >= SHORTEST_OPERATION,
        Kind.REFERENCE: True,
    }
    likeliest = [Kind.PHONE, Kind.CODE] if is_phone else [Kind.CODE, Kind.PHONE]
    order = [*likeliest, Kind.DOCUMENT, Kind.ACCOUNT, Kind.OPERATION, Kind.REFERENCE]
    return Clue(text, tuple(kind for kind in order if may_be[kind]))
