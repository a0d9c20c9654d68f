"""Claiming what a provider charged above what was agreed: the letter about a month, and the case that follows it up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pagoefectivo import conf
from pagoefectivo.domain.cases import CaseKind, LinkKind, claim_subject
from pagoefectivo.domain.discrepancies import DiscrepancyAct
from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.domain.fees import MARKET_WORDS, Market
from pagoefectivo.domain.languages import CATALOGUES
from pagoefectivo.domain.localtime import NARROW, written_month
from pagoefectivo.domain.money import CENT, ZERO, format_exactly, format_money
from pagoefectivo.models import Case, Discrepancy, DiscrepancyEntry
from pagoefectivo.providers.base import Support
from pagoefectivo.selectors.cases import place_of
from pagoefectivo.selectors.claims import Agreement, Claim, ClaimedLine, Total, claim_of, open_claim
from pagoefectivo.services import cases, seams
from pagoefectivo.services.accounts import EffectiveAccount, account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.cases import MOST_LINKS, Opening
from pagoefectivo.services.discrepancies import refuse_closed
from pagoefectivo.services.letters import FOLDER, Addressee, Letter
from pagoefectivo.services.settlements import lock_account

MOST_IN_LETTER = 200  # lines; the attachment has all of them


def letter(account: str, month: date, language: str = "", *, actor: Actor) -> Letter:
    """Return the claim letter of a month, in the language of the provider's support unless another is named.

    Nothing is written and nothing is sent. It names ids, amounts and agreements, and nobody's name, address, document or
    account. Raises PermissionRefused, and NotFound where there is nothing to claim, and RuleRefused(ACCOUNT_UNKNOWN).
    """
    actor.require(Permission.WORK_DIFFERENCES)
    effective = account_named(account)
    claim = claim_of(account, month) if actor.sees(account) else None
    if claim is None or not claim.lines:
        raise NotFound
    chosen = language if language in CATALOGUES else effective.provider.support.language
    with translation.override(CATALOGUES[chosen]):
        text = render_to_string(
            [f"{FOLDER}/letter_claim_{account}.txt", f"{FOLDER}/letter_claim.txt"], _said(claim, effective)
        )
    plain = text.replace(NARROW, " ").strip() + "\n"
    return Letter(Addressee.PROVIDER, chosen, plain, f"{account}-{month:%Y-%m}-claim.txt")


def open_case(account: str, month: date, *, actor: Actor) -> Case:
    """Open a case about what is to be claimed for a month, or return the one that is open already and write nothing.

    Holds the account's settlement work. The case is linked with the payments and refunds of the fifty greatest lines, and
    every open difference of a claimed line names the case. Raises PermissionRefused, NotFound where there is nothing to
    claim, and RuleRefused(MONTH_CLOSED).
    """
    actor.require_person(Permission.WORK_DIFFERENCES)
    actor.require_person(Permission.OPEN_CASES)
    if not actor.sees(account):
        raise NotFound

    def opened() -> Case:
        lock_account(account)
        known = open_claim(account, month)
        if known is not None:
            return known
        refuse_closed(account, month)
        claim = claim_of(account, month)
        if not claim.lines:
            raise NotFound
        case = cases.begin(account, claim_subject(account, month), _opening(claim), actor=actor)
        _link(case, claim, actor)
        _name_in_differences(case, claim, actor)
        return case

    return seams.transact(opened)


def _opening(claim: Claim) -> Opening:
    count = claim.line_count
    about = ngettext(
        "Costs of {month}: {count} line above what was agreed",
        "Costs of {month}: {count} lines above what was agreed",
        count,
    ).format(month=f"{claim.month:%m/%Y}", count=count)
    totals = claim.totals
    amount = totals[0].difference.quantize(CENT) if len(totals) == 1 else None
    return Opening(CaseKind.INQUIRY, about, amount=amount or None, currency=totals[0].currency if amount else "")


def _link(case: Case, claim: Claim, actor: Actor) -> None:
    """Link the payments and refunds of the greatest lines, each once, with the orders that they hang below."""
    seen: set[tuple[LinkKind, int]] = set()
    for each in claim.lines:
        line = each.line
        what, row_id = (LinkKind.REFUND, line.refund_id) if line.refund_id else (LinkKind.VOUCHER, line.voucher_id)
        place = place_of(what, row_id) if row_id is not None and (what, row_id) not in seen else None
        if place is None or place.account != case.account or row_id is None:
            continue
        seen.add((what, row_id))
        cases.add_link(case, place.order_id, what, row_id, actor)
        if len(seen) == MOST_LINKS:
            return


def _name_in_differences(case: Case, claim: Claim, actor: Actor) -> None:
    lines = [each.line.pk for each in claim.lines]
    open_ones = Discrepancy.objects.select_for_update(no_key=True).filter(
        line__in=lines, settled_at__isnull=True, case__isnull=True
    )
    found = list(open_ones.order_by("pk"))
    Discrepancy.objects.filter(pk__in=[each.pk for each in found]).update(case=case)
    DiscrepancyEntry.objects.bulk_create(
        DiscrepancyEntry(
            discrepancy=each,
            act=DiscrepancyAct.CASE_OPENED,
            said=case.public_id,
            actor=actor.name,
            person_id=actor.user_id,
            at=seams.now(),
        )
        for each in found
    )


def _said(claim: Claim, account: EffectiveAccount) -> dict[str, object]:
    shop, support = conf.current(), account.provider.support
    numbers = {each: number for number, each in enumerate(claim.agreements, 1)}
    shown = claim.lines[:MOST_IN_LETTER]
    return {
        "provider": account.provider.name,
        "account": claim.account,
        "merchant": f"{support.merchant}: {account.config.credentials.get(support.merchant, '')}"
        if support.merchant
        else "",
        "month": written_month(claim.month),
        "count": claim.line_count,
        "agreements": [f"[{number}] {_agreement_words(each)}" for each, number in numbers.items()],
        "lines": [
            (place, *_line_words(each, support, numbers[each.agreement] if each.agreement else 0))
            for place, each in enumerate(shown, 1)
        ],
        "left_out": len(claim.lines) - len(shown) + claim.left_out,
        "totals": [_total_words(each) for each in claim.totals],
        "shop_name": shop.shop_name or "PagoEfectivo",
        "contact": shop.support_contact,
    }


def _total_words(each: Total) -> str:
    said = ngettext(
        "{currency}: {count} line, agreed {agreed}, charged {charged}, too much {difference}",
        "{currency}: {count} lines, agreed {agreed}, charged {charged}, too much {difference}",
        each.lines,
    )
    return said.format(currency=each.currency, count=each.lines, **_amounts(each))


def _amounts(each: ClaimedLine | Total) -> dict[str, str]:
    """What both a line and a sum say of themselves."""
    return {name: format_exactly(getattr(each, name), each.currency) for name in ("agreed", "charged", "difference")}


def _line_words(each: ClaimedLine, support: Support, number: int) -> tuple[str, str]:
    """Two lines of text: which it is, and what it cost."""
    line = each.line
    names = (
        (support.payment, line.provider_reference),
        (support.order, line.reference),
        (support.refund, line.refund_provider_reference),
    )
    ids = " · ".join(f"{name}: {value}" for name, value in names if value)
    what = _("currency exchange") if each.is_exchange else str(line.get_kind_display())
    facts = [capfirst(what), ids or line.identity, f"{each.day:%d/%m/%Y}"]
    if line.amount is not None:
        facts.append(format_exactly(line.amount, line.currency or each.currency))
    if line.rate is not None:
        facts.append(_("rate {rate}").format(rate=f"{line.rate.normalize():f}"))
    if each.is_exchange and each.agreement is not None and line.day_rate is not None:
        facts.append(_("rate of the day {rate}").format(rate=f"{line.day_rate.normalize():f}"))
    if each.agreement is None:
        told = _(
            "settled {settled}, by the rate that the line itself names {ours}: {difference} lost ({file}, line {line})"
        )
    else:
        told = _("agreed {agreed} [{number}], charged {charged}, too much {difference} ({file}, line {line})")
    return " · ".join(facts), told.format(
        number=number,
        file=line.report,
        line=line.line,
        settled=format_exactly(line.settled_amount or ZERO, each.currency),
        ours=format_exactly(line.agreed_settlement or ZERO, each.currency),
        **_amounts(each),
    )


def _agreement_words(each: Agreement) -> str:
    schedule = each.schedule
    until = f"{schedule.valid_until:%d/%m/%Y}" if schedule.valid_until else _("further notice")
    valid = _("“{name}”, from {begins} until {ends}").format(
        name=schedule.name, begins=f"{schedule.valid_from:%d/%m/%Y}", ends=until
    )
    return f"{valid}: {'; '.join(_terms(each))}"


def _terms(each: Agreement) -> Iterator[str]:
    schedule = each.schedule
    terms, currency = schedule.terms, schedule.currency
    if each.is_exchange:
        yield _("exchanged at no more than {percent} above the rate of the day").format(percent=_percent(each.percent))
        return
    per_payment = _("{percent} and {fixed} for each payment").format(
        percent=_percent(each.percent), fixed=format_money(each.fixed, currency)
    )
    if each.tier_from:
        per_payment += " " + _("(tier from {count} payments a month)").format(count=each.tier_from)
    yield per_payment
    if schedule.market == Market.CROSS_BORDER and terms.cross_border_percent:
        yield f"{MARKET_WORDS[Market.CROSS_BORDER]} +{_percent(terms.cross_border_percent)}"
    sums = (
        (_("at least {amount} for each payment"), terms.minimum),
        (_("risk module {amount} for each payment"), terms.risk_fee),
        (_("refund {amount}"), terms.refund_fee),
        (_("dispute {amount}"), terms.dispute_fee),
    )
    yield from (word.format(amount=format_money(amount, currency)) for word, amount in sums if amount)
    yield _("tax on fees (IGV) {percent}").format(percent=_percent(terms.tax_percent))


def _percent(value: Decimal) -> str:
    return f"{value.normalize():f} %"
