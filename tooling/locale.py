"""Texts of the package in three languages: collect what is marked, keep the catalogues, compile them.

`python -m tooling.locale` updates pagoefectivo/locale and lists what has no translation yet (exit 1 if anything).
Needs no gettext program: Python is read by its syntax tree, templates by Django's own template lexer.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "pagoefectivo" / "locale"
PLURALS = {
    "es": "nplurals=2; plural=n != 1;",
    "en": "nplurals=2; plural=n != 1;",
    "zh_Hans": "nplurals=1; plural=0;",
}
WRITTEN_IN = "en"  # msgids are English, so this catalogue repeats them
_ONE = {"gettext", "gettext_lazy", "gettext_noop"}
_MANY = {"ngettext", "ngettext_lazy"}
_MARKS = _ONE | _MANY
_TRANSLATION = "django.utils.translation"


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """One text as it is marked; `plural` is empty for a text without one."""

    singular: str
    plural: str = ""


def collect(root: Path = ROOT) -> dict[Text, list[str]]:
    """Return every marked text of the package and its templates, with the files it stands in."""
    found: dict[Text, set[str]] = {}
    for path in sorted((root / "pagoefectivo").rglob("*.py")):
        for text in _in_python(path):
            found.setdefault(text, set()).add(path.relative_to(root).as_posix())
    for folder in (root / "templates", root / "pagoefectivo" / "templates"):
        for path in sorted(each for each in folder.rglob("*") if each.suffix in {".html", ".txt", ".svg"}):
            for text in _in_template(path):
                found.setdefault(text, set()).add(path.relative_to(root).as_posix())
    return {text: sorted(found[text]) for text in sorted(found)}


def missing(language: str, texts: dict[Text, list[str]]) -> list[Text]:
    """Return the texts that a language's catalogue does not translate whole."""
    catalogue = _read(language)
    return [text for text in texts if not _is_translated(catalogue.find(text.singular), text, language)]


def update(language: str, texts: dict[Text, list[str]]) -> None:
    """Write a language's .po and .mo: kept translations, new texts empty, texts no longer marked left out."""
    old, fresh = _read(language), polib.POFile(wrapwidth=116)
    fresh.metadata = {
        "Project-Id-Version": "django-pagoefectivo",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS[language],
    }
    for text, places in texts.items():
        fresh.append(_entry(text, places, old.find(text.singular), language))
    fresh.save(str(_po(language)))
    fresh.save_as_mofile(str(_po(language).with_suffix(".mo")))


def main(arguments: list[str]) -> int:
    """Update and compile all catalogues; print what is missing. `--check` writes nothing."""
    parser = argparse.ArgumentParser(prog="python -m tooling.locale", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args(arguments)
    texts, gaps = collect(), 0
    for language in PLURALS:
        if not asked.check:
            update(language, texts)
        lacking = missing(language, texts)
        gaps += len(lacking)
        print(f"{language}: {len(texts) - len(lacking)} of {len(texts)} texts")
        for text in lacking:
            print(f"  {text.singular!r}  ({', '.join(texts[text])})")
    return 1 if gaps else 0


def _in_python(path: Path) -> Iterator[Text]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == _TRANSLATION
        for alias in node.names
        if alias.name in _MARKS
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        mark = names.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).endswith("translation"):
            mark = node.func.attr if node.func.attr in _MARKS else None
        words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if mark in _ONE and words:
            yield Text(words[0])
        if mark in _MANY and len(words) > 1:
            yield Text(words[0], words[1])


def _in_template(path: Path) -> Iterator[Text]:
    """Let Django turn the template into the calls that its own makemessages reads, and read those."""
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_I18N=True)
    from django.utils.translation.template import templatize

    source = templatize(path.read_text(encoding="utf-8"))
    string = r"""u?((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))"""
    # a plural call is written ngettext(one, many, count)
    for found in re.finditer(rf"\bngettext\({string},\s*{string}", source):
        yield Text(ast.literal_eval(found[1]), ast.literal_eval(found[2]))
    for found in re.finditer(rf"(?<!n)\b(?:gettext|_)\({string}\)", source):
        yield Text(ast.literal_eval(found[1]))


def _entry(text: Text, places: list[str], old: polib.POEntry | None, language: str) -> polib.POEntry:
    entry = polib.POEntry(msgid=text.singular, occurrences=[(place, "") for place in places])
    if "%(" in text.singular:
        entry.flags = ["python-format"]
    if text.plural:
        entry.msgid_plural = text.plural
        forms = range(_forms(language))
        kept = old.msgstr_plural if old else {}
        entry.msgstr_plural = {form: kept.get(form, "") for form in forms}
        if language == WRITTEN_IN:
            entry.msgstr_plural = {0: text.singular, 1: text.plural}
    else:
        entry.msgstr = text.singular if language == WRITTEN_IN else (old.msgstr if old else "")
    return entry


def _is_translated(entry: polib.POEntry | None, text: Text, language: str) -> bool:
    if entry is None:
        return False
    if not text.plural:
        return bool(entry.msgstr)
    return [bool(entry.msgstr_plural.get(form)) for form in range(_forms(language))] == [True] * _forms(language)


def _forms(language: str) -> int:
    return int(PLURALS[language].removeprefix("nplurals=")[0])


def _read(language: str) -> polib.POFile:
    path = _po(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    return polib.pofile(str(path)) if path.exists() else polib.POFile()


def _po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
