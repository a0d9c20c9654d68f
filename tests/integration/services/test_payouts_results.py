"""A file of the bank's results: looked at first, recorded whole or not at all, every refusal with its line."""

from __future__ import annotations

from typing import Any

import pytest

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ErrorOccurrence, Refund
from pagoefectivo.services import payout_results
from pagoefectivo.services.payout_results import Review
from tests.integration.by_hand import hand_over, paid, person, ready, today
from tests.integration.ledger import everything

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("by_hand")]


@pytest.fixture
def handed_over(paid_order: Any) -> list[Refund]:
    """Three refunds in one payout file."""
    for number in (1, 2, 3):
        paid_order(f"A-{number}")
    made = [ready(f"A-{number}") for number in (1, 2, 3)]
    hand_over()
    return made


def written(*lines: str, header: str = "reference,result,operation_number,date,code") -> bytes:
    return "\r\n".join((header, *lines)).encode("utf-8-sig")


def bring(content: bytes, *, dry_run: bool = False, by: str = "luz") -> Review:
    return payout_results.record_file(content, actor=person(by), source=Source.STAFF, dry_run=dry_run)


def complaints(review: Review) -> list[tuple[int, str, str]]:
    return [(each.result.line, each.refusal.code, each.refusal.field) for each in review.refusals if each.refusal]


def states() -> list[str]:
    return list(Refund.objects.order_by("pk").values_list("state", flat=True))


def test_a_file_marks_many_at_once_after_a_dry_run_that_writes_nothing(handed_over: list[Refund]) -> None:
    first, second, third = handed_over
    content = written(
        f"{first.reference},paid,00101,{today()},",
        f"{second.reference},RECHAZADO,,{today():%d/%m/%Y},refund_account_closed",
        f"'{third.reference},pagado,'00102,{today()},",
    )
    before = everything()
    review = bring(content, dry_run=True)
    assert (complaints(review), review.is_recorded, everything() == before) == ([], False, True)
    review = bring(content)
    assert (complaints(review), review.is_recorded) == ([], True)
    assert states() == ["succeeded", "failed", "succeeded"]
    assert [each.provider_reference for each in Refund.objects.order_by("pk")] == ["00101", "", "00102"]
    assert ErrorOccurrence.objects.get().code == "REFUND_ACCOUNT_CLOSED"


def test_one_bad_line_and_nothing_is_recorded(handed_over: list[Refund]) -> None:
    first, second, third = handed_over
    content = written(
        f"{first.reference},paid,101,{today()},",
        "",
        f"{second.reference},paid,101,{today()},",
        f"{first.reference},paid,103,{today()},",
        f"{third.reference},rejected,,{today()},because",
        "R-UNKNOWN,paid,104,,",
        f"{third.reference},paid,105,,",
    )
    before = everything()
    for dry_run in (True, False):
        review = bring(content, dry_run=dry_run)
        assert complaints(review) == [
            (4, "PAYOUT_OPERATION_REUSED", ""),
            (5, "PAYOUT_RESULT_INVALID", "reference"),
            (6, "PAYOUT_RESULT_INVALID", "code"),
            (7, "NOT_FOUND", ""),
            (8, "PAYOUT_RESULT_INVALID", "date"),
        ]
        assert not review.is_recorded
    assert everything() == before


def test_the_same_file_twice_changes_nothing(handed_over: list[Refund]) -> None:
    content = written(f"{handed_over[0].reference},paid,101,{today()},")
    bring(content)
    before = everything()
    assert complaints(bring(content)) == [(2, "STATE_CONFLICT", "")]
    assert everything() == before


def test_a_line_about_ones_own_refund_is_refused_with_the_whole_file(handed_over: list[Refund]) -> None:
    content = written(f"{handed_over[0].reference},paid,101,{today()},")
    before = everything()
    for cheat in ("ana", "beto"):
        assert complaints(bring(content, by=cheat)) == [(2, "PAYOUT_SELF", "")]
    assert everything() == before


def test_money_that_came_back_may_be_in_the_file(handed_over: list[Refund]) -> None:
    paid(handed_over[0])
    assert bring(written(f"{handed_over[0].reference};devuelto;{today()}", header="reference;result;date")).is_recorded
    assert states() == ["returned", "pending", "pending"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 0),
        (b"reference,result\r\n", 0),
        (b"\xff\xfe\x00", 0),
        (b"x" * (1024 * 1024 + 1), 0),
        (b"reference,outcome\nR-1,paid\n", 1),
        (b"reference,result,result\nR-1,paid,paid\n", 1),
        (b"R-1,paid\n", 1),
        (b"reference,result\nR-1,paid,1\n", 2),
        (b"reference,result\nR-1,perhaps\n", 2),
        (b"reference,result,date\nR-1,paid,2026-11-23\n\nR-2,paid,11/23/2026\n", 4),
        (b'reference,result\n"R-1,paid\n', 2),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused_with_the_line(
    handed_over: list[Refund], content: bytes, line: int
) -> None:
    before = everything()
    with pytest.raises(UnreadableFile) as refused:
        bring(content)
    assert (refused.value.line, bool(refused.value.why)) == (line, True)
    assert everything() == before
