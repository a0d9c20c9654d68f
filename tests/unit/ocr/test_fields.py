"""What is found on the lines of a receipt, and what counts as surely read."""

from __future__ import annotations

import pytest

from pagoefectivo.domain.proofs import Field
from pagoefectivo.ocr.base import Line
from pagoefectivo.ocr.fields import fields_on

SIZE = (900, 1400)


def lines(*texts: str, sureness: float = 1.0) -> list[Line]:
    """Lines one below the other; `|` parts what stands at the left from what stands at the right."""
    made = []
    for row, text in enumerate(texts):
        for side, part in enumerate(text.split("|")):
            left = 40 + 450 * side
            made.append(Line(part, (sureness,) * len(part), (left, 60 + 90 * row, left + 380, 100 + 90 * row)))
    return made


def found(*texts: str) -> dict[Field, tuple[str, float]]:
    return {each.field: (each.text, each.confidence) for each in fields_on(lines(*texts), *SIZE)}


@pytest.mark.parametrize(
    ("texts", "field", "value"),
    [
        (("CIP: 12345678",), Field.CODE, "12345678"),
        (("Código de pago|1234 5678",), Field.CODE, "1234 5678"),
        (("Codigo CIP", "12345678"), Field.CODE, "12345678"),
        (("N° de operación|00482913",), Field.OPERATION, "00482913"),
        (("OPERACION:00482913",), Field.OPERATION, "00482913"),
        (("NR0 0PERACI0N 00482913",), Field.OPERATION, "00482913"),
        (("Operación exitosa", "CIP 12345678", "Nro. op 00482913"), Field.OPERATION, "00482913"),
        (("Monto|S/ 1,234.50",), Field.AMOUNT, "S/ 1,234.50"),
        (("Yapeaste", "S/ 89.90"), Field.AMOUNT, "S/ 89.90"),
        (("IMPORTE S/ 89.90", "COMISION S/ 1.50", "TOTAL S/ 91.40"), Field.AMOUNT, "S/ 89.90"),
        (("Fecha: 24/11/202610:32",), Field.PAID_ON, "24/11/2026 10:32"),
        (("24 nov. 2026 - 10:32 a. m.",), Field.PAID_ON, "24 nov. 2026 10:32 a. m."),
        (("Fecha|24/11/2026", "Hora|10:32:05"), Field.PAID_ON, "24/11/2026 10:32:05"),
        (("Fecha 24/11/2026 10:32", "Hora 11:20"), Field.PAID_ON, "24/11/2026"),
        (("Vence 24/11/2026 23:59", "Fecha 24/11/2026"), Field.PAID_ON, "24/11/2026"),
        (("Fecha 24/11/2026 op. 4829 10:32",), Field.PAID_ON, "24/11/2026"),
        (("Vence 30/11/2026", "Fecha 24-11-2026"), Field.PAID_ON, "24-11-2026"),
        (("AGENTE KASNET",), Field.CHANNEL, "KasNet"),
    ],
)
def test_a_field_is_found_by_its_label_beside_above_or_by_its_looks(
    texts: tuple[str, ...], field: Field, value: str
) -> None:
    assert found(*texts)[field] == (value, 1.0)


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        (("12345678",), Field.CODE),
        (("Monto: 89.90",), Field.AMOUNT),
        (("Monto: S/ 90",), Field.AMOUNT),
        (("IMPORTE", "TOTAL S/ 91.40"), Field.AMOUNT),
        (("Operación exitosa", "CIP 12345678"), Field.OPERATION),
        (("Operación", "Fecha: 24/11/2026"), Field.OPERATION),
        (("Vence 30/11/2026",), Field.PAID_ON),
    ],
)
def test_what_would_have_to_be_guessed_is_not_found(texts: tuple[str, ...], field: Field) -> None:
    assert field not in found(*texts)


def test_a_field_that_stands_there_twice_with_different_values_is_a_guess() -> None:
    assert found("Monto S/ 89.90", "Monto S/ 8.90")[Field.AMOUNT][1] == 0.0
    assert found("Monto S/ 89.90", "Importe S/ 89.90")[Field.AMOUNT][1] == 1.0


def test_a_value_at_the_edge_of_the_picture_may_have_lost_a_digit() -> None:
    line = Line("CIP 1234567", (1.0,) * 11, (500, 60, 899, 100))
    assert [(each.text, each.confidence) for each in fields_on([line], 900, 1400)] == [("1234567", 0.0)]


def test_an_hour_that_is_not_surely_read_is_left_out_and_the_day_stands() -> None:
    sureness = [1.0] * 23
    sureness[21] = 0.4
    seen = fields_on([Line("Fecha: 24/11/2026 10:32", tuple(sureness), (40, 60, 420, 100))], *SIZE)
    assert [(each.text, each.confidence) for each in seen] == [("24/11/2026", 1.0)]


def test_one_doubtful_digit_spoils_a_number_and_a_doubtful_label_does_not() -> None:
    sureness = [1.0] * 13
    sureness[0], sureness[9] = 0.2, 0.4
    seen = fields_on([Line("CIP: 12345678", tuple(sureness), (40, 60, 420, 100))], *SIZE)
    assert [each.confidence for each in seen] == [0.4]
    sureness[9] = 1.0
    seen = fields_on([Line("CIP: 12345678", tuple(sureness), (40, 60, 420, 100))], *SIZE)
    assert [each.confidence for each in seen] == [1.0]
