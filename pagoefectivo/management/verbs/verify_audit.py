"""Recompute the hash chain over the evidence and name every row that was changed, taken away or slipped in.

Changes nothing but the note of when it was checked and what was found, which the back office shows. Keep the hash that `--export-head` prints where nobody of this database can reach it, once a day, and give
it back with `--expect-head`: only so does it show when the end of the chain was cut off.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from pagoefectivo.selectors import audit
from pagoefectivo.selectors.audit import Finding, Problem, Verdict
from pagoefectivo.services import jobs

OK, PROBLEM = 0, 1
SHOWN = 5  # of what was found, in the back office
_SENTENCES = {
    Problem.CHANGED: "{table} {row_id} is not what was sealed.",
    Problem.MISSING: "{table} {row_id} was sealed and is gone.",
    Problem.INSERTED: "{table} {row_id} was slipped in among rows that were sealed.",
    Problem.ENTRY_CHANGED: "Entry {row_id} of the chain is not what was written.",
    Problem.LINK_BROKEN: "The chain is broken before entry {row_id}: an entry is missing or was replaced.",
    Problem.KEY_GONE: "Entry {row_id} was sealed with a key that ENCRYPTION_KEYS no longer holds: its rows are unchecked.",
    Problem.COLUMNS_GONE: "Entry {row_id} covers a table or column that no longer exists: its rows are unchecked.",
    Problem.HEAD_UNKNOWN: "The expected head is not in the chain: its end was cut off, or all of it was replaced.",
    Problem.OVERDUE: "Rows wait for more than two hours to be sealed: no sweep runs, or the end of the chain was cut off.",
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object: ok, entries, rows, problems, findings, …")
    parser.add_argument(
        "--export-head", action="store_true", help="check nothing; print position and hash of the newest entry"
    )
    parser.add_argument(
        "--expect-head", default="", metavar="HASH", help="a hash printed earlier; the chain must hold it"
    )


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Verify, or print the head; 1 when anything does not agree."""
    if options["export_head"]:
        position, newest = audit.head()
        written = json.dumps({"position": position, "hash": newest}) if options["json"] else f"{position} {newest}"
        out.write(f"{written}\n")
        return OK
    verdict = audit.verify(expected_head=options["expect_head"], progress=_show_progress)
    first = [_sentence(each) for each in verdict.findings[:SHOWN]]
    facts = {"entries": verdict.entries, "rows": verdict.rows, "problems": verdict.problems, "first": first}
    jobs.record(audit.JOB, {**facts, "head": verdict.head})
    out.write(_as_json(verdict) if options["json"] else _as_sentences(verdict))
    return PROBLEM if verdict.problems else OK


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {total} entries" + ("\n" if done == total else ""))
        sys.stderr.flush()


def _as_json(verdict: Verdict) -> str:
    since = verdict.unsealed_since
    found = {
        "ok": not verdict.problems,
        "entries": verdict.entries,
        "rows": verdict.rows,
        "problems": verdict.problems,
        "findings": [
            {"problem": each.problem, "table": each.table, "id": each.row_id, "message": _sentence(each)}
            for each in verdict.findings
        ],
        "unsealed": verdict.unsealed,
        "unsealed_since": since.isoformat() if since else None,
        "head": verdict.head,
    }
    return json.dumps(found) + "\n"


def _as_sentences(verdict: Verdict) -> str:
    lines = [_sentence(each) for each in verdict.findings]
    if verdict.problems > len(verdict.findings):
        lines.append(f"… and {verdict.problems - len(verdict.findings)} more.")
    lines.append(f"{verdict.entries} entries, {verdict.rows} sealed rows checked: {verdict.problems} problems.")
    since = f", the oldest since {verdict.unsealed_since:%Y-%m-%d %H:%M:%S} UTC" if verdict.unsealed_since else ""
    lines.append(f"{verdict.unsealed} newest rows are not sealed yet{since}.")
    lines.append(f"Head: {verdict.head}")
    return "\n".join(lines) + "\n"


def _sentence(finding: Finding) -> str:
    return _SENTENCES[finding.problem].format(table=finding.table, row_id=finding.row_id)
