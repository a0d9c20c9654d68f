"""A name and a document can be copied; what other buyers' refunds have had is shown to staff, and stops nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from pagoefectivo.domain.doubts import DoubtKind
from pagoefectivo.models import RefundDestination
from pagoefectivo.models.refunds import ACCOUNT as AN_ACCOUNT
from pagoefectivo.models.refunds import payee_digest
from pagoefectivo.services import destinations, doubts
from pagoefectivo.shop import Payer
from tests.integration.by_hand import ACCOUNT, CCI, OTHER_CCI, approve, ask_back

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("by_hand")]
MARIA = Payer("maria@example.pe", "María Quispe", "+51987654321", "DNI", "05678912")
ROSA = Payer("rosa@example.pe", "Rosa Huamán", "+51987654322", "DNI", "45678913")
AS_ROSA = replace(ACCOUNT, holder_name=ROSA.name, document_number=ROSA.document_number)


def test_an_account_that_another_buyer_had_is_shown_to_staff_and_to_no_buyer(paid_order: Any) -> None:
    paid_order("A-1", payer=MARIA)
    paid_order("A-2", payer=ROSA)
    approve(ask_back("A-1", to=ACCOUNT))
    stolen = ask_back("A-2", to=None)
    same_account = replace(AS_ROSA, account_number=f"{CCI[:3]}-{CCI[3:]}")  # in another grouping, in Rosa's own name
    assert doubts.about(stolen, same_account) == ()
    taken = destinations.give(stolen, same_account, seen=stolen.binding)
    (doubt,) = doubts.about_kept(taken)
    assert (doubt.kind, doubt.value) == (DoubtKind.ACCOUNT_OF_OTHERS, "A-1")
    with translation.override("en"):
        assert doubt.sentence == "The same account was given for refunds of other buyers, in orders: A-1."
    assert taken.state == "awaiting_approval"
    assert approve(taken).state == "requested", "it is shown and stops nothing"


def test_the_same_buyer_may_have_two_addresses_and_is_no_other_buyer(paid_order: Any) -> None:
    paid_order("A-1", payer=MARIA)
    paid_order("A-2", payer=replace(MARIA, email="m.quispe@example.pe"))
    paid_order("A-3", payer=replace(MARIA, email="MARIA@example.pe"))
    ask_back("A-1", to=ACCOUNT)
    assert [doubt.kind for doubt in doubts.about_kept(ask_back("A-3", to=ACCOUNT))] == []
    second = doubts.about_kept(ask_back("A-2", to=ACCOUNT))
    assert [(doubt.kind, doubt.value) for doubt in second] == [(DoubtKind.DOCUMENT_OF_OTHERS, "A-1, A-3")]


def test_a_document_that_comes_with_another_e_mail_and_another_account_is_shown(paid_order: Any) -> None:
    paid_order("A-1", payer=MARIA)
    paid_order("A-2", payer=replace(MARIA, email="thief@example.pe"))
    ask_back("A-1", to=ACCOUNT)
    copied = ask_back("A-2", to=replace(ACCOUNT, account_number=OTHER_CCI))
    assert [(each.kind, each.value) for each in doubts.about_kept(copied)] == [(DoubtKind.DOCUMENT_OF_OTHERS, "A-1")]


def test_no_order_of_another_account_is_named(paid_order: Any) -> None:
    first = paid_order("A-1", payer=MARIA)
    paid_order("A-2", payer=ROSA)
    ask_back("A-1", to=ACCOUNT)
    type(first).objects.filter(pk=first.pk).update(account="other")
    (doubt,) = doubts.about_kept(ask_back("A-2", to=AS_ROSA))
    assert (doubt.kind, doubt.value) == (DoubtKind.ACCOUNT_OF_OTHERS, "…")


def test_what_finds_an_account_again_is_keyed(paid_order: Any) -> None:
    paid_order("A-1", payer=MARIA)
    ask_back("A-1", to=ACCOUNT)
    kept = RefundDestination.objects.get()
    assert kept.account_digest == payee_digest(AN_ACCOUNT, CCI) != ""
    assert payee_digest(AN_ACCOUNT, "") == ""
    assert CCI not in kept.account_digest
    assert kept.account_digest != kept.document_digest
