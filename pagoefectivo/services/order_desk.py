"""What people of the back office do about an order beside its money: ask, note, send the buyer another link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused
from pagoefectivo.domain.redaction import redact_text
from pagoefectivo.domain.states import Source, VoucherState
from pagoefectivo.links import new_page_key
from pagoefectivo.models import BuyerMessage, Order, OrderNote, Voucher
from pagoefectivo.services import buyer_messages, orders, seams
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.subjects import lock_order

BETWEEN_QUESTIONS = timedelta(seconds=15)
LONGEST_NOTE = 1000


def ask_now(reference: str, *, actor: Actor) -> Order:
    """Ask the provider now as `orders.refresh_order` does, unless its answer is younger than BETWEEN_QUESTIONS.

    Raises RuleRefused (ASKED_JUST_NOW, NOTHING_TO_ASK) before any call, PermissionRefused, NotFound, and the
    ProviderError where it does not answer.
    """
    actor.require_person(Permission.ASK_PROVIDER)
    order = orders.order_named(reference, actor=actor)
    refuse_question(order.vouchers.all(), seams.now())
    return orders.refresh_order(reference, actor=actor, source=Source.STAFF)


def refuse_question(vouchers: Iterable[Voucher], now: datetime) -> None:
    """Raise RuleRefused where no code can be asked about, or the newest answer is too fresh to ask again."""
    askable = [voucher for voucher in vouchers if voucher.state != VoucherState.FAILED]
    if not askable:
        raise RuleRefused(Reason(ErrorCode.NOTHING_TO_ASK))
    heard = max((each.asked_at for each in askable if each.asked_at), default=None)
    if heard is not None and timedelta() <= now - heard < BETWEEN_QUESTIONS:
        ago = int((now - heard).total_seconds())
        left = int(BETWEEN_QUESTIONS.total_seconds()) - ago
        raise RuleRefused(Reason(ErrorCode.ASKED_JUST_NOW, values={"ago": str(ago), "left": str(left)}))


def add_note(reference: str, *, text: str, actor: Actor) -> OrderNote:
    """Write a note on an order for colleagues; nobody can change it afterwards.

    Addresses and long numbers, such as cards, accounts and codes, are taken out before it is kept; at most 1000
    characters are. Raises RuleRefused for an empty one, PermissionRefused and NotFound.
    """
    actor.require_person(Permission.ADD_NOTES)
    order = orders.order_named(reference, actor=actor)
    return _write(order, OrderNote.Kind.NOTE, _needed(text, "note"), actor)


@dataclass(frozen=True, slots=True)
class Renewed:
    """An order whose page has another address, and the message that brings it; None where none was to be sent, or holds."""

    order: Order
    message: BuyerMessage | None


def renew_link(reference: str, *, why: str, send: bool = False, actor: Actor) -> Renewed:
    """Give an order's page another address for a reason that is kept; the old link opens nothing from now on, for nobody.

    Messages that are sent from now on carry the new one; with `send` the newest e-mail that still holds is sent again at
    once. All of it or nothing: raises RuleRefused without a reason and, with `send`, RuleRefused(MESSAGE_TOO_OFTEN);
    PermissionRefused, NotFound.
    """
    actor.require_person(Permission.RENEW_LINKS)
    if send:
        actor.require(Permission.RESEND_MESSAGES)
    found = orders.order_named(reference, actor=actor)
    reason = _needed(why, "reason")

    def renew() -> Renewed:
        order = lock_order(found.pk).order
        order.page_key = new_page_key()
        order.save(update_fields=["page_key"])
        _write(order, OrderNote.Kind.RELINK, reason, actor)
        return Renewed(order, buyer_messages.send_newest_again(order.pk, actor.name) if send else None)

    return seams.transact(renew)


def as_kept(text: str) -> str:
    """Return what of a note would be kept: without addresses and long numbers, cut to 1000 characters."""
    return "\n".join(redact_text(line, longest=LONGEST_NOTE) for line in text.strip().splitlines())[:LONGEST_NOTE]


def _needed(text: str, field: str) -> str:
    kept = as_kept(text)
    if not kept:
        raise RuleRefused(Reason(ErrorCode.CREATE_FIELD_REQUIRED, field=field))
    return kept


def _write(order: Order, kind: OrderNote.Kind, text: str, actor: Actor) -> OrderNote:
    return OrderNote.objects.create(order=order, kind=kind, actor=actor.name, text=text, at=seams.now())
