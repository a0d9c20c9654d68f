"""The drawn machines are those of the code, with where a row stands; told in words for who cannot see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils.translation import override

from pagoefectivo.admin.diagrams import PLACES, drawing_of, moves_of
from pagoefectivo.domain.states import OrderState, VoucherState
from pagoefectivo.models import Order, Voucher


@pytest.mark.parametrize("model", PLACES)
def test_every_state_has_a_place_of_its_own_and_every_move_is_an_arrow_between_two_boxes(model: Any) -> None:
    places = PLACES[model]
    assert set(places) == {state for state, _ in model._meta.get_field("state").choices}
    assert len(set(places.values())) == len(places)
    drawn = drawing_of(model(), "it").picture
    assert drawn.count("<line ") == len(moves_of(model))
    boxes = [
        tuple(map(int, box)) for box in re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', drawn)
    ]
    assert len(boxes) == len(places)
    for line in re.findall(r'x1="([-\d.]+)" y1="([-\d.]+)" x2="([-\d.]+)" y2="([-\d.]+)"', drawn):
        x1, y1, x2, y2 = map(float, line)
        for x, y in ((x1, y1), (x2, y2)):
            near = [
                box
                for box in boxes
                if box[0] - 4 <= x <= box[0] + box[2] + 4 and box[1] - 4 <= y <= box[1] + box[3] + 4
            ]
            assert len(near) == 1, line


@pytest.mark.parametrize(
    ("row", "here", "onward"),
    [
        (
            Order(state=OrderState.IN_REVIEW),
            "Order: needs review",
            {"waiting for payment", "paid", "partly refunded", "refunded", "expired", "withdrawn"},
        ),
        (Voucher(state=VoucherState.SUBMITTING), "Payment code: creating code", {"creation to be confirmed", "waiting for payment", "could not create"}),
        (Voucher(state=VoucherState.PAID), "Payment code: paid", set()),
    ],
)  # fmt: skip
def test_where_it_stands_and_what_it_may_become_is_said_in_words(row: Any, here: str, onward: set[str]) -> None:
    with override("en"):
        drawing = drawing_of(row, "it")
    drawn = drawing.picture
    assert f'<title id="it-title">{here}</title>' in drawn
    assert drawing.words.startswith(f"{here}. From here it ")
    told = re.search(r'<desc id="it-desc">(.*?)</desc>', drawn)
    assert told is not None
    said = told[1].removeprefix("From here it may become: ").rstrip(".")
    assert (set(said.split(", ")) if onward else said) == (onward or "From here it goes nowhere")
    assert drawn.count("pe-machine__state--here") == 1
    assert drawn.count("pe-machine__state--next") == len(onward)
    assert drawn.count("pe-machine__move--leaves") == len(onward)
