"""Reading an account's credentials. A message names the field and never shows its value."""

from __future__ import annotations

import re

from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.providers.base import Account

_FITS_A_HEADER = re.compile(r"[\x21-\x7e]+", re.ASCII)


def credential(account: Account, field: str) -> str:
    """Return the field's value, the first where several are active; raises ConfigurationError when it is unusable."""
    values = credentials(account, field)
    if not values:
        raise ConfigurationError(f"The account {account.name!r} has no {field}.")
    if not _FITS_A_HEADER.fullmatch(values[0]):
        raise ConfigurationError(f"The {field} of the account {account.name!r} has characters that no key has.")
    return values[0]


def credentials(account: Account, field: str) -> tuple[str, ...]:
    """Return every active value of a field, without empty ones: an empty key would let anybody sign."""
    value = account.credentials.get(field, ())
    values = (value,) if isinstance(value, str) else value
    return tuple(each for each in values if each)
