"""Where a code can be paid: every name has a source and a day, and what is too small stays with its reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pagoefectivo.domain.payment_channels import CHANNELS, Ceiling, Channel, Way, offers_for

SHOP = Channel(
    "Bodega", frozenset({Way.CASH}), "shop", date(2026, 1, 2), Ceiling(Decimal("500.00"), "shop", is_verified=True)
)
BANK = Channel("Banco", frozenset({Way.APP, Way.WEB}), "bank", date(2026, 3, 4))


def test_every_channel_and_ceiling_names_its_source_and_the_day() -> None:
    for channel in CHANNELS.values():
        assert channel.source.startswith("https://")
        assert channel.ways
        assert channel.verified_on <= date(2026, 12, 31)
        assert channel.ceiling is None or channel.ceiling.source.startswith("https://")


def test_only_the_owners_own_word_on_a_ceiling_counts_as_verified() -> None:
    for channel in CHANNELS.values():
        if channel.ceiling is not None:
            assert channel.ceiling.is_verified is (channel.ceiling.source == channel.source)


@pytest.mark.parametrize(("amount", "takes_it"), [("500.00", True), ("500.01", False)])
def test_a_ceiling_is_the_last_amount_that_goes(amount: str, takes_it: bool) -> None:
    [app, web, cash] = offers_for(Decimal(amount), "PEN", [SHOP, BANK])
    assert (app.names, web.names) == (("Banco",), ("Banco",))
    assert cash.names == (("Bodega",) if takes_it else ())
    assert [small.name for small in cash.too_small] == ([] if takes_it else ["Bodega"])


def test_a_ceiling_in_soles_says_nothing_about_dollars() -> None:
    [cash] = offers_for(Decimal("900.00"), "USD", [SHOP])
    assert (cash.names, cash.too_small) == (("Bodega",), ())


def test_the_day_of_a_way_is_that_of_its_oldest_channel() -> None:
    [cash] = offers_for(Decimal("1.00"), "PEN", [SHOP, Channel("Otra", frozenset({Way.CASH}), "x", date(2026, 5, 6))])
    assert cash.reviewed_on == date(2026, 1, 2)
