"""The groups of the back office, made from the table of `domain.groups`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission

from pagoefectivo.domain.groups import GROUPS
from pagoefectivo.services import seams

APP = "pagoefectivo"


@dataclass(frozen=True, slots=True)
class MadeGroup:
    """One group as it stands now: what was given, taken, and what the table names that does not exist."""

    name: str
    is_new: bool
    holds: tuple[str, ...]
    given: tuple[str, ...]
    taken: tuple[str, ...]
    unknown: tuple[str, ...]


def make_groups(table: Mapping[str, tuple[str, ...]] = GROUPS, *, exact: bool = False) -> list[MadeGroup]:
    """Make each group and give it what the table names; commits. Run again it changes nothing.

    With `exact` what this app's permissions the table does not name are taken away as well; permissions of other apps
    and who is in a group are left alone. A name that does not exist is reported and stops nothing.
    """
    return seams.transact(lambda: _make(table, exact=exact))


def _make(table: Mapping[str, tuple[str, ...]], *, exact: bool) -> list[MadeGroup]:
    known = {each.codename: each for each in Permission.objects.filter(content_type__app_label=APP)}
    made = []
    for name, wanted in table.items():
        group, is_new = Group.objects.get_or_create(name=name)
        held = set(group.permissions.filter(content_type__app_label=APP).values_list("codename", flat=True))
        given = sorted(set(wanted) & set(known) - held)
        taken = sorted(held - set(wanted)) if exact else []
        group.permissions.add(*(known[codename] for codename in given))
        group.permissions.remove(*(known[codename] for codename in taken))
        made.append(
            MadeGroup(
                name=name,
                is_new=is_new,
                holds=tuple(sorted((held | set(given)) - set(taken))),
                given=tuple(given),
                taken=tuple(taken),
                unknown=tuple(sorted(set(wanted) - set(known))),
            )
        )
    return made
