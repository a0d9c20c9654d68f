"""Texts that fit one SMS: the letters of GSM 7-bit and 160 of them (3GPP TS 23.038 §6.2.1).

One letter outside of them, such as the ó of «código», would make it UCS-2 and cut it after 70.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from pagoefectivo.domain.localtime import LIMA

LONGEST = 160
SHORTEST_NAME = 6
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # each takes the room of two
_REPLACED = {
    "\N{NO-BREAK SPACE}": " ",
    "–": "-",
    "—": "-",
    "…": "...",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "’": "'",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def septets(text: str) -> int | None:
    """Return how much room a text takes in GSM 7-bit; None when it has a letter that is not in it."""
    if not all(letter in _BASIC or letter in _EXTENDED for letter in text):
        return None
    return len(text) + sum(letter in _EXTENDED for letter in text)


def fits(text: str) -> bool:
    """Whether a text is one SMS."""
    room = septets(text)
    return room is not None and room <= LONGEST


def plain(text: str) -> str:
    """Return a text in the letters of GSM 7-bit: accents that it lacks are dropped, what nothing stands for is a `?`."""
    return "".join(_plain_letter(letter) for letter in text)


def sms_language(language: str) -> str:
    """Return the language that an SMS is written in: Chinese would leave room for less than the link, so English."""
    return "en" if language == "zh" else language


def sms_moment(instant: datetime, language: str) -> str:
    """Write an instant in Lima's time in a few letters: `24/11 10:32pm`."""
    local = instant.astimezone(LIMA)
    hour, half = (local.hour - 1) % 12 + 1, "pm" if local.hour >= 12 else "am"  # noqa: PLR2004 - noon
    day = f"{_MONTHS[local.month - 1]} {local.day}" if language == "en" else f"{local.day}/{local.month:02}"
    return f"{day} {hour}:{local.minute:02}{half}"


def one_sms(template: str, *, shop: str, link: str, **facts: str) -> str:
    """Fill a template that ends in `{link}` so that it is one SMS.

    What is too long loses the end of the shop's name first, then the link: the facts are never cut.
    Raises ValueError when even that is too long.
    """
    known = {name: plain(fact) for name, fact in facts.items()}
    name = plain(shop)
    for where in (link, ""):
        for length in range(len(name), min(SHORTEST_NAME, len(name)) - 1, -1):
            text = plain(template.format(shop=name[:length].rstrip(), link=where, **known)).strip()
            if fits(text):
                return text
    raise ValueError("a text for an SMS is too long whatever is left out")


def _plain_letter(letter: str) -> str:
    if letter in _BASIC or letter in _EXTENDED:
        return letter
    if letter in _REPLACED:
        return _REPLACED[letter]
    bare = unicodedata.normalize("NFKD", letter)[0]
    return bare if bare in _BASIC else "?"
