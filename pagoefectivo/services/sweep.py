"""One pass over everything that is due, until nothing is. Safe to run from beat, from cron, many times, in parallel."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from traceback import format_tb

from pagoefectivo import conf
from pagoefectivo.domain.states import FINAL_REFUND, UNANSWERED_VOUCHER, RefundState, Source, VoucherState
from pagoefectivo.domain.timing import WAIT_FOR_PERSON
from pagoefectivo.models import (
    BuyerMessage,
    OutboxMessage,
    PaymentProof,
    Refund,
    SettlementReport,
    Voucher,
    WebhookDelivery,
)
from pagoefectivo.models.fields import DueRow
from pagoefectivo.selectors.refund_desk import approval_deadline
from pagoefectivo.services import (
    announcements,
    approvals,
    audit,
    message_delivery,
    pace,
    payouts,
    polling,
    proof_readings,
    seams,
    settlement_imports,
    stuck,
    submission,
    upkeep,
    webhooks,
)
from pagoefectivo.services.accounts import is_by_hand
from pagoefectivo.services.claiming import Claim, claim_due, due_among
from pagoefectivo.services.scheduling import ENDED, let_go, put_back

KINDS = (WebhookDelivery, Voucher, Refund, OutboxMessage, BuyerMessage, PaymentProof, SettlementReport)
BATCH = 100
MAILS_IN_A_ROW = 5  # a slow mail server keeps a sweep from its payments no longer than these take
PICTURES = 2  # in a round: reading one takes seconds, and money comes first

logger = logging.getLogger("pagoefectivo.sweep")


@dataclass(slots=True)
class SweepReport:
    """How many rows of each kind were worked on, and how many of them failed unexpectedly."""

    deliveries: int = 0
    vouchers: int = 0
    refunds: int = 0
    announcements: int = 0
    messages: int = 0
    proofs: int = 0
    settlements: int = 0
    failures: int = 0
    rounds: int = field(default=0)

    @property
    def total(self) -> int:
        money = self.deliveries + self.vouchers + self.refunds
        return money + self.announcements + self.messages + self.proofs + self.settlements


def run(*, most_rounds: int = 1000) -> SweepReport:
    """Work on what is due until nothing is; returns what was done. Raises ConfigurationError, and nothing else.

    Every row is claimed with a lease first, so that parallel sweeps share the work; a row whose work fails in a way
    nobody foresaw is logged by its number, waits longer at each try, and stops nobody else.
    """
    report = SweepReport()
    if not conf.current().enabled:
        return report
    _seal(report)
    upkeep.run()
    exhausted: set[str] = set()
    while report.rounds < most_rounds and (due := due_among(KINDS)):
        before = report.total
        report.rounds += 1
        if WebhookDelivery in due:
            report.deliveries += _each(WebhookDelivery, webhooks.process, report)
        if Voucher in due:
            report.vouchers += _vouchers(report, exhausted)
        if Refund in due:
            report.refunds += _each(Refund, _work_on_refund, report)
        if OutboxMessage in due:
            report.announcements += _each(OutboxMessage, announcements.deliver, report)
        if BuyerMessage in due:
            report.messages += _each(BuyerMessage, message_delivery.deliver, report, most=MAILS_IN_A_ROW)
        if report.total == before:
            _what_takes_long(due, report)
        if report.total == before:
            break
    return report


def _what_takes_long(due: frozenset[type[DueRow]], report: SweepReport) -> None:
    """Once nothing else is due: money comes first."""
    if PaymentProof in due:
        report.proofs += _each(PaymentProof, proof_readings.read, report, most=PICTURES)
    if SettlementReport in due:
        report.settlements += _each(SettlementReport, settlement_imports.read, report, most=1)


def _seal(report: SweepReport) -> None:
    try:
        audit.seal_when_due()
    except Exception as error:  # noqa: BLE001 - what cannot be sealed now waits; money does not
        report.failures += 1
        logger.error("Sealing the evidence failed: %s", type(error).__name__)  # noqa: TRY400 - as in `_guard`


def _each(model: type[DueRow], work: Callable[[Claim], None], report: SweepReport, *, most: int = BATCH) -> int:
    claims = claim_due(model, most)
    for claim in claims:
        _guard(model, claim, partial(work, claim), report)
    return len(claims)


def _vouchers(report: SweepReport, exhausted: set[str]) -> int:
    """Work on due vouchers; what is over an account's budget waits, and its account joins `exhausted`."""
    claims = claim_due(Voucher, BATCH, besides=exhausted)
    if not claims:
        return 0
    columns = Voucher.objects.filter(pk__in=[claim.row_id for claim in claims])
    vouchers = columns.only("account", "state", "expires_at", "provider_reference").in_bulk()
    askers = [pace.Asker.of(claim, vouchers[claim.row_id]) for claim in claims]
    unsent = UNANSWERED_VOUCHER | {VoucherState.REQUESTED}
    for asker in askers:
        if asker.state in unsent:
            work = partial(submission.submit, Voucher, asker.claim, source=Source.CLOCK)
            _guard(Voucher, asker.claim, work, report)
    for asker in askers:
        if asker.state in ENDED and not asker.provider_reference:
            work = partial(submission.follow_message, asker.claim, source=Source.POLL)
            _guard(Voucher, asker.claim, work, report)
    sent = [asker for asker in askers if asker.state not in unsent and asker.provider_reference]
    to_ask, waiting = pace.within_budget(sent)
    for account, held in waiting.items():
        exhausted.add(account)
        put_back(Voucher, held, due=pace.free_at(account), apart=pace.apart(account))
    if to_ask:
        _ask_together(to_ask, report)
    return len(claims) - sum(len(held) for held in waiting.values())


