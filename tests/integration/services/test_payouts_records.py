"""What stays of a payout: the bytes of its file, the people, the bank's number, and a database that lets nobody edit it."""

from __future__ import annotations

import hashlib
import logging
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from pagoefectivo.domain.exceptions import NotFound, RuleRefused
from pagoefectivo.domain.messages import Destination
from pagoefectivo.models import PaymentEvent, Payout, Refund, StateChange
from pagoefectivo.selectors import audit
from pagoefectivo.services import payouts, retention
from tests.integration.by_hand import (
    CCI,
    OTHER_CCI,
    approve,
    ask_back,
    hand_over,
    lines_of,
    paid,
    person,
    ready,
    today,
    total_of,
)
from tests.integration.ledger import everything

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("by_hand")]


def test_the_evidence_names_the_people_the_number_and_the_day(paid_order: Any) -> None:
    paid_order()
    refund = ready()
    payout = hand_over(by="beto")
    paid(refund, "OP-0042", by="luz")
    event = PaymentEvent.objects.get(refund=refund)
    assert (event.source, event.proof, event.is_believed, event.event_identity) == (
        "staff",
        "attested",
        True,
        "bank OP0042",
    )
    assert event.occurred_at is not None
    assert event.occurred_at.date() == today()
    who = [(each.transition, each.actor, each.source) for each in StateChange.objects.filter(refund=refund)]
    assert who == [
        ("require_approval", "staff:ana", "api"),
        ("release", "staff:luz", "staff"),
        ("submit", "staff:beto", "staff"),
        ("accept", "staff:beto", "staff"),
        ("succeed", "staff:luz", "staff"),
    ]
    assert StateChange.objects.get(refund=refund, transition="succeed").event == event
    assert payout.made_by == "staff:beto"


def test_the_file_is_what_the_bank_needs_and_the_same_bytes_each_time(paid_order: Any, caplog: Any) -> None:
    paid_order("A-1", "89.90")
    paid_order("A-2", "120.00")
    ready("A-2", "70.05")
    hostile = Destination("=HYPERLINK(1)", "CE", "00A12", "011", "011-802-009876543210-63")
    approve(ask_back("A-1", "9.90", to=hostile))
    payout = hand_over()
    content = payouts.file_of(payout.reference, actor=person("beto"))
    assert [(line["cci"], line["document_number"], line["amount"], line["currency"]) for line in lines_of(content)] == [
        (CCI, "05678912", "70.05", "PEN"),
        (OTHER_CCI, "00A12", "9.90", "PEN"),
    ]
    assert [line["holder"] for line in lines_of(content)] == ["María Quispe", "'=HYPERLINK(1)"]
    assert [line["reference"] for line in lines_of(content)] == [
        each.reference for each in Refund.objects.order_by("pk")
    ]
    assert lines_of(content)[0]["purpose"] == "Devolucion A-2"
    assert f'"{CCI}"'.encode() in content, "a text, not a number"
    assert (payout.count, payout.total) == (2, total_of(content)) == (2, Decimal("79.95"))
    assert payout.sha256 == hashlib.sha256(content).hexdigest()
    with caplog.at_level(logging.INFO, "pagoefectivo"):
        assert payouts.file_of(payout.reference, actor=person("luz")) == content
    assert f"payout file {payout.reference} downloaded by user {person('luz').user_id}" in caplog.text
    for private in (CCI, "Quispe", "05678912", "luz"):
        assert private not in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM pagoefectivo_payout")
        assert CCI.encode() not in bytes(cursor.fetchone()[0]), "encrypted at rest"


def test_a_file_that_was_changed_in_the_database_is_not_handed_out(paid_order: Any) -> None:
    paid_order()
    ready()
    payout = hand_over()
    forged = Payout(
        content=payouts.file_of(payout.reference, actor=person("beto")).replace(CCI.encode(), OTHER_CCI.encode())
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        Payout.objects.filter(pk=payout.pk).update(content=forged.content)
    with pytest.raises(RuleRefused, match="PAYOUT_FILE_DAMAGED"):
        payouts.file_of(payout.reference, actor=person("luz"))


def test_G19_the_database_keeps_payouts_and_what_is_in_them_as_they_were(paid_order: Any) -> None:
    paid_order()
    refund = ready()
    payout = hand_over()
    other = Payout.objects.create(
        reference="P-2", account="default", currency="PEN", count=0, total=0, content=b"x", sha256="", made_by="staff:eva",
        created_at=payout.created_at,
    )  # fmt: skip
    before = everything()
    attempts = (
        (Payout, payout.pk, {"total": 1}),
        (Payout, payout.pk, {"made_by": "staff:eva"}),
        (Payout, payout.pk, {"content": b""}),
        (Refund, refund.pk, {"payout": other}),
        (Refund, refund.pk, {"payout": None}),
        (Refund, refund.pk, {"amount": "1.00"}),
        (Refund, refund.pk, {"approved_by": "staff:eva"}),
        (Refund, refund.pk, {"destination": None}),
    )
    for model, pk, columns in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            model._default_manager.filter(pk=pk).update(**columns)
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
        Payout.objects.filter(pk=other.pk)._raw_delete("default")
    assert everything() == before


def test_what_nobody_approved_is_in_no_payout_says_the_database_itself(paid_order: Any) -> None:
    paid_order()
    waiting = ask_back()
    paid_order("A-2")
    ready("A-2")
    payout = hand_over()
    with pytest.raises(IntegrityError, match="pe_refund_payout_is_approved"), transaction.atomic():
        Refund.objects.filter(pk=waiting.pk).update(payout=payout)


def test_G26_the_bank_accounts_in_a_file_are_erased_in_time_and_its_record_stays(
    paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    refund = ready()
    payout = hand_over()
    paid(refund)
    for days in (2, 10, 40, 150):
        world.advance(days=days)
        sweep()
    assert retention.purge(actor="shell:ops").payouts == 1
    kept = Payout.objects.get()
    assert (kept.content, kept.sha256, kept.total) == (b"", payout.sha256, payout.total)
    with pytest.raises(NotFound):
        payouts.file_of(payout.reference, actor=person("luz"))
    assert audit.verify().findings == []
    assert retention.purge(actor="shell:ops").payouts == 0
