"""What the stories about settlement files share: the providers' readers, the samples, rows as JSON shows them."""

from __future__ import annotations

import io
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import override

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.messages import SettlementFacts, SettlementRow
from pagoefectivo.providers.base import SettlementReader
from pagoefectivo.providers.registry import provider_named, provider_slugs
from pagoefectivo.providers.reports import reader_of

SAMPLES = Path(__file__).parents[2] / "samples"
PSPS = tuple(slug for slug in provider_slugs() if provider_named(slug).settlement_readers)
EXPECTED = ".expected.json"
FACTS = tuple(field.name for field in fields(SettlementFacts))


def readers(psp: str) -> tuple[SettlementReader, ...]:
    """Return every reader of a provider's settlement files, as an account without options of its own has them."""
    provider = provider_named(psp)
    return provider.settlement_readers_of(provider.options)


@override("en")
def read(psp: str, content: bytes) -> list[SettlementRow]:
    """Identify and read a whole file; raises UnreadableFile."""
    file = io.BytesIO(content)
    return list(reader_of(readers(psp), file).read(file))


def samples() -> list[Path]:
    """Return the settlement files of all providers that have an expected output beside them, and those that lack it."""
    return sorted(path for path in SAMPLES.glob("*/settlement_*") if not path.name.endswith(EXPECTED))


@override("en")
def outcome(psp: str, content: bytes) -> dict[str, Any]:
    """Return what a file is read as, as JSON writes it: its layout and rows, or line and reason of the refusal."""
    try:
        layout = reader_of(readers(psp), io.BytesIO(content)).layout
        return {"layout": layout, "rows": [facts(row) for row in read(psp, content)]}
    except UnreadableFile as refusal:
        return {"line": refusal.line, "why": refusal.why}


def facts(row: SettlementRow) -> dict[str, Any]:
    """Return what a row says, without what it does not say."""
    said = {name: getattr(row.facts, name) for name in FACTS} | row._asdict()
    return {name: _written(fact) for name, fact in said.items() if name != "facts" and fact not in ("", None)}


def _written(fact: object) -> object:
    if isinstance(fact, datetime | date):
        return fact.isoformat()
    return str(fact) if isinstance(fact, Decimal) else fact
