"""Why money is given back: a catalogue of stable codes. Data, so that a reason is added in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class RefundReason:
    """One reason: `label` for staff, `to_buyer` as the buyer reads it, None where they do not.

    Staff who give one that `needs_note` say more in words.
    """

    label: object
    to_buyer: object = None
    needs_note: bool = False


REFUND_REASONS: Mapping[str, RefundReason] = {
    "buyer_request": RefundReason(_("the buyer asked for it"), _("You asked for it.")),
    "out_of_stock": RefundReason(_("out of stock"), _("There was none left of what you bought.")),
    "damaged": RefundReason(_("damaged or wrong item"), _("What you got was damaged, or something else.")),
    "duplicate_payment": RefundReason(_("paid twice"), _("You had paid twice.")),
    "overpaid": RefundReason(_("paid too much"), _("You had paid too much.")),
    "late_payment": RefundReason(_("paid late"), _("Your payment came after the deadline.")),
    "not_delivered": RefundReason(_("not delivered in time"), _("It was not delivered in time.")),
    "suspected_fraud": RefundReason(_("suspected fraud"), needs_note=True),
    "other": RefundReason(_("other"), needs_note=True),
}


def to_buyer(code: str) -> str:
    """Return what a buyer reads of a reason, in the active language; empty where they read nothing."""
    reason = REFUND_REASONS.get(code)
    return str(reason.to_buyer) if reason is not None and reason.to_buyer is not None else ""
