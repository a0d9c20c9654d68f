"""Making the evidence bundle of a case: one archive for the provider's support, a bank or a court, and a trace of who made it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.db.models import Max
from django.template.loader import render_to_string
from django.utils import translation

from pagoefectivo import conf
from pagoefectivo.domain import bundles
from pagoefectivo.domain.cases import CaseAct
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused
from pagoefectivo.domain.languages import CATALOGUES
from pagoefectivo.models import Case, CaseEntry, StateChange
from pagoefectivo.services import cases, seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.bundle_contents import Contents, File

IN_MEMORY = 4 * 1024 * 1024  # what is larger goes through a nameless temporary file
_PORTION = 256 * 1024
_NO_KEY = "PAGOEFECTIVO['EVIDENCE_KEY'] is not set"

logger = logging.getLogger("pagoefectivo.cases")


@dataclass(frozen=True, slots=True)
class Bundle:
    """One archive, at its beginning and ready to be read; whoever asked for it closes `file`."""

    name: str
    file: IO[bytes] = field(repr=False)
    sha256: str
    size: int
    is_signed: bool


def make(public_id: str, *, reason: str, with_pictures: bool, actor: Actor) -> Bundle:
    """Return the bundle of a case: the same bytes as long as nothing about it changes, in the language of the provider.

    Everything below the orders that the case is linked with is in it, masked; of calls and of notifications the newest
    1000 each, and the manifest says how many are left out. Pictures of receipts come only `with_pictures`. Commits a line
    of the case's history with person, reason and the archive's SHA-256 before anything is handed out. Raises
    PermissionRefused for anybody but a person who may make bundles (and see pictures, for these), NotFound, and
    RuleRefused(CASE_INCOMPLETE) without a reason.
    """
    actor.require_person(Permission.BUNDLE_CASES)
    if with_pictures:
        actor.require_person(Permission.REVIEW_PROOFS)
    why = reason.strip()
    if not 0 < len(why) <= cases.LONGEST_NOTE or "\0" in why:
        raise RuleRefused(Reason(ErrorCode.CASE_INCOMPLETE, "reason"))
    case = cases.case_named(public_id, actor=actor)
    file: Any = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by whoever it is handed to
    try:
        bundle = _written(case, file, with_pictures=with_pictures)
        seams.transact(lambda: _note(bundle, public_id, why, actor, with_pictures=with_pictures))
    except BaseException:
        file.close()
        raise
    logger.info("evidence bundle of case %s (SHA-256 %s) made by user %s", public_id, bundle.sha256, actor.user_id)
    return bundle


def public_key() -> str:
    """Return the public key of EVIDENCE_KEY as PEM; empty where there is none."""
    seed = conf.current().evidence_key
    return bundles.public_pem(bundles.private_key(seed)) if seed else ""


def _written(case: Case, file: IO[bytes], *, with_pictures: bool) -> Bundle:
    contents = Contents(case, account_named(case.account), with_pictures=with_pictures)
    seed = conf.current().evidence_key
    archive = bundles.Archive(file)
    language = contents.account.provider.support.language
    with translation.override(CATALOGUES[language]):
        archive.add("README.txt", _read_me(case, contents, is_signed=bool(seed)))
        _add(archive, contents.files())
    archive.add("SHA256SUMS", _sums(archive).encode())
    facts = {
        "case": case.public_id,
        "account": case.account,
        "provider": contents.account.provider.name,
        "environment": contents.account.config.environment,
        "language": language,
        "as_of": _newest(contents).isoformat(),
        "left_out": dict(contents.left_out),
        "pictures": with_pictures,
    }
    archive.close(facts, bundles.private_key(seed) if seed else None, unsigned_because=_NO_KEY)
    size = file.tell()
    sha256 = _digest(file)
    return Bundle(f"{case.public_id}-{sha256[:12]}.zip", file, sha256, size, is_signed=bool(seed))


def _add(archive: bundles.Archive, files: Iterable[File]) -> None:
    for name, content in files:
        archive.add(name, content)


def _read_me(case: Case, contents: Contents, *, is_signed: bool) -> bytes:
    context = {
        "case": case.public_id,
        "shop_name": conf.current().shop_name or "PagoEfectivo",
        "provider": contents.account.provider.name,
        "is_signed": is_signed,
        "unsigned_because": _NO_KEY,
        "with_pictures": contents.with_pictures,
    }
    return render_to_string("pagoefectivo/cases/bundle.txt", context).encode()


def _sums(archive: bundles.Archive) -> str:
    """As `sha256sum --check` reads it."""
    return "".join(f"{entry['sha256']}  {name}\n" for name, entry in archive.digests.items())


def _newest(contents: Contents) -> datetime:
    """Until when the bundle reaches: the last thing that moved, so that an unchanged case gives unchanged bytes."""
    moved = StateChange.objects.filter(order__in=contents.orders).aggregate(at=Max("at"))["at"]
    said = CaseEntry.objects.filter(case=contents.case).exclude(act__in=(CaseAct.BUNDLED, CaseAct.NOTED))
    newest: datetime = max(filter(None, (moved, said.aggregate(at=Max("at"))["at"], contents.case.opened_at)))
    return newest


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while portion := file.read(_PORTION):
        digest.update(portion)
    file.seek(0)
    return digest.hexdigest()


def _note(bundle: Bundle, public_id: str, why: str, actor: Actor, *, with_pictures: bool) -> None:
    facts = {"sha256": bundle.sha256, "bytes": bundle.size, "signed": bundle.is_signed, "pictures": with_pictures}
    cases.record(cases.hold(public_id), CaseAct.BUNDLED, actor, note=why, **facts)
