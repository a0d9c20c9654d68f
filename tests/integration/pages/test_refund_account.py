"""The buyer gives an account: friendly complaints, a masked review, one confirmation, and a person where it is odd."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.limits import DOCUMENTS
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.states import RefundState, Source
from pagoefectivo.models import OutboxMessage, Payout, Refund, RefundDestination, StateChange
from pagoefectivo.services import doubts, refunds, retention
from pagoefectivo.services.actors import SHOP, Actor, Permission
from pagoefectivo.views.refund_forms import PayeeForm
from tests.integration.pages.refund_stage import (
    CCI,
    DOCUMENT,
    MISTYPED_CCI,
    NAME,
    OTHER_CCI,
    SCENES,
    Buyer,
    keep,
    path_of,
    place,
)

pytestmark = pytest.mark.django_db

XSS = "<script>alert(1)</script>"
LOOKED_AT = "a person of the shop looks at it before the money leaves"


def _missing(**payer: str) -> Refund:
    return place(RefundState.AWAITING_DESTINATION, payer=payer)


def _state(refund: Refund) -> tuple[Any, ...]:
    """Everything that a refusal must leave as it was."""
    return (
        Refund.objects.values().get(pk=refund.pk), RefundDestination.objects.count(), StateChange.objects.count(),
        OutboxMessage.objects.count(),
    )  # fmt: skip


def test_an_account_is_typed_reviewed_masked_confirmed_and_kept_encrypted(client: Client, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    refund = _missing()
    buyer = Buyer(client, refund).is_known().types("002-193-001234567890-13", last_digits="9013")
    assert buyer.answer.status_code == 200
    assert "BCP •••• •••• •••• 9013" in buyer.text
    assert "DNI ••••912" in buyer.text
    assert "Whether the account exists only the bank knows" in buyer.text
    assert not [secret for secret in (CCI, DOCUMENT) if secret in buyer.text]
    assert RefundDestination.objects.count() == 0

    buyer.sends("confirm")

    refund.refresh_from_db()
    kept = refund.destination
    assert kept is not None
    assert (kept.holder_name, kept.document_type, kept.document_number) == (NAME, "DNI", DOCUMENT)
    assert (kept.account_number, kept.bank_code, kept.entered_by) == (CCI, "002", "buyer")
    assert refund.state == "awaiting_approval"  # this provider's refunds are paid by hand and take two people
    change = StateChange.objects.latest("pk")
    assert (change.actor, change.source, change.why) == ("buyer", Source.BUYER, "destination_changed")
    assert 'data-face="checked"' in buyer.text
    assert "BCP •••• •••• •••• 9013" in buyer.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT holder_name, document_number, account_number FROM pagoefectivo_refunddestination")
        assert not [secret for secret in (CCI, NAME, DOCUMENT) if secret in str(cursor.fetchall())]
    assert not [secret for secret in (CCI, NAME, DOCUMENT, str(refund.page_key)) if secret in caplog.text]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"cci": CCI[:-1]}, "A CCI has 20 digits; you typed 19."),
        ({"cci": CCI + "7"}, "A CCI has 20 digits; you typed 21."),
        ({"cci": "0021930012345678901x"}, "A CCI has digits only."),
        ({"cci": "٠" * 20}, "A CCI has digits only."),
        ({"last_digits": "1234"}, "They are not the last 4 digits of the account above"),
        ({"document_number": "123"}, "This is no number of such a document"),
        ({"document_type": "DNA"}, "DNA"),
        ({"document_type": ""}, "This field is required"),
        ({"holder_name": ""}, "This field is required"),
        ({"holder_name": "x" * 101}, "at most 100 characters"),
        ({"holder_name": "Ana\x00"}, "Null characters are not allowed"),
        ({"holder_name": "Ana\x07"}, "Write the name as it stands at the bank"),
    ],
)
def test_each_complaint_stands_at_its_field_and_nothing_is_kept(
    client: Client, changes: dict[str, str], complaint: str
) -> None:
    refund = _missing()
    buyer, before = Buyer(client, refund).is_known(), _state(refund)
    buyer.types(**changes)
    assert buyer.answer.status_code == 422
    assert complaint in buyer.text.replace("&#x27;", "'")
    assert 'aria-invalid="true"' in buyer.text
    assert _state(refund) == before


def test_every_complaint_comes_at_once(client: Client) -> None:
    refund = _missing()
    buyer = Buyer(client, refund).is_known()
    buyer.types(cci="0021930012345678901", document_number="123")
    assert "A CCI has 20 digits; you typed 19." in buyer.text
    assert "This is no number of such a document" in buyer.text


@pytest.mark.parametrize(
    ("payer", "typed", "warning"),
    [
        ({}, {"holder_name": "Rosa Huamán"}, "The account is not in the name of the buyer."),
        ({}, {"document_number": "45678913"}, "The document is not that of the buyer."),
        ({}, {"cci": MISTYPED_CCI}, "The last two digits do not fit the others"),
        ({"payer_name": "", "payer_document_number": ""}, {}, "There is no name or document of the buyer to compare"),
    ],
)
def test_an_odd_account_is_taken_with_a_warning_and_a_person_looks(
    client: Client, payer: dict[str, str], typed: dict[str, str], warning: str
) -> None:
    refund = _missing(**payer)
    buyer = Buyer(client, refund).is_known().types(**typed)
    assert warning in buyer.text
    assert LOOKED_AT in buyer.text
    buyer.sends("confirm")
    refund.refresh_from_db()
    assert (refund.state, refund.approved_by) == ("awaiting_approval", "")
    assert StateChange.objects.latest("pk").why == "account_doubtful"


@pytest.mark.parametrize("name", ["MARIA QUISPE", "Quispe, María", "María Elena Quispe Huamán", "  maría   quispe "])
def test_a_name_is_the_same_however_it_is_written(client: Client, name: str) -> None:
    assert LOOKED_AT not in Buyer(client, _missing()).is_known().types(holder_name=name).text


def test_G08_a_name_from_outside_is_never_markup(client: Client) -> None:
    refund = _missing(payer_name=f"{XSS} Quispe")
    buyer = Buyer(client, refund).is_known()
    assert XSS not in buyer.text
    buyer.types(holder_name=XSS)
    assert XSS not in buyer.text
    assert "&lt;script&gt;" in buyer.text
    buyer.sends("correct")
    assert XSS not in buyer.text
    assert "&lt;script&gt;" in buyer.text
    buyer.types(holder_name=XSS).sends("confirm")
    assert XSS not in buyer.text


def test_correcting_brings_the_form_back_without_the_account_number(client: Client) -> None:
    buyer = Buyer(client, _missing()).is_known().types().sends("correct")
    assert f'value="{DOCUMENT}"' in buyer.text
    assert CCI not in buyer.text
    assert RefundDestination.objects.count() == 0


def test_what_was_reviewed_is_what_is_confirmed(client: Client) -> None:
    refund = _missing()
    buyer = Buyer(client, refund).is_known().types()
    buyer.sends("confirm", account_number=OTHER_CCI, holder_name="Rosa Huamán")
    refund.refresh_from_db()
    assert refund.destination is not None
    assert refund.destination.account_number == CCI


@pytest.mark.parametrize("draft", ["", "x", "gAAAAABn"])
def test_a_draft_that_is_not_ours_is_no_draft(client: Client, draft: str) -> None:
    refund = _missing()
    buyer, before = Buyer(client, refund).is_known().types(), _state(refund)
    buyer.sends("confirm", draft=draft)
    assert buyer.answer.status_code == 422
    assert "nothing has been kept" in buyer.text
    assert _state(refund) == before


def test_another_account_given_meanwhile_is_not_overwritten(client: Client) -> None:
    refund = _missing()
    buyer = Buyer(client, refund).is_known().types()
    refunds.set_destination(
        refund.public_id, Destination("Rosa Huamán", "DNI", "45678913", "", OTHER_CCI), actor=SHOP, source=Source.STAFF
    )
    before = _state(refund)
    buyer.sends("confirm")
    assert buyer.answer.status_code == 409
    assert "so your account was not taken" in buyer.text
    assert "BBVA •••• •••• •••• 1063" in buyer.text
    assert _state(refund) == before


def test_a_change_voids_the_approval_that_was_given_for_the_old_account(client: Client) -> None:
    refund = place(RefundState.REQUESTED, cci=CCI)
    Refund.objects.filter(pk=refund.pk).update(approved_by="staff:luz", approval_digest=refund.binding)
    buyer = Buyer(client, refund).is_known()
    assert "Give another account" in buyer.text
    buyer.opens("&change").types(OTHER_CCI, last_digits=OTHER_CCI[-4:]).sends("confirm")
    refund.refresh_from_db()
    assert (refund.state, refund.approved_by, refund.approval_digest) == ("awaiting_approval", "", "")
    assert str(refund.destination) == "••••063"


@pytest.mark.parametrize(
    "scene",
    [
        "too late",
        "outcome unknown",
        "in the payout file",
        "asked by mail",
        "own account",
        "done",
        "withdrawn",
        "rejected",
    ],
)
def test_a_refund_that_takes_no_account_takes_none_however_it_is_sent(client: Client, scene: str) -> None:
    refund = SCENES[scene][0]()
    missing = _missing()
    buyer = Buyer(client, refund)
    buyer.answer = Buyer(client, missing).is_known().answer
    buyer.opens().sends("phone", digits="321")
    before = _state(refund)
    assert 'name="account_number"' not in buyer.text
    assert buyer.types().answer.status_code in {403, 409}
    assert buyer.sends("confirm", draft="x").answer.status_code in {403, 422}
    assert _state(refund) == before


def test_an_account_confirmed_after_the_deadline_changes_nothing(client: Client, world_clock: Any) -> None:
    refund = _missing()
    buyer = Buyer(client, refund).is_known().types()
    world_clock(days=14)
    before = _state(refund)
    assert buyer.sends("confirm").answer.status_code == 409
    assert 'data-face="too_late"' in buyer.text
    assert _state(refund) == before


def test_the_page_tells_the_truth_after_the_account_was_purged(client: Client, world_clock: Any) -> None:
    refund = place(RefundState.SUCCEEDED, cci=CCI)
    assert "BCP •••• •••• •••• 9013" in Buyer(client, refund).is_known().text
    world_clock(days=91)
    assert retention.purge(actor="test").destinations == 1
    after = Buyer(Client(), refund).opens()
    assert "has been erased here" in after.text
    assert "were given back to you" in after.text
    assert 'value="phone"' not in after.text


def test_an_account_confirmed_after_the_refund_was_sent_changes_nothing(client: Client) -> None:
    refund = _missing()
    buyer = Buyer(client, refund).is_known().types()
    payout = Payout.objects.create(
        reference="P1", account=refund.account, currency="PEN", count=1, total=1, content=b"", made_by="x",
        created_at=refund.created_at,
    )  # fmt: skip
    Refund.objects.filter(pk=refund.pk).update(
        state="pending", destination=keep(OTHER_CCI), approved_by="staff:luz", payout=payout
    )
    before = _state(refund)
    assert buyer.sends("confirm").answer.status_code == 409
    assert _state(refund) == before


def test_E17_a_rejected_account_begins_one_new_refund_on_a_page_of_its_own(client: Client) -> None:
    refund = SCENES["account rejected"][0]()
    buyer = Buyer(client, refund).is_known()
    assert "Give another account and try again" in buyer.text
    buyer.sends("again")
    fresh = Refund.objects.exclude(pk=refund.pk).get()
    assert (fresh.state, fresh.destination, fresh.requested_by, fresh.amount) == (
        "awaiting_destination", None, "luz", refund.amount,
    )  # fmt: skip
    assert buyer.answer.redirect_chain == [(f"{path_of(fresh)}?lang=en", 303)]
    assert 'name="account_number"' in buyer.text
    later = Buyer(client, refund).is_known()
    assert 'data-face="replaced"' in later.text
    assert path_of(fresh) not in later.text
    for act in ("again", "next"):
        assert 'name="account_number"' in Buyer(client, refund).is_known().sends(act).text
    assert Refund.objects.count() == 2


def test_money_that_was_sent_back_goes_to_another_account_and_never_by_itself_to_the_same(client: Client) -> None:
    refund = SCENES["sent back"][0]()
    Buyer(client, refund).is_known().sends("again")
    fresh = Refund.objects.exclude(pk=refund.pk).get()
    assert (fresh.state, fresh.destination) == ("awaiting_destination", None)


def test_G18_who_asked_for_a_refund_does_not_approve_the_try_that_the_buyer_began(client: Client) -> None:
    refund = SCENES["sent back"][0]()
    Buyer(client, refund).is_known().sends("again")
    fresh = Refund.objects.exclude(pk=refund.pk).get()
    Buyer(client, fresh).opens().types(OTHER_CCI, last_digits=OTHER_CCI[-4:]).sends("confirm")
    fresh.refresh_from_db()
    assert (fresh.state, refund.requested_by) == ("awaiting_approval", "luz")
    before = _state(fresh)
    with pytest.raises(RuleRefused) as refusal:
        refunds.approve(
            fresh.public_id, seen=doubts.seen_of(fresh), actor=Actor("luz", frozenset(Permission)), source=Source.STAFF
        )
    assert refusal.value.code == ErrorCode.APPROVAL_SELF
    assert _state(fresh) == before


def test_what_the_shop_has_to_mend_is_not_begun_again_by_the_buyer(client: Client) -> None:
    refund = place(RefundState.FAILED, cci=CCI, error_code="REFUND_LIMIT_EXCEEDED")
    buyer, before = Buyer(client, refund).is_known(), _state(refund)
    assert "try again" not in buyer.text
    assert buyer.sends("again", form_key="x").answer.status_code == 403
    assert _state(refund) == before


def test_money_that_went_elsewhere_meanwhile_is_not_given_back_twice(client: Client) -> None:
    refund = SCENES["account rejected"][0]()
    refund.voucher.reserved_amount = refund.voucher.paid_amount
    refund.voucher.save()
    buyer, before = Buyer(client, refund).is_known(), _state(refund)
    buyer.sends("again")
    assert buyer.answer.status_code == 409
    assert "Write to the shop; your money is safe" in buyer.text
    assert _state(refund) == before


def test_the_form_offers_every_document_that_the_rules_know() -> None:
    form = PayeeForm(required={"document_type"}, needs_cci=True)
    offered = {name for name, _ in form.fields["document_type"].choices if name}  # type: ignore[attr-defined]
    assert offered == set(DOCUMENTS)
