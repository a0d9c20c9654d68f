"""The companies that a buyer may choose from, and in plain words how money comes back from each."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from pagoefectivo.shop import AccountFacts, account_facts

_REFUNDS = {
    "none": _("No money can be given back through {company}."),
    "sync": _("{company} gives a refund at once."),
    "async": _("{company} sends a refund to your bank account within some days."),
    "async_payer_input": _(
        "For a refund {company} mails you a form for your bank account; the money comes some days after you fill it in."
    ),
    "manual": _("A refund is transferred by us, to a bank account that you tell us."),
}
_WHOLE_ONLY = _("Only the whole amount can be given back.")


@dataclass(frozen=True, slots=True)
class Company:
    """One choice at the checkout: the account behind it, its name, and what a refund looks like there."""

    account: str
    name: str
    refunds: str
    required: frozenset[str]


def companies() -> tuple[Company, ...]:
    """Return the choices in the active language, in the order of the settings; the first is taken where none is made."""
    return tuple(_company(facts) for facts in account_facts())


def _company(facts: AccountFacts) -> Company:
    told = str(_REFUNDS[facts.refund_mode]).format(company=facts.company)
    if facts.refund_mode != "none" and not facts.partial_refunds:
        told = f"{told} {_WHOLE_ONLY}"
    return Company(facts.name, facts.company, told, facts.required_payer_fields)
