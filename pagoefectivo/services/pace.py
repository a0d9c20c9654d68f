"""How many questions an account may be asked now, and more of them while its notifications are silent."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q

from pagoefectivo import conf
from pagoefectivo.domain.pacing import LISTENING, SHARE_WHILE_DEAF, Hearing, book, deafness, wait_while_deaf
from pagoefectivo.domain.states import PAYABLE_VOUCHER, VoucherState
from pagoefectivo.models import AccountPulse, StateChange, Voucher, WebhookDelivery
from pagoefectivo.services import seams
from pagoefectivo.services.accounts import payments_per_question
from pagoefectivo.services.claiming import Claim

LISTEN_EVERY = timedelta(minutes=5)
_VERIFIED = (WebhookDelivery.Verdict.VERIFIED, WebhookDelivery.Verdict.STALE)
_TRIES = 3

logger = logging.getLogger("pagoefectivo.pace")


@dataclass(frozen=True, slots=True)
class Asker:
    """One claimed voucher that is due for a question."""

    claim: Claim
    account: str
    state: str
    expires_at: datetime | None
    provider_reference: str = ""

    @classmethod
    def of(cls, claim: Claim, voucher: Voucher) -> Asker:
        return cls(claim, voucher.account, str(voucher.state), voucher.expires_at, voucher.provider_reference)

    @property
    def is_hinted(self) -> bool:
        """Whether a message said that there is news, or the code is so young that nobody asked yet."""
        return self.state == VoucherState.CONFIRMING or (self.state == VoucherState.ISSUED and self.claim.attempts <= 1)


def within_budget(askers: Sequence[Asker]) -> tuple[list[Claim], dict[str, list[Claim]]]:
    """Return which claims may ask now, and per exhausted account those that have to wait.

    Hinted ones ask in any case, then those whose deadline is near. The budget is one of questions, each about as many
    codes as the provider takes, and is booked in the database, two statements per account; when others book at the
    same moment it may be overrun by one batch.
    """
    now, waiting = seams.now(), {}
    asking = [asker.claim for asker in askers if asker.is_hinted]
    for account in sorted({asker.account for asker in askers}):
        mine = [asker for asker in askers if asker.account == account]
        others = sorted((asker for asker in mine if not asker.is_hinted), key=lambda each: _deadline(each, now))
        size, hinted = payments_per_question(account), len(mine) - len(others)
        questions = _book(account, ceil(len(others) / size), exempt=ceil(hinted / size))
        granted = questions * size
        asking += [asker.claim for asker in others[:granted]]
        if granted < len(others):
            waiting[account] = [asker.claim for asker in others[granted:]]
    return asking, waiting


def slow_down(account: str, seconds: float) -> None:
    """The provider asked for patience: nothing of the account's budget is left for so long."""
    until = seams.now() + timedelta(seconds=seconds)
    pulse, is_new = AccountPulse.objects.get_or_create(account=account, defaults={"booked_until": until})
    if not is_new and (pulse.booked_until is None or pulse.booked_until < until):
        AccountPulse.objects.filter(pk=pulse.pk).update(booked_until=until)


def free_at(account: str) -> datetime:
    """When an exhausted account may ask its next question."""
    booked = AccountPulse.objects.filter(account=account).values_list("booked_until", flat=True).first()
    return max(booked or seams.now(), seams.now())


def apart(account: str) -> timedelta:
    """How far from each other an account's codes are asked about, on average, when its budget is used up."""
    return timedelta(seconds=1 / _codes_per_second(account))


def listen() -> None:
    """Notice which accounts' notifications cannot be relied on, and bring their live codes' next questions forward.

    Runs every five minutes; as soon as notifications are heard again nothing is brought forward any more.
    """
    now = seams.now()
    deaf = dict(AccountPulse.objects.exclude(deaf_why="").values_list("account", "deaf_why"))
    hearings = _hearings(now)
    for account in sorted({*hearings, *deaf} & set(conf.current().accounts)):
        why = deafness(hearings[account], now) if account in hearings else ""
        if why != deaf.get(account, ""):
            _note(account, why, now)
        if why:
            _bring_forward(account, now)


