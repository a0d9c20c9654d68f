"""Where and how to pay, in the buyer's words: three ways, each with its steps, its places and what does not take the amount."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from pagoefectivo import storefront
from pagoefectivo.domain.localtime import written_day
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.payment_channels import Offer, TooSmall, Way, offers_for

_LABELS = {Way.APP: noop("Phone"), Way.WEB: noop("Bank's website"), Way.CASH: noop("Cash")}
_STEPS = {
    Way.APP: (
        noop("Open the app of your bank and choose to pay services."),
        noop("Look for “PagoEfectivo”{currency}."),
        noop("Enter your CIP code."),
        noop("Check that it says {amount} and confirm."),
    ),
    Way.WEB: (
        noop("Open your online banking and choose to pay services."),
        noop("Look for “PagoEfectivo”{currency}."),
        noop("Enter your CIP code."),
        noop("Check that it says {amount} and confirm."),
    ),
    Way.CASH: (
        noop("Go to one of these agents and say that you want to pay a PagoEfectivo service."),
        noop("Dictate your CIP code or show the barcode."),
        noop("Pay {amount} and keep your receipt."),
    ),
}
_CURRENCIES = {"PEN": noop(" and choose soles"), "USD": noop(" and choose dollars")}
_NOTES = {
    Way.APP: noop(
        "Yape, Plin and other wallets read a QR, and this code came without one. Use the app of your bank, or look in "
        "your wallet for a way to pay services."
    ),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One way to pay as the page shows it; `excluded` are sentences about channels that do not take the amount."""

    way: str
    label: str
    steps: tuple[str, ...]
    names: str
    excluded: tuple[str, ...]
    note: str
    reviewed_on: str


def places_for(amount: Decimal, currency: str, language: str) -> tuple[Place, ...]:
    """Return the ways to pay an amount, in the active language, as the shop's settings know them."""
    return tuple(
        _place(offer, amount, currency, language)
        for offer in offers_for(amount, currency, storefront.current().channels)
    )


def _place(offer: Offer, amount: Decimal, currency: str, language: str) -> Place:
    values = {"amount": format_money(amount, currency), "currency": gettext(_CURRENCIES[currency])}
    return Place(
        way=offer.way,
        label=gettext(_LABELS[offer.way]),
        steps=tuple(gettext(step).format(**values) for step in _STEPS[offer.way]),
        names=" · ".join(offer.names),
        excluded=tuple(_excluded(offer.too_small)),
        note=gettext(_NOTES[offer.way]) if offer.way in _NOTES else "",
        reviewed_on=written_day(offer.reviewed_on, language),
    )


def _excluded(too_small: tuple[TooSmall, ...]) -> Iterator[str]:
    """A sentence for each that is known not to take the amount, and one for all that may not."""
    hints = []
    for small in too_small:
        ceiling = format_money(small.ceiling, "PEN")
        if small.is_certain:
            known = gettext("{name} takes up to {ceiling} per operation. Choose another place.")
            yield known.format(name=small.name, ceiling=ceiling)
        else:
            hints.append(f"{small.name} {ceiling}")
    if hints:
        text = gettext("These may take less per operation (not confirmed; ask before you go): {places}.")
        yield text.format(places=" · ".join(hints))
