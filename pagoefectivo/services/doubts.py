"""Why a person should look before money goes to an account, and the proof that an approver was shown it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from pagoefectivo import conf
from pagoefectivo.domain.bank_accounts import cci_doubts, payee_doubts, tidy
from pagoefectivo.domain.doubts import Doubt, DoubtKind
from pagoefectivo.domain.messages import Destination
from pagoefectivo.models import Refund
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.requests import destination_of, payer_of


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
    kept = refund.destination
    given = destination_of(kept) if kept is not None and kept.account_number else None
    if kept is None or given is None or refund.account not in conf.current().accounts:
        return ()
    changed = (Doubt(DoubtKind.ACCOUNT_CHANGED),) if kept.replaces_id else ()
    return (*about(refund, given), *changed)


def look(refund: Refund) -> Look:
    """Return what an approver is shown now, read once, so that `seen` names these doubts and no later ones."""
    shown = about_kept(refund)
    named = "|".join((refund.binding, *(f"{doubt.kind}:{doubt.value}" for doubt in shown)))
    return Look(shown, salted_hmac("pagoefectivo.approval", named, algorithm="sha256").hexdigest())


def seen_of(refund: Refund) -> str:
    """Name what an approver is shown now."""
    return look(refund).seen
