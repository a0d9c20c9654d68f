"""The three languages that buyers are spoken to in, and the names that browsers and catalogues know them by."""

from __future__ import annotations

DEFAULT = "es"
LANGUAGES = {"es": "Español", "en": "English", "zh": "中文"}
HTML_LANGUAGES = {"es": "es-PE", "en": "en", "zh": "zh-Hans"}
CATALOGUES = {"es": "es", "en": "en", "zh": "zh-hans"}


def known_language(written: str) -> str | None:
    """Return our name of a language written like `es`, `es-PE` or `zh_Hans`; None for one that we do not speak."""
    language = written.lower().replace("_", "-").partition("-")[0]
    return language if language in LANGUAGES else None
