"""Nothing secret or personal is left in what people read."""

from __future__ import annotations

import json

import pytest

from pagoefectivo.domain import messages
from pagoefectivo.domain.redaction import (
    MASK,
    mask_code,
    mask_email,
    mask_phone,
    redact_body,
    redact_headers,
    redact_text,
)

CANARIES = {
    "login": "CANARY-LOGIN",
    "trans_key": "CANARY-TRANS",
    "secret_key": "CANARY-SECRET",
    "name": "CANARY-NAME",
    "email": "canary@example.pe",
    "document": "45678912",
    "phone": "987654321",
    "number": "0123456789",
    "barcode": "0123456789",
    "bank_account": "00219100123456789012",
}


def test_G02_G03_a_body_keeps_none_of_its_canaries_at_any_depth() -> None:
    secret = {key: value for key, value in CANARIES.items() if key != "login"}
    body = {"id": "D-1", "status": "PAID", **secret, "payer": secret, "refunds": [{"id": "REF1", "payer": [secret]}]}
    shown = redact_body(json.dumps(body).encode())
    assert [value for value in secret.values() if value in shown] == []
    assert json.loads(shown)["status"] == "PAID"
    assert json.loads(shown)["refunds"][0]["id"] == "REF1"


@pytest.mark.parametrize("key", ["Email", "EMAIL", "Name", "Document", "Trans_Key"])
def test_G03_a_key_is_known_in_any_spelling(key: str) -> None:
    assert json.loads(redact_body(json.dumps({key: "x"}).encode())) == {key: MASK}


@pytest.mark.parametrize(
    "key",
    [
        *("accessKey", "hashString", "token", "cip", "Cip", "cipUrl"),
        *("userEmail", "userName", "userLastName", "userPhone", "userDocumentNumber"),
    ],
)
def test_G03_what_pagoefectivo_itself_calls_secret_and_personal_is_masked(key: str) -> None:
    shown = json.loads(redact_body(json.dumps({"data": [{key: 12345678, "status": 23}]}).encode()))
    assert shown == {"data": [{key: MASK, "status": 23}]}


def test_G03_an_address_under_an_unknown_key_is_taken_out() -> None:
    assert CANARIES["email"] not in redact_body(json.dumps({"detail": f"sent to {CANARIES['email']}!"}).encode())


@pytest.mark.parametrize("body", [b"<html>CANARY</html>", b"\xff\xfe", b"name=CANARY", b"{", b"[" * 100_000])
def test_G02_what_cannot_be_read_is_not_shown(body: bytes) -> None:
    assert "CANARY" not in redact_body(body)
    assert redact_body(body) == "(unreadable body)"


def test_an_empty_body_stays_empty() -> None:
    assert redact_body(b"") == ""


def test_G02_headers_show_only_what_is_known_to_be_harmless() -> None:
    shown = redact_headers(
        {"X-Login": "CANARY", "X-Trans-Key": "CANARY", "Authorization": "CANARY", "Cookie": "CANARY",
         "X-Something-New": "CANARY", "X-Date": "2026-11-23", "Content-Type": "application/json"}
    )  # fmt: skip
    assert "CANARY" not in str(shown)
    assert shown["X-Date"] == "2026-11-23"
    assert shown["Content-Type"] == "application/json"
    assert set(shown) >= {"X-Login", "Authorization"}, "that a header was there may be known"


def test_G21_no_control_character_of_a_header_is_kept_for_a_database_cannot_hold_each() -> None:
    assert redact_headers({"Retry-After": "\x0012\r\n", "X-\x00Odd": "x"}) == {"Retry-After": " 12 ", "X- Odd": MASK}


def test_half_a_character_in_a_body_is_shown_as_it_was_written() -> None:
    shown = redact_body(b'{"status": "\\ud800 \\u00d1"}')
    assert shown.encode() == '{\n  "status": "\\ud800 Ñ"\n}'.encode()


def test_G02_G21_a_free_text_keeps_no_number_address_or_line_break() -> None:
    text = redact_text("user canary@example.pe\r\nINFO paid 45678912 with 0123456789")
    assert "canary@" not in text
    assert not any(character in text for character in "\r\n\x00")
    assert "45678912" not in text
    assert "0123456789" not in text
    assert len(redact_text("x" * 500)) == 200


@pytest.mark.parametrize(("code", "shown"), [("0123456789", f"{MASK}789"), ("12", f"{MASK}12"), ("", "")])
def test_a_code_shows_its_end_only(code: str, shown: str) -> None:
    assert mask_code(code) == shown


@pytest.mark.parametrize(
    ("email", "shown"), [("maria@example.pe", f"m{MASK}@example.pe"), ("", MASK), ("no-address", MASK)]
)
def test_an_address_shows_its_first_letter_and_domain(email: str, shown: str) -> None:
    assert mask_email(email) == shown


@pytest.mark.parametrize(
    ("phone", "shown"), [("+51 987 654 321", f"+51 {MASK}"), ("987654321", f"9876{MASK}"), ("4321", MASK), ("", MASK)]
)
def test_a_phone_never_shows_the_three_digits_that_open_a_refunds_page(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


def test_G02_messages_do_not_show_personal_data_when_printed() -> None:
    payer = messages.Payer("CANARY@example.pe", "CANARY", "CANARY", "DNI", "CANARY")
    destination = messages.Destination("CANARY", "CANARY", "CANARY", "CANARY", "CANARY", "CANARY")
    assert "CANARY" not in repr(payer) + repr(destination)
