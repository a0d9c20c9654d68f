"""The font of papers whose letters no reader of PDF files brings along: Chinese, and whatever else a person wrote."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

SYSTEM_FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",  # Debian and Ubuntu: fonts-wqy-microhei
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",  # fonts-noto-cjk
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",  # fonts-droid-fallback
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",  # Fedora: google-noto-sans-cjk-fonts
)


def font_file() -> Path | None:
    """Return a font with Latin and Chinese letters: that of the extra `chinese`, else one of the system's, else none."""
    if find_spec("pylopdf_fonts_zh_cn"):
        import pylopdf_fonts_zh_cn  # an extra

        return Path(pylopdf_fonts_zh_cn.sans_path())
    return next((path for path in map(Path, SYSTEM_FONTS) if path.is_file()), None)
