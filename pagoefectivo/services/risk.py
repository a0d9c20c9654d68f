"""The rules of `domain.risk`, looked at by the sweep once an order is committed. They flag, and never stop anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial, reduce
from ipaddress import ip_network
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.crypto import salted_hmac

from pagoefectivo import conf_risk
from pagoefectivo.domain.exceptions import NotFound, StateConflict
from pagoefectivo.domain.risk import LOOKED_AT, Mark, Rule, Threshold, too_many
from pagoefectivo.domain.states import OrderState, Source
from pagoefectivo.models import BuyerMark, Job, Order, OutboxMessage, PaymentProof, RiskFlag
from pagoefectivo.services import jobs, seams
from pagoefectivo.services.actors import Actor, Permission

JOB = "risk"
BATCH = 500
MOST_BATCHES = 20
MOST_PEERS = 20_000  # read for one rule and batch; a flood is flagged all the same
LATECOMERS = timedelta(minutes=10)  # an order may be committed that long after the instant it bears
UNPAID = (OrderState.AWAITING_PAYMENT, OrderState.EXPIRED)


def watch() -> int:
    """Look at what came since the last time, 10 000 orders at most; return how many flags are new. Commits by batches."""
    rules = conf_risk.current()
    if not rules:
        return 0
    of_orders, of_receipts = dict(rules), {}
    if Rule.BY_ADDRESS in rules:
        of_receipts = {Rule.BY_ADDRESS: of_orders.pop(Rule.BY_ADDRESS)}
    longest = max(threshold.within for threshold in rules.values())
    now, raised = seams.now(), 0
    seen_to = _seen_to(now - longest)
    for _ in range(MOST_BATCHES):
        if orders := _unmarked(seen_to - LATECOMERS):
            marks = [mark for order in orders for mark in _marks_of(order)]
            raised += seams.transact(partial(_look_at, marks, of_orders, now))
            seen_to = max(seen_to, orders[-1].created_at)
            jobs.keep(JOB, {"seen_to": seen_to.isoformat()})
        if len(orders) < BATCH:
            break
    if of_receipts and (marks := _unmarked_receipts(now - LATECOMERS)):
        raised += seams.transact(partial(_look_at, marks, of_receipts, now))
    BuyerMark.objects.filter(at__lt=now - longest - LATECOMERS).delete()
    return raised


def dismiss(flag_id: int, *, why: str, actor: Actor) -> RiskFlag:
    """Put a flag aside for good, with a reason. Raises NotFound, PermissionRefused, StateConflict where it is already."""
    actor.require_person(Permission.DISMISS_FLAGS)
    flag = RiskFlag.objects.select_related("order").filter(pk=flag_id).first()
    if flag is None or not actor.sees(flag.order.account):
        raise NotFound
    aside = {"dismissed_at": seams.now(), "dismissed_by": actor.name[:160], "dismissed_why": why[:200]}
    if not RiskFlag.objects.filter(pk=flag_id, dismissed_at=None).update(**aside):
        raise StateConflict
    flag.refresh_from_db()
    return flag


def _seen_to(earliest: datetime) -> datetime:
    kept = Job.objects.filter(name=JOB).values_list("outcome", flat=True).first() or {}
    return max(datetime.fromisoformat(kept["seen_to"]), earliest) if "seen_to" in kept else earliest


def _unmarked(since: datetime) -> list[Order]:
    marked = BuyerMark.objects.filter(order=OuterRef("pk"), mark=Mark.EMAIL)
    fresh = Order.objects.filter(~Exists(marked), created_at__gte=since).exclude(payer_email="")
    columns = ("state", "created_at", "payer_email", "payer_phone", "payer_document_type", "payer_document_number")
    return list(fresh.only(*columns).order_by("created_at", "pk")[:BATCH])


def _unmarked_receipts(since: datetime) -> list[BuyerMark]:
    """Buyers' addresses are known from the receipts that they send, and from nothing else."""
    marked = BuyerMark.objects.filter(order=OuterRef("order"), mark=Mark.ADDRESS, at=OuterRef("received_at"))
    fresh = PaymentProof.objects.filter(~Exists(marked), received_at__gte=since).exclude(remote_ip="")
    return [
        BuyerMark(order_id=proof.order_id, mark=Mark.ADDRESS, digest=_digest(network), at=proof.received_at)
        for proof in fresh.only("order_id", "remote_ip", "received_at").order_by("received_at")[:BATCH]
        if (network := _network(proof.remote_ip))
    ]


