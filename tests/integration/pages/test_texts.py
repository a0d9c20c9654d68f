"""Every marked text speaks Spanish and Chinese, with its values kept and without a word that misleads."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest

from tooling import locale

LANGUAGES = list(locale.PLURALS)
VALUES = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}")
BANNED = re.compile(r"cancelad|cancelar|procesad|error interno|\bOK\b|reembols", re.IGNORECASE)
QUOTED = re.compile(r"“[^”]*”")


def _catalogue(language: str, ending: str = "po") -> polib.POFile | polib.MOFile:
    path = locale.LOCALE / language / "LC_MESSAGES" / f"django.{ending}"
    return polib.pofile(str(path)) if ending == "po" else polib.mofile(str(path))


def _written(entry: polib.POEntry | polib.MOEntry) -> list[str]:
    return (
        [entry.msgstr]
        if not entry.msgid_plural
        else [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_text_is_translated(language: str) -> None:
    texts = locale.collect()
    assert {text.singular: texts[text] for text in locale.missing(language, texts)} == {}, (
        "run python -m tooling.locale"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    written = {(entry.msgid, *_written(entry)) for entry in _catalogue(language)}
    compiled = {(entry.msgid, *_written(entry)) for entry in _catalogue(language, "mo")}
    assert compiled == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_every_value(language: str) -> None:
    for entry in _catalogue(language):
        expected = sorted(VALUES.findall(entry.msgid_plural or entry.msgid))
        for text in _written(entry):
            assert sorted(VALUES.findall(text)) == expected, text


def test_no_spanish_text_uses_a_word_that_means_something_else() -> None:
    texts = [QUOTED.sub("", text) for entry in _catalogue("es") for text in _written(entry)]
    assert [text for text in texts if BANNED.search(text)] == []


def test_an_unmarked_text_is_noticed(tmp_path: Path) -> None:
    package = tmp_path / "pagoefectivo"
    package.mkdir()
    (package / "new.py").write_text(
        "from django.utils.translation import gettext_lazy as _, ngettext\n"
        "A = _('A text that nobody translated')\n"
        "B = ngettext('%(n)d thing', '%(n)d things', 2)\n"
        "C = print('not marked')\n"
    )
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "new.html").write_text(
        "{% load i18n %}{% translate 'Short' %}{% blocktranslate trimmed with a=1 %}\n  Long {{ a }}\n{% endblocktranslate %}"
        "{% blocktranslate count n=2 %}{{ n }} cat{% plural %}{{ n }} cats{% endblocktranslate %}"
    )
    texts = locale.collect(tmp_path)
    assert set(texts) == {
        locale.Text("A text that nobody translated"),
        locale.Text("%(n)d thing", "%(n)d things"),
        locale.Text("Short"),
        locale.Text("Long %(a)s"),
        locale.Text("%(n)s cat", "%(n)s cats"),
    }
    assert set(locale.missing("es", texts)) == set(texts)
