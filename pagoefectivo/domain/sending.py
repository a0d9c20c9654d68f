"""A message to a buyer on its way to a channel, and what the channel can truly say became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Address(StrEnum):
    """Which of the buyer's addresses a channel sends to."""

    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """One message, ready to be sent. `text` and `html` say the same; `short` is one SMS. A repr shows its id alone."""

    public_id: str
    address: str = field(repr=False)
    sender: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    short: str = field(repr=False)


class Fate(StrEnum):
    """What became of a try to send."""

    SENT = "sent"  # the next hop has taken it over
    NOT_SENT = "not_sent"  # it surely did not leave: it may be tried again
    REFUSED = "refused"  # the next hop wants it from nobody, such as for an address that does not exist
    UNCERTAIN = "uncertain"  # it may have left: it is not sent again by itself


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What a channel answers. `code` is short and never names a person."""

    fate: Fate
    code: str = ""


SENT = SendOutcome(Fate.SENT)
