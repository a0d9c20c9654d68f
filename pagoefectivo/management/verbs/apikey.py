"""Create, list and revoke keys of the REST API.

A key is shown once, when it is created; only its digest is kept.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, OutputWrapper

from pagoefectivo.models import ApiKey
from pagoefectivo.models.integrations import SCOPES
from pagoefectivo.services import api_keys

USAGE = 2


def add_arguments(parser: ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    create = acts.add_parser("create", help="make a key and print it, this once")
    create.add_argument("--name", required=True, help="who will use it; shown on everything done with it")
    create.add_argument("--scopes", required=True, metavar="A,B", help=", ".join(SCOPES))
    create.add_argument("--accounts", default="", metavar="A,B", help="bind it to these accounts; without: all")
    create.add_argument("--owner", default="", metavar="USERNAME", help="the person who answers for it")
    listed = acts.add_parser("list", help="every key by its beginning, with its scopes and last use")
    revoke = acts.add_parser("revoke", help="end a key at once")
    revoke.add_argument("prefix", help="the beginning of the key, as `list` shows it")
    for each in (create, listed, revoke):
        each.add_argument("--json", action="store_true", help="JSON instead of sentences")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Do what was asked; unknown scopes, accounts and keys are errors of usage."""
    return {"create": _create, "list": _list, "revoke": _revoke}[options["act"]](options, out)


def _create(options: Mapping[str, Any], out: OutputWrapper) -> int:
    scopes = _words(options["scopes"])
    unknown = [repr(scope) for scope in scopes if scope not in SCOPES]
    if unknown:
        raise CommandError(f"There is no scope {', '.join(unknown)}. Known: {', '.join(SCOPES)}.", returncode=USAGE)
    owner_id = _person(options["owner"]) if options["owner"] else None
    key, plain = api_keys.create_key(options["name"], scopes, _words(options["accounts"]), owner_id=owner_id)
    if options["json"]:
        out.write(json.dumps({"key": plain, "name": key.name, "scopes": key.scopes}) + "\n")
    else:
        out.write(f"{plain}\nKeep it now: it is not shown again. Header: Authorization: Api-Key <key>\n")
    return 0


def _list(options: Mapping[str, Any], out: OutputWrapper) -> int:
    keys = [_described(key) for key in ApiKey.objects.order_by("pk")]
    if options["json"]:
        out.write(json.dumps(keys) + "\n")
        return 0
    for key in keys:
        state = f"revoked {key['revoked_at']}" if key["revoked_at"] else f"last used {key['last_used_at'] or 'never'}"
        accounts = ",".join(key["accounts"]) or "all accounts"
        out.write(f"{key['prefix']:<14}{key['name']:<24}{','.join(key['scopes'])}  {accounts}  {state}\n")
    if not keys:
        out.write("There are no keys.\n")
    return 0


def _revoke(options: Mapping[str, Any], out: OutputWrapper) -> int:
    found = list(ApiKey.objects.filter(prefix=options["prefix"], revoked_at=None))
    if len(found) != 1:
        raise CommandError(f"There is no live key that begins with {options['prefix']!r}.", returncode=USAGE)
    key = api_keys.revoke(found[0].pk)
    out.write(json.dumps(_described(key)) + "\n" if options["json"] else f"{key.name} is revoked.\n")
    return 0


def _person(username: str) -> int:
    person = get_user_model()._default_manager.filter(**{get_user_model().USERNAME_FIELD: username}).first()
    if person is None:
        raise CommandError(f"There is no user {username!r}.", returncode=USAGE)
    return int(person.pk)


def _words(written: str) -> list[str]:
    return [word for word in (each.strip() for each in written.split(",")) if word]


def _described(key: ApiKey) -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": key.scopes,
        "accounts": key.accounts,
        "created_at": key.created_at.isoformat(),
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
