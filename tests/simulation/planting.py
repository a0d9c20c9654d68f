"""How a bug is planted and pulled out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db import connection

INHERITED = object()
Plant = Callable[["Patch"], None]


class Patch:
    """Replaces names and puts them back."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []
        self.ignores_checks = False

    def put(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replace `owner.name` by what `make` makes of it."""
        before = owner.__dict__.get(name, INHERITED) if isinstance(owner, type) else getattr(owner, name)
        self._before.append((owner, name, before))
        setattr(owner, name, make(before))

    def allow(self, model: type, move: str, source: str) -> None:
        """Let a machine move from a state that it forbids."""
        machine = getattr(model, move)._django_fsm
        kept = dict(machine.transitions)
        planted = copy(next(iter(kept.values())))
        planted.source = source
        machine.transitions[source] = planted
        self._before.append((machine, "transitions", kept))

    def without_checks(self) -> None:
        """The database no longer refuses: what is left is the app's own care."""
        self.ignores_checks = True
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = ON")

    def undo(self) -> None:
        for owner, name, before in reversed(self._before):
            if before is INHERITED:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
        if self.ignores_checks:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA ignore_check_constraints = OFF")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug; `seed` noticed it last time and is tried first."""

    name: str
    plant: Plant
    seed: int

    @contextmanager
    def planted(self) -> Iterator[None]:
        patch = Patch()
        try:
            self.plant(patch)
            yield
        finally:
            patch.undo()
