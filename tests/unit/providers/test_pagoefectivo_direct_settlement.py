"""PagoEfectivo's plain settlement file under the names that an account's files have."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.utils.translation import override

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.messages import SettlementKind, SettlementRow
from pagoefectivo.providers.base import SettlementReader
from pagoefectivo.providers.reports import reader_of
from pagoefectivo.services.accounts import account_named
from tests.unit.providers.reports_stage import SAMPLES

KEYS = {"id_service": "1234", "access_key": "A", "secret_key": "B"}
SPANISH = {
    "SETTLEMENT_COLUMNS": {"type": "Operación", "code": "CIP", "amount": "Monto", "currency": "Moneda", "net": "Neto"},
    "SETTLEMENT_TYPES": {"payment": "Pago"},
}
OTHER_NAMES = (SAMPLES / "pagoefectivo_direct" / "settlement_plain_refused_other_names.csv").read_bytes()


@pytest.fixture
def readers_with(settings: Any) -> Any:
    def of(**options: Any) -> tuple[SettlementReader, ...]:
        entry = {"PROVIDER": "pagoefectivo_direct", "CREDENTIALS": KEYS, "OPTIONS": options}
        settings.PAGOEFECTIVO = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": {"default": entry}}
        return account_named("default").settlement_readers

    return of


@override("en")
def read(readers: tuple[SettlementReader, ...], content: bytes) -> list[SettlementRow]:
    file = io.BytesIO(content)
    return list(reader_of(readers, file).read(file))


def refusal(readers: tuple[SettlementReader, ...], content: bytes) -> tuple[int, str]:
    with pytest.raises(UnreadableFile) as caught:
        read(readers, content)
    return caught.value.line, caught.value.why


def test_a_file_with_other_names_is_read_once_the_account_says_them(readers_with: Any) -> None:
    content = OTHER_NAMES.replace(b"95.18", b"100.50")
    missing, unknown = "type, code, amount, currency, net", "Operación, CIP, Monto, Moneda, Neto"
    assert refusal(readers_with(), content) == (1, f"Missing columns: {missing}. Unknown columns: {unknown}.")
    (row,) = read(readers_with(**SPANISH), content)
    assert (row.facts.kind, row.facts.raw_kind, row.code, f"{row.facts.net}") == (
        SettlementKind.PAYMENT,
        "Pago",
        "230171234",
        "100.50",
    )


def test_a_refusal_calls_a_column_as_the_file_does(readers_with: Any) -> None:
    readers = readers_with(**SPANISH)
    assert refusal(readers, OTHER_NAMES) == (2, "Amount and fee do not make the net amount.")
    whole = OTHER_NAMES.replace(b"95.18", b"100.50")
    assert refusal(readers, whole.replace(b"100.50", b"S/ 100")) == (2, "Monto is not an amount.")
    assert refusal(readers, whole.replace(b"230171234", b"A-1")) == (2, "CIP is not a payment code.")
    assert refusal(readers, whole.replace(b"Pago", b"payment"))[1].startswith("Operación says payment")


def test_a_column_that_is_not_read_may_be_there_where_the_account_says_so(readers_with: Any) -> None:
    content = b"type,code,amount,currency,net,email\npayment,230171234,10.00,PEN,10.00,maria@example.com\n"
    assert refusal(readers_with(), content) == (1, "Unknown columns: email.")
    assert len(read(readers_with(SETTLEMENT_IGNORED=["email"]), content)) == 1


def test_a_reference_that_reached_pagoefectivo_cut_is_none(readers_with: Any) -> None:
    content = b"type,code,reference,amount,currency,net\npayment,000230171234,-%s,10.00,PEN,10.00\n" % (b"a" * 35)
    (row,) = read(readers_with(), content)
    assert (row.reference, row.code, row.provider_reference) == ("", "230171234", "230171234")


def test_a_row_is_the_same_in_a_file_that_repeats_it(readers_with: Any) -> None:
    content = (SAMPLES / "pagoefectivo_direct" / "settlement_plain.csv").read_bytes()
    header, *lines = content.splitlines(keepends=True)
    whole = [row.identity for row in read(readers_with(), content)]
    assert [row.identity for row in read(readers_with(), header + b"".join(lines[2:]))] == whole[2:]
