"""What an account accepts: bad input is met with a reason per field, before anything is asked of a provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused
from pagoefectivo.domain.limits import VoucherLimits, reference_objections, voucher_objections
from pagoefectivo.domain.messages import Payer
from pagoefectivo.domain.money import parse_amount

PAYER = Payer(
    email="maria.quispe@example.pe", name="María Quispe", phone="+51 987 654 321", document_type="DNI",
    document_number="45678912",
)  # fmt: skip
LIMITS = VoucherLimits(
    amounts={"PEN": (Decimal("2.00"), Decimal("3724.00"))},
    shortest_expiry=timedelta(hours=24),
    longest_expiry=timedelta(hours=72),
    required_payer_fields=frozenset({"name", "email", "document"}),
)


def objections(
    amount: str = "89.90",
    currency: str = "PEN",
    expires_in: timedelta = timedelta(hours=48),
    description: str = "",
    **payer: Any,
) -> tuple[Reason, ...]:
    return voucher_objections(Decimal(amount), currency, expires_in, replace(PAYER, **payer), description, LIMITS)


def _without(field: str) -> Payer:
    return Payer(
        email="" if field == "email" else PAYER.email,
        name="" if field == "name" else PAYER.name,
        document_type=PAYER.document_type,
        document_number=PAYER.document_number,
    )


def fields(found: tuple[Reason, ...]) -> list[tuple[str, ErrorCode]]:
    return [(reason.field, reason.code) for reason in found]


@pytest.mark.parametrize("amount", ["2.00", "89.90", "3724.00"])
def test_amounts_within_the_bounds_pass(amount: str) -> None:
    assert objections(amount) == ()


@pytest.mark.parametrize(
    ("amount", "code", "values"),
    [
        ("1.99", ErrorCode.CREATE_AMOUNT_TOO_LOW, {"minimum": "S/\N{NO-BREAK SPACE}2.00"}),
        ("3724.01", ErrorCode.CREATE_AMOUNT_TOO_HIGH, {"maximum": "S/\N{NO-BREAK SPACE}3,724.00"}),
    ],
)
def test_amounts_outside_the_bounds_are_told_the_bound(amount: str, code: ErrorCode, values: dict[str, str]) -> None:
    (reason,) = objections(amount)
    assert (reason.code, reason.field, reason.values) == (code, "amount", values)


@pytest.mark.parametrize(
    "written",
    [0, "0", "0.00", "-1.00", "1.005", "NaN", "Infinity", "-Infinity", "1e400", "1e3", 12.5, True, None, "", "12,50",
     "1_000", "٣", "0x10", "+1", Decimal("NaN"), Decimal("1E+400"), Decimal("0.001"), 10**10, b"1.00", [1]],
)  # fmt: skip
def test_E05_what_has_to_be_guessed_is_no_amount(written: Any) -> None:
    with pytest.raises(RuleRefused) as refused:
        parse_amount(written)
    assert [reason.code for reason in refused.value.reasons] == [ErrorCode.REQUEST_AMOUNT_INVALID]


def test_a_currency_the_account_lacks_is_refused_once() -> None:
    assert fields(objections(currency="USD")) == [("currency", ErrorCode.CREATE_CURRENCY_UNSUPPORTED)]


@pytest.mark.parametrize("hours", [24, 48, 72])
def test_deadlines_within_the_bounds_pass(hours: int) -> None:
    assert objections(expires_in=timedelta(hours=hours)) == ()


@pytest.mark.parametrize("seconds", [0, -1, 24 * 3600 - 1, 72 * 3600 + 1, 10**9])
def test_deadlines_outside_the_bounds_are_told_them(seconds: int) -> None:
    (reason,) = objections(expires_in=timedelta(seconds=seconds))
    assert reason.code is ErrorCode.CREATE_EXPIRY_INVALID
    assert reason.values == {"minimum": "24 h", "maximum": "72 h"}


@pytest.mark.parametrize("field", ["name", "email"])
def test_a_required_field_that_is_missing_is_named(field: str) -> None:
    assert fields(voucher_objections(Decimal("89.90"), "PEN", timedelta(hours=48), _without(field), "", LIMITS)) == [
        (f"payer.{field}", ErrorCode.CREATE_FIELD_REQUIRED)
    ]


def test_a_document_that_is_missing_is_named() -> None:
    found = objections(document_type="", document_number="")
    assert fields(found) == [("payer.document", ErrorCode.CREATE_FIELD_REQUIRED)]


@pytest.mark.parametrize(
    ("kind", "number"),
    [("DNI", "45678912"), ("DNI", "456789123"), ("RUC", "20123456789"), ("CE", "001043328"), ("PASSPORT", "AB12345")],
)
def test_the_documents_of_peru_are_known(kind: str, number: str) -> None:
    assert objections(document_type=kind, document_number=number) == ()


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("DNI", "4567891"), ("DNI", "4567891234"), ("DNI", "4567891A"), ("DNI", "٤٥٦٧٨٩١٢"), ("RUC", "2012345678"),
        ("CE", "12"), ("PASSPORT", "AB 12345"), ("", "45678912"), ("SSN", "45678912"), ("DNI", "45678912\n"),
    ],
)  # fmt: skip
def test_a_number_that_is_no_such_document_is_refused(kind: str, number: str) -> None:
    found = objections(document_type=kind, document_number=number)
    assert fields(found) == [("payer.document", ErrorCode.CREATE_FIELD_INVALID)]


@pytest.mark.parametrize(
    "email",
    ["maria", "maria@", "@example.pe", "maria@example", "a b@example.pe", "a@b@example.pe", "maria@example.pe\n",
     "maria@example.p", "<maria@example.pe>", "maria@example.pe;x@example.pe", "m" * 65 + "@example.pe"],
)  # fmt: skip
def test_what_is_no_address_is_refused(email: str) -> None:
    assert ("payer.email", ErrorCode.CREATE_FIELD_INVALID) in fields(objections(email=email))


@pytest.mark.parametrize("phone", ["12345", "abc1234567", "+51 987 654 321 000 000 000", "987654321\x00", "٩٨٧٦٥٤٣٢١"])
def test_what_is_no_phone_is_refused(phone: str) -> None:
    assert fields(objections(phone=phone)) == [("payer.phone", ErrorCode.CREATE_FIELD_INVALID)]


@pytest.mark.parametrize("name", ["José Ñahui", "O'Higgins", "李小龙", "محمد", "😀 Quispe", "x" * 100])
def test_names_of_any_script_pass(name: str) -> None:
    assert objections(name=name) == ()


@pytest.mark.parametrize("name", ["x" * 101, "x" * 300, "María\x00", "María\nQuispe", "\x1b[31mMaría"])
def test_long_names_and_control_characters_are_refused(name: str) -> None:
    assert fields(objections(name=name)) == [("payer.name", ErrorCode.CREATE_FIELD_INVALID)]


def test_a_description_is_cut_by_nobody_but_the_shop() -> None:
    assert objections(description="x" * 200) == ()
    assert fields(objections(description="x" * 201)) == [("description", ErrorCode.CREATE_FIELD_INVALID)]
    assert fields(objections(description="a\x00b")) == [("description", ErrorCode.CREATE_FIELD_INVALID)]


def test_every_wrong_field_is_told_at_once() -> None:
    found = objections("1.00", expires_in=timedelta(hours=1), name="", phone="x", description="\x00")
    assert [name for name, _ in fields(found)] == ["amount", "expires_in", "payer.name", "payer.phone", "description"]


@pytest.mark.parametrize("reference", ["A", "A-1042", "a.b_c~d:e-f", "9", "x" * 64])
def test_references_that_can_stand_in_an_address_pass(reference: str) -> None:
    assert reference_objections(reference) == ()


@pytest.mark.parametrize(
    "reference", ["", " ", "-A", ".", "..", "a/b", "a b", "a?b", "ñ", "😀", "a\n", "a\x00", "x" * 65, "\u202eA-1"]
)
def test_references_that_cannot_are_refused(reference: str) -> None:
    assert fields(reference_objections(reference)) == [("reference", ErrorCode.CREATE_FIELD_INVALID)]
