"""The catalogue of failures: every code has a plain sentence, somebody who acts, and what they do next."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from django.utils import translation

from pagoefectivo.domain import exceptions
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode, Who
from pagoefectivo.domain.exceptions import PagoEfectivoError, Reason
from pagoefectivo.providers.registry import provider_named, provider_slugs


def test_R14_every_code_is_explained() -> None:
    assert set(CATALOGUE) == set(ErrorCode)


@pytest.mark.parametrize("code", ErrorCode)
def test_R14_every_entry_says_what_happened_and_what_comes_next(code: ErrorCode) -> None:
    entry = CATALOGUE[code]
    with translation.override("en"):
        message, next_step = entry.sentence(), entry.next_sentence()
    assert isinstance(entry.who, Who)
    for sentence in (message, next_step):
        assert re.fullmatch(r"[A-Z“].{7,}[.!?]", sentence), sentence
    assert message != next_step
    if entry.who not in {Who.NOBODY, Who.PROVIDER}:
        assert not next_step.startswith("Nothing to do"), "somebody of the shop must act, so there is something to do"


LIMIT = {"act", "limit", "reached", "who"}
WAIT = {"ago", "left"}
OVERLAP = {"name", "days"}
MONTH = {"month", "number", "parts", "line"}


@pytest.mark.parametrize("code", ErrorCode)
def test_a_sentence_names_only_values_that_are_words(code: ErrorCode) -> None:
    entry = CATALOGUE[code]
    names = {name for text in (str(entry.message), str(entry.next_step)) for _, name, _, _ in Formatter().parse(text)}
    known = {"field", "minimum", "maximum", "remaining", "date", "raw", "scope"}
    assert names - {None} <= known | LIMIT | WAIT | OVERLAP | MONTH


def test_a_value_that_is_not_known_reads_as_a_dash() -> None:
    with translation.override("en"):
        assert "–" in CATALOGUE[ErrorCode.REFUND_AMOUNT_EXCEEDED].sentence()


def test_a_reason_speaks_with_its_values() -> None:
    with translation.override("en"):
        reason = Reason(ErrorCode.REFUND_AMOUNT_EXCEEDED, values={"remaining": "S/ 39.90"})
        assert reason.message == "Only S/ 39.90 is left to refund."
        assert reason.next_step == "Lower the amount."


def test_the_name_of_a_code_is_its_value_for_ever() -> None:
    assert [code for code in ErrorCode if code.name != code.value] == []
    assert [code for code in ErrorCode if not re.fullmatch(r"[A-Z][A-Z_]{2,39}", code)] == []


@pytest.mark.parametrize("slug", provider_slugs())
def test_every_code_of_a_providers_tables_is_in_the_catalogue(slug: str) -> None:
    provider = provider_named(slug)
    assert {rule.code for rule in provider.errors.values()} <= set(CATALOGUE)


def test_every_exception_of_ours_carries_a_code_of_the_catalogue() -> None:
    ours = [
        each for each in vars(exceptions).values() if isinstance(each, type) and issubclass(each, PagoEfectivoError)
    ]
    assert len(ours) >= 12
    assert [each for each in ours if each.code not in CATALOGUE] == []
