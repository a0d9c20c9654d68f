"""A shop's own looks and places, read as strictly as every other setting."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo import storefront
from pagoefectivo.conf_reading import SettingsProblem
from pagoefectivo.domain.colours import contrast
from pagoefectivo.domain.payment_channels import CHANNELS, THE_SHOP, Way
from pagoefectivo.domain.renewals import NewCodes


def _read(settings: Any, **keys: Any) -> storefront.Storefront:
    settings.PAGOEFECTIVO = {"PUBLIC_BASE_URL": "https://shop.example", **keys}
    return storefront.current()


def test_the_defaults_are_readable_themselves(settings: Any) -> None:
    shown = _read(settings)
    assert (shown.brand.logo, shown.brand.return_url, shown.new_code_by_buyer) == ("", "", NewCodes.UNRELEASED)
    assert shown.channels == tuple(CHANNELS.values())
    assert min(contrast(shown.brand.color, ground) for ground in storefront.LIGHT_GROUNDS) >= 4.5
    assert min(contrast(shown.brand.dark_color, ground) for ground in storefront.DARK_GROUNDS) >= 4.5


def test_contrast_is_counted_as_the_standard_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#ffffff") == pytest.approx(1)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(
    ("keys", "key", "hint"),
    [
        ({"BRAND": {"COLOUR": "#000000"}}, "['BRAND']['COLOUR']", "Did you mean 'COLOR'?"),
        ({"BRAND": {"COLOR": "red"}}, "['BRAND']['COLOR']", "#0b4fa8"),
        ({"BRAND": {"COLOR": "#fff;} body{display:none"}}, "['BRAND']['COLOR']", "#0b4fa8"),
        ({"BRAND": {"COLOR": "#ffcc00"}}, "['BRAND']['COLOR']", "Choose a darker one."),
        ({"BRAND": {"DARK_COLOR": "#0b4fa8"}}, "['BRAND']['DARK_COLOR']", "Choose a lighter one."),
        ({"BRAND": {"LOGO": "https://cdn.example/logo.png"}}, "['BRAND']['LOGO']", "nothing from elsewhere"),
        ({"BRAND": {"LOGO": "//cdn.example/logo.png"}}, "['BRAND']['LOGO']", "nothing from elsewhere"),
        ({"BRAND": {"RETURN_URL": "javascript:alert(1)"}}, "['BRAND']['RETURN_URL']", ""),
        ({"BRAND": {"RETURN_URL": "http://shop.example"}}, "['BRAND']['RETURN_URL']", ""),
        ({"BRAND": "blue"}, "['BRAND']", ""),
        ({"NEW_CODE_BY_BUYER": True}, "['NEW_CODE_BY_BUYER']", ""),
        ({"PAYMENT_CHANNELS": {"tambos": None}}, "['PAYMENT_CHANNELS']['tambos']", "Did you mean 'tambo'?"),
        ({"PAYMENT_CHANNELS": {"bodega": {"VERIFIED_ON": "2026-11-27"}}}, "['PAYMENT_CHANNELS']['bodega']", ""),
        (
            {"PAYMENT_CHANNELS": {"tambo": {"CEILING": "500.00"}}},
            "['PAYMENT_CHANNELS']['tambo']['VERIFIED_ON']",
            "2026",
        ),
        (
            {"PAYMENT_CHANNELS": {"tambo": {"CEILING": 500.5, "VERIFIED_ON": "2026-11-27"}}},
            "['PAYMENT_CHANNELS']['tambo']['CEILING']",
            "500.00",
        ),
        (
            {"PAYMENT_CHANNELS": {"tambo": {"WAYS": ["bus"], "VERIFIED_ON": "2026-11-27"}}},
            "['PAYMENT_CHANNELS']['tambo']['WAYS']",
            "",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(settings: Any, keys: dict[str, Any], key: str, hint: str) -> None:
    with pytest.raises(SettingsProblem) as refused:
        _read(settings, **keys)
    assert refused.value.key == key
    assert hint in refused.value.hint


def test_a_shop_hides_corrects_and_adds_places(settings: Any) -> None:
    shown = _read(
        settings,
        PAYMENT_CHANNELS={
            "tambo": None,
            "kasnet": {"CEILING": "900.00", "VERIFIED_ON": "2026-11-20"},
            "bodega": {"NAME": "Bodega Faro", "WAYS": ["cash"], "VERIFIED_ON": "2026-11-21"},
        },
    )
    known = {channel.name: channel for channel in shown.channels}
    assert "Tambo+" not in known
    kasnet, bodega = known["KasNet"], known["Bodega Faro"]
    assert kasnet.ceiling is not None
    assert (kasnet.ceiling.amount, kasnet.ceiling.is_verified) == (Decimal("900.00"), True)
    assert (kasnet.ways, kasnet.source, kasnet.verified_on) == (CHANNELS["kasnet"].ways, THE_SHOP, date(2026, 11, 20))
    assert (bodega.ways, bodega.ceiling) == (frozenset({Way.CASH}), None)