def _look_at(marks: list[BuyerMark], rules: Mapping[Rule, Threshold], now: datetime) -> int:
    BuyerMark.objects.bulk_create(marks, ignore_conflicts=True)
    return _flag(marks, rules, now)


def _marks_of(order: Order) -> Iterator[BuyerMark]:
    written = {
        Mark.EMAIL: order.payer_email.strip().lower(),
        Mark.PHONE: "".join(filter(str.isdigit, order.payer_phone))[-9:],  # with and without the country's code
        Mark.DOCUMENT: f"{order.payer_document_type} {order.payer_document_number}".strip().upper()
        if order.payer_document_number
        else "",
    }
    for mark, value in written.items():
        if value:
            yield BuyerMark(order_id=order.pk, mark=mark, digest=_digest(value), at=order.created_at)


def _digest(value: str) -> str:
    return salted_hmac("pagoefectivo.buyer-mark", value, algorithm="sha256").hexdigest()


def _network(ip: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 customer is given."""
    return str(ip_network(f"{ip}/64", strict=False)) if ":" in ip else ip


def _flag(marks: list[BuyerMark], rules: Mapping[Rule, Threshold], now: datetime) -> int:
    order_ids = {mark.order_id for mark in marks}
    known = set(RiskFlag.objects.filter(order__in=order_ids).values_list("order", "rule"))
    found: dict[tuple[int, str], RiskFlag] = {}
    for rule, threshold in rules.items():
        looked_at = [mark for mark in marks if mark.mark in LOOKED_AT[rule]]
        for order_id, facts in _findings(rule, threshold, looked_at):
            if (order_id, rule.value) not in known:
                flag = RiskFlag(order_id=order_id, rule=rule.value, facts=facts, raised_at=now)
                found.setdefault((order_id, rule.value), flag)
    RiskFlag.objects.bulk_create(found.values())
    flagged = {order_id for order_id, _ in found}
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            signal="order_flagged", order_id=order_id, source=Source.CLOCK, occurred_at=now, next_action_at=now
        )
        for order_id in sorted(flagged)
    )
    if flagged:
        seams.ring()
    return len(found)


def _findings(rule: Rule, threshold: Threshold, marks: list[BuyerMark]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read, in one query for a rule, the orders with the same marks, and tell which of those at hand have too many."""
    if not marks:
        return
    at_hand = {mark.order_id for mark in marks}
    peers = BuyerMark.objects.filter(
        mark__in=sorted({mark.mark for mark in marks}),
        digest__in={mark.digest for mark in marks},
        at__gt=min(mark.at for mark in marks) - threshold.within,
        at__lte=max(mark.at for mark in marks),
    )
    newest = (
        _of_rule(peers, rule, threshold).order_by("-at").values_list("mark", "digest", "order__currency", "at", "order")
    )
    alike: dict[tuple[str, str, str], list[tuple[datetime, int]]] = {}
    for mark, digest, currency, at, order_id in newest[:MOST_PEERS]:
        alike.setdefault((mark, digest, currency if threshold.small else ""), []).append((at, order_id))
    for (mark, _digest_of_it, currency), seen in alike.items():
        for order_id, count in too_many(seen, threshold):
            if order_id in at_hand:
                yield order_id, threshold.facts(mark, count, currency)


def _of_rule(peers: QuerySet[BuyerMark], rule: Rule, threshold: Threshold) -> QuerySet[BuyerMark]:
    if rule is Rule.SMALL_BURST:
        small = (Q(order__currency=each, order__amount__lte=most) for each, most in threshold.small.items())
        return peers.filter(reduce(or_, small))
    if rule is Rule.UNPAID:
        return peers.filter(order__state__in=UNPAID, order__paid_amount=0)
    return peers
