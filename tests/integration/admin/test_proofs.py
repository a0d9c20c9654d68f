"""The desk for receipts: who may look, what stands beside what, and that no click there is a payment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.admin.presentation import lima
from pagoefectivo.domain.cases import CaseKind, LinkKind
from pagoefectivo.models import Order, PaymentProof, ProofReview
from pagoefectivo.selectors import work as reading
from pagoefectivo.selectors.work_lanes import LANES
from pagoefectivo.services import cases, proof_readings, proofs
from pagoefectivo.services.actors import staff
from pagoefectivo.services.cases import Opening
from pagoefectivo.services.proofs import Told
from tests.integration.admin.conftest import DESKS, everything, order_page, text_of
from tests.integration.admin.waiting import place_proof
from tests.integration.services.engines import HERE, Scripted
from tests.receipts import uploads

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}
HOSTILE = '<script>alert("note")</script>=1+1'


@pytest.fixture(autouse=True)
def desks(monkeypatch: pytest.MonkeyPatch) -> None:
    views = ["view_order", "view_voucher", "view_paymentproof"]
    monkeypatch.setitem(DESKS, "receipts", [*views, "review_proof", "refresh_order", "open_case"])
    monkeypatch.setitem(DESKS, "onlooker", views)


@pytest.fixture
def proof(open_order: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> PaymentProof:
    """A receipt over another amount, read by an engine that also saw a script."""
    order = open_order()
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "OCR_ENGINE": f"{HERE}.Scripted"}
    code = order.current_voucher.code
    lines = ["YAPE", f"Código CIP: {code}", "Monto: S/ 8,990.00", f"Operación: {'A1B2C3'}<script>"]
    monkeypatch.setattr(Scripted, "lines", lines)
    told = Told(channel="BCP", operation_number="00482913", note=HOSTILE)
    sent = proofs.send(order.page_key, uploads.upload_for(order), told, remote_ip="203.0.113.9")
    proof_readings.read_waiting()
    return sent


@pytest.fixture
def send(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PaymentProof]:
    """Send a receipt for an order on which an engine reads these lines."""
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "OCR_ENGINE": f"{HERE}.Scripted"}

    def sent(order: Order, *lines: str) -> PaymentProof:
        monkeypatch.setattr(Scripted, "lines", list(lines))
        proof = proofs.send(order.page_key, uploads.photo(), Told(), remote_ip=None)
        proof_readings.read_waiting()
        return proof

    return sent


def lines_at(order: Any, at: Any) -> list[str]:
    """An honest receipt of an order from one moment."""
    return [f"Código CIP: {order.current_voucher.code}", "Monto: S/ 89.90", f"Fecha: {lima(at)}"]


def read(browser: Client, address: str) -> str:
    return text_of(browser.get(address, headers=ENGLISH)).replace("&#x27;", "'")


def page_of(proof: PaymentProof, act: str = "change") -> str:
    return reverse(f"admin:pagoefectivo_paymentproof_{act}", args=[proof.pk])


def test_the_page_shows_each_field_beside_the_providers_word(at_desk: Any, proof: PaymentProof) -> None:
    desk: Client = at_desk("receipts")
    answer = desk.get(page_of(proof), headers=ENGLISH)
    page, source = text_of(answer), answer.content.decode()
    assert "does not fit the order" in page
    assert "A picture never counts as a payment: only the provider's word does." in page.replace("&#x27;", "'")
    assert "Payment code (CIP)" in page
    assert "S/ 8,990.00 100% – S/ 89.90 ! differs" in page
    assert "BCP" in page
    assert source.count('<svg class="pe-crop"') == 4
    assert "<script>alert" not in source
    assert "203.0.113.9" not in source, "an address is for those who see raw messages"
    code: Any = proof.voucher.code
    assert f"••••{code[-3:]}" in page
    listed = text_of(desk.get(reverse("admin:pagoefectivo_paymentproof_changelist"), headers=ENGLISH))
    assert proof.public_id in listed
    assert "does not fit the order" in listed
    order_page = text_of(desk.get(reverse("admin:pagoefectivo_order_change", args=[proof.order_id]), headers=ENGLISH))
    assert "Receipts that the buyer sent" in order_page
    assert f"The buyer sent a receipt: {proof.public_id}" in order_page


def test_the_picture_is_handed_out_so_that_no_browser_runs_it(at_desk: Any, proof: PaymentProof, caplog: Any) -> None:
    with caplog.at_level("INFO", logger="pagoefectivo.proofs"):
        answer = at_desk("receipts").get(page_of(proof, "picture"))
    assert answer.content == bytes(PaymentProof.objects.get().picture)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == f'attachment; filename="{proof.public_id}.jpg"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"].startswith("private, no-store")
    assert f"proof {proof.public_id} seen by user" in caplog.text


def test_the_picture_opens_at_full_size_without_a_script(at_desk: Any, proof: PaymentProof) -> None:
    desk: Client = at_desk("receipts")
    assert f'<a href="{page_of(proof, "full")}"' in desk.get(page_of(proof)).content.decode()
    page = desk.get(page_of(proof, "full")).content.decode()
    assert f'<img src="{page_of(proof, "picture")}" width="{proof.width}" height="{proof.height}"' in page
    assert f'<a href="{page_of(proof)}"' in page
    assert desk.post(page_of(proof, "full")).status_code == 405


def test_G17_without_the_permission_there_is_no_picture_and_no_judgement(at_desk: Any, proof: PaymentProof) -> None:
    before = everything()
    onlooker = at_desk("onlooker")
    page = onlooker.get(page_of(proof), headers=ENGLISH).content.decode()
    assert "<img" not in page
    assert "pe-crop" not in page
    assert "8,990.00" not in page
    assert "00482913" not in page
    for desk in (onlooker, at_desk("support_n1")):
        assert desk.get(page_of(proof, "picture")).status_code == 403
        assert desk.get(page_of(proof, "full")).status_code == 403
        assert desk.post(page_of(proof, "judge"), {"judgement": "matches"}).status_code == 403
    assert Client().get(page_of(proof, "picture")).status_code == 302
    assert everything() == before


def test_G07_a_judgement_is_a_post_and_pays_nothing(at_desk: Any, proof: PaymentProof, psp: Any, sweep: Any) -> None:
    desk = at_desk("receipts")
    assert desk.get(page_of(proof, "judge")).status_code == 405
    assert at_desk("receipts", enforce_csrf_checks=True).post(page_of(proof, "judge")).status_code == 403
    told = text_of(desk.post(page_of(proof, "judge"), {"judgement": "paid"}, follow=True, headers=ENGLISH))
    assert ("Choose one of the three answers." in told, ProofReview.objects.count()) == (True, 0)
    sweep()
    psp.clear_calls()
    told = text_of(desk.post(page_of(proof, "judge"), {"judgement": "matches"}, follow=True, headers=ENGLISH))
    assert "The provider is being asked again; only its word counts as a payment." in told
    review = ProofReview.objects.get()
    assert (review.judgement, review.actor) == ("matches", "staff:receipts")
    sweep()
    assert psp.call_counts()["get_payment"] == 1
    order = shop.get_order(reference=proof.order.reference)
    assert (order.state, order.paid_amount) == ("awaiting_payment", 0)
    assert order.changes.filter(to_state="paid").count() == 0


def test_the_page_says_above_all_what_the_provider_says_now(
    at_desk: Any, open_order: Any, send: Any, psp: Any, world: Any, sweep: Any
) -> None:
    order, browser = open_order(), at_desk("receipts")
    proof = send(order, *lines_at(order, order.current_voucher.created_at))
    world.advance(minutes=3)
    page = read(browser, page_of(proof))
    assert "The provider says ! not paid It knows of no payment with this code. Last asked: " in page
    assert ", 3 minutes ago. What to do: Look at the picture and judge it." in page
    assert "The buyer says The order Verdict" in page
    assert 'pe-why-not"' in browser.get(page_of(proof)).content.decode()
    psp.pay(order.current_voucher.code)
    world.advance(seconds=20)
    sweep()
    page = read(browser, page_of(proof))
    assert "The provider says ✓ paid S/ 89.90 on " in page
    assert ", less than a minute ago." in page
    assert "What to do: " not in page
    assert "The buyer says The provider says Verdict" in page
    assert 'pe-why-not"' not in browser.get(page_of(proof)).content.decode()


@pytest.mark.parametrize(
    ("becomes", "said"),
    [
        ("expire", "! not paid, expired It knows of no payment with this code."),
        ("cancel", "! not paid, withdrawn It knows of no payment with this code."),
        ("short", "! paid, but another amount S/ 50.00 of the S/ 89.90 asked for, on "),
    ],
)
def test_the_page_of_a_receipt_says_it_where_the_provider_says_neither_unpaid_nor_paid(
    at_desk: Any, open_order: Any, send: Any, psp: Any, world: Any, sweep: Any, becomes: str, said: str
) -> None:
    order = open_order()
    code = order.current_voucher.code
    proof = send(order, *lines_at(order, order.current_voucher.created_at))
    if becomes == "short":
        psp.pay(code, amount="50.00")
    else:
        getattr(psp, becomes)(code)
    world.advance(seconds=20)
    sweep()
    assert f"The provider says {said}" in read(at_desk("receipts"), page_of(proof))


def test_the_page_of_a_receipt_says_that_the_provider_does_not_answer_or_never_was_asked(
    at_desk: Any, open_order: Any, send: Any, psp: Any, world: Any, sweep: Any
) -> None:
    order, browser = open_order(), at_desk("receipts")
    proof = send(order, *lines_at(order, order.current_voucher.created_at))
    psp.fault("any", "503", times=None)
    world.advance(minutes=5)
    sweep()
    page = read(browser, page_of(proof))
    assert "! not paid It knows of no payment with this code. Last asked: " in page
    assert "5 minutes ago. It was asked on " in page
    assert "without an answer that helps: " in page
    page = read(browser, page_of(place_proof()))
    assert "! nothing has been said yet It has never answered a question about this code." in page


def test_a_receipt_from_before_the_code_existed_says_so_by_its_hour(
    at_desk: Any, open_order: Any, send: Any, psp: Any, world: Any
) -> None:
    order, browser = open_order(), at_desk("receipts")
    born = order.current_voucher.created_at
    fits, early = (send(order, *lines_at(order, born - timedelta(hours=hours))) for hours in (0, 1))
    assert f"{lima(born)} 100% – from {lima(born)} on ✓ matches" in read(browser, page_of(fits))
    page = read(browser, page_of(early))
    assert f"{lima(born - timedelta(hours=1))} 100% – from {lima(born)} on ! before the code existed" in page
    assert "! from before the code existed" in page
    said = f"When ! they differ – – {lima(born - timedelta(hours=1))} (read: before the code existed) –"
    assert said in read(browser, order_page(order))


def test_the_order_says_what_was_read_and_that_nothing_was(
    at_desk: Any, open_order: Any, send: Any, world: Any
) -> None:
    order, browser = open_order(), at_desk("receipts")
    send(order)
    assert "How much – – not read –" in read(browser, order_page(order))
    send(order, *lines_at(order, order.current_voucher.created_at))
    assert "How much – – S/ 89.90 (read: matches) –" in read(browser, order_page(order))
    assert "How much – – read: matches –" in read(at_desk("onlooker"), order_page(order)), "not who may not see it"
    asked = {}
    for desk in ("onlooker", "receipts"):
        browser = at_desk(desk)
        with CaptureQueriesContext(connection) as captured:
            browser.get(order_page(order))
        asked[desk] = len(captured)
    assert asked == {"onlooker": 8, "receipts": 9}  # P6: what was read is one more query


def test_what_the_provider_does_not_say_is_a_dash_without_alarm(at_desk: Any, proof: PaymentProof) -> None:
    page = read(at_desk("receipts"), page_of(proof))
    assert "– the provider does not say" in page
    assert "× the provider does not say" not in page


def test_once_judged_the_judgement_is_only_changed_on_purpose(at_desk: Any, proof: PaymentProof) -> None:
    browser = at_desk("receipts")
    assert "Change the judgement …" not in read(browser, page_of(proof))
    browser.post(page_of(proof, "judge"), {"judgement": "does_not_match"})
    source = browser.get(page_of(proof), headers=ENGLISH).content.decode()
    folded = source.partition("<summary>Change the judgement …</summary>")[2].partition("</details>")[0]
    assert folded.count('name="judgement"') == source.count('name="judgement"') == 3


def test_a_receipt_that_fits_stays_in_the_queue_and_on_its_order_until_the_provider_knows_or_a_case_asks_it(
    at_desk: Any, person: Any, open_order: Any, send: Any, psp: Any, world: Any, sweep: Any
) -> None:
    order, other = open_order("A-1"), open_order("A-2")
    browser = at_desk("receipts")
    proof, paid_later = (send(each, *lines_at(each, each.current_voucher.created_at)) for each in (order, other))
    waits = "Next: a receipt waits to be looked at The buyer sent a receipt that nobody has looked at yet. What to do:"
    assert waits in read(browser, order_page(order))
    assert "pe-next--calm" not in browser.get(order_page(order)).content.decode()
    for each in (proof, paid_later):
        browser.post(page_of(each, "judge"), {"judgement": "matches"})
    world.advance(seconds=20)
    sweep()
    assert waiting_in("proofs-unheard") == {proof.pk, paid_later.pk}
    page = read(browser, order_page(order))
    assert "Next: a receipt fits, and the provider knows nothing of it Somebody judged that" in page
    assert "open a case and ask its support. Who acts: support." in page
    assert f"{proof.public_id} Ask the provider now" in page
    assert "pe-next--calm" not in browser.get(order_page(order)).content.decode()
    assert "The receipt fits, but the provider knows of no payment. Open a case" in read(browser, page_of(proof))
    opening = Opening(CaseKind.INQUIRY, "paid at an agent, unknown to the provider")
    cases.open_case(LinkKind.PROOF, proof.pk, opening, actor=staff(person("receipts")))
    psp.pay(other.current_voucher.code)
    world.advance(seconds=20)
    sweep()
    assert waiting_in("proofs-unheard") == set()
    assert "Follow the case that was opened on it." in read(browser, order_page(order))
    assert "a case was opened on the order since: follow it there." in read(browser, page_of(proof))
    assert "Next: All is as it should be" in read(browser, order_page(other))


def waiting_in(lane: str) -> set[int]:
    return {item.row_id for log in reading.backlogs(LANES) if log.lane.name == lane for item in log.items}
