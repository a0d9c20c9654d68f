"""How the machine itself stands: what is stopped, what is stuck, what ran when."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin import advice
from pagoefectivo.admin.presentation import moment
from pagoefectivo.admin.reading import AccountFilter, ReadOnlyAdmin
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import AccountPulse, CircuitBreaker, Job, Recovery, StuckRow


@admin.register(CircuitBreaker)
class CircuitBreakerAdmin(ReadOnlyAdmin):
    """Whether calls of an account are made at all, and if not, since when and why."""

    list_display = ("account", "operation", "stopped", "next_try", "why", "opened_by", "failures")
    list_filter = (AccountFilter,)
    fields = (*list_display, "openings", "request_id")
    readonly_fields = fields

    @admin.display(description=_("open since"))
    def stopped(self, breaker: CircuitBreaker) -> Any:
        return moment(breaker.opened_at)

    @admin.display(description=_("until"))
    def next_try(self, breaker: CircuitBreaker) -> Any:
        return moment(breaker.until_at)


@admin.register(AccountPulse)
class AccountPulseAdmin(ReadOnlyAdmin):
    """Whether an account still hears the provider's notifications."""

    list_display = ("account", "deaf", "deaf_why", "what_to_do")
    fields = list_display
    readonly_fields = fields

    @admin.display(description=_("no notifications since"))
    def deaf(self, pulse: AccountPulse) -> Any:
        return moment(pulse.deaf_since)

    @admin.display(description=_("what to do"))
    def what_to_do(self, pulse: AccountPulse) -> str:
        entry = advice.on_code(ErrorCode.POLL_STALE)
        return f"{entry.sentence} {entry.next_step}" if pulse.deaf_since else "–"


@admin.register(Recovery)
class RecoveryAdmin(ReadOnlyAdmin):
    """The times when an account's money stood still until everything was read again."""

    list_display = ("account", "started", "started_by", "why", "finished", "finished_by", "left_unread")
    list_filter = (AccountFilter,)
    fields = (*list_display, "is_detected")
    readonly_fields = fields

    @admin.display(description=_("started"))
    def started(self, recovery: Recovery) -> Any:
        return moment(recovery.started_at)

    @admin.display(description=_("finished"))
    def finished(self, recovery: Recovery) -> Any:
        return moment(recovery.finished_at)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """When each periodic piece of work last began, and what it found."""

    list_display = ("name", "ran", "outcome")
    fields = list_display
    readonly_fields = fields

    @admin.display(description=_("ran"))
    def ran(self, job: Job) -> Any:
        return moment(job.ran_at)


@admin.register(StuckRow)
class StuckRowAdmin(ReadOnlyAdmin):
    """Rows whose work fails as nobody foresaw."""

    list_display = ("kind", "row_id", "failures", "error", "first", "last", "parked")
    fields = list_display
    readonly_fields = fields

    @admin.display(description=_("first"))
    def first(self, row: StuckRow) -> Any:
        return moment(row.first_at)

    @admin.display(description=_("last"))
    def last(self, row: StuckRow) -> Any:
        return moment(row.last_at)

    @admin.display(description=_("parked"))
    def parked(self, row: StuckRow) -> Any:
        return moment(row.parked_at)
