"""A receipt makes the provider be asked at once, is compared and looked for elsewhere, and never pays anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.proofs import Judgement
from pagoefectivo.models import Anomaly, Order, PaymentProof, ProofLikeness, ProofReading, ProofReview
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services import proof_readings, proofs, retention, seams
from pagoefectivo.services.actors import SHOP, Actor, Permission, PermissionRefused
from pagoefectivo.services.proofs import Told
from pagoefectivo.tasks import read_proofs
from tests.integration.ledger import oddities
from tests.integration.services.engines import HERE, Scripted
from tests.receipts import uploads

pytestmark = pytest.mark.django_db(transaction=True)
QUESTION = "get_payment"


@pytest.fixture(autouse=True)
def read_by(psp: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Choose who reads; at first a person does."""

    def choose(engine: str, *lines: str, sureness: float = 1.0) -> None:
        monkeypatch.setattr(Scripted, "lines", list(lines))
        monkeypatch.setattr(Scripted, "sureness", sureness)
        named = engine if engine == "person" else f"{HERE}.{engine}"
        settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "OCR_ENGINE": named}

    choose("person")
    return choose


@pytest.fixture
def reviewer() -> Actor:
    user = User.objects.create(username="luz", is_staff=True)
    return Actor("staff:luz", frozenset({Permission.REVIEW_PROOFS}), user_id=user.pk)


def send(order: Order, content: bytes | None = None, told: Told | None = None) -> PaymentProof:
    upload = uploads.photo() if content is None else content
    return proofs.send(order.page_key, upload, told or Told(), remote_ip="203.0.113.9")


def lines_for(order: Order, **other: Any) -> list[str]:
    truth = replace(uploads.truth_for(order), **other)
    return [
        "BCP", f"Código de pago: {truth.code}", f"Monto: S/ {truth.amount:,.2f}",
        f"Fecha: {truth.paid_on:%d/%m/%Y}", f"N° de operación: {truth.operation}",
    ]  # fmt: skip


def fresh(order: Order) -> Order:
    return shop.get_order(reference=order.reference)


