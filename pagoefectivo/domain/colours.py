"""Whether two colours can be told apart by somebody who reads with poor eyes or in the sun."""

from __future__ import annotations

import re

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3: text of normal size

_HEX = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


def is_colour(written: object) -> bool:
    """Whether this is `#rrggbb`: nothing else may be written into a style."""
    return isinstance(written, str) and _HEX.fullmatch(written) is not None


def contrast(one: str, other: str) -> float:
    """Return the contrast of two `#rrggbb` colours as WCAG counts it, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB
