"""One order per round, brought by real calls to where both entry points of a pair have something to do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pagoefectivo import shop
from pagoefectivo.domain.messages import RefundUpdate
from pagoefectivo.domain.states import Proof, RefundStatus, Source
from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.services import seams
from pagoefectivo.services.actors import SHOP
from tests.concurrency.conftest import PAYER, ask, told

OPENERS = frozenset({"open", "reissue", "cancel"})
LISTENERS = frozenset({"refresh", "notify", "sweep"})  # they bring what the provider knows already
AFTER_PAYMENT = frozenset({"accept", "approve", "withdraw", "retry", "redirect"})
ON_THE_DRAFT = frozenset({"approve", "withdraw", "redirect"})

ACCOUNTS = ("default", "trusting")  # the second believes a signed message without asking
AMOUNTS = ("89.90", "500.00")  # of two refunds the first has room for one only
WANTED = "60.00"
APPROVAL_OVER = "70"
DRAFTED = "80.00"
ON_ITS_WAY = "5.00"
WAITING, PAID_UNHEARD, FAILED, REFUNDING = "waiting", "paid_unheard", "failed", "refunding"


@dataclass(slots=True)
class Scene:
    """An order as it stands before the race. `letter` is the provider's newest message, which nobody has read."""

    reference: str
    account: str
    amount: str
    opening: str
    order_id: int = 0
    letter: str = ""
    drafts: list[Refund] = field(default_factory=list)
    failures: list[Refund] = field(default_factory=list)

    @property
    def draft(self) -> Refund:
        """The refund that waits for approval."""
        return self.drafts[0]

    @property
    def failed(self) -> Refund:
        """The refund that the bank turned down."""
        return self.failures[0]

    @property
    def is_tight(self) -> bool:
        """Whether two refunds of what is wanted do not fit into what was paid."""
        return Decimal(self.amount) < 2 * Decimal(WANTED)


def openings_of(pair: set[str]) -> tuple[str, ...]:
    """Return where an order can stand so that both entry points of a pair have something to do."""
    if pair & AFTER_PAYMENT:
        return (REFUNDING,)
    if pair <= OPENERS:
        return (WAITING, FAILED, PAID_UNHEARD)
    if pair & OPENERS:
        return (PAID_UNHEARD, WAITING)
    return (PAID_UNHEARD, REFUNDING)


class Stage:
    """Builds the scenes of one pair."""

    def __init__(self, psp: Operations, first: str, second: str) -> None:
        self._psp = psp
        self._pair = {first, second}

    def scene(self, number: int) -> Scene:
        """Return the order of round `number`: account, room for refunds and opening vary with it."""
        openings = openings_of(self._pair)
        scene = Scene(
            reference=f"R-{number}",
            account=ACCOUNTS[number // len(openings) % 2],
            amount=AMOUNTS[number // (2 * len(openings)) % 2],
            opening=openings[number % len(openings)],
        )
        getattr(self, f"_{scene.opening}")(scene)
        scene.order_id = Order.objects.get(reference=scene.reference).pk
        if "sweep" in self._pair:
            make_due(order_id=scene.order_id)
        return scene

    def _waiting(self, scene: Scene) -> Voucher:
        self._open(scene)
        voucher = Voucher.objects.get(order__reference=scene.reference)
        scene.letter = self._newest_letter(voucher.provider_reference)
        return voucher

    def _paid_unheard(self, scene: Scene) -> Voucher:
        voucher = self._waiting(scene)
        self._psp.pay(voucher.code)
        scene.letter = self._newest_letter(voucher.provider_reference)
        return voucher

    def _failed(self, scene: Scene) -> None:
        self._psp.configure(limits={"PEN": ["2.00", "3.00"]})
        self._open(scene)
        self._psp.configure(limits={"PEN": ["2.00", "3724.00"]})
        assert Voucher.objects.get(order__reference=scene.reference).state == "failed"

    def _refunding(self, scene: Scene) -> None:
        voucher = self._waiting(scene)
        if "accept" in self._pair:
            self._psp.expire(voucher.code)
            ask(voucher)
        self._psp.pay(voucher.code, late="accept" in self._pair)
        ask(voucher)
        scene.letter = self._newest_letter(voucher.provider_reference)
        if "retry" in self._pair:
            scene.failures.append(self._turned_down(scene))
        if self._pair & LISTENERS:
            on_its_way = self._ask_for(scene, ON_ITS_WAY)
            self._psp.settle_refund(on_its_way.provider_reference)
            scene.letter = self._newest_letter(on_its_way.provider_reference)
        if self._pair & ON_THE_DRAFT:
            scene.drafts.append(self._ask_for(scene, DRAFTED))
            assert scene.draft.state == "awaiting_approval"

    def _open(self, scene: Scene) -> None:
        payer = replace(
            PAYER, email=f"{scene.reference.lower()}@correo.pe"
        )  # what one buyer asks for in a day is summed
        shop.open_order(
            reference=scene.reference, amount=scene.amount, currency="PEN", payer=payer, account=scene.account
        )

    def _turned_down(self, scene: Scene) -> Refund:
        refund = self._ask_for(scene, WANTED)
        self._psp.settle_refund(refund.provider_reference, "reject")
        rejected = RefundUpdate(RefundStatus.FAILED, "REJECTED", Proof.READ, reference=refund.reference)
        told(rejected, Source.POLL, scene.account)()
        return Refund.objects.get(pk=refund.pk)

    def _ask_for(self, scene: Scene, amount: str) -> Refund:
        return shop.request_refund(reference=scene.reference, amount=amount, reason="other", actor=SHOP)

    def _newest_letter(self, subject_id: str) -> str:
        return str(self._psp.deliveries(subject_id)[-1]["body"])


def make_due(**which: Any) -> None:
    """Let everything that is not finished be due, as time would."""
    now = seams.now()
    for model in (Voucher, Refund):
        model._default_manager.filter(**which).exclude(next_action_at=None).update(next_action_at=now, lease_until=None)
