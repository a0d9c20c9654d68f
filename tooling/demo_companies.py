"""The shorter journeys: a purchase through each of the other companies, refunded as that company does it."""

from __future__ import annotations

from decimal import Decimal

from tooling.demo_buyers import account_given
from tooling.demo_stack import ADMIN, SECOND_PERSON
from tooling.demo_steps import (
    PRICE,
    Scene,
    accepted_by_bank,
    books_agree,
    bought,
    confirmed,
    confirmed_twice,
    issued,
    order_is,
    paid,
    refused,
)

PART = Decimal("30.00")
CCI = "00219300123456789013"
OPERATION_NUMBER = "00471123"


def through_ebanx(scene: Scene) -> None:
    """A purchase through EBANX: the payer fills in a form, the refund waits, the bank decides"""
    reference, _ = bought(scene, "ebanx")
    payment = issued(scene, reference)
    paid(scene, reference, payment)
    confirmed_twice(scene, reference, payment)
    refund = scene.api.refund(reference, PRICE)
    scene.report.step("refund", f"S/ {PRICE} {refund['state']} at the PSP", holds=refund["state"] == "pending")
    accepted_by_bank(scene, refund)
    order_is(scene, reference, "refunded", refunded=PRICE)
    books_agree(scene, reference, payment)


def through_mercadopago(scene: Scene) -> None:
    """A purchase through Mercado Pago: the whole amount at once, never a part"""
    reference, _ = bought(scene, "mercadopago")
    payment = issued(scene, reference)
    paid(scene, reference, payment)
    confirmed_twice(scene, reference, payment)
    refused(scene, reference, PART, "REFUND_PARTIAL_UNSUPPORTED")
    refund = scene.api.refund(reference, PRICE)
    [theirs] = scene.psp.refunds(payment["id"])
    observed = f"S/ {theirs['paid_out']} {theirs['state']} at the PSP, nobody had to settle it"
    holds = (theirs["state"], theirs["paid_out"]) == ("succeeded", str(PRICE))
    scene.report.step("refund made at once", observed, holds=holds)
    confirmed(scene, refund, "refund believed when asked about")
    order_is(scene, reference, "refunded", refunded=PRICE)
    books_agree(scene, reference, payment)


def through_pagoefectivo(scene: Scene) -> None:
    """A purchase through PagoEfectivo itself: no refunds there, so people transfer the money, four eyes on each step"""
    reference, _ = bought(scene, "pagoefectivo_direct")
    payment = issued(scene, reference)
    paid(scene, reference, payment)
    confirmed_twice(scene, reference, payment)
    refund = scene.api.refund(reference, PRICE)
    asked_for = refund["state"] == "awaiting_destination"
    scene.report.step("refund", f"S/ {PRICE} {refund['state']}", holds=asked_for)
    account_given(scene, refund, CCI)
    _paid_by_hand(scene, refund["id"])
    order_is(scene, reference, "refunded", refunded=PRICE)
    theirs = scene.psp.totals(payment["id"])
    observed = f"S/ {theirs['received']} came in there, S/ {theirs['paid_out']} was paid out: the shop paid"
    scene.report.step("the PSP's books", observed, holds=theirs["paid_out"] == "0.00")


def _paid_by_hand(scene: Scene, refund_id: str) -> None:
    office = scene.back_office
    state = office.approve(refund_id, by=SECOND_PERSON)
    scene.report.step("approved", f"by {SECOND_PERSON}, who did not ask for it: {state}", holds=state == "requested")
    made, lines = office.make_payout("pagoefectivo_direct", by=ADMIN)
    observed = f"{made['reference']} made by {ADMIN}: {made['count']} transfer, {made['currency']} {made['total']}"
    holds = [(line["cci"], line["amount"]) for line in lines] == [(CCI, str(PRICE))]
    scene.report.step("payout file for the bank", observed, holds=holds)
    own = office.record_paid(lines[0]["reference"], OPERATION_NUMBER, by=ADMIN)
    codes = [each["code"] for each in own["refusals"]]
    observed = f"recorded {own['recorded']}: {', '.join(codes)}"
    scene.report.step(f"paid, says {ADMIN} of the own file", observed, holds=codes == ["PAYOUT_SELF"])
    other = office.record_paid(lines[0]["reference"], OPERATION_NUMBER, by=SECOND_PERSON)
    found = scene.api.refund_named(refund_id)
    observed = f"refund {found['state']}, operation {found['provider_reference']} of the bank"
    holds = (other["recorded"], found["state"], found["provider_reference"]) == (True, "succeeded", OPERATION_NUMBER)
    scene.report.step(f"paid, says {SECOND_PERSON}", observed, holds=holds)
