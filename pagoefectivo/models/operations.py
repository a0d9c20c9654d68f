"""How the machine itself stands: what is stopped and why, what budget is spoken for, what ran when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CircuitBreaker(models.Model):
    """Whether calls of one account and operation may be made. `operation` may also be a group: see services.breaker.

    Open while `opened_at` is set: nobody calls before `until_at`; then one call, claimed by `probe_at`, tries.
    Without `until_at` it stays open until a person or the end of a recovery closes it.
    """

    account = models.CharField(_("account"), max_length=64)
    operation = models.CharField(_("operation"), max_length=24)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    openings = models.PositiveSmallIntegerField(_("openings in a row"), default=0)
    opened_at = models.DateTimeField(_("open since"), null=True, blank=True)
    until_at = models.DateTimeField(_("until"), null=True, blank=True)
    probe_at = models.DateTimeField(_("tried"), null=True, blank=True)
    why = models.CharField(_("why"), max_length=40, blank=True)
    opened_by = models.CharField(_("who"), max_length=160, blank=True)
    request_id = models.CharField(_("request id"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("circuit breaker")
        verbose_name_plural = _("circuit breakers")
        constraints = [models.UniqueConstraint(fields=["account", "operation"], name="pe_breaker_once")]

    def __str__(self) -> str:
        return f"{self.account} {self.operation or '*'}"


class AccountPulse(models.Model):
    """What paces one account: its rate budget is booked until `booked_until`; deaf while `deaf_since` is set."""

    account = models.CharField(_("account"), max_length=64, unique=True)
    booked_until = models.DateTimeField(null=True, blank=True)
    deaf_since = models.DateTimeField(_("no notifications since"), null=True, blank=True)
    deaf_why = models.CharField(_("why"), max_length=12, blank=True)

    class Meta:
        verbose_name = _("pace of an account")
        verbose_name_plural = _("pace of accounts")

    def __str__(self) -> str:
        return self.account


class Recovery(models.Model):
    """One time that an account's money stood still until everything was read again. Kept as history."""

    account = models.CharField(_("account"), max_length=64)
    started_at = models.DateTimeField(_("started"))
    started_by = models.CharField(_("started by"), max_length=160)
    why = models.CharField(_("why"), max_length=200, blank=True)
    is_detected = models.BooleanField(_("detected by itself"), default=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    finished_by = models.CharField(_("finished by"), max_length=160, blank=True)
    left_unread = models.PositiveIntegerField(_("left unread"), default=0)

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(finished_at__isnull=True), name="pe_recovery_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.started_at:%Y-%m-%d %H:%M}"


class Job(models.Model):
    """When a periodic piece of work last began, over all processes, and what it found."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    ran_at = models.DateTimeField(_("ran"))
    outcome = models.JSONField(_("outcome"), default=dict, blank=True)

    class Meta:
        verbose_name = _("periodic job")
        verbose_name_plural = _("periodic jobs")

    def __str__(self) -> str:
        return self.name


class StuckRow(models.Model):
    """A row whose work fails as nobody foresaw. Parked after several failures: tried once a day, in nobody's way."""

    kind = models.CharField(_("kind"), max_length=20)
    row_id = models.PositiveBigIntegerField(_("row"))
    failures = models.PositiveIntegerField(_("failures"), default=0)
    error = models.CharField(_("error"), max_length=80)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"), db_index=True)
    parked_at = models.DateTimeField(_("parked"), null=True, blank=True)

    class Meta:
        verbose_name = _("stuck row")
        verbose_name_plural = _("stuck rows")
        constraints = [models.UniqueConstraint(fields=["kind", "row_id"], name="pe_stuck_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.row_id}"
