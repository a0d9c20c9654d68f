"""Files of refunds: what they must look like, and the line and reason of what does not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.refund_files import LARGEST_FILE, MOST_LINES, line_nonce, read_refund_file

HEAD = "reference,amount,reason,note\n"


def test_a_file_is_read_as_spreadsheets_of_peru_write_it() -> None:
    written = '\ufeffReference;Amount;Reason;Note\r\n\'A-1;89.90;damaged;"caja rota; vacía"\r\n;;;\r\nA-2;5;other;\r\n'
    file = read_refund_file(written.encode())
    assert [(line.number, line.reference, line.amount, line.reason, line.note) for line in file.lines] == [
        (2, "A-1", Decimal("89.90"), "damaged", "caja rota; vacía"),
        (4, "A-2", Decimal("5.00"), "other", ""),
    ]
    assert file.nonce_of(file.lines[0]) == line_nonce(file.sha256, 2)
    assert len(file.nonce_of(file.lines[0])) <= 64


def test_line_ends_and_the_mark_make_no_other_file() -> None:
    plain = HEAD + "A-1,5.00,damaged,\nA-2,6.00,damaged,\n"
    same = {plain, plain.replace("\n", "\r\n"), "\ufeff" + plain, plain.rstrip("\n"), plain.replace("\n", "\r")}
    assert len({read_refund_file(each.encode()).sha256 for each in same}) == 1
    assert read_refund_file((plain + "A-3,1.00,damaged,\n").encode()).sha256 != read_refund_file(plain.encode()).sha256


@pytest.mark.parametrize("amount", ["", "1,50", "0", "-1", "=1+1", "NaN", "1e3", "S/ 5", "5.001", "१०"])
def test_an_amount_that_has_to_be_guessed_refuses_its_line_alone(amount: str) -> None:
    file = read_refund_file(f'{HEAD}A-1,"{amount}",damaged,\nA-2,5.00,damaged,\n'.encode())
    assert [line.refusal.code if line.refusal else "" for line in file.lines] == ["REQUEST_AMOUNT_INVALID", ""]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 0),
        (HEAD.encode(), 0),
        (b"\xff\xfer\x00e\x00f\x00", 1),
        (HEAD.encode() + b"A-1,5.00,damaged,\nA-2,5.00,other,d\xe9j\xe0\n", 3),
        (HEAD.encode() + b"A-1,5.00,damaged,a\0b\n", 2),
        (b"reference,amount\nA-1,5.00\n", 1),
        (b"reference,amount,reason,iban\n", 1),
        (b"reference,amount,reason,amount\n", 1),
        (HEAD.encode() + b"A-1,5.00,damaged\n", 2),
        (HEAD.encode() + b'A-1,5.00,damaged,"open\n', 2),
        (HEAD.encode() + b"A-1,5.00,damaged,\n" * (MOST_LINES + 1), MOST_LINES + 2),
        (b"x" * (LARGEST_FILE + 1), 0),
    ],
)
def test_what_cannot_be_read_whole_is_refused_with_its_line(content: bytes, line: int) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read_refund_file(content)
    assert (refusal.value.line, bool(refusal.value.why)) == (line, True)
