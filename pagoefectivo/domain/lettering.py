"""Letters that every reader of PDF files can show without a font in the file: those of Latin-1."""

from __future__ import annotations

_PLAINLY = {ord("“"): '"', ord("”"): '"', ord("’"): "'", ord("–"): "-", ord("…"): "...", ord("•"): "*"}
_LAST_OF_LATIN_1 = "\xff"


def plain_letters(text: str) -> str:
    """Return a text in the letters of the built-in fonts; typographic quotes are written plainly, anything else as `?`."""
    return text.translate(_PLAINLY).encode("latin-1", "replace").decode("latin-1")


def needs_a_font(text: str) -> bool:
    """Whether a text has letters that the built-in fonts can not write."""
    return any(letter > _LAST_OF_LATIN_1 for letter in text.translate(_PLAINLY))
