"""Which ids of the failure catalogue have a test of their name."""

from __future__ import annotations

import argparse
import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "tests" / "catalogue.toml"
_IDS_IN_NAME = re.compile(r"test_((?:[A-G]\d{2}_)+)", re.ASCII)
_PUT_ASIDE = {"skip", "xfail"}


def run(arguments: list[str]) -> int:
    """The failure catalogue's ids, each with whether a test bears it; 1 while one has none; --json for machines"""
    parser = argparse.ArgumentParser(prog="dev.py catalogue")
    parser.add_argument("--json", action="store_true", help="one object: covered ids, missing ids")
    asked = parser.parse_args(arguments)

    phrases: dict[str, str] = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["phrases"]
    tested = tested_ids(CATALOGUE.parent)
    covered = [one for one in phrases if one in tested]
    missing = [one for one in phrases if one not in tested]

    if asked.json:
        print(json.dumps({"covered": covered, "missing": missing}, ensure_ascii=False))
    else:
        for one, phrase in phrases.items():
            print(f"{one}  {'covered' if one in tested else 'no test':<8} {phrase}")
        print(f"{len(covered)} covered, {len(missing)} missing, {len(phrases)} in all")
    unknown = sorted(tested - phrases.keys())
    if unknown:
        print(f"Tests name ids that the catalogue does not list: {', '.join(unknown)}")
    return 1 if unknown or missing else 0


def tested_ids(folder: Path) -> set[str]:
    """Ids in the names of test functions below `folder`, those put aside by skip or xfail left out."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob("test_*.py")))
    return {one for tree in trees for one in _ids(tree)}


def _ids(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _put_aside(node):
            named = _IDS_IN_NAME.match(f"{node.name}_")
            if named:
                yield from named.group(1).rstrip("_").split("_")


def _put_aside(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    marks = (mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list)
    return any(isinstance(mark, ast.Attribute) and mark.attr in _PUT_ASIDE for mark in marks)
