"""The token that every call but one carries: asked for with a hash of our keys, kept while it is good, never stored."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from django.views.decorators.debug import sensitive_variables

from pagoefectivo.domain.exceptions import UnreadableMessage
from pagoefectivo.providers.base import Account, Wire
from pagoefectivo.providers.credentials import credential
from pagoefectivo.providers.documents import Document, instant, text

LIMA = timezone(timedelta(hours=-5))  # every date of PagoEfectivo's, all the year
MARGIN = timedelta(minutes=1)  # longer than the longest call; lives of five minutes and of two hours are told of
LONGEST_TOKEN = 4096

_FITS_A_HEADER = re.compile(r"[\x21-\x7e]+", re.ASCII)


def written(moment: datetime) -> str:
    """Return an instant as PagoEfectivo takes it: 25 characters, Lima's offset."""
    return moment.astimezone(LIMA).isoformat(timespec="seconds")


def hash_string(id_service: str, access_key: str, secret_key: str, date_request: str) -> str:
    """Return SHA-256 over the four texts with dots between them, as lowercase hex; the secret is text, not Base64."""
    return hashlib.sha256(f"{id_service}.{access_key}.{secret_key}.{date_request}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `kept` when it was remembered and not just given."""

    value: str = field(repr=False)
    kept: bool = False


@dataclass(frozen=True, slots=True)
class _Remembered:
    value: str = field(repr=False)
    good_until: datetime


class Tokens:
    """The tokens of one account. Another account, address or set of keys never meets them."""

    def __init__(self, account: Account, wire: Wire) -> None:
        self._keys = tuple(credential(account, name) for name in ("id_service", "access_key", "secret_key"))
        told = "\0".join((account.name, account.base_url, *self._keys)).encode()
        self._place = f"pagoefectivo_direct token {hashlib.sha256(told).hexdigest()}"
        self._memory = wire.memory
        self._now = wire.now

    @sensitive_variables("access_key", "secret_key")
    def question(self) -> Document:
        """Return what asks for a token now."""
        id_service, access_key, secret_key = self._keys
        date_request = written(self._now())
        return {
            "accessKey": access_key,
            "idService": id_service,
            "dateRequest": date_request,
            "hashString": hash_string(id_service, access_key, secret_key, date_request),
        }

    def remembered(self) -> Token | None:
        """Return the token that is still good for a whole call, None where there is none."""
        known = self._memory.get(self._place)
        if not isinstance(known, _Remembered) or known.good_until - MARGIN <= self._now():
            return None
        return Token(known.value, kept=True)

    @sensitive_variables("said", "value")
    def take(self, said: Document) -> Token:
        """Return the token that was given and remember it until it expires; raises UnreadableMessage where there is none.

        One whose end cannot be read serves one call.
        """
        value = text(said, "token", longest=LONGEST_TOKEN)
        if not _FITS_A_HEADER.fullmatch(value):
            raise UnreadableMessage("no usable token")
        good_until = instant(said, "tokenExpires")
        if good_until is None:
            self._memory.pop(self._place, None)
        else:
            self._memory[self._place] = _Remembered(value, good_until)
        return Token(value)

    def forget(self, refused: Token) -> None:
        """Forget a token that was refused; one that another call got meanwhile stays."""
        known = self._memory.get(self._place)
        if isinstance(known, _Remembered) and known.value == refused.value:
            self._memory.pop(self._place, None)
