"""A CCI: twenty digits, whose bank and check digits are only ever a reason to look again."""

from __future__ import annotations

import pytest
from django.utils import translation

from pagoefectivo.domain.bank_accounts import cci_doubts, check_digits, destination_objections, tidy
from pagoefectivo.domain.messages import Destination

# Worked by hand: 0·1 0·2 2·1 1·2 9·1 3·2 = 19, and to the next ten 1; likewise the account, 47 and 3.
GOOD = "00219300123456789013"


def test_the_check_digits_are_those_worked_out_by_hand() -> None:
    assert check_digits("002193001234567890") == "13"
    assert check_digits("000000000000000000") == "00"


def test_one_wrong_digit_is_noticed_wherever_it_stands() -> None:
    for place, digit in enumerate(GOOD):
        for other in "0123456789".replace(digit, ""):
            mistyped = f"{GOOD[:place]}{other}{GOOD[place + 1 :]}"
            assert cci_doubts(mistyped), mistyped
    assert cci_doubts(GOOD) == ()


def test_an_unknown_bank_is_a_doubt_of_its_own() -> None:
    body = "999193001234567890"
    with translation.override("en"):
        said = [doubt.sentence for doubt in cci_doubts(body + check_digits(body))]
    assert said == ["We do not know a bank with the code 999."]


@pytest.mark.parametrize("written", [GOOD, "002-193-001234567890-13", "002 193 001234567890 13"])
def test_a_cci_is_read_however_it_is_grouped_and_names_its_bank(written: str) -> None:
    read = tidy(Destination(account_number=written))
    assert (read.account_number, read.bank_code) == (GOOD, "002")


@pytest.mark.parametrize("written", ["", "1" * 19, "1" * 21, "0021930012345678901x", "٠" * 20])
def test_what_is_no_cci_stays_as_it_is_and_is_no_cci(written: str) -> None:
    read = tidy(Destination(account_number=written))
    assert read.account_number == written
    codes = [each.code for each in destination_objections(read, {"account_number"}, needs_cci=True)]
    assert codes == ["REFUND_ACCOUNT_INVALID" if written else "REFUND_DESTINATION_INVALID"]
    assert cci_doubts(written) == ()


def test_every_reason_is_named_at_once() -> None:
    wrong = Destination(document_type="DNI", document_number="1", account_number=GOOD, bank_code="011")
    reasons = destination_objections(wrong, {"holder_name", "account_number"}, needs_cci=True)
    assert [(each.code, each.field) for each in reasons] == [
        ("REFUND_DESTINATION_INVALID", "destination.holder_name"),
        ("REFUND_DESTINATION_INVALID", "destination.document_number"),
        ("REFUND_BANK_MISMATCH", "destination.bank_code"),
    ]
