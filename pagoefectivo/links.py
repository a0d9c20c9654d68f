"""Absolute addresses. The host comes from the settings, never from a request.

Links to the buyer's page are signed: unguessable, verified before the database is asked, void once the key rotates.
"""

from __future__ import annotations

import secrets

from django.core import signing
from django.urls import reverse
from django.utils.crypto import salted_hmac

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import NotFound

_SALT = "pagoefectivo.page"
_KEY_BYTES = 16


def new_page_key() -> str:
    """Return 128 random bits for a link."""
    return secrets.token_urlsafe(_KEY_BYTES)


def page_token(page_key: str) -> str:
    """Return a link's token: the key and its signature. The key alone, from a leaked table, opens nothing."""
    return f"{page_key}{_signature(page_key)}"


def page_key_of(token: str) -> str:
    """Return the key inside a token; raises NotFound for any token we did not sign, without asking the database."""
    page_key, signature = token[:22], token[22:]
    if not secrets.compare_digest(signature.encode(), _signature(page_key).encode()):
        raise NotFound
    return page_key


def page_url(page_key: str) -> str:
    """Return the address of the buyer's page."""
    return f"{conf.current().public_base_url}{reverse('pagoefectivo:voucher', args=[page_token(page_key)])}"


def notification_url(account: str, refund_reference: str = "") -> str:
    """Return the address of an account's letterbox; for a refund it carries our reference, which the PSP echoes."""
    query = f"?refund={refund_reference}" if refund_reference else ""
    return f"{conf.current().public_base_url}{reverse('pagoefectivo:webhook', args=[account])}{query}"


def _signature(page_key: str) -> str:
    return signing.b64_encode(salted_hmac(_SALT, page_key, algorithm="sha256").digest()[:_KEY_BYTES]).decode()
