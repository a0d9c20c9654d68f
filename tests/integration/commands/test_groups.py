"""The groups of the back office: made by a command, the same however often it runs."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from pagoefectivo.domain.groups import GROUPS
from pagoefectivo.services import people

pytestmark = pytest.mark.django_db(transaction=True)


def groups(*arguments: str) -> str:
    out = StringIO()
    call_command("pagoefectivo", "groups", *arguments, stdout=out)
    return out.getvalue()


def held(name: str) -> set[str]:
    return set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))


def test_five_desks_get_what_the_table_says_and_a_second_run_changes_nothing() -> None:
    said = groups()
    assert {name: held(name) for name in GROUPS} == {name: set(wanted) for name, wanted in GROUPS.items()}
    assert said.splitlines()[0].split() == [
        "permission",
        "support",
        "1",
        "support",
        "2",
        "finance",
        "auditor",
        "developer",
    ]
    (line,) = [line for line in said.splitlines() if line.startswith("approve_refund")]
    assert line.split()[1:] == ["–", "–", "yes", "–", "–"]
    assert "not there yet" not in said, "every permission that the table names exists"
    again = groups()
    assert [line for line in again.splitlines() if line.startswith("PagoEfectivo")] == [
        f"{name}: as it was" for name in GROUPS
    ]


def test_only_finance_moves_money_and_auditors_only_read() -> None:
    moves = {"approve_refund", "accept_payment", "make_payout", "settle_payout"}
    assert [name for name, wanted in GROUPS.items() if moves & set(wanted)] == ["PagoEfectivo finance"]
    auditor = set(GROUPS["PagoEfectivo auditor"])
    assert {each for each in auditor if not each.startswith("view_")} == set()
    assert "view_personal_data" not in auditor


def test_what_a_shop_added_stays_unless_exactly_the_table_is_wanted() -> None:
    groups()
    name, shops_own = "PagoEfectivo support 1", Permission.objects.get(codename="view_user")
    ours = Permission.objects.get(codename="cancel_order", content_type__app_label="pagoefectivo")
    Group.objects.get(name=name).permissions.add(shops_own, ours)
    assert f"{name}: as it was" in groups()
    (exact, *_) = json.loads(groups("--exact", "--json"))["groups"]
    assert (exact["name"], exact["taken"], exact["given"]) == (name, ["cancel_order"], [])
    assert held(name) == {*GROUPS[name], "view_user"}, "permissions of other apps are not ours to take"


def test_a_permission_that_does_not_exist_yet_is_told_and_stops_nothing() -> None:
    (made,) = people.make_groups({"PagoEfectivo support 1": ("view_order", "add_note_of_tomorrow")})
    assert (made.given, made.unknown) == (("view_order",), ("add_note_of_tomorrow",))
    assert held("PagoEfectivo support 1") == {"view_order"}