def _ask_together(claims: list[Claim], report: SweepReport) -> None:
    """Ask about many at once; when one of them spoils that, about each alone, so that it stops nobody else."""
    try:
        polling.ask_vouchers(claims, source=Source.POLL)
    except Exception:  # noqa: BLE001 - whose fault it was shows when each is asked alone
        for claim in claims:
            _guard(Voucher, claim, partial(polling.ask_vouchers, [claim], source=Source.POLL), report)


def _work_on_refund(claim: Claim) -> None:
    refund = Refund.objects.get(pk=claim.row_id)
    if refund.state in FINAL_REFUND and not refund.provider_reference:
        let_go(Refund, [claim])
    elif approvals.is_over(refund, seams.now()):
        approvals.expire(refund)
    elif is_by_hand(refund):
        payouts.attend(refund, claim) if refund.payout_id else _leave_to_person(refund, claim)
    elif refund.state == RefundState.PENDING or refund.state in FINAL_REFUND:
        polling.ask_refund(claim, source=Source.POLL)
    elif _waits_for_person(refund):
        _leave_to_person(refund, claim)
    else:
        submission.submit(Refund, claim, source=Source.CLOCK)


def _waits_for_person(refund: Refund) -> bool:
    if refund.state == RefundState.AWAITING_APPROVAL:
        return not refund.is_approved
    return refund.state == RefundState.AWAITING_DESTINATION and refund.destination_id is None


def _leave_to_person(refund: Refund, claim: Claim) -> None:
    """Look again tomorrow, or at once where the person came while we looked."""
    held = Refund.objects.filter(pk=refund.pk, lease_token=claim.token)
    still_waits = held.filter(approved_by=refund.approved_by, destination=refund.destination_id)
    now, deadline = seams.now(), approval_deadline(refund)
    again = min(now + WAIT_FOR_PERSON, deadline) if deadline else now + WAIT_FOR_PERSON
    if not still_waits.update(next_action_at=again, lease_until=None):
        held.update(next_action_at=now, lease_until=None)


def _guard(model: type[DueRow], claim: Claim, work: Callable[[], object], report: SweepReport) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - a row whose work fails as nobody foresaw stops nobody else
        report.failures += 1
        # The places without the message: a database's complaint quotes the row, with its code and its buyer.
        places = "".join(format_tb(error.__traceback__))
        logger.error("Work on %s %s failed: %s\n%s", claim.kind, claim.row_id, type(error).__name__, places)  # noqa: TRY400 - as just said
        wait = stuck.note(claim, error)
        _postpone(model, claim, wait.total_seconds())


def _postpone(model: type[DueRow], claim: Claim, seconds: float) -> None:
    model._default_manager.filter(pk=claim.row_id, lease_token=claim.token).update(
        next_action_at=seams.now() + timedelta(seconds=seconds), lease_until=None
    )
