"""Absolute addresses. The host comes from the settings, never from a request.

Links to the buyer's pages are signed: unguessable, verified before the database is asked, void once the key rotates.
"""

from __future__ import annotations

import secrets

from django.core import signing
from django.urls import reverse
from django.utils.crypto import salted_hmac

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import NotFound

_SALT = "pagoefectivo.page"
_REFUND_SALT = "pagoefectivo.refund-page"
_KEY_BYTES = 16
_KEY_LENGTH = 22  # of 128 bits in base64


def new_page_key() -> str:
    """Return 128 random bits for a link."""
    return secrets.token_urlsafe(_KEY_BYTES)


def page_token(page_key: str) -> str:
    """Return the token of an order's page: the key and its signature. A key alone, from a leaked table, opens nothing."""
    return _token(page_key, _SALT)


def page_key_of(token: str) -> str:
    """Return the key inside a token; raises NotFound for any token we did not sign, without asking the database."""
    return _key_of(token, _SALT)


def page_url(page_key: str) -> str:
    """Return the address of the buyer's page of an order."""
    return f"{conf.current().public_base_url}{reverse('pagoefectivo:voucher', args=[page_token(page_key)])}"


def refund_page_token(page_key: str) -> str:
    """Return the token of a refund's page; that of an order's page never opens one."""
    return _token(page_key, _REFUND_SALT)


def refund_page_key_of(token: str) -> str:
    """Return the key inside a refund's token; raises NotFound as `page_key_of` does."""
    return _key_of(token, _REFUND_SALT)


def refund_page_url(page_key: str) -> str:
    """Return the address of the buyer's page of a refund."""
    return f"{conf.current().public_base_url}{reverse('pagoefectivo:refund', args=[refund_page_token(page_key)])}"


def notification_url(account: str, refund_reference: str = "") -> str:
    """Return the address of an account's letterbox; for a refund it carries our reference, which the PSP echoes."""
    query = f"?refund={refund_reference}" if refund_reference else ""
    return f"{conf.current().public_base_url}{reverse('pagoefectivo:webhook', args=[account])}{query}"


def _token(page_key: str, salt: str) -> str:
    return f"{page_key}{_signature(page_key, salt)}"


def _key_of(token: str, salt: str) -> str:
    page_key, signature = token[:_KEY_LENGTH], token[_KEY_LENGTH:]
    if not secrets.compare_digest(signature.encode(), _signature(page_key, salt).encode()):
        raise NotFound
    return page_key


def _signature(page_key: str, salt: str) -> str:
    return signing.b64_encode(salted_hmac(salt, page_key, algorithm="sha256").digest()[:_KEY_BYTES]).decode()
