"""How a difference between a provider's file and us is settled, and what happens to it on the way."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class DiscrepancyReason(StrEnum):
    """Why two sides differed, as it turned out. ARRIVED and MATCHED are found by the app itself."""

    ARRIVED = "arrived"
    MATCHED = "matched"
    PROVIDER_PAYS = "provider_pays"
    PROVIDER_ERROR = "provider_error"
    SHOP_ERROR = "shop_error"
    AGREED_FEE = "agreed_fee"
    ROUNDING = "rounding"
    TIMING = "timing"
    WRITTEN_OFF = "written_off"
    OTHER = "other"


class DiscrepancyAct(StrEnum):
    """What a line of a difference's history says."""

    TAKEN = "taken"
    RELEASED = "released"
    NOTED = "noted"
    CASE_OPENED = "case_opened"
    MATCHED = "matched"
    SETTLED = "settled"
    REOPENED = "reopened"


REASON_WORDS = {
    DiscrepancyReason.ARRIVED: _("The money came later"),
    DiscrepancyReason.MATCHED: _("Matched by hand"),
    DiscrepancyReason.PROVIDER_PAYS: _("The provider pays it with a later settlement"),
    DiscrepancyReason.PROVIDER_ERROR: _("The provider's file was wrong and was corrected"),
    DiscrepancyReason.SHOP_ERROR: _("Our books were wrong and were corrected"),
    DiscrepancyReason.AGREED_FEE: _("The fee was agreed, and the schedule did not know"),
    DiscrepancyReason.ROUNDING: _("Rounding"),
    DiscrepancyReason.TIMING: _("It belongs to another month"),
    DiscrepancyReason.WRITTEN_OFF: _("Written off"),
    DiscrepancyReason.OTHER: _("Something else"),
}
PERSONS_REASONS = tuple(
    reason for reason in DiscrepancyReason if reason not in {DiscrepancyReason.ARRIVED, DiscrepancyReason.MATCHED}
)
ACT_WORDS = {
    DiscrepancyAct.TAKEN: _("taken"),
    DiscrepancyAct.RELEASED: _("given back"),
    DiscrepancyAct.NOTED: _("noted"),
    DiscrepancyAct.CASE_OPENED: _("case opened"),
    DiscrepancyAct.MATCHED: _("matched by hand"),
    DiscrepancyAct.SETTLED: _("settled"),
    DiscrepancyAct.REOPENED: _("opened again"),
}