def test_D08_a_receipt_has_the_provider_asked_at_once_and_pays_nothing(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    order = open_order()
    world.advance(seconds=2)
    sweep()
    voucher = order.current_voucher
    voucher.next_action_at = world.now().replace(year=2030)
    voucher.save(update_fields=["next_action_at"])
    psp.clear_calls()
    sweep()
    assert psp.call_counts().get(QUESTION, 0) == 0, "nothing was due"
    proof = send(order)
    sweep()
    assert psp.call_counts() == {QUESTION: 1}
    assert (fresh(order).state, fresh(order).paid_amount) == ("awaiting_payment", 0)
    assert ProofReading.objects.get(proof=proof).outcome == "by_person"
    assert (oddities(), PaymentProof.objects.get().next_action_at) == ([], None)


def test_D08_the_answer_to_that_question_is_what_pays(psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    order = open_order()
    psp.pay(order.current_voucher.code)
    send(order)
    sweep()
    assert fresh(order).state == "paid"
    changes = order.changes.values_list("to_state", "source")
    assert ("paid", "poll") in changes
    assert {source for _, source in changes} <= {"api", "poll", "clock"}


def test_a_receipt_that_says_everything_right_still_pays_nothing(
    psp: Any, open_order: Any, world: Any, sweep: Any, read_by: Any, reviewer: Actor
) -> None:
    order = open_order()
    read_by("Scripted", *lines_for(order))
    proof = send(order)
    psp.clear_calls()
    world.advance(seconds=61)
    sweep()
    reading = ProofReading.objects.get()
    assert reading.verdicts == {
        "code": "match", "amount": "match", "paid_on": "match", "operation": "unknown", "channel": "unknown",
    }  # fmt: skip
    assert psp.call_counts()[QUESTION] >= 1
    before = len(psp.calls(QUESTION))
    proofs.review(proof.public_id, Judgement.MATCHES, actor=reviewer)
    sweep()
    assert len(psp.calls(QUESTION)) == before + 1, "a person's yes has the provider asked again"
    assert (fresh(order).state, fresh(order).paid_amount, oddities()) == ("awaiting_payment", 0, [])


def test_a_reader_of_its_own_queue_does_not_wait_for_the_sweep(
    open_order: Any, world: Any, sweep: Any, read_by: Any
) -> None:
    order = open_order()
    read_by("Scripted", *lines_for(order))
    rung: list[str] = []
    with seams.use(now=world.now, database_now=world.now, ring_readers=lambda: rung.append("rung")):
        send(order)
        assert rung == ["rung"]
        assert sweep().proofs == 0, "for a minute it is the readers' work"
        read_proofs()
        assert proof_readings.read_waiting() == 0
    assert ProofReading.objects.get().outcome == "read"


def test_a_receipt_that_says_something_else_is_flagged_and_nobody_is_asked_for_its_sake(
    psp: Any, open_order: Any, world: Any, sweep: Any, read_by: Any
) -> None:
    order = open_order()
    read_by("Scripted", *lines_for(order, code="55556666"))
    send(order)
    sweep()
    psp.clear_calls()
    world.advance(seconds=61)
    proof_readings.read_waiting()
    assert oddities() == ["proof_doubtful"]
    assert psp.call_counts() == {}
    assert ProofReading.objects.get().verdicts["code"] == "differs"
    assert fresh(order).state == "awaiting_payment", "a flag holds nothing"


def test_a_doubtful_digit_is_neither_a_match_nor_a_difference(open_order: Any, sweep: Any, read_by: Any) -> None:
    order = open_order()
    for lines in (lines_for(order), lines_for(order, code="55556666")):
        read_by("Scripted", *lines, sureness=0.89)
        send(order)
        proof_readings.read_waiting()
    for reading in ProofReading.objects.all():
        assert set(reading.verdicts.values()) == {"unreadable", "unknown"}
    assert oddities() == []


def test_D09_a_receipt_of_another_order_is_known_by_its_bytes_its_look_and_its_number(
    psp: Any, open_order: Any, sweep: Any, world: Any
) -> None:
    first, second, third, fourth = (open_order(f"D09-{number}") for number in range(4))
    content = uploads.upload_for(first)
    earlier = send(first, content, Told(operation_number="0048-2913"))
    sweep()
    world.advance(seconds=2)
    sweep()
    psp.clear_calls()
    same_bytes = send(second, content)
    same_number = send(third, uploads.photo(), Told(operation_number="00482913"))
    assert ProofLikeness.objects.count() == 2
    same_look = send(fourth, uploads.saved_again(content))
    sweep()
    found = {(each.proof_id, each.earlier_id, each.sign) for each in ProofLikeness.objects.all()}
    assert {
        (same_bytes.pk, earlier.pk, "same_file"), (same_number.pk, earlier.pk, "same_operation"),
        (same_look.pk, earlier.pk, "same_look"),
    } <= found  # fmt: skip
    flagged = Anomaly.objects.filter(kind="proof_reused").values_list("order__reference", flat=True)
    assert sorted(flagged) == ["D09-1", "D09-2", "D09-3"]


def test_another_receipt_of_the_same_bank_is_no_reuse(open_order: Any, sweep: Any) -> None:
    for number in range(4):
        order = open_order(f"N-{number}", amount=f"{50 + 13 * number}.50")
        send(order, uploads.upload_for(order))
    sweep()
    assert (ProofLikeness.objects.count(), oddities()) == (0, [])


@pytest.mark.parametrize(("engine", "outcome"), [("Hanging", "killed"), ("Broken", "failed")])
def test_G16_an_engine_that_hangs_or_fails_leaves_the_picture_to_a_person_and_the_queue_goes_on(
    psp: Any, open_order: Any, world: Any, sweep: Any, read_by: Any, engine: str, outcome: str
) -> None:
    first, second = open_order("G16-1"), open_order("G16-2")
    read_by(engine)
    send(first)
    assert proof_readings.read_waiting() == 1
    read_by("Scripted", *lines_for(second))
    send(second)
    assert proof_readings.read_waiting() == 1
    assert list(ProofReading.objects.order_by("pk").values_list("outcome", flat=True)) == [outcome, "read"]
    assert PaymentProof.objects.filter(next_action_at__isnull=False).count() == 0
    psp.pay(first.current_voucher.code)
    world.advance(seconds=2)
    sweep()
    assert fresh(first).state == "paid"


def test_G16_a_picture_that_takes_its_worker_with_it_is_tried_twice(open_order: Any, read_by: Any) -> None:
    order = open_order()
    read_by("Scripted", *lines_for(order))
    send(order)
    PaymentProof.objects.update(attempts=2)
    proof_readings.read_waiting()
    assert ProofReading.objects.get().outcome == "killed"


def test_without_the_extra_a_person_reads(
    open_order: Any, settings: Any, sweep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pagoefectivo.ocr import engine

    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "OCR_ENGINE": "auto"}
    monkeypatch.setattr(engine, "_is_installed", lambda: False)
    send(open_order())
    assert sweep().proofs == 1
    assert ProofReading.objects.get().outcome == "by_person"


def test_a_judgement_needs_a_person_with_the_permission(open_order: Any, reviewer: Actor) -> None:
    proof = send(open_order())
    for actor in (SHOP, replace(reviewer, permissions=frozenset()), replace(reviewer, user_id=None)):
        with pytest.raises(PermissionRefused):
            proofs.review(proof.public_id, Judgement.MATCHES, actor=actor)
        with pytest.raises(PermissionRefused):
            proofs.picture_of(proof.public_id, actor=actor)
    assert ProofReview.objects.count() == 0


def test_judging_settles_the_flag_makes_room_and_stands_in_the_timeline(
    open_order: Any, world: Any, sweep: Any, read_by: Any, reviewer: Actor
) -> None:
    order = open_order()
    read_by("Scripted", *lines_for(order, amount=uploads.truth_for(order).amount + 100))
    sent = [send(order) for _ in range(proofs.MOST_PER_CODE)]
    proof_readings.read_waiting()
    for one_too_many in (uploads.photo(), uploads.bomb(), b"%PDF-1.7"):  # refused before it is looked at
        with pytest.raises(RuleRefused, match="PROOF_TOO_MANY"):
            send(order, one_too_many)
    for proof in sent[1:]:
        proofs.review(proof.public_id, Judgement.DOES_NOT_MATCH, actor=reviewer)
    assert Anomaly.objects.get().closed_at is None, "one picture is still to be judged"
    proofs.review(sent[0].public_id, Judgement.BETTER_PICTURE, actor=reviewer)
    closed = Anomaly.objects.get()
    assert (closed.closed_by, closed.resolution) == ("staff:luz", f"{sent[0].public_id}: better_picture")
    send(order)
    told = [entry for entry in timeline_of(order) if entry.kind.startswith("proof")]
    assert [entry.kind for entry in told].count("proof_received") == 6
    assert ("proof_judged", "staff:luz") in {(entry.kind, entry.actor) for entry in told}
    assert fresh(order).state == "awaiting_payment"


def test_G19_what_was_sent_read_and_judged_is_only_ever_added(open_order: Any, read_by: Any, reviewer: Actor) -> None:
    order = open_order()
    read_by("Scripted", *lines_for(order))
    proof = send(order, told=Told(operation_number="00482913"))
    proof_readings.read_waiting()
    proofs.review(proof.public_id, Judgement.MATCHES, actor=reviewer)
    for rows, change in (
        (PaymentProof.objects.all(), {"sha256": "0" * 64}),
        (PaymentProof.objects.all(), {"picture": b"another"}),
        (PaymentProof.objects.all(), {"picture": b""}),
        (PaymentProof.objects.all(), {"note": "another"}),
        (ProofReading.objects.all(), {"verdicts": {}}),
        (ProofReading.objects.all(), {"seen": ""}),
        (ProofReview.objects.all(), {"judgement": "does_not_match"}),
    ):
        with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
            rows.update(**change)
    for table in (ProofReview, ProofReading, PaymentProof):
        with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
            table.objects.all()._raw_delete("default")


def test_G26_a_picture_is_erased_when_its_time_has_come_and_what_it_was_stays_known(
    psp: Any, open_order: Any, world: Any, sweep: Any, read_by: Any, reviewer: Actor
) -> None:
    order = open_order("DONE-1")
    read_by("Scripted", *lines_for(order))
    proof = send(order, told=Told(operation_number="00482913", note="de Rosa"))
    proof_readings.read_waiting()
    psp.pay(order.current_voucher.code)
    for days in (1, 2, 8, 40, 100, 100):
        world.advance(days=days)
        sweep()
    assert retention.purge(actor="shell:ops", dry_run=True).proofs == 1
    assert PaymentProof.objects.get().picture
    assert retention.purge(actor="shell:ops").proofs == 1
    erased = PaymentProof.objects.get()
    assert (bytes(erased.picture), erased.operation_number, erased.note, erased.remote_ip) == (b"", "", "", "")
    assert (erased.sha256, erased.looks) == (proof.sha256, proof.looks)
    assert ProofReading.objects.get().seen == ""
    assert retention.purge(actor="shell:ops").proofs == 0
    with pytest.raises(RuleRefused, match="PROOF_ERASED"):
        proofs.picture_of(proof.public_id, actor=reviewer)


def test_G03_nothing_of_a_receipt_is_in_a_log_or_a_repr(
    open_order: Any, read_by: Any, caplog: Any, world: Any, sweep: Any
) -> None:
    order = open_order()
    read_by("Scripted", *lines_for(order, operation="77113355"))
    with caplog.at_level("DEBUG"):
        proof = send(order, told=Told(operation_number="66224488", note="Rosa Huaman"))
        proof_readings.read_waiting()
        sweep()
    emitted = caplog.text + repr(proof) + repr(Told(operation_number="66224488", note="Rosa Huaman"))
    for secret in ("77113355", "66224488", "Rosa Huaman", "203.0.113.9", order.current_voucher.code):
        assert secret not in emitted
