"""What a line of a refund's history says beside its states, sealed with it: a word, an amount, the ends of accounts."""

from __future__ import annotations

import re
from decimal import Decimal

ASKED, APPROVED = "asked", "approval_given"
ACCOUNT_GIVEN, ACCOUNT_CHANGED = "account_given", "account_changed"
_DIGITS_SHOWN = 3


def written(
    word: str, *, amount: Decimal | None = None, currency: str = "", account: str = "", before: str = ""
) -> str:
    """Return a mark such as `approval_given amount=89.90 currency=PEN account=012`: of accounts, the last digits alone."""
    facts = {
        "amount": "" if amount is None else f"{amount:.2f}",
        "currency": currency,
        "account": _end_of(account),
        "before": _end_of(before),
    }
    return " ".join([word, *(f"{name}={value}" for name, value in facts.items() if value)])


def read(why: str) -> tuple[str, dict[str, str]]:
    """Return the word of a mark and its facts by name; a reason that is no mark comes back whole, without facts."""
    word, *facts = why.split(" ")
    if not all("=" in fact for fact in facts):
        return why, {}
    return word, dict(fact.split("=", 1) for fact in facts)


def _end_of(account: str) -> str:
    return re.sub(r"[\W_]", "", account)[-_DIGITS_SHOWN:]
