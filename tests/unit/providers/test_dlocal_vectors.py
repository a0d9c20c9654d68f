"""The published signatures: ours are the same to the last bit."""

from __future__ import annotations

import pytest

from pagoefectivo.providers.dlocal.webhook import signature
from pagoefectivo.providers.signing import hmac_sha256, index_of_match
from tests.unit.providers.stage import sample

LOGIN, SECRET = "lg_test_PE01", "sk_demo_9f2c71"
D5 = "65418a85276ab7629afb5e111a801bda94a5fe06dc3b3ecf4e8c4ef3cd4da8ec"
D5X = "505863feb3455ce21693a401d85719cd6d642b83f0553c9aa02cc3145f77aaf4"


def test_the_vector_of_dlocals_own_documentation() -> None:
    signed = signature("1955gdod", "2022-11-24T15:42:57.130Z", b"", "secretKey123")
    assert signed == "98211fe059efc3606b831a1c30a3c6d7448e598b515a15456ae9ebc157314aa2"


@pytest.mark.parametrize(
    ("date", "body", "expected"),
    [
        pytest.param(
            "2026-11-22T14:05:06.123Z",
            "vector_create.json",
            "350d0240de5632f46899c883c6ef5dccb38c52b52531d3aac4ceb9ca372d729d",
            id="D1-create-with-an-accent",
        ),
        pytest.param(
            "2026-11-22T14:05:06.123Z",
            "",
            "4087d170c4d53a271e6532f1873ba920859e4dff71ea92bbcaae9dae0c5d5044",
            id="D2-get",
        ),
        pytest.param(
            "2026-11-22T14:05:06Z",
            "",
            "434f98cb093c4960367da8a552e88f4f19feac03d08ac7f7fe6e2f7e7d2ea905",
            id="D3-get-with-seconds",
        ),
        pytest.param(
            "2026-11-23T10:00:00.000Z",
            "vector_refund.json",
            "bade1e4cad5cef66c80730f1baec784b8c6650212524b57187fb12e16353af02",
            id="D4-refund",
        ),
        pytest.param("2026-11-22T14:20:00.000Z", "vector_notification.json", D5, id="D5-notification"),
    ],
)
def test_the_vectors_of_the_fact_sheet(date: str, body: str, expected: str) -> None:
    assert signature(LOGIN, date, sample(body) if body else b"", SECRET) == expected


def test_a_notification_written_anew_has_another_signature() -> None:
    rewritten = sample("vector_notification.json").replace(b"100.50", b"100.5")
    signed = signature(LOGIN, "2026-11-22T14:20:00.000Z", rewritten, SECRET)
    assert signed == D5X
    assert signed != D5


def test_the_primitive_agrees_with_an_independent_implementation() -> None:
    assert (
        hmac_sha256("its_a_secret", b"test message")
        == "df8b183bbf9493d8fcfeb5cdc3f084bafcac5ce4155e8bb6b1b007cdeb21ebba"
    )


@pytest.mark.parametrize(
    ("received", "index"), [("aa", 0), ("bb", 1), ("cc", None), ("", None), ("a", None), ("ñ", None)]
)
def test_a_match_names_the_secret_and_nothing_else_matches(received: str, index: int | None) -> None:
    assert index_of_match(["aa", "bb"], received) == index


def test_with_no_secret_nothing_matches() -> None:
    assert index_of_match([], "") is None
