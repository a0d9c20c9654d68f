"""What was kept long enough is erased, the chain holds, and nothing that is still open is touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, models

from pagoefectivo import shop
from pagoefectivo.models import (
    Anomaly,
    ApiExchange,
    ApiKey,
    AuditEntry,
    IdempotentRequest,
    Job,
    Order,
    OutboxMessage,
    Recovery,
    Refund,
    RefundDestination,
    Voucher,
    WebhookDelivery,
)
from pagoefectivo.selectors import audit, invariants
from pagoefectivo.services import retention
from pagoefectivo.services.actors import SHOP
from pagoefectivo.services.retention import Purged

pytestmark = pytest.mark.django_db(transaction=True)
BUYER = ("payer_email", "payer_name", "payer_phone", "payer_document_type", "payer_document_number")
DIGESTS = ("phone_digest", "document_digest")
CCI = "00219300123456789012"


@pytest.fixture
def age(world: Any, sweep: Any) -> Callable[[int], None]:
    """Let days pass with a shop that sweeps; the provider is asked for the last time early, and all is sealed."""

    def pass_by(days: int) -> None:
        passed = 0
        for day in sorted({each for each in (2, 11, 50, 160) if each < days} | {days}):
            world.advance(days=day - passed)
            sweep()
            passed = day
        for _ in range(3):
            world.advance(hours=2)
            sweep()

    return pass_by


@pytest.fixture
def refunded(psp: Any, paid_order: Any, world: Any, sweep: Any) -> Order:
    """A sale that came to its end: paid, all of it given back to a bank account, heard of by a notification."""
    order: Order = paid_order("DONE-1", metadata={"gift_for": "Rosa Huamán"})
    refund = shop.request_refund(
        reference="DONE-1", amount="89.90", reason="other", actor=SHOP, note="for María", destination=_account()
    )
    psp.settle_refund(refund.provider_reference)
    world.advance(minutes=5)
    sweep()
    WebhookDelivery.objects.create(
        account="default", event_identity="letter", body=b'{"email": "maria.quispe@example.pe"}', verdict="verified",
        received_at=world.now(), outcome="applied", done_at=world.now(), voucher=order.current_voucher,
    )  # fmt: skip
    assert shop.get_order(reference="DONE-1").state == "refunded"
    return order


def _account() -> shop.Destination:
    return shop.Destination(
        holder_name="María Quispe", document_type="DNI", document_number="45678912", bank_code="002", account_number=CCI
    )


def bodies() -> int:
    return (
        WebhookDelivery.objects.filter(body__gt=b"").count()
        + ApiExchange.objects.filter(models.Q(request_body__gt=b"") | models.Q(response_body__gt=b"")).count()
    )


def everything() -> list[Any]:
    """Every row that a purge could touch, as it is stored."""
    kinds = (Order, Refund, RefundDestination, WebhookDelivery, ApiExchange, IdempotentRequest, AuditEntry)
    return [list(kind._default_manager.order_by("pk").values()) for kind in kinds]


def test_G26_a_finished_sale_loses_its_buyer_and_keeps_its_proof(refunded: Order, age: Any) -> None:
    age(800)
    changes = list(refunded.changes.values())
    held = bodies()
    assert all(RefundDestination.objects.values_list("account_digest", "document_digest").get())
    purged = retention.purge(actor="shell:ops")
    assert (purged.buyers, purged.destinations, purged.unsealed) == (1, 1, 0)
    assert purged.deliveries == 1
    assert purged.deliveries + purged.exchanges == held
    assert bodies() == 0
    order = Order.objects.get(pk=refunded.pk)
    assert [getattr(order, name) for name in (*BUYER, *DIGESTS)] == [""] * 7
    assert (order.metadata, order.state, str(order.refunded_amount)) == ({}, "refunded", "89.90")
    destination = RefundDestination.objects.get()
    assert (destination.account_number, destination.holder_name, destination.bank_code) == ("", "", "002")
    assert (destination.account_digest, destination.document_digest, destination.tail_digest) == ("", "", "")
    assert order.refunds.get().note == ""
    assert list(order.changes.values()) == changes
    assert audit.verify().findings == []
    assert [finding.id for finding in invariants.check() if finding.count] == []


def test_G26_a_purge_is_written_into_the_chain(refunded: Order, age: Any) -> None:
    age(800)
    purged = retention.purge(actor="shell:ops")
    entries = AuditEntry.objects.filter(kind="erasure").order_by("position")
    said = [(entry.table_name, entry.count, entry.actor, entry.why) for entry in entries]
    assert said == [
        ("webhookdelivery", 1, "shell:ops", "retention: raw"),
        ("apiexchange", purged.exchanges, "shell:ops", "retention: raw"),
        ("refunddestination", 1, "shell:ops", "retention: bank"),
        ("order", 1, "shell:ops", "retention: personal"),
    ]
    assert (entries[3].first_id, entries[3].last_id) == (refunded.pk, refunded.pk)
    assert Job.objects.get(name=retention.JOB).outcome == asdict(purged)


def test_G19_a_body_emptied_past_the_purge_is_still_named(refunded: Order, age: Any) -> None:
    age(200)
    letter = WebhookDelivery.objects.latest("pk")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        WebhookDelivery.objects.filter(pk=letter.pk).update(body=b"")
        cursor.execute("SET session_replication_role = DEFAULT")
    retention.purge(actor="shell:ops")
    assert [(each.table, each.row_id) for each in audit.verify().findings] == [("webhookdelivery", letter.pk)]


@pytest.mark.usefixtures("refunded")
@pytest.mark.parametrize(
    ("days", "left"),
    [(60, ("bodies", "account", "buyer")), (300, ("bodies", "buyer")), (400, ("buyer",)), (800, ())],
)
def test_each_kind_goes_after_its_own_time(age: Any, days: int, left: tuple[str, ...]) -> None:
    age(days)
    retention.purge(actor="shell:ops")
    found = {
        "bodies": bodies() > 0,
        "account": RefundDestination.objects.get().account_number == CCI,
        "buyer": Order.objects.get().payer_name == "María Quispe",
    }
    assert tuple(name for name, is_there in found.items() if is_there) == left


def open_refund(order: Order) -> None:
    Refund.objects.filter(order=order).update(next_action_at=order.created_at)


def open_voucher(order: Order) -> None:
    Voucher.objects.filter(order=order).update(next_action_at=order.created_at)


def open_case(order: Order) -> None:
    Anomaly.objects.create(kind="paid_twice", order=order, voucher=order.vouchers.get(), opened_at=order.created_at)


def open_announcement(order: Order) -> None:
    OutboxMessage.objects.filter(order=order).update(done_at=None)


def open_recovery(order: Order) -> None:
    Recovery.objects.create(account=order.account, started_at=order.created_at, started_by="ops")


@pytest.mark.parametrize("reopen", [open_refund, open_voucher, open_case, open_announcement, open_recovery])
def test_what_is_open_is_not_touched_at_any_age(refunded: Order, age: Any, reopen: Callable[[Order], None]) -> None:
    age(800)
    reopen(refunded)
    before = everything()
    assert retention.purge(actor="shell:ops") == Purged()
    assert everything() == before


def test_an_order_that_waits_for_money_or_review_is_not_touched(refunded: Order, age: Any, world: Any) -> None:
    age(800)
    resting = retention.at_rest(world.now() - timedelta(days=730))
    assert [order.pk for order in resting] == [refunded.pk]
    with connection.cursor() as cursor:
        for state in ("awaiting_payment", "in_review"):
            cursor.execute("UPDATE pagoefectivo_order SET state = %s", [state])
            assert not resting.all().exists()


def test_a_dry_run_counts_the_same_and_changes_nothing(refunded: Order, age: Any) -> None:
    age(800)
    before = everything()
    counted = retention.purge(actor="shell:ops", dry_run=True)
    assert everything() == before
    assert not Job.objects.filter(name=retention.JOB).exists()
    assert counted == retention.purge(actor="shell:ops")
    assert retention.purge(actor="shell:ops") == Purged()
    assert Order.objects.get(pk=refunded.pk).payer_email == ""


def test_batches_of_one_erase_as_much(refunded: Order, age: Any) -> None:
    age(800)
    counted = retention.purge(actor="shell:ops", dry_run=True)
    assert retention.purge(actor="shell:ops", batch=1) == counted
    assert AuditEntry.objects.filter(kind="erasure", count=1).count() == counted.deliveries + counted.exchanges + 2
    assert audit.verify().findings == []
    assert refunded.changes.exists()


def test_what_is_not_sealed_waits_for_the_next_purge(refunded: Order, world: Any, age: Any) -> None:
    age(800)
    retention.purge(actor="shell:ops")
    late = WebhookDelivery.objects.create(
        account="default", event_identity="late", body=b"{}", verdict="forged", received_at=world.now(), outcome="rejected"
    )  # fmt: skip
    world.advance(days=200)
    purged = retention.purge(actor="shell:ops")
    assert purged.unsealed == 1
    assert WebhookDelivery.objects.get(pk=late.pk).body == b"{}"
    age(1)
    assert retention.purge(actor="shell:ops").deliveries == 1
    assert WebhookDelivery.objects.get(pk=late.pk).body == b""
    assert refunded.changes.exists()


def test_kept_answers_go_after_a_week_and_running_requests_stay(psp: Any, world: Any) -> None:
    assert psp
    key = ApiKey.objects.create(name="erp", prefix="pe_1", digest="d" * 64, created_at=world.now())
    old, new = world.now() - timedelta(days=8), world.now() - timedelta(days=6)
    for name, at, status, until in (
        ("old", old, 201, old),
        ("new", new, 201, new),
        ("died", old, None, old),
        ("running", old, None, world.now() + timedelta(minutes=1)),
    ):
        IdempotentRequest.objects.create(
            api_key=key, key=name, request_digest="r", created_at=at, status=status, locked_until=until, body=b"{}"
        )
    assert retention.purge(actor="shell:ops") == Purged(answers=2)
    assert set(IdempotentRequest.objects.values_list("key", flat=True)) == {"new", "running"}


def test_none_keeps_for_ever(refunded: Order, age: Any, settings: Any) -> None:
    for_ever = dict.fromkeys(("raw", "bank", "personal", "answers"))
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "RETENTION_DAYS": for_ever}
    age(4000)
    before = everything()
    assert retention.purge(actor="shell:ops") == Purged()
    assert everything() == before
    assert refunded.changes.exists()


def test_the_command_says_what_it_did_and_no_name(refunded: Order, age: Any) -> None:
    age(800)
    out = StringIO()
    call_command("pagoefectivo", "purge", "--dry-run", stdout=out)
    assert out.getvalue().startswith("Would erase 1 notifications, ")
    out = StringIO()
    call_command("pagoefectivo", "purge", "--json", "--batch", "7", stdout=out)
    said = json.loads(out.getvalue())
    assert (said["buyers"], said["destinations"], said["dry_run"]) == (1, 1, False)
    assert "Quispe" not in out.getvalue()
    assert Order.objects.get(pk=refunded.pk).payer_name == ""
