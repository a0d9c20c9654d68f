"""A handful of drawn receipts through the real code: `dev.py receipts` does it with hundreds."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from pagoefectivo.domain.proofs import Field, Seen, Verdict, compare
from pagoefectivo.ocr.engine import RapidEngine
from pagoefectivo.ocr.fields import fields_on
from pagoefectivo.ocr.fingerprints import NEAR, SAME, difference, distance
from pagoefectivo.ocr.forensics import SUSPICIOUS, edited_part
from pagoefectivo.ocr.pictures import cleaned
from tests.receipts.conditions import ODD, Sample, forged_picture, honest_picture, photographed
from tests.receipts.drawing import jpeg, receipt, truth_of
from tests.receipts.judging import NUMBERS, Judged, false_matches, known_by
from tests.receipts.uploads import saved_again


def test_the_engine_reads_a_photo_in_a_process_of_its_own_and_takes_no_wrong_digit_for_a_match() -> None:
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    dice = random.Random(3)
    truth = truth_of("agent_ticket", dice)
    picture = cleaned(photographed(receipt(truth), dice))
    seen = fields_on(RapidEngine().read(picture.content), picture.width, picture.height)
    verdicts = compare(seen, known_by(truth))
    assert {each: verdicts[each] for each in NUMBERS} == dict.fromkeys(NUMBERS, Verdict.MATCH)
    sample = Sample(0, truth.layout, "photographed", b"", truth, truth)
    found = {each.field: each for each in seen}
    assert list(false_matches([Judged(sample, b"", picture.looks, picture.edited, found, 0, 0)])) == []


def test_the_measure_notices_a_wrong_digit_that_is_taken_for_a_match() -> None:
    truth = truth_of("wallet", random.Random(1))
    sample = Sample(0, truth.layout, "clean", b"", truth, truth)
    misread = Seen(Field.CODE, "11111111", 0.99, (0, 0, 1, 1))
    assert len(list(false_matches([Judged(sample, b"", "0", 0, {Field.CODE: misread}, 0, 0)]))) == 1
    unsure = replace(misread, confidence=0.5)
    assert list(false_matches([Judged(sample, b"", "0", 0, {Field.CODE: unsure}, 0, 0)])) == []


def test_a_picture_saved_again_is_known_and_another_receipt_of_its_bank_is_not() -> None:
    dice = random.Random(4)
    one, other = (jpeg(receipt(truth_of("bank_web", dice)).picture) for _ in range(2))
    first, again, another = cleaned(one), cleaned(saved_again(one)), cleaned(other)
    assert distance(first.looks, again.looks) <= NEAR
    assert difference(first.content, again.content) <= SAME < difference(first.content, another.content)


@pytest.mark.parametrize("layout", ["agent_ticket", "bank_app_rows"])
def test_an_amount_that_was_drawn_into_a_photo_lacks_its_grain(layout: str) -> None:
    dice = random.Random(8)
    truth = truth_of(layout, dice)
    forged = replace(truth, amount=truth.amount + Decimal(300))
    assert edited_part(forged_picture(receipt(truth), forged, dice, as_photo=True)) >= SUSPICIOUS


@pytest.mark.parametrize("condition", ["photographed", "bad_light", *ODD])
def test_an_honest_photo_is_not_taken_for_edited_whatever_camera_and_lamp_did(condition: str) -> None:
    dice = random.Random(8)
    assert edited_part(honest_picture(condition, receipt(truth_of("agent_ticket", dice)), dice)) < SUSPICIOUS


def test_an_amount_that_was_painted_over_shows_where_it_was_saved_better_than_before() -> None:
    dice = random.Random(5)
    truth = truth_of("bank_web", dice)
    forged = replace(truth, amount=truth.amount + Decimal(300))
    picture = forged_picture(receipt(truth), forged, dice, as_photo=False)
    assert edited_part(jpeg(receipt(truth).picture, 82)) < SUSPICIOUS <= edited_part(picture)
