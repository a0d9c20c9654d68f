"""No provider is registered without proving itself, and the suite fails one with a bug."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from pagoefectivo.domain.exceptions import InvalidSignature
from pagoefectivo.providers.registry import provider_named, provider_slugs
from pagoefectivo.testing.conformance import ProviderConformance
from tests.conformance.bugs.planting import Bug


def planted(slug: str) -> dict[str, Bug]:
    bugs: dict[str, Bug] = importlib.import_module(f"tests.conformance.bugs.{slug}").BUGS
    return bugs


BUGS = {f"{slug} {name}": each for slug in provider_slugs() for name, each in planted(slug).items()}
BROKEN = (AssertionError, pytest.fail.Exception, KeyError, InvalidSignature)


@pytest.mark.parametrize("slug", provider_slugs())
def test_every_registered_provider_is_under_the_suite(slug: str) -> None:
    module = importlib.import_module(f"tests.conformance.test_{slug}")
    classes = [each for each in vars(module).values() if isinstance(each, type)]
    proven = [each for each in classes if issubclass(each, ProviderConformance) and hasattr(each, "provider")]
    assert [each.provider for each in proven] == [provider_named(slug)]
    assert len(planted(slug)) >= 5


def test_promises_without_a_provider_say_what_is_missing() -> None:
    nobodys: Any = SimpleNamespace(cls=type("Nobodys", (ProviderConformance,), {}), fixturenames=[])
    with pytest.raises(pytest.UsageError, match="Nobodys promises for a provider and names no `provider`"):
        ProviderConformance().pytest_generate_tests(nobodys)


@pytest.mark.parametrize("name", BUGS)
def test_the_suite_catches_that(name: str) -> None:
    each = BUGS[name]
    each.promise(each.sound)
    with pytest.raises(BROKEN):
        each.promise(each.broken)
