"""Keys of the REST API: made once, stored as a digest, looked up by it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.models import ApiKey
from pagoefectivo.models.integrations import SCOPES
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor, api_key

MARK = "pek_"
SHOWN = 12
_RANDOM_BYTES = 32
_LONGEST_NAME = 100
_USE_IS_NEWS_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who sent a request: the key's row and what it may do."""

    key_id: int
    actor: Actor


def create_key(
    name: str, scopes: Sequence[str], accounts: Sequence[str] = (), *, owner_id: int | None = None
) -> tuple[ApiKey, str]:
    """Return a new key's row and the key itself, which is stored nowhere and cannot be shown again.

    Without `accounts` the key sees all of them; `owner_id` is the person who answers for it. Raises RuleRefused for an empty name, an unknown scope or account.
    """
    objections = [
        *([Reason(ErrorCode.REQUEST_INVALID, field="name")] if not 0 < len(name) <= _LONGEST_NAME else []),
        *([Reason(ErrorCode.REQUEST_INVALID, field="scopes")] if not scopes or set(scopes) - set(SCOPES) else []),
        *(
            [Reason(ErrorCode.ACCOUNT_UNKNOWN, field="accounts")]
            if set(accounts) - set(conf.current().accounts)
            else []
        ),
    ]
    if objections:
        raise RuleRefused(*objections)
    plain = MARK + secrets.token_urlsafe(_RANDOM_BYTES)
    row = ApiKey.objects.create(
        name=name,
        prefix=plain[:SHOWN],
        digest=_digest(plain),
        scopes=sorted(set(scopes)),
        accounts=sorted(set(accounts)),
        owner_id=owner_id,
        created_at=seams.now(),
    )
    return row, plain


def authenticate(plain: str) -> KeyHolder | None:
    """Return the holder of a live key, None for any other text. Notes its use at most once in five minutes."""
    digest = _digest(plain)
    row = ApiKey.objects.filter(digest=digest, revoked_at=None).first()
    if row is None or not secrets.compare_digest(row.digest, digest):
        return None
    now = seams.now()
    if row.last_used_at is None or now - row.last_used_at > _USE_IS_NEWS_AFTER:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return KeyHolder(row.pk, api_key(row.name, row.scopes, row.accounts, row.owner_id))


def revoke(key_id: int) -> ApiKey:
    """End a key at once and for good; a second time changes nothing. Raises NotFound."""
    ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=seams.now())
    row = ApiKey.objects.filter(pk=key_id).first()
    if row is None:
        raise NotFound
    return row


def _digest(plain: str) -> str:
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
