"""The checkout asks through which company: what it tells of each, and what follows from the choice."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from pagoefectivo import shop
from pagoefectivo.providers.base import RefundMode
from pagoefectivo.providers.registry import provider_named
from pagoefectivo.sandbox.server import SandboxServer
from project.accounts import sandbox_accounts
from project.shop.companies import _REFUNDS
from project.shop.models import Purchase
from tests.integration.by_hand import BY_HAND

pytestmark = pytest.mark.django_db
CHECKOUT = "/comprar/tetera/"
DETAILS = {"name": "Rosa Huamán", "email": "rosa@correo.example", "document": "45678912", "phone": "987 654 321"}
ACCOUNTS = ["default", "ebanx", "mercadopago", "pagoefectivo_direct"]


def open_checkout(client: Client) -> tuple[str, dict[str, str]]:
    page = client.get(CHECKOUT).content.decode()
    return page, dict(re.findall(r'name="(ticket)" value="([^"]+)"', page))


def offered(page: str) -> list[tuple[str, bool]]:
    """Each choice and whether it is the one that stands."""
    radios = re.findall(r'<input type="radio"[^>]*>', page)
    return [(re.findall(r'value="(\w+)"', each)[0], "checked" in each) for each in radios]


def declare(settings: Any, **entries: dict[str, Any]) -> None:
    """Keep the accounts of these names only, each with its keys changed."""
    known = settings.PAGOEFECTIVO["ACCOUNTS"]
    settings.PAGOEFECTIVO = {
        **settings.PAGOEFECTIVO,
        "ACCOUNTS": {name: known[name] | changed for name, changed in entries.items()},
    }


def test_the_companies_stand_as_in_the_settings_and_the_first_is_chosen(client: Client, psp: SandboxServer) -> None:
    page, _ = open_checkout(client)
    assert offered(page) == [
        ("default", True),
        ("ebanx", False),
        ("mercadopago", False),
        ("pagoefectivo_direct", False),
    ]
    for account in shop.account_facts():
        assert account.company in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "es-pe",
            [
                "dLocal envía la devolución a tu cuenta bancaria en unos días.",
                "Para una devolución, EBANX te envía por correo un formulario para tu cuenta bancaria;",
                "Mercado Pago hace la devolución al instante. Solo se puede devolver el monto completo.",
                "La devolución te la transferimos nosotros, a la cuenta bancaria que nos indiques.",
            ],
        ),
        ("en", ["Through which company?", "Mercado Pago gives a refund at once. Only the whole amount"]),
        ("zh-hans", ["通过哪家公司？", "Mercado Pago 会立即退款。 只能全额退款。"]),
    ],
)
def test_each_company_is_told_with_what_a_refund_looks_like_there(
    client: Client, psp: SandboxServer, language: str, sentences: list[str]
) -> None:
    page = client.get(CHECKOUT, headers={"accept-language": language}).content.decode()
    for sentence in sentences:
        assert sentence in page


def test_the_sentence_follows_the_account_and_not_the_name_of_the_company(
    client: Client, psp: SandboxServer, settings: Any
) -> None:
    declare(settings, default={"PROVIDER": BY_HAND}, mercadopago={"CAPABILITIES": {"partial_refunds": True}})
    page, _ = open_checkout(client)
    assert "La devolución te la transferimos nosotros" in page
    assert "Mercado Pago hace la devolución al instante." in page
    assert "Solo se puede devolver el monto completo." not in page


def test_there_is_a_sentence_for_every_way_in_which_money_comes_back() -> None:
    assert set(_REFUNDS) == set(RefundMode)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_purchase_goes_through_the_company_that_was_chosen(client: Client, psp: SandboxServer, account: str) -> None:
    _, ticket = open_checkout(client)
    answer = client.post(CHECKOUT, DETAILS | ticket | {"account": account})
    order = shop.get_order(reference=Purchase.objects.get().reference)
    assert (answer.status_code, answer["Location"]) == (302, order.page_url)
    assert order.account == account
    [payment] = psp.control.payments()
    company = provider_named(payment["psp"]).name
    assert company in client.get(f"/compras/{order.reference}/").content.decode()


def test_without_a_choice_the_first_company_is_taken(client: Client, psp: SandboxServer) -> None:
    _, ticket = open_checkout(client)
    client.post(CHECKOUT, DETAILS | ticket)
    assert shop.get_order(reference=Purchase.objects.get().reference).account == "default"


def test_with_one_company_nothing_is_asked(client: Client, psp: SandboxServer, settings: Any) -> None:
    declare(settings, ebanx={})
    page, ticket = open_checkout(client)
    assert offered(page) == []
    assert "<fieldset" not in page
    assert client.post(CHECKOUT, DETAILS | ticket).status_code == 302
    assert shop.get_order(reference=Purchase.objects.get().reference).account == "ebanx"


def test_a_company_that_is_not_offered_buys_nothing(client: Client, psp: SandboxServer) -> None:
    _, ticket = open_checkout(client)
    answer = client.post(CHECKOUT, DETAILS | ticket | {"account": "other"})
    assert answer.status_code == 422
    assert (Purchase.objects.count(), psp.control.payments()) == (0, [])


def test_another_company_with_the_same_form_is_another_purchase_and_a_double_click_is_none(
    client: Client, psp: SandboxServer
) -> None:
    _, ticket = open_checkout(client)
    for account in ("ebanx", "mercadopago", "ebanx"):
        assert client.post(CHECKOUT, DETAILS | ticket | {"account": account}).status_code == 302
    assert sorted(each["psp"] for each in psp.control.payments()) == ["ebanx", "mercadopago"]


def test_what_the_chosen_company_needs_is_asked_for_and_nothing_more(client: Client, psp: SandboxServer) -> None:
    _, ticket = open_checkout(client)
    only_mail = {"email": DETAILS["email"], "account": "mercadopago"}
    refused = client.post(CHECKOUT, ticket | only_mail | {"account": "default"}).content.decode()
    assert refused.count('class="error"') == 2
    assert offered(refused)[0] == ("default", True)
    assert client.post(CHECKOUT, ticket | only_mail | {"account": "ebanx"}).content.decode().count('class="error"') == 1
    assert psp.control.payments() == []
    assert client.post(CHECKOUT, ticket | only_mail).status_code == 302


def test_a_detail_is_called_optional_only_where_no_company_needs_it(
    client: Client, psp: SandboxServer, settings: Any
) -> None:
    assert open_checkout(client)[0].count("(opcional)") == 1
    declare(settings, mercadopago={})
    assert open_checkout(client)[0].count("(opcional)") == 3


def test_the_demo_has_an_account_with_each_company_that_the_sandbox_plays(sandbox_server: SandboxServer) -> None:
    accounts = sandbox_accounts(sandbox_server.url)
    assert {each["PROVIDER"]: each["BASE_URL"] for each in accounts.values()} == {
        name: sandbox_server.url_of(name) for name in sandbox_server.company.faces
    }
    for each in accounts.values():
        given = sandbox_server.company.faces[each["PROVIDER"]].merchant().secrets
        assert each["CREDENTIALS"].items() <= given.items()
    assert sandbox_accounts(f"{sandbox_server.url}/dlocal") == accounts
