"""An account between review and confirmation: sealed, so that what was reviewed is what is confirmed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from cryptography.fernet import InvalidToken

from pagoefectivo.domain.messages import Destination
from pagoefectivo.models import Refund
from pagoefectivo.models.fields import cipher

LIFE = 15 * 60  # seconds


@dataclass(frozen=True, slots=True)
class Draft:
    """What the buyer reviewed, and the `binding` of the refund as it stood then."""

    destination: Destination
    seen: str


def seal(refund: Refund, destination: Destination) -> str:
    """Return a draft as a form may carry it: encrypted, and good for this refund for a quarter of an hour."""
    kept = {"refund": refund.public_id, "seen": refund.binding, "destination": asdict(destination)}
    return cipher().encrypt(json.dumps(kept).encode()).decode()


def unseal(refund: Refund, sealed: str) -> Draft | None:
    """Return the draft inside; None for what we did not seal for this refund a short while ago."""
    try:
        kept = json.loads(cipher().decrypt(sealed.encode(), ttl=LIFE))
    except InvalidToken:
        return None
    if kept.get("refund") != refund.public_id:
        return None
    return Draft(Destination(**kept["destination"]), kept["seen"])
