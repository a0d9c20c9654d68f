"""A bundle is the same twice, anybody can check it, and every way of tampering with it shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

import pytest

from pagoefectivo.domain import bundles
from pagoefectivo.domain.bundles import Archive, Misfit, Problem

SEED = "Kr8QvnpIXAT5fpQ8tO1bLTLUyzWOJqRuVYzDUPY8Qg4="
OTHER = "fNN2KRMCGmNnlGQtlvPU29hqTaIFRIMfOnY1rdFnr5I="
FILES = {
    "case.json": b'{"case": "K-23456789"}\n',
    "timeline.txt": "pagado · 89.90\n".encode(),
    "calls/0001.json": b"{}\n",
}


def written(seed: str = SEED) -> bytes:
    """A bundle of three files."""
    file = BytesIO()
    archive = Archive(file)
    for name, content in FILES.items():
        archive.add(name, content)
    key = bundles.private_key(seed) if seed else None
    archive.close({"case": "K-23456789"}, key, unsigned_because="no key is set")
    return file.getvalue()


def rewritten(change: Callable[[dict[str, bytes]], object], bundle: bytes | None = None) -> BytesIO:
    """The bundle as somebody with a zip program hands it on."""
    with ZipFile(BytesIO(bundle or written())) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    change(held)
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return file


def found(file: BytesIO, trusted: str = "") -> list[Misfit]:
    return bundles.verify(file, trusted).misfits


def pem(seed: str = SEED) -> str:
    return bundles.public_pem(bundles.private_key(seed))


def test_the_same_files_give_the_same_bytes_and_fit() -> None:
    assert written() == written()
    verdict = bundles.verify(BytesIO(written()))
    assert (verdict.misfits, verdict.files, verdict.key_id) == ([], 4, bundles.key_id(pem()))
    assert found(BytesIO(written()), pem()) == []
    assert json.loads(ZipFile(BytesIO(written())).read("manifest.json"))["files"]["calls/0001.json"]["bytes"] == 3


def test_G19_each_way_of_tampering_with_a_bundle_is_named() -> None:
    def replaced(name: str, content: bytes) -> Callable[[dict[str, bytes]], object]:
        return lambda held: held.update({name: content})

    assert found(rewritten(replaced("timeline.txt", b"pagado 8990.00\n"))) == [Misfit(Problem.CHANGED, "timeline.txt")]
    assert found(rewritten(lambda held: held.pop("case.json"))) == [Misfit(Problem.MISSING, "case.json")]
    assert found(rewritten(replaced("calls/0002.json", b"{}"))) == [Misfit(Problem.ADDED, "calls/0002.json")]
    assert found(rewritten(lambda held: held.pop("manifest.sig"))) == [Misfit(Problem.UNSIGNED, "manifest.sig")]

    def forge(held: dict[str, bytes]) -> None:
        """Change a file and its digest, as somebody without the key can."""
        manifest = json.loads(held["manifest.json"])
        held["case.json"] = b"{}\n"
        manifest["files"]["case.json"] = json.loads(_manifest_of({"case.json": b"{}\n"}))["files"]["case.json"]
        held["manifest.json"] = bundles.as_json(manifest)

    assert found(rewritten(forge)) == [Misfit(Problem.SIGNATURE_WRONG, "manifest.sig")]
    flipped = bytearray(written())
    flipped[flipped.index(b"pagado")] ^= 1
    assert found(BytesIO(bytes(flipped))) == [Misfit(Problem.CHANGED, "timeline.txt")]


def test_a_bundle_that_was_signed_anew_shows_only_to_who_knows_the_key() -> None:
    by_another = BytesIO(written(OTHER))
    assert found(by_another) == []
    assert found(by_another, pem()) == [Misfit(Problem.OTHER_KEY, "public-key.pem")]


def test_an_unsigned_bundle_says_why_and_never_passes() -> None:
    verdict = bundles.verify(BytesIO(written("")))
    assert verdict.misfits == [Misfit(Problem.UNSIGNED, "manifest.sig")]
    assert verdict.manifest["signed_by"] == {"unsigned_because": "no key is set"}


@pytest.mark.parametrize("content", [b"", b"not a zip", written()[:200], bytes(100)])
def test_what_is_no_bundle_is_said_to_be_none(content: bytes) -> None:
    assert found(BytesIO(content)) == [Misfit(Problem.NOT_A_BUNDLE)]


def test_a_hostile_archive_is_refused_before_it_is_read() -> None:
    def swap(content: bytes) -> list[Misfit]:
        return found(rewritten(lambda held: held.update({"manifest.json": content})))

    assert swap(b"[]") == swap(b"{") == swap(b"[" * 100_000) == [Misfit(Problem.NOT_A_BUNDLE)]
    many = BytesIO()
    with ZipFile(many, "w") as archive:
        for number in range(bundles.MOST_FILES + 1):
            archive.writestr(f"{number}", b"")
    assert found(many) == [Misfit(Problem.TOO_LARGE)]


@pytest.mark.parametrize("seed", ["x", "c2hvcnQ=", "é"])
def test_a_key_that_is_none_is_refused(seed: str) -> None:
    with pytest.raises(ValueError, match=r"base64|bytes"):
        bundles.private_key(seed)


def _manifest_of(files: dict[str, bytes]) -> bytes:
    file = BytesIO()
    archive = Archive(file)
    for name, content in files.items():
        archive.add(name, content)
    archive.close({}, None, unsigned_because="")
    return ZipFile(file).read("manifest.json")
