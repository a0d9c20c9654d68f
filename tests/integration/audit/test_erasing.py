"""A buyer's data can be erased and old rows removed without breaking the chain, and only with a trace in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError

from pagoefectivo.domain import chain
from pagoefectivo.models import ApiExchange, AuditEntry, PaymentEvent, WebhookDelivery
from pagoefectivo.models.audit import SEALED, _body
from pagoefectivo.models.fields import cipher
from pagoefectivo.services import audit
from tests.integration.audit.evidence import LETTER, SIGNED, as_superuser, flip, found, one_of_each

pytestmark = pytest.mark.django_db
WHY = "asked for by the buyer"


def test_G26_an_erased_body_is_gone_and_the_chain_holds(history: dict[str, models.Model]) -> None:
    letter, call = history["webhookdelivery"], history["apiexchange"]
    assert audit.erase_bodies("webhookdelivery", [letter.pk], actor="ana", why=WHY) == 1
    assert audit.erase_bodies("apiexchange", [call.pk], actor="ana", why=WHY) == 1
    assert WebhookDelivery.objects.get(pk=letter.pk).body == b""
    emptied = ApiExchange.objects.get(pk=call.pk)
    assert (emptied.request_body, emptied.response_body, emptied.http_status) == (b"", b"", 200)
    assert WebhookDelivery.objects.exclude(body=b"").count() == 2
    assert found() == []
    last = AuditEntry.objects.latest("position")
    assert (last.kind, last.actor, last.why, last.count) == ("erasure", "ana", WHY, 1)


@pytest.mark.parametrize("column", [*SEALED["webhookdelivery"].columns])
def test_G26_what_is_left_of_an_erased_row_is_still_checked(history: dict[str, models.Model], column: str) -> None:
    letter = history["webhookdelivery"]
    audit.erase_bodies("webhookdelivery", [letter.pk], actor="ana", why=WHY)
    flip(letter, column, 3)
    assert found() == [("changed", "webhookdelivery", letter.pk)]


def test_G19_a_body_erased_without_a_trace_is_named(history: dict[str, models.Model]) -> None:
    with as_superuser():
        WebhookDelivery.objects.filter(pk=history["webhookdelivery"].pk).update(body=b"")
    assert found() == [("changed", "webhookdelivery", history["webhookdelivery"].pk)]


def test_another_body_in_the_place_of_an_erased_one_is_named(history: dict[str, models.Model]) -> None:
    letter = history["webhookdelivery"]
    audit.erase_bodies("webhookdelivery", [letter.pk], actor="ana", why=WHY)
    with as_superuser():
        WebhookDelivery.objects.filter(pk=letter.pk).update(body=b'{"amount": "900.00"}')
    assert found() == [("changed", "webhookdelivery", letter.pk)]


def test_a_forged_erasure_accounts_for_nothing(history: dict[str, models.Model]) -> None:
    letter, last = history["webhookdelivery"], AuditEntry.objects.latest("position")
    audit.erase_bodies("webhookdelivery", [letter.pk], actor="ana", why=WHY)
    other = WebhookDelivery.objects.latest("pk")
    with as_superuser():
        forged = AuditEntry.objects.latest("position")
        forged.manifest, forged.last_id = chain.pack_ids([letter.pk, other.pk]), other.pk
        forged.hash = chain.link_hash(forged.link, forged.digest)
        forged.save()
        WebhookDelivery.objects.filter(pk=other.pk).update(body=b"")
    named = found()
    assert ("changed", "webhookdelivery", other.pk) in named
    assert ("entry_changed", "auditentry", last.position + 1) in named


def test_a_copy_of_an_erased_body_is_recognised(history: dict[str, models.Model]) -> None:
    letter = history["webhookdelivery"]
    audit.erase_bodies("webhookdelivery", [letter.pk], actor="ana", why=WHY)
    entry = AuditEntry.objects.get(kind="seal", table_name="webhookdelivery", last_id=letter.pk)
    [kept] = chain.unpack(bytes(entry.manifest), 2)
    key, [now] = chain.seal_key("the key of today"), SEALED["webhookdelivery"].read([letter.pk])
    brought = chain.Row(letter.pk, now.columns, (chain.Body(LETTER), chain.Body(SIGNED)))
    assert chain.agrees(key, "webhookdelivery", brought, kept, may_be_erased=False)
    lie = chain.Row(letter.pk, now.columns, (chain.Body(LETTER + b" "), chain.Body(SIGNED)))
    assert not chain.agrees(key, "webhookdelivery", lie, kept, may_be_erased=False)


def test_what_is_not_sealed_yet_is_not_erased(rows: dict[str, models.Model]) -> None:
    assert audit.erase_bodies("webhookdelivery", [rows["webhookdelivery"].pk], actor="ana", why=WHY) == 0
    assert WebhookDelivery.objects.get().body == LETTER
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("table", ["statechange", "paymentevent", "erroroccurrence"])
def test_nothing_is_erased_or_removed_from_what_is_only_added(history: dict[str, models.Model], table: str) -> None:
    for act in (audit.erase_bodies, audit.remove):
        with pytest.raises(ValueError, match="nothing is ever"):
            act(table, [history[table].pk], actor="ana", why=WHY)
    assert SEALED[table].rows.count() == 3


def test_the_leave_to_erase_ends_with_the_erasure(history: dict[str, models.Model]) -> None:
    audit.erase_bodies("webhookdelivery", [history["webhookdelivery"].pk], actor="ana", why=WHY)
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.update(body=b"")
    assert WebhookDelivery.objects.filter(body=b"").count() == 1


def test_rows_past_their_time_are_removed_with_a_trace(
    history: dict[str, models.Model], seal: Callable[[], int]
) -> None:
    call = history["apiexchange"]
    assert audit.remove("apiexchange", [call.pk], actor="retention", why="past ten years") == 1
    assert not ApiExchange.objects.filter(pk=call.pk).exists()
    assert found() == []
    with as_superuser():
        ApiExchange.objects.filter(pk__gt=call.pk).delete()
    assert [problem for problem, _, _ in found()] == ["missing"]


def test_a_row_that_others_stand_on_is_not_removed(history: dict[str, models.Model]) -> None:
    letter, entries = history["webhookdelivery"], AuditEntry.objects.count()
    assert PaymentEvent.objects.filter(delivery_id=letter.pk).exists()
    with pytest.raises(ProtectedError):
        audit.remove("webhookdelivery", [letter.pk], actor="retention", why="old")
    assert (WebhookDelivery.objects.count(), AuditEntry.objects.count()) == (3, entries)


def test_a_thousand_bodies_take_one_entry_for_each_portion(
    rows: Any, clock: Any, seal: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "BATCH", 2)
    with as_superuser():
        for number in range(2, 6):
            one_of_each(clock.now(), number)
    seal()
    every = list(WebhookDelivery.objects.values_list("pk", flat=True))
    assert audit.erase_bodies("webhookdelivery", every, actor="ana", why=WHY) == 5
    assert AuditEntry.objects.filter(kind="erasure").count() == 3
    assert found() == []


@pytest.mark.parametrize("length", range(15, 19))
def test_every_bit_of_an_encrypted_body_counts_even_its_padding(length: int) -> None:
    token = cipher().encrypt(b"x" * length)
    whole = _body(token)
    assert whole == chain.Body(b"x" * length)
    for bit in range(len(token) * 8):
        spoiled = bytearray(token)
        spoiled[bit // 8] ^= 1 << bit % 8
        assert _body(bytes(spoiled)) != whole
