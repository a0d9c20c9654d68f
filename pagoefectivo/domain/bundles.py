"""The archive of evidence: the same bytes for the same content, each file with its digest, all of it signed; and checking one.

Signed with Ed25519, so that who checks it needs no secret of the shop. Entries are stored, not compressed, under one fixed
date: no library's version shows in the bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

FORMAT = "pagoefectivo-evidence/1"
MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public-key.pem"
SEED_BYTES = 32
MOST_FILES = 20_000
MOST_BYTES = 256 * 1024 * 1024
_ALWAYS = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16
_UNIX = 3


class Problem(StrEnum):
    """What may be wrong with a bundle."""

    NOT_A_BUNDLE = "not_a_bundle"
    TOO_LARGE = "too_large"
    TWICE = "twice"
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    UNSIGNED = "unsigned"
    SIGNATURE_WRONG = "signature_wrong"
    OTHER_KEY = "other_key"


@dataclass(frozen=True, slots=True)
class Misfit:
    """One problem and the file that it is about; empty where it is the whole bundle."""

    problem: Problem
    name: str = ""


@dataclass(slots=True)
class Verdict:
    """What checking came to. `manifest` is what the bundle says of itself, believed only where nothing is wrong."""

    misfits: list[Misfit] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)
    files: int = 0

    @property
    def key_id(self) -> str:
        """By whose key the bundle says that it was signed; empty for an unsigned one."""
        return str(self.manifest.get("signed_by", {}).get("key_id", ""))


def new_seed() -> str:
    """Return a fresh private key as the settings hold it: base64 of its 32 bytes."""
    key = Ed25519PrivateKey.generate()
    return base64.b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())).decode()


def private_key(seed: str) -> Ed25519PrivateKey:
    """Read a private key from base64; raises ValueError for what is none."""
    try:
        raw = base64.b64decode(seed, validate=True)
    except ValueError as error:
        raise ValueError("it is not base64") from error
    if len(raw) != SEED_BYTES:
        raise ValueError(f"it has {len(raw)} bytes, not {SEED_BYTES}")
    return Ed25519PrivateKey.from_private_bytes(raw)


def public_pem(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Return the public key as PEM, to be handed to whoever checks bundles."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_key(pem: str) -> Ed25519PublicKey:
    """Read a public key from PEM; raises ValueError for what is none of Ed25519."""
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("it is no Ed25519 key")  # noqa: TRY004 - it is about what is written, not what was passed
    return key


def key_id(pem: str) -> str:
    """Name a public key in sixteen characters."""
    return hashlib.sha256(pem.encode()).hexdigest()[:16]


def as_json(content: object) -> bytes:
    """Write JSON in one way for one content."""
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


@dataclass(slots=True)
class Archive:
    """A bundle while it is written into `file`. Holds digests of what was added, never the content."""

    file: IO[bytes]
    digests: dict[str, dict[str, object]] = field(default_factory=dict)
    _zip: ZipFile = field(init=False)

    def __post_init__(self) -> None:
        self._zip = ZipFile(self.file, "w", ZIP_STORED)

    def add(self, name: str, content: bytes) -> None:
        """Add one file; a name may be added once."""
        if name in self.digests:
            raise ValueError(f"{name} was added already")
        self.digests[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        self._put(name, content)

    def close(self, facts: Mapping[str, object], key: Ed25519PrivateKey | None, *, unsigned_because: str) -> None:
        """Write the manifest and, where there is a key, its signature; nothing can be added any more."""
        signed_by: dict[str, object] = {"unsigned_because": unsigned_because}
        if key is not None:
            pem = public_pem(key)
            self.add(PUBLIC_KEY, pem.encode())
            signed_by = {"algorithm": "Ed25519", "key_id": key_id(pem), "signature": SIGNATURE}
        manifest = as_json({**facts, "files": self.digests, "format": FORMAT, "signed_by": signed_by})
        self._put(MANIFEST, manifest)
        if key is not None:
            self._put(SIGNATURE, key.sign(manifest))
        self._zip.close()

    def _put(self, name: str, content: bytes) -> None:
        entry = ZipInfo(name, _ALWAYS)
        entry.external_attr, entry.create_system, entry.compress_type = _READABLE, _UNIX, ZIP_STORED
        self._zip.writestr(entry, content)


def verify(file: IO[bytes], trusted: str = "") -> Verdict:
    """Check a bundle: every file's digest, none missing, none added, the signature over the manifest.

    `trusted` is the shop's public key as PEM. Without it the key inside is used: then only who compares its id with what
    the shop publishes knows whose signature it is.
    """
    verdict = Verdict()
    try:
        with ZipFile(file) as archive:
            _check(archive, trusted, verdict)
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):  # RecursionError is one of these
        verdict.misfits.append(Misfit(Problem.NOT_A_BUNDLE))
    return verdict


def _check(archive: ZipFile, trusted: str, verdict: Verdict) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        verdict.misfits.append(Misfit(Problem.TOO_LARGE))
        return
    names = [entry.filename for entry in entries]
    verdict.misfits += [Misfit(Problem.TWICE, name) for name, times in sorted(Counter(names).items()) if times > 1]
    if MANIFEST not in names:
        verdict.misfits.append(Misfit(Problem.NOT_A_BUNDLE))
        return
    written = archive.read(MANIFEST)
    manifest = json.loads(written)
    if (
        not isinstance(manifest, dict)
        or manifest.get("format") != FORMAT
        or not isinstance(manifest.get("files"), dict)
    ):
        verdict.misfits.append(Misfit(Problem.NOT_A_BUNDLE))
        return
    verdict.manifest, verdict.files = manifest, len(manifest["files"])
    verdict.misfits += _files(archive, manifest["files"])
    verdict.misfits += _signature(archive, written, manifest, trusted)


def _files(archive: ZipFile, listed: dict[str, Any]) -> list[Misfit]:
    present = set(archive.namelist()) - {MANIFEST, SIGNATURE}
    found = [Misfit(Problem.MISSING, name) for name in sorted(set(listed) - present)]
    found += [Misfit(Problem.ADDED, name) for name in sorted(present - set(listed))]
    for name in sorted(present & set(listed)):
        try:
            content = archive.read(name)
        except BadZipFile:  # its own check sum does not fit
            found.append(Misfit(Problem.CHANGED, name))
            continue
        if {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} != listed[name]:
            found.append(Misfit(Problem.CHANGED, name))
    return found


def _signature(archive: ZipFile, written: bytes, manifest: dict[str, Any], trusted: str) -> list[Misfit]:
    names = archive.namelist()
    says = manifest.get("signed_by")
    if SIGNATURE not in names or not isinstance(says, dict) or "key_id" not in says:
        return [Misfit(Problem.UNSIGNED, SIGNATURE)]
    inside = archive.read(PUBLIC_KEY).decode() if PUBLIC_KEY in names else ""
    pem = trusted or inside
    if key_id(pem) != says["key_id"] or (inside and key_id(inside) != says["key_id"]):
        return [Misfit(Problem.OTHER_KEY, PUBLIC_KEY)]
    try:
        public_key(pem).verify(archive.read(SIGNATURE), written)
    except (InvalidSignature, BadZipFile):
        return [Misfit(Problem.SIGNATURE_WRONG, SIGNATURE)]
    return []
