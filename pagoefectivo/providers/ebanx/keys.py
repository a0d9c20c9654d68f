"""EBANX's keys: ours, which signs what we send, and theirs, which signed what came. No message shows a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from django.views.decorators.debug import sensitive_variables

from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.providers.base import Account
from pagoefectivo.providers.credentials import credentials

PRIVATE_KEY, CERTIFICATES = "jws_private_key", "notification_certificates"
CERTIFICATE = "-----BEGIN CERTIFICATE-----"
NO_SHA1 = (
    "The cryptographic policy of this machine refuses SHA-1, with which EBANX signs its notifications, so that none "
    "can be verified. Allow SHA-1 signatures for this process; until then payments are only heard of by asking."
)


@dataclass(frozen=True, slots=True)
class NotificationKey:
    """One of EBANX's public keys. `fingerprint` is its certificate's SHA-1 in capital hex, "" for a bare key."""

    public_key: RSAPublicKey
    fingerprint: str

    def signed(self, body: bytes, signature: bytes) -> bool:
        """Whether this is its RSA-SHA1 signature over the bytes; raises ConfigurationError where SHA-1 is refused."""
        try:
            self.public_key.verify(signature, body, PKCS1v15(), SHA1())  # noqa: S303 - EBANX offers no other
        except InvalidSignature:
            return False
        except UnsupportedAlgorithm:
            raise ConfigurationError(NO_SHA1) from None
        return True


@sensitive_variables()
def signing_key(account: Account) -> RSAPrivateKey:
    """Return the account's own key; raises ConfigurationError for anything but an RSA private key in PEM."""
    return _private_key(credentials(account, PRIVATE_KEY)[0])


def notification_keys(account: Account) -> tuple[NotificationKey, ...]:
    """Return EBANX's keys in the order of the settings; raises ConfigurationError for what is none."""
    return tuple(_notification_key(pem) for pem in credentials(account, CERTIFICATES))


def problems(written: Mapping[str, str | tuple[str, ...]]) -> Iterator[str]:
    """Yield why the keys of an account cannot be used on this machine."""
    account = Account("", "", written)
    try:
        if credentials(account, PRIVATE_KEY):
            signing_key(account)
        for key in notification_keys(account):
            key.signed(b"", b"")
    except ConfigurationError as problem:
        yield str(problem)


@lru_cache(maxsize=64)
@sensitive_variables()
def _private_key(pem: str) -> RSAPrivateKey:
    key: object
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(f"{PRIVATE_KEY} is not an unencrypted RSA private key in PEM.")
    return key


@lru_cache(maxsize=256)
def _notification_key(pem: str) -> NotificationKey:
    key: object
    fingerprint = ""
    try:
        if CERTIFICATE in pem:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            key, fingerprint = certificate.public_key(), certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303 - a name
        else:
            key = load_pem_public_key(pem.encode())
    except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise ConfigurationError(f"{CERTIFICATES} has an entry that is no RSA certificate and no public key in PEM.")
    return NotificationKey(key, fingerprint)
