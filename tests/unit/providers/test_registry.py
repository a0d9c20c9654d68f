"""A provider is found by its slug or its path, and a slip is answered with the right spelling."""

from __future__ import annotations

import pytest

from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.providers.registry import provider_named, provider_slugs


def test_every_folder_of_the_package_is_a_provider_with_its_own_slug() -> None:
    assert "dlocal" in provider_slugs()
    assert [provider_named(slug).slug for slug in provider_slugs()] == list(provider_slugs())


def test_a_third_partys_class_is_found_by_its_path() -> None:
    assert provider_named("pagoefectivo.providers.dlocal.DLocal") is DLocal


def test_a_misspelt_slug_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'dlocal'"):
        provider_named("dlocl")


def test_a_slug_like_no_other_is_answered_with_what_there_is() -> None:
    with pytest.raises(ConfigurationError, match=r"there are: .*dlocal"):
        provider_named("zzz")


@pytest.mark.parametrize("path", ["no.such.module.Provider", "pagoefectivo.providers.dlocal.Nothing", ".x", "x."])
def test_a_path_that_leads_nowhere_is_named(path: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be imported"):
        provider_named(path)


@pytest.mark.parametrize("path", ["decimal.Decimal", "pagoefectivo.providers.dlocal.tables.ERRORS"])
def test_a_path_to_something_else_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a Provider"):
        provider_named(path)
