"""Why a person should look before money goes to an account, and the proof that an approver was shown it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from pagoefectivo import conf
from pagoefectivo.domain.bank_accounts import cci_doubts, is_one_name, payee_doubts, tidy
from pagoefectivo.domain.doubts import Doubt, DoubtKind
from pagoefectivo.domain.messages import Destination
from pagoefectivo.models import Order, Refund
from pagoefectivo.models.refunds import ACCOUNT, DOCUMENT, payee_digest
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.requests import destination_of, payer_of

MOST_COMPARED, MOST_NAMED = 20, 3


@dataclass(frozen=True, slots=True)
class Look:
    """What is odd about a refund's account, and `seen`: the name of that, of the amount, the payee and the payment.

    Any change makes another name, and it is keyed, so that nobody can name it who was not shown it.
    """

    doubts: tuple[Doubt, ...]
    seen: str


def about(refund: Refund, destination: Destination) -> tuple[Doubt, ...]:
    """Return what is odd about an account for a refund, as whoever gives it may be told; asks no database."""
    account = account_named(refund.account)
    fitting = tidy(destination) if account.refunds_by_hand else destination
    numbers = cci_doubts(fitting.account_number) if account.refunds_by_hand else ()
    return (*numbers, *payee_doubts(fitting, payer_of(refund.order)))


def about_kept(refund: Refund) -> tuple[Doubt, ...]:
    """Return everything that staff should look at in the account that a refund has; nothing where there is none."""
    given = _given_for(refund)
    return (*at_sight(refund), *known_elsewhere(refund, given)) if given is not None else ()


def at_sight(refund: Refund) -> tuple[Doubt, ...]:
    """Return what is odd about the account that a refund has by the account and the order alone; asks no database."""
    given = _given_for(refund)
    if given is None:
        return ()
    changed = (Doubt(DoubtKind.ACCOUNT_CHANGED),) if refund.destination and refund.destination.replaces_id else ()
    return (*about(refund, given), *changed)


def _given_for(refund: Refund) -> Destination | None:
    kept = refund.destination
    is_there = kept is not None and kept.account_number and refund.account in conf.current().accounts
    return destination_of(kept) if is_there else None


def known_elsewhere(refund: Refund, destination: Destination) -> tuple[Doubt, ...]:
    """Return whether an account or its holder's document was given for other people's refunds, naming their orders.

    A name and a document can be copied from the order, an account that several buyers share cannot be explained away.
    For staff alone: whoever gives an account learns nothing of others. Looks as far back as accounts are kept.
    """
    order = refund.order
    same_account = _others(order, account_digest=payee_digest(ACCOUNT, destination.account_number))
    same_document = _others(order, document_digest=payee_digest(DOCUMENT, destination.document_number))
    strangers = [other for other in same_account if not is_one_name(order.payer_name, other.payer_name)]
    return tuple(
        Doubt(kind, _named(orders, order.account))
        for kind, orders in (
            (DoubtKind.ACCOUNT_OF_OTHERS, strangers),
            (DoubtKind.DOCUMENT_OF_OTHERS, same_document),
        )
        if orders
    )


def look(refund: Refund) -> Look:
    """Return what an approver is shown now, read once, so that `seen` names these doubts and no later ones."""
    shown = about_kept(refund)
    named = "|".join((refund.binding, *(f"{doubt.kind}:{doubt.value}" for doubt in shown)))
    return Look(shown, salted_hmac("pagoefectivo.approval", named, algorithm="sha256").hexdigest())


def seen_of(refund: Refund) -> str:
    """Name what an approver is shown now."""
    return look(refund).seen


def _others(order: Order, **digest: str) -> list[Order]:
    """The orders with another e-mail for which an account with this digest was given, oldest first."""
    if not all(digest.values()):
        return []
    given = Refund.objects.filter(**{f"destination__{name}": value for name, value in digest.items()})
    others = Order.objects.filter(pk__in=given.values("order")).exclude(payer_email="")
    others = others.exclude(payer_email__iexact=order.payer_email)
    return list(others.only("reference", "account", "payer_name").order_by("pk")[:MOST_COMPARED])


def _named(orders: list[Order], account: str) -> str:
    """Name a few; orders of another account are not named, for not everybody who approves here may know of them."""
    names = [order.reference for order in orders if order.account == account][:MOST_NAMED]
    return " ".join((", ".join(names), "…" if len(orders) > len(names) else "")).strip()
