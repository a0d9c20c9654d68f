"""Odd answers carried all the way: provider, gateway, services, database, and then every page that shows what came of them."""

from __future__ import annotations

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pagoefectivo.domain.states import OrderState, RefundState, VoucherState
from pagoefectivo.models import CircuitBreaker, ErrorOccurrence, Order, Recovery, Refund, StuckRow, Voucher
from pagoefectivo.selectors import invariants
from pagoefectivo.services import api_keys, seams, sweep
from tests.fuzz import documents
from tests.fuzz.figures import Figures, counted, measured
from tests.fuzz.grammar import ODD_INSTANTS, Raw, bent, damaged, dice, opened, written
from tests.fuzz.judging import read_strictly
from tests.fuzz.line import Reply, ScriptedLine, one_after_another
from tests.fuzz.replies import RETRY_AFTER, SERVER_ERRORS, STATUSES
from tests.fuzz.stage import lasting_connection
from tests.integration.api.conftest import EVERY_SCOPE
from tests.integration.pages.stage import address, place_order, place_refund, place_voucher

_NAME = re.compile(r"/(payments|orders|refunds)(?:/([^/]+))?(/cancel)?$")
_SCENES = (
    *(
        (OrderState.AWAITING_PAYMENT, state)
        for state in (VoucherState.REQUESTED, VoucherState.UNKNOWN, VoucherState.ISSUED)
    ),
    *((OrderState.AWAITING_PAYMENT, state) for state in (VoucherState.ISSUED, VoucherState.CONFIRMING)),
    (OrderState.EXPIRED, VoucherState.EXPIRED),
    (OrderState.PAID, VoucherState.PAID),
    (OrderState.PAID, VoucherState.PAID),
)
LIVE = frozenset(
    {"I3", "I5", "I9", "I11"}
)  # the others need rows that came here by their own moves, not by a test's hand
_numbers = count(1)


