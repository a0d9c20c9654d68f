"""Bugs in what is written down, announced and woken."""

from __future__ import annotations

import logging
from typing import Any

from pagoefectivo import signals
from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import StateChange
from pagoefectivo.services import (
    announcements,
    lifecycle,
    setbacks,
)
from tests.simulation.planting import Patch
from tests.simulation.world import World


def only_the_bell_wakes(patch: Patch) -> None:
    patch.put(World, "_wake_idle", lambda _: lambda _self: None)


def announces_before_the_commit(patch: Patch) -> None:
    def meaning(announcements_of: Any) -> Any:
        def told(change: Any) -> Any:
            rows = announcements_of(change)
            for row in rows:
                subject = {"order": change.order} if row.signal.startswith(("order_", "stock_")) else {}
                subject = subject or {name: getattr(change, name) for name in ("voucher", "refund")}
                known = {name: value for name, value in subject.items() if value is not None}
                signal = signals.BY_NAME[row.signal]
                signal.send(type(next(iter(known.values()))), source="x", occurred_at=change.at, **known)
            return rows

        return told

    patch.put(lifecycle, "announcements_of", meaning)


def announces_again_to_all(patch: Patch) -> None:
    def keeping(keep: Any) -> Any:
        def kept(claim: Any, **columns: Any) -> None:
            columns.pop("delivered_to", None)
            if columns:
                keep(claim, **columns)

        return kept

    patch.put(announcements, "_keep", keeping)


def announces_nothing(patch: Patch) -> None:
    patch.put(announcements, "_receivers", lambda _: lambda *_: [])


def moves_without_a_trace(patch: Patch) -> None:
    def saving(_: Any) -> Any:
        def save(self: Any, *arguments: Any, **options: Any) -> None:
            if self.to_state != VoucherState.EXPIRED:
                super(StateChange, self).save(*arguments, **options)

        return save

    patch.put(lifecycle, "announcements_of", lambda tell: lambda change: tell(change) if change.pk else [])
    patch.put(StateChange, "save", saving)


def says_who_the_buyer_is(patch: Patch) -> None:
    def noting(note: Any) -> Any:
        def noted(row: Any, *arguments: Any, **options: Any) -> None:
            logging.getLogger("pagoefectivo").warning("A call for %s failed.", row.order.payer_email)
            note(row, *arguments, **options)

        return noted

    patch.put(setbacks, "note", noting)


def forgets_what_is_due(patch: Patch) -> None:
    patch.without_checks()

    def scheduling(schedule: Any) -> Any:
        def scheduled(row: Any, **options: Any) -> None:
            schedule(row, **options)
            if options.get("retry_after"):
                row.next_action_at = None

        return scheduled

    patch.put(lifecycle, "schedule", scheduling)
