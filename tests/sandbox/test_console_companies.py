"""The console shows the codes of all PSPs side by side, or those of one."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import requests

from pagoefectivo.sandbox.ledger import Payment
from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Receiver

FACES = ["dlocal", "ebanx", "mercadopago", "pagoefectivo_direct"]


def issue(sandbox: SandboxServer, psp: str, url: str | None = None) -> Payment:
    """A code that a PSP has issued to its first customer."""
    company = sandbox.company
    now = company.clock.now()
    payment = Payment(
        id=f"{psp}-payment",
        psp=psp,
        login=company.faces[psp].merchant().login,
        order_id=f"ORD-{psp}",
        code=company.counter.next_code(),
        amount=Decimal("89.90"),
        currency="PEN",
        created_at=now,
        expires_at=now + timedelta(days=1),
        notification_url=url,
        payer={"name": "Rosa Huamán", "email": "rosa@example.com"},
    )
    company.counter.issue(payment)
    return payment


def look(sandbox: SandboxServer, query: str = "lang=en") -> str:
    return requests.get(f"{sandbox.url}/?{query}", timeout=5).text


def choices(page: str) -> list[tuple[str, int, bool]]:
    """Each choice of a PSP: its title, how many codes it has, whether it is the one that is shown."""
    [nav] = re.findall(r'<nav class="psps".*?</nav>', page)
    links = re.findall(r"<a ([^>]*)>([^<]+)<small>(\d+)</small></a>", nav)
    return [(title, int(count), "aria-current" in attributes) for attributes, title, count in links]


def test_codes_of_all_psps_stand_in_one_list_each_with_its_psp(sandbox: SandboxServer) -> None:
    codes = [issue(sandbox, psp).code for psp in FACES]
    page = look(sandbox)
    assert re.findall(r'<span class="code">(\d+)</span>', page) == codes[::-1]
    assert re.findall(r"<dt>PSP</dt><dd>([^<]+)</dd>", page) == ["PagoEfectivo", "Mercado Pago", "EBANX", "dLocal"]
    assert choices(page) == [
        ("All PSPs", 4, True),
        ("dLocal", 1, False),
        ("EBANX", 1, False),
        ("Mercado Pago", 1, False),
        ("PagoEfectivo", 1, False),
    ]


def test_one_psp_alone_has_its_own_codes_refunds_and_notifications(sandbox: SandboxServer, receiver: Receiver) -> None:
    for psp in ("dlocal", "ebanx"):
        payment = issue(sandbox, psp, receiver.url)
        sandbox.control.pay(payment.code)
        sandbox.control.dashboard_refund(payment.code)
    assert sandbox.control.wait_idle(5)
    page = look(sandbox, "lang=en&psp=ebanx")
    assert re.findall(r"<h2>(?:Codes|Refunds|Notifications)[^<]*<small>(\d+)</small>", page) == ["1", "1", "1"]
    assert "ORD-ebanx" in page
    assert "ORD-dlocal" not in page
    assert "payment · EBANX" in page
    assert [title for title, _, is_shown in choices(page) if is_shown] == ["EBANX"]


def test_a_psp_without_codes_says_so(sandbox: SandboxServer) -> None:
    issue(sandbox, "dlocal")
    assert look(sandbox, "lang=en&psp=ebanx").count("Nothing of this PSP yet.") == 3
    assert "Todavía no hay nada de este PSP." in look(sandbox, "psp=ebanx")


def test_a_button_leads_back_to_the_same_psp(sandbox: SandboxServer) -> None:
    payment = issue(sandbox, "ebanx")
    form = {"act": "pay", "code": payment.code}
    answer = requests.post(f"{sandbox.url}/?lang=en&psp=ebanx", data=form, timeout=5, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?lang=en&refresh=0&psp=ebanx")
    assert sandbox.control.payments()[0]["state"] == "paid"


@pytest.mark.parametrize("psp", ["nobody", "<script>", "dlocal/"])
def test_a_psp_that_is_none_shows_all(sandbox: SandboxServer, psp: str) -> None:
    issue(sandbox, "dlocal")
    page = look(sandbox, f"lang=en&psp={psp}")
    assert choices(page)[0] == ("All PSPs", 1, True)
    assert "<script" not in page


@pytest.mark.parametrize(
    ("psp", "offered"), [("dlocal", 1), ("ebanx", 1), ("mercadopago", 1), ("pagoefectivo_direct", 0)]
)
def test_only_a_psp_with_refunds_has_the_button_for_one(sandbox: SandboxServer, psp: str, offered: int) -> None:
    sandbox.control.pay(issue(sandbox, psp).code)
    assert look(sandbox).count(">Refund from here</button>") == offered


def test_where_a_refund_went_is_told_in_words_unless_it_is_an_account(sandbox: SandboxServer) -> None:
    payment = issue(sandbox, "dlocal")
    sandbox.control.pay(payment.code)
    sandbox.control.dashboard_refund(payment.code)
    assert "<dt>Bank details</dt><dd>dashboard</dd>" in look(sandbox)


def test_the_stories_are_those_that_the_chosen_psp_can_play(sandbox: SandboxServer) -> None:
    def stories(query: str) -> list[str]:
        [choice] = re.findall(r'<select name="scenario">.*?</select>', look(sandbox, query))
        return re.findall(r'<option value="([^"]+)"', choice)

    everything = [each["name"] for each in sandbox.control.scenarios()]
    assert stories("lang=en") == everything
    for psp in FACES:
        assert stories(f"psp={psp}") == [each["name"] for each in sandbox.control.scenarios(psp)]
    assert "refund-done" in stories("psp=ebanx")
    assert "refund-done" not in stories("psp=pagoefectivo_direct")


def test_the_settlement_files_are_those_of_the_chosen_psp(sandbox: SandboxServer) -> None:
    def files(query: str) -> list[str]:
        return re.findall(r'<a href="/statements/[^"]+">([^<]+)</a>', look(sandbox, query))

    assert files("lang=en&psp=ebanx") == ["EBANX · settlement-csv", "EBANX · settlement-json"]
    assert set(files("lang=en")) > set(files("lang=en&psp=ebanx"))
    assert files("lang=en&psp=pagoefectivo_direct") == ["PagoEfectivo · plain"]
    assert "<h2>Settlement files</h2>" in look(sandbox, "lang=en&psp=pagoefectivo_direct")