class Provider:
    """Answers by the seed, and remembers whom it ever called paid."""

    def __init__(self, seed: int) -> None:
        self._seed, self._asked = seed, count()
        self.answers = 0
        self.kinds: Counter[str] = Counter()
        self.called_paid: dict[str, set[Decimal]] = defaultdict(set)

    def __call__(self, method: str, url: str, body: bytes) -> Reply:
        self.answers += 1
        chance = dice(self._seed, next(self._asked))
        named = _NAME.search(url)
        what, name = (named[1], named[2] or "") if named else ("", "")
        document = self._document(chance, what, name, json.loads(body or b"{}"))
        kind = chance.choices(("good", "odd instants", "bent", "damaged", "complaint"), (3, 2, 6, 1, 2))[0]
        self.kinds[kind] += 1
        status, said = self._said(kind, chance, document)
        read = read_strictly(said) or {}
        if status == 200 and what == "payments" and read.get("status") == "PAID":
            self.called_paid[name or str(document["order_id"])].add(read.get("amount") or Decimal(0))
        headers = {"Retry-After": chance.choice(RETRY_AFTER)} if chance.random() < 0.2 else {}
        return Reply(status, said, headers)

    def _said(self, kind: str, chance: random.Random, document: dict[str, Any]) -> tuple[int, bytes]:
        match kind:
            case "good":
                return 200, written(opened(document))
            case "odd instants":
                ticket = {**(document.get("ticket") or {}), "expiration_date": chance.choice(ODD_INSTANTS)}
                told = {**document, "ticket": ticket, "approved_date": chance.choice(ODD_INSTANTS)}
                return 200, written(opened(told))
            case "bent":
                return 200, bent(document, chance)
            case "damaged":
                return 200, damaged(written(opened(document)), chance)
        return chance.choice(STATUSES + SERVER_ERRORS), written(documents.complaint(chance))

    def _document(self, chance: random.Random, what: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        number = next(_numbers)
        if what == "orders":
            return documents.order(order_id=name, payment_id=f"D-{name}", amount=Raw(b"89.90"))
        if what == "refunds":
            about = {
                "payment_id": asked.get("payment_id", "D-x"),
                "order_refund_id": asked.get("order_refund_id", f"R{name}"),
            }
            return documents.refund(chance, id=name or f"REF-{number}", amount=Raw(b"30.00"), **about)
        document = documents.payment(chance, id=name or f"D-{asked.get('order_id')}", amount=Raw(b"89.90"))
        document["ticket"] = {**document["ticket"], "number": f"{10_000_000 + number}"}
        document["refunds"] = [
            {**listed, "id": f"REF-{name or number}-{at}", "order_refund_id": f"R{name}"}
            for at, listed in enumerate(document.get("refunds", []))
        ]
        return {**document, "order_id": asked.get("order_id", name.removeprefix("D-"))}


def run(seed: int, answers: int, *, loud: bool = False, look_at_every: int = 3, looks: int = 2) -> Figures:
    """Let the provider answer so often while the sweep works; look at every page of one order in a few."""
    figures, provider = Figures(), Provider(seed)
    watcher = _Watcher(figures)
    clock = timezone.now()
    line = ScriptedLine(provider)
    orders: list[Order] = []
    with measured(figures), lasting_connection():
        for turn in counted(_until(provider, answers), max(answers // 20, 1), "kept", loud=loud):
            clock += (timezone.now() - clock) if not turn else _HOUR * (1 + turn % 30)
            now = clock
            with seams.use(
                ring=lambda: None, now=lambda now=now: now, database_now=lambda now=now: now, session=lambda: line,
                side_by_side=one_after_another,
            ):  # fmt: skip
                fresh = [_place(*scene, now=now) for scene in _SCENES]
                orders = [*orders, *fresh][-16:]
                _make_due(orders, now)
                report = sweep.run(most_rounds=3)
                if report.failures:
                    figures.failures.append(f"turn {turn}: {report.failures} rows could not be worked on: {_stuck()}")
                for order in orders[turn % look_at_every :: look_at_every][:looks]:
                    watcher.look_at(order, turn)
    with seams.use(now=lambda: clock, database_now=lambda: clock):  # the leases of the last sweep are of its clock
        _compare_money(figures, provider)
    figures.inputs, figures.kinds = provider.answers, provider.kinds
    figures.notes["pages looked at"] = watcher.pages
    figures.notes["errors kept"] = ErrorOccurrence.objects.count()
    return figures


_HOUR = timedelta(hours=1)
_OK, _MISSING = 200, 404  # an order without a code has no barcode


def _until(provider: Provider, answers: int) -> Iterator[int]:
    for turn in count():
        if provider.answers >= answers:
            return
        yield turn


def _place(order_state: OrderState, state: VoucherState, *, now: Any) -> Order:
    number = next(_numbers)
    is_paid = state is VoucherState.PAID
    unsent = state in {VoucherState.REQUESTED, VoucherState.UNKNOWN}
    order = place_order(
        order_state, reference=f"K-{number}", paid_amount="89.90" if is_paid else 0, created_at=now, payer_name="Rosa"
    )
    voucher = place_voucher(
        order, state, code="" if unsent else f"{20_000_000 + number}", provider_reference="" if unsent else f"D-K-{number}-1",
        reserved_amount="30.00" if is_paid else 0, created_at=now, changed_at=now,
        expires_at=None if unsent else now + 48 * _HOUR,
    )  # fmt: skip
    if is_paid:
        refund = random.Random(number).choice((RefundState.PENDING, RefundState.UNKNOWN, RefundState.REQUESTED))
        known = f"REF-K-{number}" if refund is RefundState.PENDING else ""
        place_refund(
            voucher, refund, reference=f"RD-K-{number}-1", provider_reference=known, created_at=now, changed_at=now
        )
    return order


def _make_due(orders: list[Order], now: Any) -> None:
    CircuitBreaker.objects.all().delete()  # else most questions would not be asked
    Recovery.objects.all().delete()
    keys = [order.pk for order in orders]
    Voucher.objects.filter(order__in=keys).update(next_action_at=now, lease_until=None)
    Refund.objects.filter(order__in=keys).update(next_action_at=now, lease_until=None)


def _stuck() -> str:
    return ", ".join(sorted({f"{row.kind}: {row.error}" for row in StuckRow.objects.all()}))


def _compare_money(figures: Figures, provider: Provider) -> None:
    """Whatever became paid was called so by an answer about itself, with the amount that the answer stated."""
    paid = Voucher.objects.filter(changes__subject="voucher", changes__transition="pay").distinct()
    for voucher in paid:
        stated = provider.called_paid[voucher.reference] | provider.called_paid[voucher.provider_reference]
        if voucher.paid_amount not in stated:
            figures.failures.append(f"{voucher.reference}: {voucher.paid_amount} paid, the provider said {stated}")
    figures.notes["became paid"] = len(paid)
    for finding in invariants.check():
        if finding.id in LIVE and finding.count:
            figures.failures.append(f"{finding.id}: {finding.count} rows, {finding.rows[:3]}")


class _Watcher:
    """Opens every page about an order, as a buyer, as staff and as the shop's own system."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self.pages = 0
        boss = User.objects.create_superuser("boss", "boss@example.pe", "x")
        self._staff, self._buyer = Client(raise_request_exception=True), Client(raise_request_exception=True)
        self._staff.force_login(boss)
        _, plain = api_keys.create_key("watcher", EVERY_SCOPE, ())
        self._api = {"Authorization": f"Api-Key {plain}"}

    def look_at(self, order: Order, turn: int) -> None:
        for page in ("", "?lang=en", "?lang=zh", "status/", "barcode.svg"):
            self._open(self._buyer, address(order, page), turn)
        for page in self._of_staff(order):
            self._open(self._staff, page, turn)
        root = "/pagoefectivo/api/v1/"
        for page in (f"orders/{order.reference}/", f"orders/{order.reference}/timeline/", "orders/?limit=5"):
            self._open(self._buyer, root + page, turn, headers=self._api)

    def _of_staff(self, order: Order) -> Iterator[str]:
        yield reverse("admin:pagoefectivo_order_changelist")
        yield reverse("admin:pagoefectivo_order_change", args=[order.pk])
        yield reverse("admin:pagoefectivo_order_raw", args=[order.pk])
        for model in ("voucher", "refund", "paymentevent", "statechange", "anomaly", "erroroccurrence", "apiexchange"):
            yield reverse(f"admin:pagoefectivo_{model}_changelist")
        for voucher in order.vouchers.all():
            yield reverse("admin:pagoefectivo_voucher_change", args=[voucher.pk])
        for refund in order.refunds.all():
            yield reverse("admin:pagoefectivo_refund_change", args=[refund.pk])

    def _open(self, client: Client, page: str, turn: int, **options: Any) -> None:
        self.pages += 1
        try:
            status = client.get(page, **options).status_code
        except Exception as error:  # noqa: BLE001 - a visitor would see a 500
            status = 500
            self._figures.failures.append(f"turn {turn}: {page}: {error!r}"[:300])
        self._figures.answers[str(status)] += 1
        if status != _OK and not (status == _MISSING and page.endswith("barcode.svg")):
            self._figures.failures.append(f"turn {turn}: {page}: answered {status}")
