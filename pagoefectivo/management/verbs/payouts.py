"""Pay refunds out by bank transfer: what is ready, the file for the bank, the bank's results.

What moves money is done in the name of a person of the back office (--as), with that person's permissions.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, OutputWrapper

from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused, UnreadableFile
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Payout
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.services import payout_results, payouts
from pagoefectivo.services.actors import Actor, PermissionRefused, staff

OK, PROBLEM, USAGE = 0, 1, 2


def add_arguments(parser: ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listed = acts.add_parser("list", help="what is ready, and the files that the bank has not answered whole")
    make = acts.add_parser("make", help="put everything that is ready into one file")
    make.add_argument("--account", required=True, help="the account whose refunds are paid by hand")
    make.add_argument("--currency", default="PEN", help="PEN or USD (PEN)")
    file = acts.add_parser("file", help="write a file that was made, the same bytes each time")
    file.add_argument("reference", help="as `list` shows it")
    file.add_argument("--output", type=Path, required=True, metavar="FILE", help="a new file")
    file.add_argument("--why", default="", help="what it is for; kept among the accesses to personal data")
    results = acts.add_parser("results", help="record a CSV of the bank's results, all of its lines or none")
    results.add_argument("results", type=Path, metavar="FILE", help="reference, result, operation_number, date, code")
    results.add_argument("--dry-run", action="store_true", help="change nothing; name the lines that would be refused")
    for each in (make, file, results):
        each.add_argument("--as", dest="person", required=True, metavar="USER", help="who answers for it")
    for each in (listed, make, file, results):
        each.add_argument("--json", action="store_true", help="one object")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Do what was asked; 1 where a rule refused it, 2 where the person, the reference or the file is wrong."""
    acts = {"list": _list, "make": _make, "file": _file, "results": _results}
    try:
        return acts[options["act"]](options, out)
    except RuleRefused as refusal:
        return _refused(options, out, refusal.reasons)
    except (PermissionRefused, NotFound, UnreadableFile) as error:
        raise CommandError(f"{error} ({error.code})", returncode=USAGE) from None


def _list(options: Mapping[str, Any], out: OutputWrapper) -> int:
    ready = [
        {"account": each.account, "currency": each.currency, "count": len(each.refunds), "total": f"{each.total:.2f}"}
        for each in desk.batches()
    ]
    files = [{**_described(payout), "open": waiting} for payout, waiting in desk.open_files()]
    lines = [f"{each['account']}: {each['count']} ready, {each['currency']} {each['total']}" for each in ready]
    lines += [f"{each['reference']}: {each['open']} of {each['count']} not answered by the bank" for each in files]
    _say(options, out, {"ready": ready, "files": files}, "\n".join(lines) or "Nothing is ready, and nothing is open.")
    return OK


def _make(options: Mapping[str, Any], out: OutputWrapper) -> int:
    payout = payouts.make(
        options["account"], options["currency"], actor=person_named(options["person"]), source=Source.STAFF
    )
    told = (
        f"{payout.reference}: {payout.count} transfers, {payout.currency} {payout.total:.2f}, SHA-256 {payout.sha256}"
    )
    _say(options, out, _described(payout), told)
    return OK


def _file(options: Mapping[str, Any], out: OutputWrapper) -> int:
    content = payouts.file_of(
        options["reference"],
        actor=person_named(options["person"]),
        why=options["why"],
        page="manage.py pagoefectivo payouts file",
    )
    try:
        with options["output"].open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise CommandError(f"{options['output']} is there already: name a new file.", returncode=USAGE) from None
    written = {"reference": options["reference"], "bytes": len(content)}
    _say(options, out, written, f"{len(content)} bytes written to {options['output']}. They hold bank accounts.")
    return OK


def _results(options: Mapping[str, Any], out: OutputWrapper) -> int:
    try:
        content = options["results"].read_bytes()
    except OSError as error:
        raise CommandError(f"{options['results']} cannot be read: {error.strerror}.", returncode=USAGE) from None
    review = payout_results.record_file(
        content, actor=person_named(options["person"]), source=Source.STAFF, dry_run=options["dry_run"]
    )
    refusals = [
        {"line": each.result.line, "code": each.refusal.code.value, "field": each.refusal.field}
        for each in review.refusals
        if each.refusal
    ]
    outcome = {"lines": len(review.verdicts), "recorded": review.is_recorded, "refusals": refusals}
    told = [f"line {each['line']}: {each['code']} {each['field']}".rstrip() for each in refusals]
    told.append(f"{len(review.verdicts)} results {'recorded' if review.is_recorded else 'read, nothing recorded'}.")
    _say(options, out, outcome, "\n".join(told))
    return PROBLEM if refusals else OK


def person_named(name: str) -> Actor:
    """Return a person of the back office, with their own permissions; raises CommandError for nobody."""
    people = get_user_model()._default_manager
    user = people.filter(**{people.model.USERNAME_FIELD: name}, is_active=True, is_staff=True).first()
    if user is None:
        raise CommandError(f"There is nobody {name!r} in the back office.", returncode=USAGE)
    return staff(user)


def _described(payout: Payout) -> dict[str, Any]:
    return {
        "reference": payout.reference,
        "account": payout.account,
        "currency": payout.currency,
        "count": payout.count,
        "total": f"{payout.total:.2f}",
        "sha256": payout.sha256,
        "made_by": payout.made_by,
        "made_at": payout.created_at.isoformat(),
    }


def _refused(options: Mapping[str, Any], out: OutputWrapper, reasons: tuple[Reason, ...]) -> int:
    codes = [reason.code.value for reason in reasons]
    _say(
        options,
        out,
        {"refused": codes},
        "\n".join(f"{each.message} {each.next_step} ({each.code})" for each in reasons),
    )
    return PROBLEM


def _say(options: Mapping[str, Any], out: OutputWrapper, document: Mapping[str, Any], sentence: str) -> None:
    out.write(f"{json.dumps(document)}\n" if options["json"] else f"{sentence}\n")
