"""Where a code can be paid: names and ceilings as data, each with its source and the day somebody last looked.

Sources, all public, none of them a contract: PAGOEFECTIVO is Paysafe's page for merchants of PagoEfectivo, its owner.
RELATED are the tables of Kushki and PPRO for cash in Peru; they name the same agents, yet for a sister service, so their
ceilings are only a hint. A shop corrects both with the setting PAYMENT_CHANNELS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

PAGOEFECTIVO = "https://developer.paysafe.com/ (PagoEfectivo)"
RELATED = "https://docs.kushki.com/pe/en/cash-payments/authorized-locations"
RELATED_PPRO = "https://developerhub.ppro.com/simple-api/docs/peru-cash-payments-via-safetypay"
THE_SHOP = "PAYMENT_CHANNELS"
REVIEWED_ON = date(2026, 11, 22)


class Way(StrEnum):
    """How the buyer pays; the page offers these three."""

    APP = "app"
    WEB = "web"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that a channel takes in one operation, in soles. Unverified: said of a related service, so only a hint."""

    amount: Decimal
    source: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Channel:
    """One place to pay. `source` says who names it; `verified_on` when that was last read."""

    name: str
    ways: frozenset[Way]
    source: str = PAGOEFECTIVO
    verified_on: date = REVIEWED_ON
    ceiling: Ceiling | None = None


@dataclass(frozen=True, slots=True)
class TooSmall:
    """A channel that cannot, or where unverified may not, take the amount."""

    name: str
    ceiling: Decimal
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """What one way has for an amount: channels that take it, and those that stay on the page with the reason why not."""

    way: Way
    names: tuple[str, ...]
    too_small: tuple[TooSmall, ...]
    reviewed_on: date


def _bank(name: str, *ways: Way) -> Channel:
    return Channel(name, frozenset(ways))


def _agent(name: str, ceiling: str = "", source: str = RELATED, *, is_verified: bool = False) -> Channel:
    limit = Ceiling(Decimal(ceiling), source, is_verified) if ceiling else None
    return Channel(name, frozenset({Way.CASH}), ceiling=limit)


CHANNELS: dict[str, Channel] = {
    "bcp": _bank("BCP", Way.APP, Way.WEB),
    "bbva": _bank("BBVA", Way.APP, Way.WEB),
    "interbank": _bank("Interbank", Way.APP, Way.WEB),
    "scotiabank": _bank("Scotiabank", Way.APP, Way.WEB),
    "banbif": _bank("BanBif", Way.APP, Way.WEB),
    "caja_arequipa": _bank("Caja Arequipa", Way.APP, Way.WEB, Way.CASH),
    "pichincha": _bank("Pichincha", Way.WEB),
    "bcp_agent": _agent("Agente BCP", "1000.00"),
    "bbva_agent": _agent("Agente BBVA", "1900.00"),
    "interbank_agent": _agent("Agente Interbank", "700.00"),
    "scotiabank_agent": _agent("Agente Scotiabank", "500.00"),
    "banbif_agent": _agent("Agente BanBif"),
    "western_union": _agent("Western Union"),
    "tambo": _agent("Tambo+", "500.00", RELATED_PPRO),
    "kasnet": _agent("KasNet", "1000.00"),
    "ya_ganaste": _agent("Ya Ganaste"),
    "red_digital": _agent("Red Digital", "500.00", RELATED_PPRO),
    "niubiz": _agent("Niubiz", "500.00", RELATED_PPRO),
    "moneygram": _agent("MoneyGram"),
    "disashop": _agent("Disashop", "250.00", PAGOEFECTIVO, is_verified=True),
    "cellpower": _agent("Cellpower"),
}


def offers_for(amount: Decimal, currency: str, channels: Iterable[Channel]) -> tuple[Offer, ...]:
    """Return one offer per way that has any channel. Ceilings are in soles, so no other currency is measured by them."""
    known = list(channels)
    found = []
    for way in Way:
        mine = [channel for channel in known if way in channel.ways]
        small = [
            channel for channel in mine if currency == "PEN" and channel.ceiling and channel.ceiling.amount < amount
        ]
        if mine:
            found.append(
                Offer(
                    way,
                    names=tuple(channel.name for channel in mine if channel not in small),
                    too_small=tuple(_too_small(channel.name, channel.ceiling) for channel in small if channel.ceiling),
                    reviewed_on=min(channel.verified_on for channel in mine),
                )
            )
    return tuple(found)


def _too_small(name: str, ceiling: Ceiling) -> TooSmall:
    return TooSmall(name, ceiling.amount, ceiling.is_verified)