def _codes_per_second(account: str) -> int:
    return conf.current().accounts[account].questions_per_second * payments_per_question(account)


def _deadline(asker: Asker, now: datetime) -> tuple[bool, datetime, int]:
    return (asker.expires_at is None, asker.expires_at or now, asker.claim.row_id)


def _book(account: str, wanted: int, *, exempt: int) -> int:
    config = conf.current().accounts.get(account)
    if config is None:
        return wanted  # its own error says so
    granted = wanted
    for _ in range(_TRIES):
        pulse, _new = AccountPulse.objects.get_or_create(account=account)
        granted, until = book(
            pulse.booked_until, seams.now(), wanted=wanted, exempt=exempt, per_second=config.questions_per_second
        )
        seen = AccountPulse.objects.filter(pk=pulse.pk, booked_until=pulse.booked_until)
        if granted + exempt == 0 or seen.update(booked_until=until):
            return granted
    return granted


def _hearings(now: datetime) -> dict[str, Hearing]:
    """What every account with live codes heard lately, in three queries, or in one where there are none."""
    since = now - LISTENING
    live = {
        row["account"]: (row["many"], row["oldest"])
        for row in Voucher.objects.filter(state__in=PAYABLE_VOUCHER, next_action_at__isnull=False)
        .values("account")
        .annotate(many=Count("pk"), oldest=Min("created_at"))
    }
    if not live:
        return {}
    heard = dict(
        WebhookDelivery.objects.filter(received_at__gte=since, verdict__in=_VERIFIED)
        .values_list("account")
        .annotate(Max("received_at"))
    )
    paid = {account: (many_told, many_found) for account, many_told, many_found in payments_since(since)}
    return {
        account: Hearing(many, oldest, heard.get(account), *paid.get(account, (0, 0)))
        for account, (many, oldest) in live.items()
    }


def payments_since(since: datetime) -> Iterable[tuple[str, int, int]]:
    """Return account, payments that a message announced, and payments that only asking found, since an instant."""
    told = Exists(
        WebhookDelivery.objects.filter(
            voucher=OuterRef("voucher"), verdict__in=_VERIFIED, received_at__lte=OuterRef("at")
        )
    )
    paid = StateChange.objects.filter(at__gte=since, subject="voucher", transition="pay").annotate(
        was_told=told, account=F("voucher__account")
    )
    counted = paid.values("account").annotate(
        told=Count("pk", filter=Q(was_told=True)), found=Count("pk", filter=Q(was_told=False))
    )
    return counted.values_list("account", "told", "found")


def _note(account: str, why: str, now: datetime) -> None:
    since = now if why else None
    AccountPulse.objects.update_or_create(account=account, defaults={"deaf_why": why, "deaf_since": since})
    if why:
        logger.warning(
            "Notifications of account %s cannot be relied on (%s): its codes are asked about more.", account, why
        )
    else:
        logger.info("Notifications of account %s are heard again.", account)


def _bring_forward(account: str, now: datetime) -> None:
    longest = wait_while_deaf(conf.current().timing.poll)
    budget = _codes_per_second(account) * LISTEN_EVERY.total_seconds()
    neglected = Voucher.objects.filter(
        Q(asked_at__isnull=True) | Q(asked_at__lt=now - longest),
        account=account,
        state__in=PAYABLE_VOUCHER,
        next_action_at__gt=now + LISTEN_EVERY,
        lease_until=None,
    )
    chosen = neglected.order_by(F("expires_at").asc(nulls_last=True), "pk")[: int(budget / SHARE_WHILE_DEAF)]
    Voucher.objects.filter(pk__in=list(chosen.values_list("pk", flat=True)), lease_until=None).update(
        next_action_at=now
    )
