"""Bugs in how instructions leave: keys, look-ups, patience, evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction

from pagoefectivo.domain import decisions
from pagoefectivo.domain.decisions import Decision
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, NotSent
from pagoefectivo.domain.messages import Verb
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import Voucher
from pagoefectivo.providers import transport
from pagoefectivo.services import (
    exchanges,
    requests,
    seams,
    setbacks,
    submission,
)
from tests.simulation.planting import Patch


def new_key_per_try(patch: Patch) -> None:
    for name in ("voucher_request", "refund_request"):
        patch.put(requests, name, lambda ask: lambda row: replace(ask(row), idempotency_key=seams.new_id()))


def timeout_is_rejected(patch: Patch) -> None:
    def noting(_: Any) -> Any:
        def note(row: Any, error: Any, source: Any, claim: Any, **_kept: Any) -> None:
            verb = Verb.RETRY if isinstance(error, NotSent) else Verb.FAIL
            setbacks.note(row, error, verb=verb, source=source, claim=claim)

        return note

    patch.put(submission, "_note_setback", noting)


def server_error_frees_the_amount(patch: Patch) -> None:
    def noting(note: Any) -> Any:
        def noted(row: Any, error: Any, source: Any, claim: Any, **kept: Any) -> None:
            if isinstance(error, Ambiguous) and (error.fault.http_status or 0) >= 500:
                setbacks.note(row, error, verb=Verb.FAIL, source=source, claim=claim)
                return
            note(row, error, source, claim, **kept)

        return noted

    patch.put(submission, "_note_setback", noting)


def never_looks_up(patch: Patch) -> None:
    patch.put(submission, "_find_or_send", lambda _: lambda row, _account, gateway: submission._send(row, gateway))


def no_grace(patch: Patch) -> None:
    patch.put(submission, "resend_bounds", lambda ask: lambda account: (timedelta(0), ask(account)[1]))


def keys_live_for_ever(patch: Patch) -> None:
    patch.put(submission, "resend_bounds", lambda ask: lambda account: (ask(account)[0], timedelta(days=999)))


def calls_inside_a_transaction(patch: Patch) -> None:
    def sending(send: Any) -> Any:
        def sent(*arguments: Any) -> Any:
            with transaction.atomic():
                return send(*arguments)

        return sent

    patch.put(exchanges, "refuse_inside_transaction", lambda _: lambda: None)
    patch.put(submission, "_send", sending)


def forgets_that_it_sent(patch: Patch) -> None:
    def beginning(begin: Any) -> Any:
        def begun(*arguments: Any) -> Any:
            found = begin(*arguments)
            return None if found is None else (found[0], True)

        return begun

    patch.put(submission, "_begin", beginning)


def a_timeout_was_never_sent(patch: Patch) -> None:
    patch.put(transport, "when_unclear", lambda _: lambda _operation: NotSent)


def evidence_after_the_send(patch: Patch) -> None:
    def answering(answered: Any) -> Any:
        def late(self: Any, call: Any, answer: Any) -> None:
            before(self, call)
            answered(self, call, answer)

        return late

    before = exchanges.ExchangeRecorder.sending
    patch.put(
        exchanges.ExchangeRecorder, "sending", lambda _: lambda self, call: setattr(self, "request_id", call.request_id)
    )
    patch.put(exchanges.ExchangeRecorder, "answered", answering)


def not_found_is_failed(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(refund: Any, command: Any, now: Any) -> Any:
            lost = command.error_code is ErrorCode.POLL_NOT_FOUND and refund.state is RefundState.PENDING
            return Decision(moves=("fail",), why="not_found") if lost else decide(refund, command, now)

        return decided

    patch.put(decisions, "decide_refund_command", deciding)


def sends_after_its_lease(patch: Patch) -> None:
    patch.put(submission, "recorder_for", lambda record: lambda row, **_: record(row))


def keeps_the_first_clock(patch: Patch) -> None:
    """A code whose first sending was proved never to have happened is sent again under the old clock."""

    def sending(send: Any) -> Any:
        def sent(row: Any, gateway: Any) -> Any:
            if isinstance(row, Voucher) and row.first_sent_at is not None:
                Voucher.objects.filter(pk=row.pk).update(first_sent_at=row.first_sent_at)
            return send(row, gateway)

        return sent

    patch.put(submission, "_send", sending)
