"""Finding by what is kept encrypted: keyed digests, of no use to whoever has the table and not the key."""

from __future__ import annotations

import hashlib
import hmac

from django.db import models

from pagoefectivo import conf
from pagoefectivo.domain.clues import Kind, account_of, document_of, phone_of

_COMPARED = {Kind.PHONE: phone_of, Kind.DOCUMENT: document_of, Kind.ACCOUNT: account_of}
_BYTES = 16


def digest(kind: Kind, text: str) -> str:
    """Return what a phone, a document or an account is kept as: keyed by the newest of ENCRYPTION_KEYS; empty for nothing."""
    found = digests(kind, text)
    return found[0] if found else ""


def digests(kind: Kind, text: str) -> tuple[str, ...]:
    """Return everything it may have been kept as, under each of the keys: one that was rotated away finds as well."""
    compared = _COMPARED[kind](text)
    return tuple(_keyed(key, kind, compared) for key in conf.encryption_keys()) if compared else ()


def payer_digests(phone: str, document_number: str) -> tuple[str, str]:
    """Return what a buyer's phone and document are kept as."""
    return digest(Kind.PHONE, phone), digest(Kind.DOCUMENT, document_number)


def newest_key() -> str:
    """Return a name for the key that digests are made with now, from which the key cannot be told."""
    return hmac.new(conf.encryption_keys()[0].encode(), b"pagoefectivo.digests", hashlib.sha256).hexdigest()[:16]


def digest_field() -> models.CharField[str, str]:
    """A column for such a digest; a release that does not know it leaves it empty."""
    return models.CharField(max_length=2 * _BYTES, blank=True, editable=False, default="", db_default="")


def digest_index(column: str, name: str) -> models.Index:
    """Index only the rows that have a digest."""
    return models.Index(fields=[column], name=name, condition=~models.Q(**{column: ""}))


def _keyed(key: str, kind: Kind, compared: str) -> str:
    said = f"pagoefectivo.{kind}\0{compared}".encode()
    return hmac.new(key.encode(), said, hashlib.sha256).digest()[:_BYTES].hex()
