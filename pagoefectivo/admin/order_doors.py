"""The acts of an order's page: what each is called, who may, and why one is closed now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.actions import in_words
from pagoefectivo.admin.permission_words import who_may
from pagoefectivo.admin.reading import SEES_PAYLOADS, SEES_PEOPLE
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import Order
from pagoefectivo.selectors.order_acts import Act, Closed

_CANCELS = "pagoefectivo.cancel_order"
ACTS: dict[Act, tuple[object, str]] = {
    Act.REFRESH: (_("Ask the provider now"), "pagoefectivo.refresh_order"),
    Act.ACCEPT: (_("Accept the payment …"), "pagoefectivo.accept_payment"),
    Act.REFUND: (_("Refund …"), "pagoefectivo.request_refund"),
    Act.EXTEND: (_("More time …"), _CANCELS),
    Act.GIVE_UP: (_("Give up the lost code …"), _CANCELS),
    Act.REISSUE: (_("New code …"), _CANCELS),
    Act.CANCEL: (_("Withdraw the order …"), _CANCELS),
}
ALWAYS_OPEN = {
    "note": (_("Write a note …"), "pagoefectivo.add_note"),
    "resend": (_("Send a message again …"), "pagoefectivo.resend_message"),
    "as_buyer": (_("See it as the buyer"), SEES_PEOPLE),
    "relink": (_("New link for the buyer …"), "pagoefectivo.renew_order_link"),
    "raw": (_("Raw messages"), SEES_PAYLOADS),
}
_BY_POST = {"refresh", "as_buyer"}


@dataclass(frozen=True, slots=True)
class Door:
    """One act as this person finds it. `reasons` say why it is closed now; `is_allowed` is about the person alone."""

    act: str
    label: object
    address: str
    is_allowed: bool
    reasons: list[str] = field(default_factory=list)
    waits: str = ""
    seconds: str = ""  # until it may be pressed again
    permission: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it makes sense now, whoever asks."""
        return not self.reasons

    @property
    def is_shown(self) -> bool:
        """Whether this person gets a button."""
        return self.is_allowed and self.is_open

    @property
    def is_for_others(self) -> bool:
        """Whether somebody else could press it now."""
        return self.is_open and not self.is_allowed

    @property
    def who(self) -> str:
        """The desks whose act it is."""
        return who_may(self.permission)

    @property
    def is_posted(self) -> bool:
        """Whether it acts at once, without a page that asks first."""
        return self.act in _BY_POST

    @property
    def opens_a_window(self) -> bool:
        """Whether it leads out of the back office."""
        return self.act == "as_buyer"


def doors_of(request: HttpRequest, order: Order, closed: Closed) -> list[Door]:
    """Return every act on an order, those of money and code first; the services decide again."""
    return [*_ruled(request, order, closed), *_always(request, order)]


def _ruled(request: HttpRequest, order: Order, closed: Closed) -> Iterator[Door]:
    user: Any = request.user
    for act, (label, permission) in ACTS.items():
        only_early = [reason.code for reason in closed[act]] == [ErrorCode.ASKED_JUST_NOW]
        words = [in_words(reason) for reason in closed[act]]
        yield Door(
            act,
            label,
            _address(order, act),
            user.has_perm(permission),
            reasons=[] if only_early else words,
            waits=" ".join(words) if only_early else "",
            seconds=closed[act][0].values["left"] if only_early else "",
            permission=permission,
        )


def _always(request: HttpRequest, order: Order) -> Iterator[Door]:
    user: Any = request.user
    for act, (label, permission) in ALWAYS_OPEN.items():
        yield Door(act, label, _address(order, act), user.has_perm(permission), permission=permission)


def _address(order: Order, act: str) -> str:
    return reverse(f"admin:pagoefectivo_order_{act}", args=[order.pk])
