"""Exchange rates from a file: all of its days or none, once, corrected only with a reason; and what a day's rate is."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.models import ExchangeRate, RateCorrection
from pagoefectivo.selectors.rates import Rates, rate_on
from pagoefectivo.services import rates, seams
from pagoefectivo.services.actors import SHOP, Actor, Permission, PermissionRefused
from pagoefectivo.services.rates import Imported
from tests.integration.ledger import everything

pytestmark = pytest.mark.django_db(transaction=True)

FRIDAY = date(2026, 11, 27)
WEEK = b"day,rate\n2026-11-25,3.740\n2026-11-26,3.742\n2026-11-27,3.745\n"


@pytest.fixture(autouse=True)
def _on_that_friday() -> Iterator[None]:
    with seams.use(now=lambda: datetime(2026, 11, 27, 20, tzinfo=UTC)), override("en"):
        yield


def take(content: bytes = WEEK, *, correction: str = "", actor: Actor = SHOP, source: str = "SBS") -> Imported:
    return rates.import_rates(io.BytesIO(content), source=source, actor=actor, correction=correction)


def kept() -> dict[str, str]:
    return {f"{row.day}": f"{row.rate}" for row in ExchangeRate.objects.order_by("day")}


def test_a_file_is_kept_with_who_published_and_who_imported_it() -> None:
    assert take() == Imported(added=3, corrected=0, known=0)
    assert kept() == {"2026-11-25": "3.740000", "2026-11-26": "3.742000", "2026-11-27": "3.745000"}
    row = ExchangeRate.objects.get(day=FRIDAY)
    assert (row.base, row.quote, row.source, row.imported_by, row.importer) == ("USD", "PEN", "SBS", "shop", None)


def test_the_same_file_again_changes_nothing_whoever_brings_it() -> None:
    take()
    before = everything()
    other = b"\xef\xbb\xbfrate;day\r\n3,74;2026-11-25\r\n3,742;2026-11-26\r\n3,7450;2026/11/27\r\n"
    for content in (WEEK, other):
        assert take(content, source="BCRP", correction="twice") == Imported(added=0, corrected=0, known=3)
    assert everything() == before


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"", 0, "The file is empty."),
        (b"day,rate\n", 0, "The file has no rows."),
        (b"fecha,rate\n2026-11-25,3.74\n", 1, "Missing columns: day. Unknown columns: fecha."),
        (b"day,buy,sell\n2026-11-25,3.74,3.75\n", 1, "Missing columns: rate. Unknown columns: buy, sell."),
        (b"day,rate\n25/11/2026,3.74\n", 2, "day is not a date."),
        (b"day,rate\n2026-02-30,3.74\n", 2, "day is not a date."),
        (b"day,rate\n2026-11-24,3.738\n2026-11-29,3.74\n", 3, "2026-11-29 has not come yet."),
        (b"day,rate\n2026-11-24,3.738\n2026-11-24,3.738\n", 3, "2026-11-24 stands there twice."),
        (b"day,rate\n2026-11-24,3.738\n2026-11-25,3.74", 3, "The file ends without a line break"),
        (b"day,rate\n2026-11-24,3.738\n2026-11-25\n", 3, "1 cells instead of 2."),
        *(
            (b"day,rate\n2026-11-24,3.738\n2026-11-25,%s\n" % wrong, 3, "rate is not an exchange rate.")
            for wrong in (b"", b"0", b"-3.74", b"0.27", b"1e1", b"3.7401234", b"3745.0", b"NaN", b"S/ 3.74", b"3.")
        ),
    ],
)
def test_a_file_that_is_not_whole_is_refused_and_nothing_of_it_kept(content: bytes, line: int, why: str) -> None:
    take()
    before = everything()
    with pytest.raises(UnreadableFile) as refusal:
        take(content, correction="it would be one")
    assert (refusal.value.line, why in refusal.value.why) == (line, True), refusal.value.why
    assert everything() == before


def test_another_rate_for_a_day_is_refused_and_so_is_all_that_stands_beside_it() -> None:
    take()
    before = everything()
    with pytest.raises(UnreadableFile) as refusal:
        take(b"day,rate\n2026-11-24,3.738\n2026-11-27,3.754\n2026-11-26,3.75\n")
    assert refusal.value.line == 3
    why = "2026-11-27 has the rate 3.745 and here 3.754. Only a correction with a reason changes it."
    assert refusal.value.why == why
    with pytest.raises(UnreadableFile):
        take(b"day,rate\n2026-11-27,3.754\n", correction="  ")
    assert everything() == before


def test_a_correction_is_made_with_its_reason_and_recorded_for_ever() -> None:
    take()
    content = b"day,rate\n2026-11-24,3.738\n2026-11-26,3.742\n2026-11-27,3.754\n"
    eva = Actor("staff:eva", frozenset({Permission.KEEP_RATES}))
    assert take(content, correction="two digits changed places", actor=eva, source="SBS, again") == Imported(1, 1, 1)
    assert kept()["2026-11-27"] == "3.754000"
    change = RateCorrection.objects.get()
    assert (change.exchange_rate.day, f"{change.before}", f"{change.after}") == (FRIDAY, "3.745000", "3.754000")
    assert (change.reason, change.corrected_by, change.source) == (
        "two digits changed places",
        "staff:eva",
        "SBS, again",
    )
    before = everything()
    assert take(content, correction="and again", actor=eva) == Imported(0, 0, 3)
    assert everything() == before


def test_a_correction_is_never_changed_nor_deleted_and_no_rate_is_taken_away() -> None:
    take()
    take(b"day,rate\n2026-11-27,3.754\n", correction="typo")
    before = everything()
    for act in (
        lambda: RateCorrection.objects.update(reason="none"),
        lambda: RateCorrection.objects.all().delete(),
        lambda: ExchangeRate.objects.filter(day=date(2026, 11, 25)).delete(),
    ):
        with pytest.raises(IntegrityError, match="is refused"):
            act()
    assert everything() == before


def test_only_those_who_may_import_rates() -> None:
    before = everything()
    with pytest.raises(PermissionRefused):
        take(actor=Actor("staff:eva", frozenset(Permission) - {Permission.KEEP_RATES}))
    assert everything() == before


def test_two_who_import_at_once_keep_each_day_once() -> None:
    def do(content: bytes) -> object:
        try:
            return take(content)
        except UnreadableFile as refusal:
            return refusal.line
        finally:
            connection.close()

    other = WEEK.replace(b"3.745", b"3.754")
    with ThreadPoolExecutor(4) as people:
        outcomes = list(people.map(do, (WEEK, other, WEEK, other)))
    assert ExchangeRate.objects.count() == 3
    assert RateCorrection.objects.count() == 0
    refused = [each for each in outcomes if each == 4]
    added = sum(each.added for each in outcomes if isinstance(each, Imported))
    assert (len(refused), added) == (2, 3)


def test_the_rate_of_a_day_is_the_last_published_one_of_five_days() -> None:
    take(WEEK)
    assert rate_on(date(2026, 11, 24)) is None
    assert rate_on(date(2026, 11, 26)) == Decimal("3.742")
    assert rate_on(FRIDAY) == Decimal("3.745")
    for back in range(1, 6):
        assert rate_on(FRIDAY + timedelta(days=back)) == Decimal("3.745"), "nobody publishes on a Sunday"
    assert rate_on(FRIDAY + timedelta(days=6)) is None
    ExchangeRate.objects.create(
        day=FRIDAY, base="EUR", rate="4.1", source="SBS", imported_by="shop", imported_at=seams.now()
    )
    assert rate_on(FRIDAY) == Decimal("3.745"), "of the dollar"


@pytest.mark.django_db(transaction=False)
@given(st.dictionaries(st.integers(0, 40), st.integers(3_000, 4_500), max_size=25))
def test_rates_that_were_read_once_answer_as_the_database_does(published: dict[int, int]) -> None:
    first = date(2026, 1, 1)
    with transaction.atomic():
        ExchangeRate.objects.bulk_create(
            ExchangeRate(
                day=first + timedelta(days=each),
                rate=Decimal(rate) / 1000,
                source="SBS",
                imported_by="shop",
                imported_at=seams.now(),
            )
            for each, rate in published.items()
        )
        known = Rates()
        for each in range(-2, 50):
            day = first + timedelta(days=each)
            assert known.on(day) == rate_on(day)
        transaction.set_rollback(True)


def test_a_million_questions_cost_one_query() -> None:
    take(WEEK)
    with CaptureQueriesContext(connection) as asked:
        known = Rates()
        answers = {known.on(FRIDAY - timedelta(days=each % 900)) for each in range(20_000)}
    assert len(asked) == 1
    assert answers == {None, Decimal("3.740"), Decimal("3.742"), Decimal("3.745")}


def say(*words: Any) -> tuple[int, Any]:
    out = io.StringIO()
    try:
        call_command("pagoefectivo", "import-rates", *map(str, words), "--json", stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_a_file_is_imported_from_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "sbs.csv"
    file.write_bytes(WEEK)
    assert say(file, "--source", "SBS") == (0, {"added": 3, "corrected": 0, "known": 0})
    assert ExchangeRate.objects.get(day=FRIDAY).imported_by.startswith("shell:")
    file.write_bytes(WEEK.replace(b"3.745", b"3.754"))
    code, said = say(file, "--source", "SBS")
    assert (code, said["refused"]["line"]) == (1, 4)
    assert say(file, "--source", "SBS", "--correct", "typo")[1] == {"added": 0, "corrected": 1, "known": 2}
    with pytest.raises(CommandError, match="cannot be read"):
        say(tmp_path / "none.csv", "--source", "SBS")
