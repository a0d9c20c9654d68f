"""Columns of our own: money, encrypted text, encrypted bytes, and the columns of a row with unfinished work."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.db import models

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import ConfigurationError


def money_field(**options: Any) -> models.DecimalField[Any, Any]:
    """An amount with two decimals; its currency stands in the column beside it."""
    return models.DecimalField(max_digits=12, decimal_places=2, **options)


@lru_cache(maxsize=4)
def _cipher_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"pagoefectivo\0{key}".encode()).digest())) for key in keys]
    )


def cipher() -> MultiFernet:
    """Return the cipher of the effective ENCRYPTION_KEYS: the first encrypts, all decrypt."""
    keys = conf.encryption_keys()
    if not keys:
        raise ConfigurationError("PAGOEFECTIVO['ENCRYPTION_KEYS'] is empty and there is no SECRET_KEY to fall back on.")
    return _cipher_of(keys)


class EncryptedBytesField(models.BinaryField):  # type: ignore[type-arg]
    """Bytes that are encrypted at rest. An empty value stays empty, None stays None."""

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return cipher().encrypt(bytes(prepared)) if prepared else prepared

    def from_db_value(self, value: Any, *_: Any) -> bytes | None:
        if value is None:
            return None
        stored = bytes(value)
        return cipher().decrypt(stored) if stored else stored


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted at rest. An empty value stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return cipher().encrypt(prepared.encode()).decode() if prepared else prepared

    def from_db_value(self, value: Any, *_: Any) -> str | None:
        return cipher().decrypt(value.encode()).decode() if value else value


class DueRow(models.Model):
    """Unfinished work: due at `next_action_at`, held until `lease_until` by the holder of `lease_token`.

    The token grows with every claim, so a holder who comes back late can tell that somebody else took over.
    """

    next_action_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_token = models.PositiveIntegerField(default=0, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


def due_index(name: str) -> models.Index:
    """Index only the rows that still have something to do: it stays small at any table size."""
    return models.Index(fields=["next_action_at"], name=name, condition=models.Q(next_action_at__isnull=False))


def linked_index(link: str, name: str) -> models.Index:
    """Index only the rows whose link is set: a row that has none costs nothing when it is written."""
    return models.Index(fields=[link], name=name, condition=models.Q(**{f"{link}__isnull": False}))
