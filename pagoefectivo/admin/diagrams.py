"""Where a row is in its machine: states and moves read from the code, drawn by the server, told in words as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import copysign, hypot
from typing import Any

from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pagoefectivo.domain.states import OrderState as O
from pagoefectivo.domain.states import VoucherState as V
from pagoefectivo.models import Order, Voucher

# Where a state stands: column and row. What leads from one to the other is asked of the machine itself.
PLACES: Mapping[type[Model], Mapping[str, tuple[int, int]]] = {
    Order: {
        O.AWAITING_PAYMENT: (0, 1),
        O.IN_REVIEW: (1, 0),
        O.EXPIRED: (1, 2),
        O.CANCELED: (0, 2),
        O.PAID: (2, 1),
        O.PARTIALLY_REFUNDED: (3, 0),
        O.REFUNDED: (3, 2),
    },
    Voucher: {
        V.REQUESTED: (0, 1),
        V.SUBMITTING: (1, 1),
        V.UNKNOWN: (1, 2),
        V.ISSUED: (2, 1),
        V.FAILED: (2, 2),
        V.CANCELED: (2, 0),
        V.CONFIRMING: (3, 0),
        V.EXPIRED: (3, 2),
        V.PAID: (4, 1),
    },
}
_WIDE, _HIGH = 148, 36  # of a box
_COLUMN, _ROW = 182, 76  # from one box to the next
_MARGIN = 6
_APART = 5  # between a move and its way back
_TIP = 3  # between the tip of an arrow and the box
_LEVEL = 1e-9


@dataclass(frozen=True, slots=True)
class Box:
    """One state as it is drawn."""

    state: str
    label: str
    x: int
    y: int
    standing: str  # "here", "next", or nothing

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre, where the label stands."""
        return self.x + _WIDE / 2, self.y + _HIGH / 2


@dataclass(frozen=True, slots=True)
class Arrow:
    """One move, from the edge of a box to the edge of another."""

    x1: float
    y1: float
    x2: float
    y2: float
    leaves: bool


def moves_of(model: type[Model]) -> list[tuple[str, str]]:
    """Return every move of a machine as the two states it joins, as its transitions in `models/machines.py` say."""
    field: Any = model._meta.get_field("state")
    moves = {(str(move.source), str(move.target)) for move in field.get_all_transitions(model)}
    return sorted(move for move in moves if move[0] != move[1])


@dataclass(frozen=True, slots=True)
class Drawing:
    """A machine as SVG, and in words what it shows."""

    picture: SafeString
    words: str


def drawing_of(row: Order | Voucher, name: str) -> Drawing:
    """Return the machine of an order or a payment code, with where it stands and what it may become."""
    model = type(row)
    field: Any = model._meta.get_field("state")
    labels = {state: str(label) for state, label in field.choices}
    moves = moves_of(model)
    onward = [target for source, target in moves if source == row.state]
    boxes = {
        state: Box(
            state, labels[state], _MARGIN + column * _COLUMN, _MARGIN + line * _ROW, _standing(state, row, onward)
        )
        for state, (column, line) in PLACES[model].items()
    }
    what = str(model._meta.verbose_name)
    title = _("{what}: {state}").format(what=what[:1].upper() + what[1:], state=labels[row.state])
    told = _onward([labels[state] for state in onward])
    context = {
        "name": name,
        "title": title,
        "onward": told,
        "boxes": [(box, *box.middle) for box in boxes.values()],
        "arrows": sorted(
            (_arrow(boxes[source], boxes[target], leaves=source == row.state) for source, target in moves),
            key=lambda arrow: arrow.leaves,
        ),
        "box": (_WIDE, _HIGH),
        "width": 2 * _MARGIN + max(box.x for box in boxes.values()) + _WIDE - _MARGIN,
        "height": 2 * _MARGIN + max(box.y for box in boxes.values()) + _HIGH - _MARGIN,
    }
    picture = SafeString(render_to_string("admin/pagoefectivo/order/diagram.svg", context))
    return Drawing(picture, f"{title}. {told}")


def _standing(state: str, row: Order | Voucher, onward: list[str]) -> str:
    if state == row.state:
        return "here"
    return "next" if state in onward else ""


def _onward(labels: list[str]) -> str:
    if not labels:
        return _("From here it goes nowhere.")
    return _("From here it may become: {states}.").format(states=", ".join(labels))


def _arrow(source: Box, target: Box, *, leaves: bool) -> Arrow:
    """A straight line between two boxes, a little to its own right, so that the way back lies beside it."""
    (x1, y1), (x2, y2) = source.middle, target.middle
    length = hypot(x2 - x1, y2 - y1)
    along, across = (x2 - x1) / length, (y2 - y1) / length
    aside = (-across * _APART, along * _APART)
    out, back = _reach((along, across), aside), _reach((-along, -across), aside) + _TIP
    return Arrow(
        round(x1 + aside[0] + along * out, 1),
        round(y1 + aside[1] + across * out, 1),
        round(x2 + aside[0] - along * back, 1),
        round(y2 + aside[1] - across * back, 1),
        leaves,
    )


def _reach(direction: tuple[float, float], start: tuple[float, float]) -> float:
    """How far it is from a point beside the centre of a box to its edge."""
    ways = zip(direction, start, (_WIDE / 2, _HIGH / 2), strict=True)
    return min((half - begin * copysign(1, step)) / abs(step) for step, begin, half in ways if abs(step) > _LEVEL)
