"""The storefront's texts: each is there in Spanish and Chinese, in what was written and in what was compiled."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from tooling import locale

SHOP = Path(__file__).resolve().parents[3] / "project" / "shop"


def marked() -> set[str]:
    """Every text of the shop that is marked for translation."""
    python = (text for path in SHOP.glob("*.py") for text in locale._in_python(path))
    pages = (text for path in SHOP.rglob("*.html") for text in locale._in_template(path))
    return {text.singular for text in (*python, *pages)}


@pytest.mark.parametrize("language", ["es", "zh_Hans"])
def test_every_text_is_translated_and_compiled(language: str) -> None:
    folder = SHOP / "locale" / language / "LC_MESSAGES"
    written, compiled = polib.pofile(str(folder / "django.po")), polib.mofile(str(folder / "django.mo"))
    translated = {entry.msgid for entry in written if entry.translated()}
    assert marked() == translated
    assert {entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in compiled} == {
        entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in written
    }
