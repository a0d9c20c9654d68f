"""Who does something, and whether they may. Doors name the actor; services ask."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import PagoEfectivoError


class Permission(StrEnum):
    """What an actor may do; the REST API's scopes carry the same names."""

    READ_ORDERS = "orders:read"
    WRITE_ORDERS = "orders:write"
    READ_REFUNDS = "refunds:read"
    WRITE_REFUNDS = "refunds:write"
    APPROVE_REFUNDS = "refunds:approve"
    ACCEPT_PAYMENTS = "payments:accept"
    MAKE_PAYOUTS = "payouts:make"
    DOWNLOAD_PAYOUTS = "payouts:download"
    SETTLE_PAYOUTS = "payouts:settle"
    KEEP_CALENDAR = "calendar:keep"
    KEEP_RATES = "rates:keep"
    KEEP_FEES = "fees:keep"
    RESEND_MESSAGES = "messages:resend"
    REVIEW_PROOFS = "proofs:review"
    FOLLOW_ERRORS = "errors:follow"
    MAP_ERRORS = "errors:map"
    REPLAY_WEBHOOKS = "webhooks:replay"
    OPEN_CASES = "cases:open"
    WORK_CASES = "cases:work"
    ASSIGN_CASES = "cases:assign"
    CLOSE_CASES = "cases:close"
    BUNDLE_CASES = "cases:bundle"
    OWN_REFUNDS = "refunds:own"
    EXCEED_LIMITS = "refunds:exceed_limits"
    ASK_PROVIDER = "orders:ask"
    ADD_NOTES = "notes:add"
    RENEW_LINKS = "links:renew"
    OWN_WORK = "work:own"
    SEE_PEOPLE = "people:see"
    SEE_BANK_ACCOUNTS = "bank_accounts:see"
    DISMISS_FLAGS = "flags:dismiss"
    READ_SETTLEMENTS = "settlements:read"
    IMPORT_SETTLEMENTS = "settlements:write"
    MATCH_LINES = "settlements:match"
    WORK_DIFFERENCES = "differences:work"
    PREPARE_CLOSES = "months:prepare"
    SIGN_CLOSES = "months:sign"
    REOPEN_CLOSES = "months:reopen"
    NOTE_RECEIPTS = "receipts:note"


STAFF_PERMISSIONS = {
    Permission.READ_ORDERS: "pagoefectivo.view_order",
    Permission.WRITE_ORDERS: "pagoefectivo.cancel_order",
    Permission.READ_REFUNDS: "pagoefectivo.view_refund",
    Permission.WRITE_REFUNDS: "pagoefectivo.request_refund",
    Permission.APPROVE_REFUNDS: "pagoefectivo.approve_refund",
    Permission.ACCEPT_PAYMENTS: "pagoefectivo.accept_payment",
    Permission.MAKE_PAYOUTS: "pagoefectivo.make_payout",
    Permission.DOWNLOAD_PAYOUTS: "pagoefectivo.download_payout",
    Permission.SETTLE_PAYOUTS: "pagoefectivo.settle_payout",
    Permission.KEEP_CALENDAR: "pagoefectivo.keep_calendar",
    Permission.KEEP_RATES: "pagoefectivo.keep_rates",
    Permission.KEEP_FEES: "pagoefectivo.keep_fees",
    Permission.RESEND_MESSAGES: "pagoefectivo.resend_message",
    Permission.REVIEW_PROOFS: "pagoefectivo.review_proof",
    Permission.FOLLOW_ERRORS: "pagoefectivo.follow_error",
    Permission.MAP_ERRORS: "pagoefectivo.map_error",
    Permission.REPLAY_WEBHOOKS: "pagoefectivo.replay_webhook",
    Permission.OPEN_CASES: "pagoefectivo.open_case",
    Permission.WORK_CASES: "pagoefectivo.work_case",
    Permission.ASSIGN_CASES: "pagoefectivo.assign_case",
    Permission.CLOSE_CASES: "pagoefectivo.close_case",
    Permission.BUNDLE_CASES: "pagoefectivo.bundle_case",
    Permission.OWN_REFUNDS: "pagoefectivo.own_outside_refund",
    Permission.EXCEED_LIMITS: "pagoefectivo.pass_refund_limit",
    Permission.ASK_PROVIDER: "pagoefectivo.refresh_order",
    Permission.ADD_NOTES: "pagoefectivo.add_note",
    Permission.RENEW_LINKS: "pagoefectivo.renew_order_link",
    Permission.OWN_WORK: "pagoefectivo.own_work",
    Permission.SEE_PEOPLE: "pagoefectivo.view_personal_data",
    Permission.SEE_BANK_ACCOUNTS: "pagoefectivo.view_bank_account",
    Permission.DISMISS_FLAGS: "pagoefectivo.dismiss_flag",
    Permission.READ_SETTLEMENTS: "pagoefectivo.view_settlementreport",
    Permission.IMPORT_SETTLEMENTS: "pagoefectivo.import_settlement",
    Permission.MATCH_LINES: "pagoefectivo.match_line",
    Permission.WORK_DIFFERENCES: "pagoefectivo.work_discrepancy",
    Permission.PREPARE_CLOSES: "pagoefectivo.prepare_close",
    Permission.SIGN_CLOSES: "pagoefectivo.sign_close",
    Permission.REOPEN_CLOSES: "pagoefectivo.reopen_close",
    Permission.NOTE_RECEIPTS: "pagoefectivo.note_receipt",
}


class PermissionRefused(PagoEfectivoError):
    """The actor may not do this; nothing was written."""

    code = ErrorCode.PERMISSION_DENIED

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        super().__init__(f"{self.code}: {permission}")


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, an API key or the shop's own code, with what it may do. `accounts` None means all of them.

    `user_id` is a person of the back office; `owner_id` the one who answers for an API key.
    """

    name: str
    permissions: frozenset[Permission]
    accounts: frozenset[str] | None = None
    user_id: int | None = None
    owner_id: int | None = None

    @property
    def person_id(self) -> int | None:
        """Who answers for what this actor does; None where it is a program that nobody answers for by name."""
        return self.user_id if self.user_id is not None else self.owner_id

    def require(self, permission: Permission) -> None:
        """Raise PermissionRefused unless this actor may."""
        if permission not in self.permissions:
            raise PermissionRefused(permission)

    def require_person(self, permission: Permission) -> int:
        """Return the `user_id`; raise PermissionRefused unless this actor is a person of the back office who may."""
        self.require(permission)
        if self.user_id is None:
            raise PermissionRefused(permission)
        return self.user_id

    def sees(self, account: str) -> bool:
        """Whether rows of `account` exist for this actor."""
        return self.accounts is None or account in self.accounts


SHOP = Actor("shop", frozenset(Permission))
SYSTEM = Actor("system", frozenset(Permission))
# Of the one order, or refund, whose page they opened.
BUYER = Actor("buyer", frozenset({Permission.READ_ORDERS, Permission.WRITE_ORDERS, Permission.WRITE_REFUNDS}))


def staff(user: Any) -> Actor:
    """Return the actor for a person of the back office; what they may do is read from Django's permissions."""
    held = frozenset(permission for permission, name in STAFF_PERMISSIONS.items() if user.has_perm(name))
    return Actor(f"staff:{user.get_username()}", held, user_id=user.pk)


def api_key(name: str, scopes: list[str], accounts: list[str], owner_id: int | None = None) -> Actor:
    """Return the actor for an API key."""
    held = frozenset(permission for permission in Permission if permission in scopes)
    return Actor(f"key:{name}", held, accounts=frozenset(accounts) if accounts else None, owner_id=owner_id)
