"""What a person holds in hand is told apart by its look; from a letter its clues are taken, and nothing makes it slow."""

from __future__ import annotations

import pytest

from pagoefectivo.domain.clues import LONGEST, MOST, Kind, account_of, document_of, phone_of, read

LETTER = """Estimados: el 24/11/2026 a las 10:32 p. m. pagué S/ 1,089.90 con el CIP 1234 5678 (pedido A-1042).
Mi correo es maria.quispe@example.pe, mi celular +51 987 654 321. Operación 00123456, DNI: 45678912.
La devolución rfd_0a1b2c no llegó; constancia C-ABCD2345, su referencia T-648-124-ABC. Desde 10.0.0.1, 2026-11-24."""


@pytest.mark.parametrize(
    ("term", "likeliest", "besides"),
    [
        ("12345678", Kind.CODE, {Kind.DOCUMENT, Kind.OPERATION, Kind.REFERENCE}),
        ("1234 5678", Kind.CODE, {Kind.DOCUMENT, Kind.OPERATION, Kind.REFERENCE}),
        ("12345678901234", Kind.CODE, {Kind.OPERATION, Kind.REFERENCE, Kind.PHONE}),
        ("20123456789", Kind.CODE, {Kind.DOCUMENT, Kind.PHONE, Kind.OPERATION, Kind.REFERENCE}),
        ("987654321", Kind.CODE, {Kind.PHONE, Kind.DOCUMENT, Kind.OPERATION, Kind.REFERENCE}),
        ("987 654 321", Kind.PHONE, {Kind.CODE, Kind.DOCUMENT, Kind.OPERATION, Kind.REFERENCE}),
        ("+51 987 654 321", Kind.PHONE, {Kind.CODE, Kind.DOCUMENT, Kind.OPERATION, Kind.REFERENCE}),
        ("(01) 456-7890", Kind.CODE, {Kind.PHONE, Kind.DOCUMENT, Kind.OPERATION, Kind.REFERENCE}),
        ("0042", Kind.ACCOUNT, {Kind.REFERENCE}),
        ("  Maria.Quispe@example.pe ", Kind.EMAIL, set()),
        ("rfd_0a1b", Kind.REFUND, set()),
        ("vch_0a1b", Kind.VOUCHER, set()),
        ("C-ABCD2345", Kind.PROOF, {Kind.REFERENCE, Kind.OPERATION}),
        ("A-1042", Kind.REFERENCE, set()),
        ("AB123456", Kind.REFERENCE, {Kind.DOCUMENT, Kind.OPERATION}),
        ("%", Kind.REFERENCE, set()),
    ],
)
def test_a_term_is_taken_for_what_it_looks_like_and_looked_for_as_all_that_it_may_be(
    term: str, likeliest: Kind, besides: set[Kind]
) -> None:
    clues = read(term)
    assert clues.is_whole
    (clue,) = clues.found
    assert clue.kinds[0] is likeliest
    assert set(clue.kinds[1:]) == besides


def test_from_a_letter_come_its_clues_and_neither_its_days_nor_its_sums() -> None:
    clues = read(LETTER)
    assert not clues.is_whole
    assert [clue.text for clue in clues.found] == [
        *("maria.quispe@example.pe", "rfd_0a1b2c", "C-ABCD2345", "+51 987 654 321", "1234 5678"),
        *("A-1042", "00123456", "45678912", "T-648-124-ABC"),
    ]


def test_a_code_is_found_however_it_is_spaced() -> None:
    for written in ("99 887 766", "9988 7766", "998-877-6612", "12 3456 7890"):
        (clue, *_) = read(f"Pagué con el CIP {written}, gracias.").found
        assert (clue.text, clue.kinds[0]) == (written, Kind.CODE)


def test_a_letter_without_a_clue_has_none() -> None:
    assert read("").found == ()
    assert read(" \n ").found == ()
    assert read("' OR 1=1 --").found == ()
    assert read("Hola, ¿dónde está mi dinero? Pagué ayer S/ 89.90.").found == ()


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 5000,
        "a@" * 5000,
        "@" * 9000,
        "9 9" * 3000,
        "51 9" * 3000,
        "x@" + "a" * 9000,
        "A-1042 " * 2000,
        "a\0b 1\0",
    ],
)
def test_however_long_or_odd_a_text_is_few_clues_of_its_beginning_are_taken(text: str) -> None:
    clues = read(text)
    assert len(clues.found) <= MOST
    assert all(len(clue.text) <= 255 and "\0" not in clue.text for clue in clues.found)


def test_what_stands_far_behind_is_not_looked_at() -> None:
    assert read("Hola, dime" + " " * LONGEST + "12345678").found == ()


def test_a_phone_a_document_and_an_account_are_compared_by_what_does_not_depend_on_how_they_are_written() -> None:
    assert {phone_of(each) for each in ("+51987654321", "987 654 321", "0051 987-654-321")} == {"987654321"}
    assert phone_of("12345") == ""
    assert document_of("45.678.912") == document_of("45678912") == "45678912"
    assert document_of("ab-1234") == "AB1234"
    assert document_of("1") == ""
    assert account_of("002-193-00123456789-2201") == account_of("2201") == "2201"
    assert account_of("1") == ""
