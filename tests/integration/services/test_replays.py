"""A stored notification once more: the rehearsal is the act taken back, the act goes the way of all notifications."""

from __future__ import annotations

from typing import Any

import pytest

from pagoefectivo.domain.exceptions import InvalidSignature, NotFound, RuleRefused
from pagoefectivo.models import DeliveryAct, WebhookDelivery
from pagoefectivo.services import audit, replays, webhooks
from pagoefectivo.services.actors import SHOP, Actor, Permission, PermissionRefused
from tests.integration.ledger import everything, moves, only_order, only_voucher
from tests.integration.services.test_webhooks import SECRET, letter, payment

pytestmark = pytest.mark.django_db(transaction=True)

LUZ = Actor("staff:luz", frozenset({Permission.REPLAY_WEBHOOKS}), user_id=1)
LEASES = {"WebhookDelivery", "DeliveryAct"}


@pytest.fixture
def stuck(psp: Any, account: Any, open_order: Any) -> WebhookDelivery:
    """A paid notification that was stored and never taken in: its body could not be read by an older release."""
    account(CONFIRMATION="webhook")
    voucher = open_order().current_voucher
    webhooks.accept(letter(payment(voucher)))
    WebhookDelivery.objects.update(outcome="unreadable", next_action_at=None)
    return WebhookDelivery.objects.get()


def test_the_rehearsal_shows_each_move_and_leaves_everything_as_it_was(stuck: WebhookDelivery) -> None:
    before = everything()
    found = replays.rehearse(stuck.pk, actor=LUZ)
    assert [(each.subject, each.from_state, each.to_state) for each in found.changes] == [
        ("voucher", "issued", "paid"), ("order", "awaiting_payment", "paid"),
    ]  # fmt: skip
    assert everything() == before
    assert (only_voucher().state, moves("order")) == ("issued", [])


def test_the_replay_does_what_the_rehearsal_showed_and_says_who_wanted_it(stuck: WebhookDelivery) -> None:
    shown = replays.rehearse(stuck.pk, actor=LUZ).changes
    act = replays.replay(stuck.pk, actor=LUZ)
    assert (act.act, act.before, act.result, act.actor) == ("replayed", "unreadable", "applied", "staff:luz")
    assert (only_voucher().state, only_order().state) == ("paid", "paid")
    assert moves("voucher")[-1:] + moves("order")[-1:] == [each.transition for each in shown]
    after = everything(besides=LEASES | {"Voucher"})
    assert replays.rehearse(stuck.pk, actor=LUZ).changes_nothing
    assert replays.replay(stuck.pk, actor=LUZ).result == "applied"
    assert everything(besides=LEASES | {"Voucher"}) == after, "what is known changes nothing"
    assert (only_voucher().state, only_voucher().paid_amount) == ("paid", only_voucher().amount)
    assert DeliveryAct.objects.count() == 2


def test_money_that_does_not_fit_is_shown_before_it_is_taken_in(psp: Any, account: Any, open_order: Any) -> None:
    account(CONFIRMATION="webhook")
    webhooks.accept(letter(payment(open_order().current_voucher, amount=10.0)))
    found = replays.rehearse(WebhookDelivery.objects.get().pk, actor=LUZ)
    assert [each.kind for each in found.oddities] == ["underpaid"]


def test_a_strangers_and_an_unreadable_notification_would_change_nothing(psp: Any, open_order: Any) -> None:
    open_order()
    webhooks.accept(letter({"id": "D-4-stranger", "order_id": "NOT-OURS-1", "status": "PAID"}))
    webhooks.accept(letter({"hello": "world"}))
    stranger, unreadable = (replays.rehearse(each.pk, actor=LUZ) for each in WebhookDelivery.objects.order_by("pk"))
    assert (stranger.strangers, stranger.changes_nothing) == (1, True)
    assert (unreadable.is_unreadable, unreadable.changes_nothing) == (True, True)


def test_only_a_person_who_may_replays_and_only_what_was_believed(psp: Any, open_order: Any, sweep: Any) -> None:
    voucher = open_order().current_voucher
    webhooks.accept(letter(payment(voucher)))
    with pytest.raises(InvalidSignature):
        webhooks.accept(letter(payment(voucher), secret="another"))
    good, forged = WebhookDelivery.objects.order_by("pk")
    sweep()
    before = everything()
    for actor in (SHOP, Actor("staff:eva", frozenset(), user_id=2)):
        for act in (replays.rehearse, replays.replay):
            with pytest.raises(PermissionRefused):
                act(good.pk, actor=actor)
        with pytest.raises(PermissionRefused):
            replays.verify_again(forged.pk, "default · secret_key 1", actor=actor)
    for act in (replays.rehearse, replays.replay):
        with pytest.raises(RuleRefused) as refused:
            act(forged.pk, actor=LUZ)
        assert refused.value.code == "WEBHOOK_NOT_REPLAYABLE"
        with pytest.raises(NotFound):
            act(987654, actor=LUZ)
    assert everything() == before


def test_A16_a_refused_sample_is_verified_again_with_a_secret_by_its_name(
    psp: Any, account: Any, open_order: Any
) -> None:
    voucher = open_order().current_voucher
    with pytest.raises(InvalidSignature):
        webhooks.accept(letter(payment(voucher), secret="the-old-one"))
    sample = WebhookDelivery.objects.get()
    assert "Authorization" in bytes(sample.raw_headers or b"").decode()
    keys = {"login": "sandbox_login", "trans_key": "sandbox_trans_key"}
    account(CREDENTIALS={**keys, "secret_key": [SECRET, "the-old-one"]})
    assert replays.secrets_for(sample) == ["default · secret_key 1", "default · secret_key 2"]
    assert replays.verify_again(sample.pk, "default · secret_key 1", actor=LUZ) == "mismatch"
    assert replays.verify_again(sample.pk, "default · secret_key 2", actor=LUZ) == "verified"
    with pytest.raises(NotFound):
        replays.verify_again(sample.pk, "the-old-one", actor=LUZ)
    sample.refresh_from_db()
    assert (sample.verdict, sample.outcome, only_voucher().state) == ("forged", "rejected", "issued")
    assert list(DeliveryAct.objects.values_list("act", "result", "secret")) == [
        ("verified", "mismatch", "default · secret_key 1"), ("verified", "verified", "default · secret_key 2"),
    ]  # fmt: skip


def test_a_sample_that_was_cut_or_erased_cannot_be_verified_and_says_so(psp: Any, open_order: Any, world: Any) -> None:
    voucher = open_order().current_voucher
    for more in ({"note": "x" * 5000}, {}):
        with pytest.raises(InvalidSignature):
            webhooks.accept(letter(payment(voucher, **more), secret="another"))
    cut, whole = WebhookDelivery.objects.order_by("pk")
    assert (len(bytes(cut.body)), cut.whole_size) == (4096, 5000 + (whole.whole_size or 0) + len(', "note": ""'))
    world.advance(hours=1)
    audit.seal_when_due()
    audit.erase_bodies("webhookdelivery", [whole.pk], actor="shell", why="retention: raw")
    for sample in WebhookDelivery.objects.all():
        with pytest.raises(RuleRefused) as refused:
            replays.verify_again(sample.pk, "default · secret_key 1", actor=LUZ)
        assert refused.value.code == "WEBHOOK_NOT_VERIFIABLE"
    whole.refresh_from_db()
    assert (bytes(whole.raw_headers or b""), bytes(whole.body)) == (b"", b"")
