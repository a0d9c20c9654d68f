"""Finding a provider by its slug, or by the dotted path of a third party's class."""

from __future__ import annotations

import difflib
import pkgutil
from importlib import import_module

from pagoefectivo import providers
from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.providers.base import Provider


def provider_slugs() -> tuple[str, ...]:
    """Return the slugs of the providers in this package: every folder beside this file is one."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(providers.__path__) if module.ispkg))


def provider_named(slug_or_path: str) -> type[Provider]:
    """Return the provider class of a slug (`dlocal`) or of a dotted path (`shop.payments.OurProvider`).

    Raises ConfigurationError with the nearest spelling for a name that leads nowhere.
    """
    if "." in slug_or_path:
        return _imported(slug_or_path)
    if slug_or_path in provider_slugs():
        provider: type[Provider] = import_module(f"{providers.__name__}.{slug_or_path}").PROVIDER
        return provider
    near = difflib.get_close_matches(slug_or_path, provider_slugs(), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(provider_slugs())}."
    raise ConfigurationError(f"There is no provider {slug_or_path!r}; {hint}")


def _imported(path: str) -> type[Provider]:
    module_name, _, class_name = path.rpartition(".")
    try:
        found = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"The provider {path!r} cannot be imported: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Provider)):
        raise ConfigurationError(f"{path!r} is not a Provider.")
    return found
