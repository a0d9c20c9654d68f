"""A stored notification once more: what it would change, the same for good, and whether another secret signed it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from django.db import transaction

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import (
    ConfigurationError,
    InvalidSignature,
    NotFound,
    Reason,
    RuleRefused,
    StateConflict,
    UnreadableMessage,
)
from pagoefectivo.domain.messages import Pointer
from pagoefectivo.models import Anomaly, DeliveryAct, StateChange, WebhookDelivery
from pagoefectivo.providers.base import Account
from pagoefectivo.providers.credentials import credentials
from pagoefectivo.services import polling, seams, webhooks
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.claiming import claim_row
from pagoefectivo.services.rejections import QUERY

FAILED = "failed"
HOLDS = "verified"
UNUSABLE = "unusable"
Act = DeliveryAct.Act


@dataclass(slots=True)
class Rehearsal:
    """What a replay would do, found by doing it and taking it back."""

    changes: list[StateChange] = field(default_factory=list)
    oddities: list[Anomaly] = field(default_factory=list)
    asks_about: list[int] = field(default_factory=list)  # vouchers that would be asked about
    strangers: int = 0
    is_unreadable: bool = False

    @property
    def changes_nothing(self) -> bool:
        return not (self.changes or self.oddities or self.asks_about)


def rehearse(delivery_id: int, *, actor: Actor) -> Rehearsal:
    """Apply a stored message by the code that applies it, take everything back, and return what it came to.

    Needs a person with `webhooks:replay`. Holds the order's locks while it runs; nothing is committed and nobody told.
    Raises RuleRefused(WEBHOOK_NOT_REPLAYABLE) for one that was never believed or whose body was erased.
    """
    delivery = _replayable(delivery_id, actor)
    return seams.transact(lambda: _rehearse(delivery))


def replay(delivery_id: int, *, actor: Actor) -> DeliveryAct:
    """Take a stored message in once more, by the way that messages take, and write down who wanted it and what came.

    Raises as `rehearse` does, and StateConflict while somebody else works on it.
    """
    delivery = _replayable(delivery_id, actor)
    claim = claim_row(WebhookDelivery, delivery.pk)
    if claim is None:
        raise StateConflict
    result = FAILED
    try:
        webhooks.process(claim)
        result = WebhookDelivery.objects.values_list("outcome", flat=True).get(pk=delivery.pk)
    finally:
        act = _note(delivery, Act.REPLAYED, result, actor)
    return act


def secrets_for(delivery: WebhookDelivery) -> list[str]:
    """Return the names of the configured secrets that this kind of message may be verified with; never a value."""
    return list(_secrets(delivery))


def verify_again(delivery_id: int, secret: str, *, actor: Actor) -> str:
    """Verify a kept sample with one configured secret, chosen by its name; return *verified* or why it is not.

    Compared in constant time by the provider's own reader. Nothing is believed because of it. Raises
    RuleRefused(WEBHOOK_NOT_VERIFIABLE) for a message that was not kept whole, NotFound for an unknown name.
    """
    actor.require_person(Permission.REPLAY_WEBHOOKS)
    delivery = _delivery(delivery_id, actor)
    if not delivery.can_be_verified:
        raise RuleRefused(Reason(ErrorCode.WEBHOOK_NOT_VERIFIABLE))
    account = _secrets(delivery).get(secret)
    if account is None:
        raise NotFound
    headers = json.loads(bytes(delivery.raw_headers or b"{}"))
    query = headers.pop(QUERY, "")
    try:
        account_named(account.name).provider.webhook_reader(account).verify(bytes(delivery.body), headers, query)
        result = HOLDS
    except InvalidSignature as refusal:
        result = refusal.reason.value
    except ConfigurationError:
        result = UNUSABLE
    _note(delivery, Act.VERIFIED, result, actor, secret=secret)
    return result


def _delivery(delivery_id: int, actor: Actor) -> WebhookDelivery:
    delivery = WebhookDelivery.objects.filter(pk=delivery_id).first()
    if delivery is None or not actor.sees(delivery.account):
        raise NotFound
    return delivery


def _replayable(delivery_id: int, actor: Actor) -> WebhookDelivery:
    actor.require_person(Permission.REPLAY_WEBHOOKS)
    delivery = _delivery(delivery_id, actor)
    if not delivery.can_be_replayed:
        raise RuleRefused(Reason(ErrorCode.WEBHOOK_NOT_REPLAYABLE))
    return delivery


def _rehearse(delivery: WebhookDelivery) -> Rehearsal:
    found = Rehearsal()
    newest = Anomaly.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    orders = set()
    try:
        statements = webhooks.statements_of(delivery)
    except UnreadableMessage:
        return Rehearsal(is_unreadable=True)
    for statement in statements:
        if isinstance(statement, Pointer):
            voucher_id = polling.bring_forward(statement, delivery.account)
            found.asks_about += [voucher_id] if voucher_id else []
            found.strangers += voucher_id is None
            continue
        try:
            applied = webhooks.hear(statement, delivery)
        except NotFound:
            found.strangers += 1
            continue
        found.changes += applied.changes
        orders.add(applied.order.pk)
    found.oddities = list(Anomaly.objects.filter(pk__gt=newest, order__in=orders))
    transaction.set_rollback(True)
    return found


def _secrets(delivery: WebhookDelivery) -> dict[str, Account]:
    """Name each active secret of each account of the same provider, with an account that has just that one."""
    accounts = conf.current().accounts
    own = accounts.get(delivery.account)
    named = {}
    for name, config in accounts.items():
        if own is None or config.provider != own.provider:
            continue
        effective = account_named(name)
        for secret in sorted(effective.provider.secret_list_fields):
            for number, value in enumerate(credentials(effective.account, secret), start=1):
                only = {**effective.account.credentials, secret: (value,)}
                named[f"{name} · {secret} {number}"] = replace(effective.account, credentials=only)
    return named


def _note(delivery: WebhookDelivery, act: Act, result: str, actor: Actor, *, secret: str = "") -> DeliveryAct:
    return DeliveryAct.objects.create(
        delivery=delivery,
        act=act,
        before=delivery.outcome,
        result=result,
        secret=secret[:160],
        actor=actor.name,
        at=seams.now(),
    )
