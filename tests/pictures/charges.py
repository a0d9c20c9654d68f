"""What a provider charged beside what was agreed, and the letter that claims the difference."""

from __future__ import annotations

from pagoefectivo.admin.month_links import address_of
from pagoefectivo.models import SettlementReport
from tests.integration.planted_charges import NOVEMBER, plant
from tests.pictures.registry import Picture


def _page(act: str) -> str:
    if not SettlementReport.objects.exists():
        plant()
    return f"{address_of('default', NOVEMBER, act)}?as="


PICTURES = (
    Picture("staff-charges", lambda: _page("charges"), is_staff=True, part="#charges-1"),
    Picture("staff-claim", lambda: _page("claim"), is_staff=True, part=".pe-letter"),
)
