"""Settlement files that no provider should write: each is refused, or read so that every amount stands in the file."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.messages import SettlementKind, SettlementRow
from tests.fuzz.figures import Figures, counted, measured
from tests.unit.providers.reports_stage import read, samples

NOT_DIGITS = re.compile(r"\D")

SIDES = ("NET_CREDIT_AMOUNT", "NET_DEBIT_AMOUNT")
# what a row claims -> the columns that may say it
CLAIMS = {
    "amount": (
        *("LOCAL_AMOUNT", "Net Amount (local)", "amount_local", "TRANSACTION_AMOUNT", "GROSS_AMOUNT", "amount"),
        *SIDES,
    ),
    "settled_amount": ("GROSS_AMOUNT", "Amount (USD)", "charge_amount", "TRANSACTION_AMOUNT", "amount", *SIDES),
    "rate": ("FX_RATE", "exchange_rate"),
}

Mutation = Callable[[random.Random, bytes], bytes]


def run(seed: int, inputs: int, *, loud: bool = False) -> Figures:
    """Mutate samples so often, and hold every outcome against the mutated bytes themselves."""
    figures = Figures()
    whole = [path for path in samples() if "refused" not in path.name]
    with measured(figures):
        for number in counted(range(inputs), inputs, "settlements", loud=loud):
            chance = random.Random(f"{seed} {number}")
            path = chance.choice(whole)
            kind, content = mutated(chance, path)
            figures.kinds[kind] += 1
            answer, wrong = judged(path.parent.name, content)
            figures.answers[answer] += 1
            figures.failures += [f"file {number} ({kind} of {path.name}): {each}"[:400] for each in wrong]
    figures.inputs = inputs
    return figures


def mutated(chance: random.Random, path: Path) -> tuple[str, bytes]:
    """Return one or two mutations of a sample, and the name of the first."""
    content, names = path.read_bytes(), []
    for _ in range(chance.choice((1, 1, 2))):
        kind = chance.choice(sorted(MUTATIONS))
        content = MUTATIONS[kind](chance, content or b"\n")
        names.append(kind)
    return names[0], content


def judged(psp: str, content: bytes) -> tuple[str, list[str]]:
    """Return what became of a file, and what is wrong with that."""
    try:
        rows = read(psp, content)
    except UnreadableFile as refusal:
        lines = content.count(b"\n") + 1
        sane = 0 <= refusal.line <= lines and refusal.why and len(refusal.why) < 1000
        return "refused", [] if sane else [f"refused at line {refusal.line} of {lines}: {refusal.why!r}"]
    except Exception as error:  # noqa: BLE001 - whatever is raised beside the declared refusal is a failure
        return "another exception", [repr(error)]
    return "read", objections(content, rows)


def objections(content: bytes, rows: list[SettlementRow]) -> list[str]:
    """Say what rows claim that their lines do not; the lines are read a second time here, in another way."""
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    if text.lstrip().startswith("{"):
        entries = json.loads(text, parse_float=Decimal)["entries"]
        records = {number: [str(each) for each in entry.values()] for number, entry in enumerate(entries, 1)}
        names = {number: list(entry) for number, entry in enumerate(entries, 1)}
    else:
        found = _records(text)
        header = sorted(found)[2 if "NET_TOTAL_AMOUNT" in text or "settlement_net_amount" in text else 0]
        records = {line: cells for line, cells in found.items() if line > header}
        columns = [name.strip() for name in found[header]]
        names = dict.fromkeys(records, columns)
    wrong = [] if len(rows) == len(records) else [f"{len(records)} rows became {len(rows)}"]
    for row in rows:
        cells = dict(zip(names.get(row.line, []), records.get(row.line, []), strict=False))
        wrong += [f"line {row.line} says no {claim}" for claim in CLAIMS if not _stands(row, claim, cells)]
    return wrong


def digits(cell: object) -> str:
    """The value of an amount, whatever divides or signs it; nothing where there is no digit."""
    written = str(cell)
    fraction = re.search(r"[.,](\d+)\D*$", written)
    number = NOT_DIGITS.sub("", written)
    return f"{Decimal(number).scaleb(-len(fraction[1]) if fraction else 0).normalize():f}" if number else ""


def _stands(row: SettlementRow, claim: str, cells: dict[str, str]) -> bool:
    value = getattr(row.facts, claim)
    if row.facts.kind is SettlementKind.BALANCE and value is not None:
        credit, debit = (Decimal(digits(cells[side]) or 0) for side in SIDES)
        return digits(value) == digits(credit - debit)
    return value is None or digits(value) in {digits(cells[name]) for name in CLAIMS[claim] if name in cells}


def _records(text: str) -> dict[int, list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader, found, begins = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), {}, 1
    for cells in reader:
        if cells:
            found[begins] = cells
        begins = reader.line_num + 1
    return found


def _swap_bytes(chance: random.Random, content: bytes) -> bytes:
    place = chance.randrange(len(content))
    return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]


def _cut(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content))]


def _of_lines(change: Callable[[random.Random, list[bytes]], list[bytes]]) -> Mutation:
    return lambda chance, content: b"".join(change(chance, content.splitlines(keepends=True)))


def _drop_line(chance: random.Random, lines: list[bytes]) -> list[bytes]:
    place = chance.randrange(len(lines))
    return lines[:place] + lines[place + 1 :]


def _repeat_line(chance: random.Random, lines: list[bytes]) -> list[bytes]:
    place = chance.randrange(len(lines))
    return lines[: place + 1] + lines[place:]


def _shuffle(chance: random.Random, lines: list[bytes]) -> list[bytes]:
    return chance.sample(lines, len(lines))


def _cells_of_a_line(chance: random.Random, lines: list[bytes]) -> list[bytes]:
    place = chance.randrange(len(lines))
    cells = lines[place].split(b",")
    chance.shuffle(cells)
    return [*lines[:place], b",".join(cells), *lines[place + 1 :]]


def _digit(chance: random.Random, content: bytes) -> bytes:
    places = [match.start() for match in re.finditer(rb"\d", content)]
    place = chance.choice(places or [0])
    return content[:place] + str(chance.randrange(10)).encode() + content[place + 1 :]


def _replace(*pairs: tuple[bytes, bytes]) -> Mutation:
    def change(chance: random.Random, content: bytes) -> bytes:
        old, new = chance.choice(pairs)
        places = [match.start() for match in re.finditer(re.escape(old), content)]
        if not places:
            return content
        place = chance.choice(places)
        return content[:place] + new + content[place + len(old) :]

    return change


def _another_encoding(chance: random.Random, content: bytes) -> bytes:
    text = content.decode(errors="replace")
    codec = chance.choice(("utf-16", "utf-16-le", "utf-8-sig", "latin-1", "cp1252", "utf-32", "utf-7"))
    return text.encode(codec, errors="replace")


MUTATIONS: dict[str, Mutation] = {
    "a byte": _swap_bytes,
    "a digit": _digit,
    "a line away": _of_lines(_drop_line),
    "a line twice": _of_lines(_repeat_line),
    "an encoding": _another_encoding,
    "another order": _of_lines(_shuffle),
    "cells in another order": _of_lines(_cells_of_a_line),
    "cut off": _cut,
    "odd amounts": _replace(
        *((b"0.00", b""), (b"0.00", b"-"), (b".50", b",50"), (b"0.00", b"0,00"), (b"100.50", b"1e2"), (b"-", b"--")),
        *(
            (b"40.00", b"40"),
            (b"40.00", b"4.000"),
            (b"40.00", b"(40.00)"),
            (b"40.00", b"NaN"),
            (b"20.00", b"\xd9\xa2\xd9\xa0"),
        ),
    ),
    "odd delimiters": _replace((b",", b";"), (b";", b","), (b",", b"\t"), (b",", b",,"), (b",", b""), (b"\n", b"\r")),
    "odd words": _replace((b"PAYMENT", b"PAYMENTS"), (b"payment", b"Payment"), (b"REFUND", b"refund"), (b"PEN", b"S/")),
    "quotes": _replace((b",", b'"'), (b",", b',"'), (b'"', b""), (b'"', b'""'), (b"0.00", b'"0.00"')),
}
