"""Knowing a picture again after it was scaled, brightened or saved anew.

A difference hash over a grid finds the few candidates among thousands. Receipts of one bank look alike in it and differ
only in their digits, so the candidates are then laid over each other: the same receipt differs nowhere by a letter.
"""

from __future__ import annotations

import io
from itertools import pairwise

from PIL import Image, ImageChops, ImageFilter, ImageOps

COLUMNS, ROWS = 24, 32
BITS = COLUMNS * ROWS
NEAR = 60  # bits of 768; this and SAME were measured by `dev.py receipts`: see docs/explanation-proofs.md
SAME = 24  # of 255 shades, in the patch where two pictures differ most

_LAID_OVER = (384, 512)
_PATCH = 8


def looks_of(picture: Image.Image) -> str:
    """Return 768 bits in hex: of each cell of the grid, whether it is darker than the next one to its right."""
    small = picture.convert("L").resize((COLUMNS + 1, ROWS), Image.Resampling.LANCZOS)
    pixels = small.tobytes()
    bits = 0
    for row in range(ROWS):
        line = pixels[row * (COLUMNS + 1) : (row + 1) * (COLUMNS + 1)]
        for left, right in pairwise(line):
            bits = bits << 1 | (left < right)
    return f"{bits:0{BITS // 4}x}"


def distance(one: str, other: str) -> int:
    """Return in how many bits two fingerprints differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def difference(one: bytes, other: bytes) -> int:
    """Return by how many shades of 255 two pictures of ours differ in the patch where they differ most."""
    laid_over = ImageChops.difference(_plain(one), _plain(other)).reduce(_PATCH)
    darkest = laid_over.getextrema()[1]
    return int(darkest) if isinstance(darkest, int | float) else 0


def _plain(content: bytes) -> Image.Image:
    """Grey, of one size, of full contrast, and a little blurred, as saving anew blurs."""
    picture = Image.open(io.BytesIO(content), formats=["JPEG"])
    picture.draft("L", _LAID_OVER)
    grey = ImageOps.autocontrast(picture.convert("L").resize(_LAID_OVER, Image.Resampling.LANCZOS), cutoff=1)
    return grey.filter(ImageFilter.GaussianBlur(1))
