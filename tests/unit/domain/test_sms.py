"""Every SMS in every language is one part in the letters of GSM 7-bit, with the longest facts a shop can have."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.translation import gettext

from pagoefectivo.domain import sms
from pagoefectivo.domain.buyer_messages import WITH_CODE, MessageKind
from pagoefectivo.domain.languages import CATALOGUES
from pagoefectivo.domain.money import format_money
from pagoefectivo.services.message_words import WORDS

LINK = f"https://tienda-de-ejemplo.example/pagoefectivo/v/{'a-_9' * 11}/"
LONGEST_FACTS = {
    "code": "12345678901234",
    "amount": format_money(Decimal("99999.99"), "USD"),
    "deadline": sms.sms_moment(datetime(2026, 12, 1, 3, 59, tzinfo=UTC), "es"),
}
SHOPS = ["Mi Tienda", "La Gran Tienda de los Ñandúes y Águilas del Perú S.A.C.", "秘鲁商店", "€[]{}€[]{}€[]{}€[]{}"]
SPOKEN = ["es", "en"]  # Chinese would leave room for 70 letters, less than a link: these get English


def template(kind: MessageKind, language: str) -> str:
    with translation.override(CATALOGUES[language]):
        return gettext(WORDS[kind].short)


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("kind", list(MessageKind))
def test_each_sms_is_one_part_and_keeps_its_facts(kind: MessageKind, language: str) -> None:
    written = template(kind, language)
    assert sms.septets(written) is not None, "a letter outside GSM 7-bit"
    assert written.endswith("{link}")
    for shop in SHOPS:
        text = sms.one_sms(written, shop=shop, link=LINK, **LONGEST_FACTS)
        assert sms.fits(text)
        assert ("12345678901234" in text) is (kind in WITH_CODE)
        if "{amount}" in written:
            assert "US$ 99,999.99" in text


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("kind", sorted(WITH_CODE))
def test_what_is_to_be_paid_keeps_its_link_with_usual_facts(kind: MessageKind, language: str) -> None:
    facts = {"code": "12345678", "amount": "S/ 89.90", "deadline": "24/11 10:32pm"}
    text = sms.one_sms(template(kind, language), shop="Mi Tienda", link=LINK, **facts)
    assert text.startswith("Mi Tienda: ")
    assert text.endswith(LINK)


def test_an_accent_that_gsm_lacks_is_dropped_and_one_that_it_has_is_kept() -> None:
    assert (
        sms.plain("Código, devolución, Ñandú, café, S/\N{NO-BREAK SPACE}1") == "Codigo, devolucion, Ñandu, café, S/ 1"
    )
    assert sms.plain("“1 € – 秘鲁…”") == '"1 € - ??..."'


def test_letters_of_the_extension_take_the_room_of_two() -> None:
    assert sms.septets("a€") == 3
    assert sms.fits("a" * 160)
    assert not sms.fits("a" * 159 + "€")
    assert not sms.fits("código")


def test_a_text_that_is_too_long_whatever_is_left_out_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        sms.one_sms("{shop} " + "x" * 160 + " {link}", shop="Tienda", link=LINK)


def test_a_moment_is_written_in_lima_in_few_letters() -> None:
    late = datetime(2026, 11, 25, 3, 32, tzinfo=UTC)
    assert sms.sms_moment(late, "es") == "24/11 10:32pm"
    assert sms.sms_moment(late, "en") == "Nov 24 10:32pm"
    assert sms.sms_moment(datetime(2026, 11, 24, 17, 5, tzinfo=UTC), "es") == "24/11 12:05pm"
    assert sms.sms_language("zh") == "en"
