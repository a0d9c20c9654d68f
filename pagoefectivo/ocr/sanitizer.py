"""Inside the cage: look at the bytes, decode the pixels, encode them anew. Nothing else of an upload survives.

Runs as a module of its own with one upload on standard input; answers a line of JSON and then the new JPEG.
"""

from __future__ import annotations

import io
import json
import re
import zipfile

from PIL import Image, ImageOps

from pagoefectivo.ocr import cage
from pagoefectivo.ocr.fingerprints import looks_of
from pagoefectivo.ocr.forensics import edited_part

MOST_PIXELS = 64_000_000  # a telephone's 64-megapixel camera
LONGEST_SIDE = 20_000
SHORTEST_SIDE = 160
KEPT_SIDE = 2400  # the longest side of what is kept: enough to read a receipt by eye
QUALITY = 90

_FORMATS = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF"}
_MARKUP = re.compile(rb"<(?:script|html|!doctype|\?php|iframe)|%pdf-", re.IGNORECASE)
_SEVERAL_VIEWS = {"MPO"}  # some cameras add a smaller copy; the first picture is the picture


class _Refused(Exception):
    pass


def sanitized(upload: bytes) -> tuple[dict[str, object], bytes]:
    """Return the facts of a picture and its new bytes; raises _Refused with the name of a Fault."""
    picture = _opened(upload)
    try:
        picture.draft("RGB", (KEPT_SIDE, KEPT_SIDE))  # a large JPEG is decoded at a part of its size
        edited = edited_part(upload)
        upright = _flat(ImageOps.exif_transpose(picture))
    except (OSError, SyntaxError, ValueError, IndexError):
        raise _Refused("damaged") from None
    upright.info.clear()  # remarks would be written again
    upright.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    upright.save(encoded, "JPEG", quality=QUALITY, subsampling=0)
    facts = {"width": upright.width, "height": upright.height, "looks": looks_of(upright), "edited": edited}
    return facts, encoded.getvalue()


def _opened(upload: bytes) -> Image.Image:
    if upload.startswith(b"%PDF-"):
        raise _Refused("pdf")
    named = next((name for name, magic in _FORMATS.items() if upload.startswith(magic)), None)
    if named is None or (named == "WEBP" and upload[8:12] != b"WEBP"):
        raise _Refused("no_picture")
    if _MARKUP.search(upload) or zipfile.is_zipfile(io.BytesIO(upload)):
        raise _Refused("hidden_content")
    Image.MAX_IMAGE_PIXELS = None  # our own caps come before any decoding
    try:
        picture = Image.open(io.BytesIO(upload), formats=[named])
    except Exception:  # noqa: BLE001 - a decoder may raise anything on a stranger's bytes
        raise _Refused("damaged") from None
    if max(picture.size) > LONGEST_SIDE or picture.width * picture.height > MOST_PIXELS:
        raise _Refused("too_many_pixels")
    if min(picture.size) < SHORTEST_SIDE:
        raise _Refused("too_small")
    if getattr(picture, "is_animated", False) and picture.format not in _SEVERAL_VIEWS:
        raise _Refused("moving")
    return picture


def _flat(picture: Image.Image) -> Image.Image:
    """Every pixel in three plain colours; what can be seen through lies on white paper."""
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        paper = Image.new("RGB", clear.size, "white")
        paper.paste(clear, mask=clear.getchannel("A"))
        return paper
    return picture.convert("RGB")


def _main() -> None:
    upload = cage.enter()
    try:
        facts, content = sanitized(upload)
    except _Refused as refusal:
        facts, content = {"fault": str(refusal)}, b""
    cage.answer(json.dumps(facts).encode() + b"\n" + content)


if __name__ == "__main__":
    _main()
