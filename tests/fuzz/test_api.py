"""The API asked what its description allows and forbids, and bodies that no shop should send."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from pagoefectivo.api.v1.schema import openapi
from pagoefectivo.services import api_keys
from tests.fuzz import api
from tests.fuzz.stage import SHOP
from tests.integration.api.conftest import EVERY_SCOPE, ROOT, ApiClient, decided, order_like, problem, written

pytestmark = pytest.mark.django_db(transaction=True)

RANDOM_QUESTIONS = 168
ODD_LEAVES = (
    *("NaN", "-Infinity", "1e400", "-0", "9" * 400, "9" * 5000, "1" + "0" * 30, "0.1e-999", "true", "null", "[]", "{}"),
    *('"\\ud83d"', '"\\u0000"', '"\\ud83d\\ude00"', '"\\uffff"', '"\\u202e"', '""', '" "', '"' + "x" * 3000 + '"'),
    *("[" * 15 + "]" * 15, "[" * 17 + "]" * 17, "[" * 9000 + "]" * 9000, '{"a":1,"a":2}', '{"":{}}', "'x'", "01", ""),
)
PLACES = ("reference", "amount", "currency", "account", "payer", "expires_in", "description", "metadata", "state")


@pytest.fixture(autouse=True)
def _shop(settings: Any) -> Iterator[None]:
    settings.PAGOEFECTIVO = SHOP
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_the_api_is_what_its_description_says() -> None:
    figures = api.run(1, RANDOM_QUESTIONS, phases=("examples", "fuzzing"))
    assert figures.failures == []
    assert len({label.partition(": ")[2] for label in figures.kinds}) == api.OPERATIONS
    assert {"200", "201", "400", "409", "422"} <= figures.answers.keys()
    assert not {status for status in figures.answers if status >= "5"}


def test_no_operation_answers_without_a_key_or_to_a_wrong_one() -> None:
    before = written()
    operations = [(path, method) for path, methods in openapi()["paths"].items() for method in methods]
    assert len(operations) == api.OPERATIONS
    for path, method in operations:
        door = ROOT + path.replace("{reference}", "F-0").replace("{refund_id}", "rfd_1").replace(
            "{settlement_id}", "1"
        ).removeprefix("/")
        for headers in ({}, {"Authorization": "Api-Key wrong"}, {"Authorization": "Bearer x"}, {"Authorization": ""}):
            answer: Any = Client().generic(method, door, headers=headers)
            assert (answer.status_code, problem(answer)["code"]) == (401, "NOT_AUTHENTICATED")
    assert written() == before


def leaf() -> st.SearchStrategy[str]:
    """A value as it stands in a body, which may be none."""
    plain = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
        max_leaves=6,
    )
    return st.sampled_from(ODD_LEAVES) | plain.map(json.dumps)


def test_an_odd_body_is_refused_and_leaves_nothing_behind() -> None:
    # `account` is none of ours, so that no body, however good, reaches a provider
    sound = {name: json.dumps(value) for name, value in order_like(account="nowhere").items()}
    client = ApiClient(api_keys.create_key("odd", EVERY_SCOPE)[1])
    before = decided()
    codes: Counter[str] = Counter()

    @settings(max_examples=80, deadline=None, derandomize=True, database=None)
    @given(
        changes=st.dictionaries(st.sampled_from(PLACES) | st.text(max_size=8), leaf(), max_size=2), twice=st.booleans()
    )
    def refused(changes: dict[str, str], twice: bool) -> None:
        cache.clear()
        fields = [*(sound | changes).items(), *(changes.items() if twice else ())]
        body = ", ".join(f"{json.dumps(name)}: {value}" for name, value in fields)
        answer = client.post("orders/", f"{{{body}}}".encode("utf-8", "surrogatepass"))
        assert answer.status_code in {400, 422}, body
        codes[problem(answer)["code"]] += 1

    refused()
    assert {"REQUEST_MALFORMED", "REQUEST_INVALID", "REQUEST_FIELD_UNKNOWN", "ACCOUNT_UNKNOWN"} <= codes.keys()
    assert decided() == before
