"""The pages of one difference: what does not add up, both sides, what was done, and matching by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pagoefectivo.admin.discrepancy_words import age_words, history_line, owner_word, sentence_of, standing_badge
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.permission_words import who_may
from pagoefectivo.admin.presentation import NOTHING, actor_word, link, moment
from pagoefectivo.admin.reading import SEES_PEOPLE
from pagoefectivo.admin.settlement_pages import other_lines, shares_of
from pagoefectivo.admin.settlement_words import both_sides, exactly, month_word, ours, verdict_badge, what_is_off
from pagoefectivo.domain.discrepancies import DiscrepancyReason
from pagoefectivo.domain.settlements import Verdict
from pagoefectivo.models import Discrepancy
from pagoefectivo.selectors.settlements import told_amount
from pagoefectivo.services.discrepancies import LONGEST

WORKS, MATCHES, OPENS_CASES = "pagoefectivo.work_discrepancy", "pagoefectivo.match_line", "pagoefectivo.open_case"


def detail(model_admin: admin.ModelAdmin[Any], request: HttpRequest, found: Discrepancy) -> HttpResponse:
    """Show everything about a difference."""
    line, in_full = found.line, request.user.has_perm(SEES_PEOPLE)
    context = {
        **frame(model_admin, request, found, _("Difference %s") % found.number),
        "found": found,
        "badge": standing_badge(found),
        "verdict": verdict_badge(found.verdict),
        "sentence": sentence_of(found, in_full=in_full),
        "ended": _ended(found),
        "is_proposal": found.verdict == Verdict.PROPOSED and found.settled_at is None and found.voucher_id is not None,
        "sides": both_sides(line, in_full=in_full) if line is not None else [],
        "facts": _facts(found),
        "shares": shares_of(line) if line is not None else [],
        "others": other_lines(line) if line is not None else [],
        "history": [history_line(entry) for entry in found.entries.order_by("-pk")],
        "may": _may(request, found),
        "doors": _for_others(request, found),
        "longest_note": LONGEST,
    }
    return TemplateResponse(request, "admin/pagoefectivo/discrepancy/detail.html", context)


def matching(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    found: Discrepancy,
    parts: Any,
    *,
    is_refused: bool = False,
) -> HttpResponse:
    """Show the form that says what a line is about, and how much of the line it leaves."""
    line = found.line
    if line is None:
        raise LookupError("a difference without a line has nothing to match")
    currency, amount = line.currency or line.book_currency, told_amount(line)
    left = parts.left_of(amount) if parts.is_bound else amount
    context = {
        **frame(model_admin, request, found, _("Match by hand · %s") % found.number),
        "sentence": sentence_for(request, found),
        "amount": exactly(amount, currency),
        "left": exactly(left, currency),
        "is_whole": left == Decimal(0),
        "parts": parts,
    }
    status = 422 if is_refused else 200
    return TemplateResponse(request, "admin/pagoefectivo/discrepancy/match.html", context, status=status)


def sentence_for(request: HttpRequest, found: Discrepancy) -> str:
    """Say what does not add up, as far as the reader may see."""
    return sentence_of(found, in_full=request.user.has_perm(SEES_PEOPLE))


def _facts(found: Discrepancy) -> list[tuple[str, object]]:
    line = found.line
    off = what_is_off(found.amount, found.currency) or exactly(found.amount, found.currency)
    facts: list[tuple[str, object]] = [
        (_("Difference"), off),
        (_("What it is about"), ours(found)),
        (_("Line"), link(line, f"{line.report} · {line.line:,}") if line is not None else NOTHING),
        (_("Account"), found.account),
        (_("Month"), month_word(found.month)),
        (_("Owner"), owner_word(found)),
        (_("Found"), moment(found.opened_at)),
        (_("Age"), age_words(found)),
        (_("Case"), link(found.case)),
    ]
    return facts


def _ended(found: Discrepancy) -> SafeString | str:
    if found.settled_at is None:
        return ""
    return format_html(
        "{} · {} · {}{}{}",
        moment(found.settled_at),
        actor_word(found.settled_by),
        found.get_reason_display(),
        ": " if found.resolution else "",
        found.resolution,
    )


def _may(request: HttpRequest, found: Discrepancy) -> dict[str, bool]:
    """Tell which acts make sense now and are allowed to this person; the services decide again."""
    user: Any = request.user
    is_open, works = found.settled_at is None, user.has_perm(WORKS)
    return {
        "take": works and is_open and found.owner_id != user.pk,
        "release": works and is_open and found.owner_id == user.pk,
        "note": works and is_open,
        "settle": works and is_open,
        "reopen": works and not is_open and found.reason != DiscrepancyReason.MATCHED,
        "case": works
        and is_open
        and found.case_id is None
        and found.voucher_id is not None
        and user.has_perm(OPENS_CASES),
        "match": is_open and found.line_id is not None and user.has_perm(MATCHES),
    }


def _for_others(request: HttpRequest, found: Discrepancy) -> list[dict[str, str]]:
    """Return the acts that make sense now and are not this person's, with the desks whose they are."""
    acts = []
    if found.settled_at is None:
        acts.append((WORKS, _("Settle it …")))
        if found.line_id is not None:
            acts.append((MATCHES, _("Match by hand …")))
    elif found.reason != DiscrepancyReason.MATCHED:
        acts.append((WORKS, _("Open it again …")))
    return [{"label": label, "who": who_may(needed)} for needed, label in acts if not request.user.has_perm(needed)]
