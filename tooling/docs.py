"""The parts of `docs/` that the code can tell itself: settings, providers, commands, signals, states, error codes."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tooling import docs_meanings, docs_providers

DOCS = Path(__file__).resolve().parent.parent / "docs"
_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def run(arguments: list[str]) -> int:
    """The generated parts of docs/; --check only compares"""
    parser = argparse.ArgumentParser(prog="dev.py docs")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a page is out of date")
    parser.add_argument("--json", action="store_true", help="one object: the pages that differed")
    asked = parser.parse_args(arguments)
    _ready()
    stale = {page: fresh for page in sorted(DOCS.glob("*.md")) if (fresh := _regenerated(page)) != page.read_text()}
    if not asked.check:
        for page, text in stale.items():
            page.write_text(text)
    names = [page.name for page in stale]
    if asked.json:
        print(json.dumps({"out_of_date" if asked.check else "written": names}))
    else:
        print(f"{'out of date' if asked.check else 'written'}: {', '.join(names) or 'nothing'}")
    return 1 if asked.check and stale else 0


def _ready() -> None:
    import django
    from django.apps import apps

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    if not apps.ready:
        django.setup()


def _regenerated(page: Path) -> str:
    from django.utils.translation import override

    def fill(block: re.Match[str]) -> str:
        lines = "\n".join(BLOCKS[block[2]]())
        return f"{block[1]}\n{lines}\n\n{block[3]}"

    with override("en"):
        return _BLOCK.sub(fill, page.read_text())


def _table(heads: list[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        cells = (str(cell).replace("|", "\\|").replace("\n", " ") for cell in row)
        yield f"| {' | '.join(cells)} |"


def _settings() -> Iterator[str]:
    from pagoefectivo import conf, conf_messages, conf_risk, storefront

    groups = {
        "": conf.DEFAULTS,
        "ACCOUNTS.<name>.": conf.ACCOUNT_DEFAULTS,
        "BRAND.": storefront.BRAND_DEFAULTS,
        "TIMING.": conf.TIMING_DEFAULTS,
        "RETENTION_DAYS.": conf.RETENTION_DEFAULTS,
        "MESSAGES.": conf_messages.DEFAULTS,
        "MESSAGES.CHANNELS.<name>.": conf_messages.CHANNEL_DEFAULTS,
        "RISK.": conf_risk.DEFAULTS,
    }
    meanings = docs_meanings.SETTINGS | docs_providers.settings_meanings()
    rows = [
        (f"`{prefix}{key}`", f"`{json.dumps(default)}`", meanings[f"{prefix}{key}"])
        for prefix, defaults in groups.items()
        for key, default in defaults.items()
    ]
    return _table(["key", "default", "meaning"], rows)


def _commands() -> Iterator[str]:
    from pagoefectivo.management.verbs import VERBS

    rows = []
    for name, verb in VERBS.items():
        parser = argparse.ArgumentParser(prog=name, add_help=False)
        verb.add_arguments(parser)
        rows.append((f"**`{name}`**", (verb.__doc__ or "").strip().splitlines()[0]))
        rows += [(f"`{name} {words}`", said) for words, said in _options(parser)]
    return _table(["`manage.py pagoefectivo …`", "does"], rows)


def _options(parser: argparse.ArgumentParser, before: str = "") -> Iterator[tuple[str, str]]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            for name, below in action.choices.items():
                said = next(each.help for each in action._choices_actions if each.dest == name)  # noqa: SLF001 - as above
                yield f"{before}{name}", said or ""
                yield from _options(below, f"{before}{name} ")
        elif action.dest != "help":
            words = action.option_strings[0] if action.option_strings else action.dest.upper()
            value = (
                "" if action.nargs == 0 or not action.option_strings else f" {action.metavar or action.dest.upper()}"
            )
            yield f"{before}{words}{value}", action.help or ""


def _signals() -> Iterator[str]:
    from pagoefectivo.signals import BY_NAME

    rows = [(f"`{name}`", f"`{_argument(name)}`", docs_meanings.SIGNALS[name]) for name in BY_NAME]
    return _table(["signal", "argument", "sent when"], rows)


def _argument(signal: str) -> str:
    return "order" if signal.startswith(("order_", "stock_")) else signal.split("_", maxsplit=1)[0]


def _states() -> Iterator[str]:
    from pagoefectivo.models import Order, Refund, Voucher

    for model in (Order, Voucher, Refund):
        field: Any = model._meta.get_field("state")
        yield f"### {model.__name__}\n"
        yield "```mermaid\nstateDiagram-v2"
        yield f"    [*] --> {field.default}"
        for move in sorted(field.get_all_transitions(model), key=lambda each: (each.target, each.source)):
            yield f"    {move.source} --> {move.target}: {move.name}"
        yield "```\n"


def _errors() -> Iterator[str]:
    from pagoefectivo.domain.error_codes import CATALOGUE
    from pagoefectivo.domain.error_rules import money_after, retry_rule

    rows = [
        (f"`{code}`", entry.who, entry.message, entry.next_step, retry_rule(code).replace("_", " "), money_after(code))
        for code, entry in CATALOGUE.items()
    ]
    return _table(["code", "who acts", "what it says", "what to do next", "again?", "the money"], rows)


def _providers() -> Iterator[str]:
    return _table(*docs_providers.abilities())


BLOCKS: dict[str, Callable[[], Iterator[str]]] = {
    "settings": _settings,
    "providers": _providers,
    "commands": _commands,
    "signals": _signals,
    "states": _states,
    "errors": _errors,
}

if __name__ == "__main__":
    import sys

    raise SystemExit(run(sys.argv[1:]))
