"""The page for sending a receipt: what it takes, what it refuses with which words, and what is left of an upload."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from pagoefectivo.domain.states import OrderState, VoucherState
from pagoefectivo.models import Order, PaymentProof
from pagoefectivo.ocr.pictures import MOST_BYTES
from pagoefectivo.views import proofs
from tests.integration.pages.stage import address, place_order, place_voucher
from tests.integration.services import scanners
from tests.receipts import uploads

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


@pytest.fixture(autouse=True)
def _a_person_reads(settings: Any) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "OCR_ENGINE": "person"}


@pytest.fixture
def order() -> Order:
    return place_voucher(place_order()).order


def send(
    client: Client, order: Order, content: bytes, name: str = "recibo.jpg", kind: str = "image/jpeg", **said: Any
) -> Any:
    """Send a file as a browser does."""
    form = {"picture": SimpleUploadedFile(name, content, kind), **said}
    return client.post(address(order, "proof/"), form, headers=ENGLISH)


def words(answer: Any) -> str:
    body = re.sub(r"<(style|script|head).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).strip()


def test_a_receipt_is_sent_without_javascript_and_gets_a_number(client: Client, order: Order) -> None:
    page = client.get(address(order, "proof/"), headers=ENGLISH)
    assert page.status_code == 200
    assert "Attaching a receipt does not confirm the payment" in words(page)
    assert "<script" not in page.content.decode()
    content = uploads.upload_for(order)
    said = {
        "channel": "BCP",
        "paid_at": "2026-11-24T10:30",
        "amount": "S/ 89.90",
        "operation_number": "00482913",
        "note": "caja 3",
    }
    answer = send(client, order, content, **said)
    assert (answer.status_code, answer["Location"]) == (303, f"{address(order, 'proof/')}?lang=en")
    proof = PaymentProof.objects.get()
    assert (proof.sha256, proof.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (proof.channel, str(proof.amount), proof.operation_number, proof.note) == (
        "BCP",
        "89.90",
        "00482913",
        "caja 3",
    )
    assert f"{proof.paid_at:%Y-%m-%d %H:%M %Z}" == "2026-11-24 15:30 UTC", "what a telephone writes is Lima's time"
    assert proof.remote_ip == "127.0.0.1"
    told = words(client.get(answer["Location"]))
    assert f"{proof.public_id} ·" in told
    assert "We have it and are asking the payment company about your payment." in told


def test_what_is_kept_is_encrypted_and_has_no_name_and_no_address(client: Client, order: Order, settings: Any) -> None:
    send(
        client,
        order,
        uploads.upload_for(order),
        name="../../etc/passwd\r\nRosa.jpg",
        operation_number="00482913",
        note="Rosa",
    )
    row = PaymentProof.objects.get()
    assert bytes(row.picture).startswith(b"\xff\xd8\xff")
    with connection.cursor() as cursor:
        cursor.execute("SELECT picture, operation_number, note, remote_ip FROM pagoefectivo_paymentproof")
        stored = [value.encode() if isinstance(value, str) else bytes(value) for value in cursor.fetchone()]
    assert all(value.startswith(b"gAAAA") for value in stored)
    everything = repr(PaymentProof.objects.values().get())
    assert "passwd" not in everything
    token = address(order).split("/")[3]
    for guess in (
        f"/media/{row.public_id}.jpg",
        f"/pagoefectivo/v/{token}/proof/{row.public_id}",
        f"/static/{row.public_id}.jpg",
    ):
        assert client.get(guess).status_code == 404


def test_G12_G13_what_is_refused_is_told_in_plain_words_and_leaves_nothing(client: Client, order: Order) -> None:
    for content, status, reason in (
        (b"%PDF-1.7", 422, "We cannot take a PDF. Open it, take a screenshot and send that."),
        (b"<svg/>", 422, "We take pictures in JPG, PNG or WebP."),
        (uploads.photo() + b"\0" * MOST_BYTES, 413, "The file is larger than 5 MB."),
        (b"", 422, "The file is empty."),
    ):
        answer = send(client, order, content)
        assert (answer.status_code, reason in words(answer)) == (status, True)
    assert PaymentProof.objects.count() == 0


def test_the_shops_scanner_sees_the_bytes_as_they_came_and_only_its_yes_lets_them_pass(
    client: Client, order: Order, settings: Any, caplog: Any
) -> None:
    written, scanners.seen[:] = settings.PAGOEFECTIVO, []
    evil, unreadable = uploads.photo() + b"EVIL", b"%PDF-1.7 EVIL"
    for scanner, content, reason in (
        ("careful", evil, "Our check for harmful files did not let it pass."),
        ("careful", unreadable, "Our check for harmful files did not let it pass."),  # before it is decoded
        ("forgetful", uploads.photo(), "Our check for harmful files did not let it pass."),
        ("down", uploads.photo(), "We cannot check files right now, so nothing was kept."),
        ("nowhere", uploads.photo(), "We cannot check files right now, so nothing was kept."),
    ):
        settings.PAGOEFECTIVO = {**written, "PROOF_SCANNER": f"{scanners.HERE}.{scanner}"}
        answer = send(client, order, content)
        assert (answer.status_code, reason in words(answer)) == (422, True), scanner
    assert PaymentProof.objects.count() == 0
    assert scanners.seen[:2] == [evil, unreadable]
    assert "The scanner for uploads failed (TimeoutError)." in caplog.text
    assert "EVIL" not in caplog.text
    settings.PAGOEFECTIVO = {**written, "PROOF_SCANNER": f"{scanners.HERE}.careful"}
    assert send(client, order, uploads.photo()).status_code == 303
    assert PaymentProof.objects.count() == 1


def test_what_cannot_be_read_is_asked_again_and_nothing_is_lost(client: Client, order: Order) -> None:
    answer = send(client, order, uploads.photo(), amount="89,90", paid_at="yesterday", note="caja 3")
    assert answer.status_code == 422
    assert "Write the amount with a point, for example 89.90." in words(answer)
    assert "Correct what is marked below and choose the picture once more" in words(answer)
    assert "caja 3" in words(answer)
    assert PaymentProof.objects.count() == 0


def test_G08_what_a_buyer_writes_is_text(client: Client, order: Order) -> None:
    note = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>"
    shown = send(client, order, uploads.photo(), note=note, amount='"><script>').content.decode()
    assert "alert(1)" in shown
    assert "<script" not in shown
    assert "<img" not in shown


def test_the_same_file_twice_is_one_receipt(client: Client, order: Order) -> None:
    content = uploads.photo()
    assert [send(client, order, content).status_code for _ in range(2)] == [303, 303]
    assert PaymentProof.objects.count() == 1


def test_five_pictures_to_a_code_and_six_posts_a_minute(client: Client, order: Order) -> None:
    statuses = [send(client, order, uploads.photo()).status_code for _ in range(proofs.SENT_BY_LINK.most + 1)]
    assert statuses == [303] * 5 + [422, 429]
    assert PaymentProof.objects.count() == 5


def test_one_address_does_not_fill_many_orders(client: Client) -> None:
    statuses = [
        send(client, place_voucher(place_order()).order, b"").status_code
        for _ in range(proofs.SENT_BY_ADDRESS.most + 1)
    ]
    assert statuses == [422] * proofs.SENT_BY_ADDRESS.most + [429]


def test_a_paid_order_asks_for_nothing_and_takes_nothing(client: Client) -> None:
    order = place_voucher(place_order(OrderState.PAID, paid_amount=89.90), VoucherState.PAID).order
    assert "You need not send anything for this order." in words(client.get(address(order, "proof/"), headers=ENGLISH))
    answer = send(client, order, uploads.photo())
    assert (answer.status_code, PaymentProof.objects.count()) == (422, 0)
    assert "You need not send anything for this order." in words(answer)


def test_what_was_sent_before_the_payment_came_is_not_said_to_be_looked_into(client: Client, order: Order) -> None:
    send(client, order, uploads.photo())
    Order.objects.update(state=OrderState.PAID)
    told = words(client.get(address(order, "proof/"), headers=ENGLISH))
    assert "We have it. Your payment has arrived, so there is nothing left to check." in told
    assert "are asking the payment company" not in told


def test_an_order_without_a_code_takes_nothing(client: Client) -> None:
    order = place_voucher(place_order(), VoucherState.REQUESTED).order
    assert send(client, order, uploads.photo()).status_code == 422
    assert PaymentProof.objects.count() == 0


def test_G04_a_wrong_link_opens_nothing(client: Client) -> None:
    wrong = f"/pagoefectivo/v/{'A' * 44}/proof/"
    assert [client.get(wrong).status_code, client.post(wrong).status_code] == [404, 404]
    assert PaymentProof.objects.count() == 0


def test_G07_other_methods_change_nothing_and_no_cookie_is_needed(order: Order) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert [getattr(strict, verb)(address(order, "proof/")).status_code for verb in ("put", "patch", "delete")] == [
        405
    ] * 3
    answer = send(strict, order, uploads.photo())
    assert (answer.status_code, answer.cookies) == (303, {})


def test_a_body_that_is_no_form_is_refused_without_a_trace_of_the_link(
    client: Client, order: Order, caplog: Any
) -> None:
    with caplog.at_level("DEBUG"):
        answer = client.post(address(order, "proof/"), b"--x", content_type="multipart/form-data", headers=ENGLISH)
    assert answer.status_code == 422
    token = address(order).split("/")[3]
    assert token not in caplog.text


def test_the_expired_code_offers_to_send_a_receipt(client: Client) -> None:
    order = place_voucher(place_order(OrderState.EXPIRED), VoucherState.EXPIRED).order
    page = client.get(address(order), headers=ENGLISH).content.decode()
    assert f'href="{address(order, "proof/")}?lang=en"' in page
    assert reverse("pagoefectivo:voucher-proof", args=["x"]) == "/pagoefectivo/v/x/proof/"
