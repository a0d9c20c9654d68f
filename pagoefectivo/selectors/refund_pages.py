"""What the buyer's page of one refund reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pagoefectivo import conf
from pagoefectivo.domain.states import FREED_REFUND
from pagoefectivo.models import Refund
from pagoefectivo.providers.base import RefundMode
from pagoefectivo.services import destinations, seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.refunds import retry_nonce


class Route(StrEnum):
    """How the money finds the buyer."""

    ACCOUNT_GIVEN_HERE = "account_given_here"
    PROVIDER_ASKS = "provider_asks"
    PROVIDER_MAY_ASK = "provider_may_ask"
    OWN_ACCOUNT_WITH_PROVIDER = "own_account_with_provider"
    BY_PROVIDER = "by_provider"


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that decides what the page of a refund says and takes now."""

    now: datetime
    route: Route
    provider: str
    fields: frozenset[str]
    needs_cci: bool
    deadline: datetime
    is_open: bool
    may_begin_again: bool
    next_try: Refund | None
    moved_at: Mapping[str, datetime]


def refund_behind(page_key: str) -> Refund | None:
    """Return the refund that a link leads to, with its order and its account; None for no refund. One query."""
    return Refund.objects.select_related("order", "destination").filter(page_key=page_key).first()


def standing_of(refund: Refund) -> Standing:
    """Return where a refund stands, in one query; a second one where another try may have taken its place."""
    known = refund.account in conf.current().accounts
    account = account_named(refund.account) if known else None
    now = seams.now()
    return Standing(
        now=now,
        route=_route(refund),
        provider=account.provider.name if account else "",
        fields=account.destination_fields if account else frozenset(),
        needs_cci=bool(account and account.refunds_by_hand),
        deadline=refund.account_until,
        is_open=destinations.is_open(refund, now),
        may_begin_again=destinations.may_begin_again(refund),
        next_try=asked_anew(refund),
        moved_at=dict(refund.changes.order_by("pk").values_list("to_state", "at")),
    )


def asked_anew(refund: Refund) -> Refund | None:
    """Return the refund that was asked for in the place of one that came to nothing; asks nothing about any other."""
    if refund.state not in FREED_REFUND:
        return None
    return (
        Refund.objects.filter(request_nonce=retry_nonce(refund))
        .only("public_id", "page_key", "state", "reference", "approved_by")
        .first()
    )


def _route(refund: Refund) -> Route:
    if destinations.collects(refund):
        return Route.ACCOUNT_GIVEN_HERE
    if refund.account not in conf.current().accounts:
        return Route.BY_PROVIDER
    able = account_named(refund.account).capabilities
    if able.refunds_to_own_account:
        return Route.OWN_ACCOUNT_WITH_PROVIDER
    if able.refund_mode is RefundMode.ASYNC_PAYER_INPUT:
        return Route.PROVIDER_ASKS
    return Route.PROVIDER_MAY_ASK if able.payer_data_by_provider else Route.BY_PROVIDER
