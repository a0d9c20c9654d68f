"""What becomes of a stranger's upload: a plain JPEG of our own encoding, or a reason; never a crash and never a wait."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image

from pagoefectivo.ocr import cage, pictures
from pagoefectivo.ocr.pictures import MOST_BYTES, Fault, PictureRefused, cleaned
from tests.receipts import uploads

REFUSED: dict[str, tuple[Callable[[], bytes], Fault]] = {
    "nothing": (lambda: b"", Fault.EMPTY),
    "a PDF": (lambda: b"%PDF-1.7\n1 0 obj", Fault.PDF),
    "an SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', Fault.NO_PICTURE),
    "a web page": (lambda: b"<!doctype html><script>alert(1)</script>", Fault.NO_PICTURE),
    "a ZIP": (uploads.archive, Fault.NO_PICTURE),
    "a GIF": (lambda: uploads.photo("GIF"), Fault.NO_PICTURE),
    "a TIFF": (lambda: uploads.photo("TIFF"), Fault.NO_PICTURE),
    "a sound file that begins like WebP": (lambda: b"RIFF\x10\0\0\0WAVEfmt ", Fault.NO_PICTURE),
    "also a web page": (lambda: uploads.photo() + b"<script>alert(1)</script>", Fault.HIDDEN_CONTENT),
    "a page in its remarks": (lambda: uploads.photo(comment=b"<HTML><script>"), Fault.HIDDEN_CONTENT),
    "also a PDF": (lambda: uploads.photo() + b"%PDF-1.4 trailer", Fault.HIDDEN_CONTENT),
    "also an archive": (lambda: uploads.photo() + uploads.archive(), Fault.HIDDEN_CONTENT),
    "half a JPEG": (lambda: uploads.photo()[:4000], Fault.DAMAGED),
    "noise with a JPEG's head": (lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20, Fault.DAMAGED),
    "a bomb": (uploads.bomb, Fault.TOO_MANY_PIXELS),
    "pixels that never come": (uploads.lying_png, Fault.DAMAGED),
    "a moving WebP": (uploads.moving, Fault.MOVING),
    "a moving PNG": (lambda: uploads.moving("PNG"), Fault.MOVING),
    "one pixel": (lambda: uploads.photo("PNG", (1, 1)), Fault.TOO_SMALL),
    "more than 5 MB": (lambda: b"\xff\xd8\xff" + b"\0" * MOST_BYTES, Fault.TOO_LARGE),
}


@pytest.mark.parametrize("what", REFUSED)
def test_G12_G13_G15_what_is_no_plain_picture_is_refused_with_its_reason(what: str) -> None:
    made, fault = REFUSED[what]
    with pytest.raises(PictureRefused) as refused:
        cleaned(made())
    assert refused.value.fault is fault


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_whatever_comes_a_jpeg_is_kept(kind: str) -> None:
    picture = cleaned(uploads.photo(kind))
    kept = Image.open(io.BytesIO(picture.content))
    assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (640, 900))
    assert (picture.width, picture.height) == (640, 900)


def test_a_transparent_picture_lies_on_white_paper() -> None:
    picture = cleaned(uploads.saved(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), "PNG"))
    assert Image.open(io.BytesIO(picture.content)).getpixel((150, 150)) == (255, 255, 255)


def test_a_large_picture_is_kept_at_a_size_that_can_still_be_read() -> None:
    picture = cleaned(uploads.saved(Image.new("L", (4800, 1000), 200), "PNG"))
    assert max(picture.width, picture.height) == 2400


def test_G14_a_picture_loses_its_place_its_author_and_its_remarks_and_is_turned_upright() -> None:
    sent = uploads.with_place()
    assert b"Rosa Huaman" in sent
    picture = cleaned(sent)
    kept = Image.open(io.BytesIO(picture.content))
    assert (dict(kept.getexif()), "comment" in kept.info, b"Rosa" in picture.content) == ({}, False, False)
    assert kept.size == (900, 640)


def test_G13_a_decoder_that_takes_too_long_or_too_much_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    for limits in (cage.Limits(seconds=5, memory=16 * 1024**2, output=1 << 20), cage.Limits(5, 1024**3, output=100)):
        monkeypatch.setattr(pictures, "LIMITS", limits)
        with pytest.raises(PictureRefused) as refused:
            cleaned(uploads.photo())
        assert refused.value.fault is Fault.TOO_HARD
