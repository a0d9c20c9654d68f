"""One visit to a refund's page: a short signed cookie of that page alone, and the key that every form on it carries.

The key of a form is made from the cookie's id, so a form of somebody else's page is refused; Django's own check would
log the address with the token in it, and refuses what comes from a page whose referrer is kept back.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import salted_hmac

from pagoefectivo import conf
from pagoefectivo.links import refund_page_token

COOKIE = "pagoefectivo_refund"
LIFE = 15 * 60  # seconds
_SALT = "pagoefectivo.refund-visit"


@dataclass(frozen=True, slots=True)
class Entrance:
    """One browser at one link; `is_opened` once the buyer has shown who they are."""

    page_key: str = field(repr=False)
    id: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(16))
    is_opened: bool = False

    @property
    def form_key(self) -> str:
        """What a form of this page carries, and no other page can know."""
        return salted_hmac(f"{_SALT}.form", f"{self.page_key}:{self.id}", algorithm="sha256").hexdigest()

    def takes(self, form_key: str) -> bool:
        """Whether a form came from this page."""
        return secrets.compare_digest(form_key.encode(), self.form_key.encode())


def entrance_of(request: HttpRequest, page_key: str) -> Entrance | None:
    """Return the entrance that a request carries for this link; None for none, another's, a forged or an old one."""
    try:
        kept = _signer(page_key).unsign_object(request.COOKIES.get(COOKIE, ""), max_age=LIFE)
    except signing.BadSignature:
        return None
    return Entrance(page_key, kept["id"], kept["is_opened"])


def keep(response: HttpResponse, entrance: Entrance) -> None:
    """Give the browser an entrance, for this page's address and a quarter of an hour."""
    response.set_cookie(
        COOKIE,
        _signer(entrance.page_key).sign_object({"id": entrance.id, "is_opened": entrance.is_opened}),
        max_age=LIFE,
        path=path_of(entrance.page_key),
        secure=conf.current().public_base_url.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )


def path_of(page_key: str) -> str:
    """Return the path of a refund's page."""
    return reverse("pagoefectivo:refund", args=[refund_page_token(page_key)])


def _signer(page_key: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"{_SALT}.{page_key}")
