"""The security table names tests that are there, each requirement once, and a reason wherever it names none."""

from __future__ import annotations

import ast
import re

from tests.packaging.conftest import ROOT

PAGE = ROOT / "docs" / "security-asvs.md"
_ROW = re.compile(r"^\| V(\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_PROOF = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
_VERDICT = re.compile(r"met|the shop's|does not apply|in part: .+|\*\*not met\*\*: .+")


def tables() -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The rows of all requirements, and those of level 3 for refunds."""
    general, refunds = PAGE.read_text().split("## Refunds, level 3")
    return _ROW.findall(general), _ROW.findall(refunds)


def test_every_test_that_the_table_names_exists() -> None:
    named = set(_PROOF.findall(PAGE.read_text()))
    assert len(named) > 100
    files = {file for file, _ in named}
    defined = {
        (file, node.name)
        for file in files
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert sorted(named - defined) == []


def test_each_requirement_stands_once_and_what_is_met_has_a_proof() -> None:
    general, refunds = tables()
    for rows in (general, refunds):
        ids = [row[0] for row in rows]
        assert sorted(ids) == sorted(set(ids))
        assert [row for row in rows if not _VERDICT.fullmatch(row[2])] == []
        assert [row[0] for row in rows if row[2] == "met" and not _PROOF.search(row[3])] == []
    assert {int(row[0].partition(".")[0]) for row in general} == set(range(1, 18))


def test_the_count_at_the_top_is_the_count_of_the_rows() -> None:
    general, _ = tables()
    said = re.search(r"^(\d+) requirements: (.+)\.$", PAGE.read_text(), re.MULTILINE)
    assert said is not None
    counted = dict(re.findall(r"(?:^|, )(\d+) ([^,]+)", said[2]))
    kinds = [row[2].partition(":")[0].strip("*") for row in general]
    assert int(said[1]) == len(general)
    assert {kind: int(count) for count, kind in counted.items()} == {kind: kinds.count(kind) for kind in set(kinds)}
