"""Check an evidence bundle: every file, nothing missing, nothing added, and whose signature it bears.

Without --key the shop's own EVIDENCE_KEY is what it must be signed with, where there is one; else the key inside is used,
and only who compares its id with what the shop publishes knows whose it is. Needs no database.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from pagoefectivo.domain import bundles
from pagoefectivo.domain.bundles import Misfit, Problem, Verdict
from pagoefectivo.services.bundles import public_key

OK, PROBLEM, USAGE = 0, 1, 2
_SENTENCES = {
    Problem.NOT_A_BUNDLE: "It is no evidence bundle, or a damaged one.",
    Problem.TOO_LARGE: "It has more files or bytes than any bundle.",
    Problem.TWICE: "{name} is in it twice.",
    Problem.CHANGED: "{name} is not what was bundled.",
    Problem.MISSING: "{name} is missing.",
    Problem.ADDED: "{name} was added.",
    Problem.UNSIGNED: "It is not signed: {why}.",
    Problem.SIGNATURE_WRONG: "The signature does not fit manifest.json.",
    Problem.OTHER_KEY: "It was signed with another key than this one.",
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the archive")
    parser.add_argument("--key", type=Path, metavar="PEM", help="the shop's public key, as `evidence-key` prints it")
    parser.add_argument("--json", action="store_true", help="one object: ok, case, files, key_id, problems")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Check it and say what does not fit; 1 when anything does not."""
    trusted = _trusted(options["key"])
    try:
        with options["file"].open("rb") as file:
            verdict = bundles.verify(file, trusted)
    except OSError as error:
        raise CommandError(f"{options['file']} cannot be read: {error.strerror}.", returncode=USAGE) from None
    out.write(_as_json(verdict) if options["json"] else _as_sentences(verdict, is_trusted=bool(trusted)))
    return PROBLEM if verdict.misfits else OK


def _trusted(path: Path | None) -> str:
    if path is None:
        return public_key()
    try:
        return bundles.public_pem(bundles.public_key(path.read_text()))
    except (OSError, ValueError):
        raise CommandError(f"{path} holds no Ed25519 public key.", returncode=USAGE) from None


def _as_json(verdict: Verdict) -> str:
    found = {
        "ok": not verdict.misfits,
        "case": verdict.manifest.get("case", ""),
        "files": verdict.files,
        "key_id": verdict.key_id,
        "problems": [
            {"problem": each.problem, "name": each.name, "message": _sentence(each, verdict)}
            for each in verdict.misfits
        ],
    }
    return json.dumps(found) + "\n"


def _as_sentences(verdict: Verdict, *, is_trusted: bool) -> str:
    lines = [_sentence(each, verdict) for each in verdict.misfits]
    if not verdict.misfits:
        whose = (
            "the key that you trust" if is_trusted else "the key inside: compare its id with what the shop publishes"
        )
        lines.append(f"Case {verdict.manifest['case']}: {verdict.files} files, all as they were bundled.")
        lines.append(f"Signed with {whose} ({verdict.key_id}).")
    return "\n".join(lines) + "\n"


def _sentence(misfit: Misfit, verdict: Verdict) -> str:
    says = verdict.manifest.get("signed_by")
    why = says.get("unsigned_because", "there is no signature") if isinstance(says, dict) else "there is no signature"
    return _SENTENCES[misfit.problem].format(name=misfit.name, why=why)
