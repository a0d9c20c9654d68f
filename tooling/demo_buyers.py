"""The buyer's side of the demo: a receipt that pays nothing, a bank account behind a second factor, the mails."""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from tooling.demo_clients import DETAILS, Document
from tooling.demo_steps import PRICE, Scene, bought, confirmed_twice, issued, paid, wait

LAST_DIGITS = DETAILS["phone"][-3:]


def receipt_sent(scene: Scene) -> None:
    """A buyer sends a receipt before any money came: the provider is asked, and nothing is paid by a picture"""
    report, psp, buyer = scene.report, scene.psp, scene.buyer
    reference, page = bought(scene, "default")
    payment = issued(scene, reference)
    before = psp.call_counts().get("get_payment", 0)
    status = buyer.send_receipt(page, receipt(payment["code"]))
    asked = wait(lambda: psp.call_counts().get("get_payment", 0) - before, bool)
    observed = f"taken with {status}, the PSP asked {'at once' if asked else 'never'}"
    report.step("receipt sent", observed, holds=status == HTTPStatus.SEE_OTHER and asked > 0)
    read = wait(lambda: _of_kind(scene, reference, "proof_read"), bool)
    state = scene.api.order(reference)["state"]
    observed = f"{read[0]['sentence'] if read else 'not read'}; the order is {state}"
    report.step("receipt read, nothing paid", observed, holds=bool(read) and state == "awaiting_payment")
    paid(scene, reference, payment)
    confirmed_twice(scene, reference, payment)
    mails_are(scene, reference, 2)


def code_renewed(scene: Scene) -> None:
    """A code that nobody paid in time: the buyer takes a new one from the same page and pays that"""
    report, psp, api = scene.report, scene.psp, scene.api
    reference, page = bought(scene, "default")
    old = issued(scene, reference)
    psp.expire(old["code"])
    order = wait(lambda: api.order(reference), lambda seen: seen["state"] == "expired")
    report.step("code expired", f"order {order['state']}", holds=order["state"] == "expired")
    status = scene.buyer.renew(page)
    fresh = api.order(reference)["voucher"]
    shown = fresh["code"] in scene.buyer.text_of(page).replace(" ", "")
    observed = f"answered with {status}, another code {fresh['state']}, the page {'shows' if shown else 'hides'} it"
    holds = status == HTTPStatus.SEE_OTHER and fresh["code"] != old["code"] and shown
    report.step("new code from the page", observed, holds=holds)
    paid(scene, reference, fresh)


def account_given(scene: Scene, refund: Document, account_number: str) -> Document:
    """The buyer says on the refund's page where the money goes; return the refund."""
    report, buyer, address = scene.report, scene.buyer, refund["page_url"]
    locked = buyer.text_of(address)
    hides = DETAILS["name"] not in locked and "account_number" not in locked
    report.step("refund page", f"{'hides' if hides else 'shows'} the buyer's name before a second factor", holds=hides)
    wrong = buyer.submit(address, "phone", digits="000").status_code
    right = buyer.submit(address, "phone", digits=LAST_DIGITS).status_code
    observed = f"000: {wrong}; the last digits of the phone: {right}"
    holds = (wrong, right) == (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SEE_OTHER)
    report.step("second factor", observed, holds=holds)
    fields = {
        "holder_name": DETAILS["name"],
        "document_type": "DNI",
        "document_number": DETAILS["document"],
        "account_number": account_number,
        "last_digits": account_number[-4:],
    }
    review = buyer.submit(address, "review", **fields)
    masked = account_number not in review.text and account_number[-4:] in review.text
    confirmed = buyer.submit(address, "confirm", page=review.text).status_code
    found = scene.api.refund_named(refund["id"])
    observed = f"reviewed {'masked' if masked else 'in full'}, confirmed with {confirmed}: refund {found['state']}"
    holds = masked and (confirmed, found["state"]) == (HTTPStatus.SEE_OTHER, "awaiting_approval")
    report.step("bank account of the buyer", observed, holds=holds)
    return found


def mails_are(scene: Scene, reference: str, count: int) -> None:
    """So many different mails about an order lie in the mailbox, each once, and no subject says a code."""
    code = scene.api.order(reference)["voucher"]["code"]
    subjects = wait(lambda: scene.buyer.mails_about(reference), lambda seen: len(seen) >= count)
    is_clean = len(set(subjects)) == len(subjects) and not any(code in each for each in subjects)
    scene.report.step("mails", "; ".join(reversed(subjects)), holds=len(subjects) == count and is_clean)


def receipt(code: str) -> bytes:
    """Draw what an agent might have printed."""
    picture = Image.new("RGB", (720, 900), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(34)
    lines = ("AGENTE KASNET", "PAGOEFECTIVO", f"CIP {code}", f"IMPORTE S/ {PRICE}", "OPERACION 00482913", "GRACIAS")
    for number, line in enumerate(lines):
        pen.text((60, 80 + 120 * number), line, fill="black", font=font)
    taken = BytesIO()
    picture.save(taken, "JPEG", quality=92)
    return taken.getvalue()


def _of_kind(scene: Scene, reference: str, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in scene.api.timeline(reference) if entry["kind"] == kind]
