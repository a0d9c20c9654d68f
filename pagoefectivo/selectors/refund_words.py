"""A line of a refund's history in words, where its states alone do not say what somebody did."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from pagoefectivo.domain import refund_marks as marks
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.redaction import mask_code


def told_by(transition: str, why: str) -> str:
    """Return what a person did to a refund, or how it was heard of, in the active language; empty for a mere move."""
    word, facts = marks.read(why)
    amount = format_money(Decimal(facts["amount"]), facts["currency"]) if "amount" in facts else ""
    account, before = mask_code(facts.get("account", "")), mask_code(facts.get("before", ""))
    if transition == "ask":
        return _("Refund asked for: {what}").format(what=_to(amount, account))
    if transition in {"approve", "release"}:
        return _("Refund approved: {what}").format(what=_to(amount, account)) if amount else _("Refund approved")
    if transition == "redirect":
        return _account(word, account, before)
    if word == "started_outside":
        return _outside(transition)
    return ""


def _to(amount: str, account: str) -> str:
    return _("{amount}, to the account {account}").format(amount=amount, account=account) if account else amount


def _account(word: str, account: str, before: str) -> str:
    if word == marks.ACCOUNT_CHANGED:
        changed = _("Bank account of the refund changed: {before} → {account}")
        return changed.format(before=before or _("an erased one"), account=account)
    return _("Bank account of the refund given: {account}").format(account=account)


def _outside(transition: str) -> str:
    if transition == "submit":
        return _("We heard of a refund that was started at the provider, not here")
    return _("The provider had this refund already")
