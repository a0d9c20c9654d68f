"""The transition tables of the three machines, as django-fsm knows them."""

from __future__ import annotations

from django.db.models import Model


def table_of(model: type[Model]) -> dict[tuple[str, str], str]:
    """Return (state, transition) → state for everything that the model's machine allows."""
    field = model._meta.get_field("state")
    return {
        (str(each.source), each.name): str(each.target)
        for each in field.get_all_transitions(model)  # type: ignore[union-attr]
    }


def walk(table: dict[tuple[str, str], str], state: str, moves: tuple[str, ...]) -> str:
    """Return the state after `moves`; fails where the machine would refuse."""
    for move in moves:
        assert (state, move) in table, f"the machine has no {move!r} from {state!r}"
        state = table[state, move]
    return state
