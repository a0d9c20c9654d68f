"""`manage.py pagoefectivo apikey` makes, lists and ends keys; a key is seen once."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pagoefectivo.models import ApiKey
from pagoefectivo.services.api_keys import authenticate

pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("pagoefectivo", "apikey", *arguments, stdout=out)
    return out.getvalue()


def created(**options: str) -> dict[str, Any]:
    given = {"name": "the ERP", "scopes": "orders:read,refunds:write", **options}
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    answer: dict[str, Any] = json.loads(said("create", *words, "--json"))
    return answer


def test_a_created_key_opens_the_api_with_its_scopes_and_is_stored_nowhere() -> None:
    answer = created()
    assert {**answer, "key": ""} == {"key": "", "name": "the ERP", "scopes": ["orders:read", "refunds:write"]}
    holder = authenticate(answer["key"])
    assert holder is not None
    assert {str(permission) for permission in holder.actor.permissions} == {"orders:read", "refunds:write"}
    row = ApiKey.objects.get()
    assert answer["key"] not in {str(value) for value in vars(row).values()}


def test_a_key_may_be_bound_to_accounts() -> None:
    holder = authenticate(created(accounts="default")["key"])
    assert holder is not None
    assert holder.actor.sees("default")
    assert not holder.actor.sees("another")


@pytest.mark.parametrize(
    ("option", "value"), [("scopes", "orders:reed"), ("scopes", ","), ("accounts", "nobody"), ("name", "")]
)
def test_wrong_arguments_are_refused_with_2_and_make_no_key(option: str, value: str) -> None:
    with pytest.raises(CommandError) as refusal:
        created(**{option: value})
    assert refusal.value.returncode == 2
    assert str(refusal.value)
    assert ApiKey.objects.count() == 0


def test_the_list_shows_the_beginning_of_a_key_and_never_the_key() -> None:
    plain = created()["key"]
    for form in ([], ["--json"]):
        listed = said("list", *form)
        assert plain not in listed
        assert plain[:12] in listed
        assert "the ERP" in listed


def test_a_revoked_key_opens_nothing_and_cannot_be_revoked_again() -> None:
    plain = created()["key"]
    assert "is revoked" in said("revoke", plain[:12])
    assert authenticate(plain) is None
    with pytest.raises(CommandError) as refusal:
        said("revoke", plain[:12])
    assert refusal.value.returncode == 2
