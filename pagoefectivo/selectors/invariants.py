"""What must hold, recomputed from the rows themselves while the shop runs: read only, one statement per invariant.

The ids are those of the reliability design. I1, I2, I8, I10 and I14 need the world outside (the provider's books, the
wire, the log) and are proved by the simulator and the tests instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from pagoefectivo import conf
from pagoefectivo.domain.states import UNSENT_REFUND, RefundState
from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.selectors import invariants_sql as sql
from pagoefectivo.services import announcements, seams

FIRST_ROWS = 20
_CLOCKS_MAY_DIFFER = timedelta(hours=1)

SENTENCES = {
    "I3": _("No payment code stands on two live vouchers, and no idempotency key on two instructions."),
    "I4": _("What was paid and what is reserved for refunds agree with the statements, and no more is reserved than was paid."),
    "I5": _("Nothing moved in a way that its machine does not know."),
    "I6": _("Nothing counts as paid or refunded without the provider's own authenticated word, or two people and the bank's number for a transfer."),
    "I7": _("Every state is the last of an unbroken chain of moves, each with its path and its author."),
    "I9": _("Nothing unfinished is forgotten, and nobody holds a row for ever."),
    "I11": _("Whatever has to be announced is announced once."),
    "I12": _("Every approval was given by another person, once, for exactly what was sent."),
    "I13": _("What came in, what went back and what is held add up for every order."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant: how many rows break it, and the first of them as "kind id"."""

    id: str
    sentence: str
    count: int = 0
    rows: tuple[str, ...] = ()


def check() -> list[Finding]:
    """Recompute every invariant and return all of them, the broken ones with a count; writes nothing.

    Ten statements at any size, each over whole tables: for the night, not for every request.
    """
    with _reading():
        found = {name: _look(*statement) for name, statement in _statements().items()}
        found["I12"] = _with(found["I12"], _unbound_approvals())
    return [Finding(name, str(SENTENCES[name]), *found[name]) for name in SENTENCES]


@contextmanager
def _reading() -> Iterator[None]:
    """A transaction that cannot write, where none is open already."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield


def _look(statement: str, values: list[Any]) -> tuple[int, tuple[str, ...]]:
    counted = f"SELECT kind, id, count(*) OVER () FROM ({statement}) broken ORDER BY kind, id LIMIT {FIRST_ROWS}"  # noqa: S608 - our own text
    with connection.cursor() as cursor:
        cursor.execute(counted, values)
        rows = cursor.fetchall()
    return (int(rows[0][2]) if rows else 0), tuple(f"{kind} {row_id}" for kind, row_id, _many in rows)


def _with(found: tuple[int, tuple[str, ...]], more: list[str]) -> tuple[int, tuple[str, ...]]:
    count, rows = found
    return count + len(more), (*rows, *more)[:FIRST_ROWS]


def _statements() -> dict[str, tuple[str, list[Any]]]:
    trusting = [name for name, account in conf.current().accounts.items() if account.webhook_is_enough]
    longest = seams.now() + conf.current().timing.lease + _CLOCKS_MAY_DIFFER
    moves = sorted(
        f"{subject} {source} {target}"
        for subject, model in (("order", Order), ("voucher", Voucher), ("refund", Refund))
        for source, target in _known_moves(model)
    )
    expected = [(subject, state, name) for (subject, state), names in announcements.MEANING.items() for name in names]
    silent = [" ".join(map(str, move)) for move in sorted(announcements.NOT_NEWS)]
    return {
        "I3": (sql.ONE_CODE, []),
        "I4": (sql.SUMS_AGREE, []),
        "I5": (sql.KNOWN_MOVES.format(moves=_places(moves)), moves),
        "I6": (sql.PROVIDER_SAID_SO.format(trusting=_places(trusting)), trusting or [""]),
        "I7": (sql.UNBROKEN_CHAIN, []),
        "I9": (sql.NOTHING_FORGOTTEN, [connection.ops.adapt_datetimefield_value(longest)] * 4),
        "I11": (
            sql.ANNOUNCED_ONCE.format(
                expected=" UNION ALL ".join(["SELECT %s AS subject, %s AS state, %s AS name"] * len(expected)),
                silent=_places(silent),
            ),
            [*(str(word) for row in expected for word in row), *silent],
        ),
        "I12": (sql.FOUR_EYES, []),
        "I13": (sql.ORDERS_ADD_UP, []),
    }


def _known_moves(model: type[Order | Voucher | Refund]) -> set[tuple[str, str]]:
    field: Any = model._meta.get_field("state")
    return {(str(move.source), str(move.target)) for move in field.get_all_transitions(model)}


def _places(values: list[str]) -> str:
    return ", ".join(["%s"] * max(len(values), 1))


def _unbound_approvals() -> list[str]:
    """Approvals that were given for something else than what the refund says: their digest cannot be built in SQL."""
    columns = ("public_id", "amount", "currency", "destination_id", "voucher_id", "approval_digest", "approved_by")
    sent = Refund.objects.exclude(approved_by="").exclude(state__in=UNSENT_REFUND | {RefundState.CANCELED})
    return [f"refund {refund.pk}" for refund in sent.order_by("pk").only(*columns).iterator() if not refund.is_approved]
