"""The rules count orders that bear the same mark, and say why in a sentence with numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.risk import RULE_LABELS, Mark, Rule, Threshold, flag_sentence, too_many

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
THREE_AN_HOUR = Threshold(3, timedelta(hours=1), {})


def at(*minutes: int) -> list[tuple[datetime, int]]:
    return [(NOON + timedelta(minutes=minute), number) for number, minute in enumerate(minutes)]


def test_each_of_too_many_is_named_with_their_number() -> None:
    assert list(too_many(at(0, 10, 20, 30), THREE_AN_HOUR)) == [(2, 3), (3, 4)]
    assert list(too_many(at(0, 10), THREE_AN_HOUR)) == []


def test_what_lies_further_back_than_the_time_does_not_count() -> None:
    assert list(too_many(at(0, 30, 60), THREE_AN_HOUR)) == [], "the first is a whole hour old"
    assert list(too_many(at(0, 30, 59), THREE_AN_HOUR)) == [(2, 3)]


@given(st.lists(st.integers(0, 300), max_size=30), st.integers(2, 6))
def test_the_count_is_what_counting_one_by_one_gives(minutes: list[int], count: int) -> None:
    alike, threshold = at(*minutes), Threshold(count, timedelta(hours=1), {})
    slow = {}
    for instant, order in alike:
        seen = sum(1 for other, _ in alike if instant - threshold.within < other <= instant)
        if seen >= count:
            slow[order] = seen
    assert dict(too_many(alike, threshold)) == slow


def test_every_rule_says_why_with_its_numbers_in_three_languages() -> None:
    small = Threshold(5, timedelta(hours=1), {"PEN": Decimal("20.00")})
    facts = small.facts(Mark.PHONE, 7, "PEN")
    with translation.override("en"):
        said = flag_sentence(Rule.SMALL_BURST, facts).replace("\N{NO-BREAK SPACE}", " ")
        assert said == "7 codes of at most S/ 20.00 with the same phone within 1 hour. Flagged from 5 on."
    with translation.override("es"):
        week = Threshold(5, timedelta(days=7), {}).facts(Mark.EMAIL, 6, "PEN")
        said = flag_sentence(Rule.UNPAID, week)
        assert said == "6 códigos con el mismo correo en 7 días que nadie ha pagado. Se alerta a partir de 5."
    for language in ("es", "en", "zh-hans"):
        with translation.override(language):
            sentences = {flag_sentence(rule, facts) for rule, _ in RULE_LABELS}
            assert all("7" in each and "5" in each and "{" not in each for each in sentences)
            assert len(sentences) >= 4
