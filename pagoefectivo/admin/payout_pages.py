"""The pages of the payout desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from pagoefectivo.admin import payout_acts
from pagoefectivo.admin.actions import in_words
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.payout_forms import BatchForm, ResultsForm
from pagoefectivo.admin.presentation import actor_word, link, moment, money, state_badge
from pagoefectivo.admin.reading import SEES_BANK_ACCOUNTS
from pagoefectivo.admin.refund_facts import payee
from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.models import Payout, Refund
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.services.payout_results import Review, Verdict


def ready(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Show every refund that is ready, by account and currency, with a button for each file."""
    _note_accounts(request, "ready to be paid out")
    context = {
        **frame(model_admin, request, None, _("Ready to be paid out")),
        "batches": [
            {
                "account": batch.account,
                "total": money(batch.total, batch.currency),
                "form": BatchForm(initial={"account": batch.account, "currency": batch.currency}),
                "rows": [_row(request, refund) for refund in batch.refunds],
            }
            for batch in desk.batches()
        ],
    }
    return _page(request, "ready", context)


def detail(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, payout: Payout, *, may_download: bool
) -> HttpResponse:
    """Show one file and where each of its refunds stands."""
    _note_accounts(request, payout.reference)
    refunds = payout.refunds.select_related("order", "destination").order_by("pk")
    context = {
        **frame(model_admin, request, payout, _("Payout file %s") % payout.reference),
        "payout": payout,
        "may_download": may_download and bool(payout.content),
        "facts": [
            (_("Account"), payout.account),
            (_("Made"), moment(payout.created_at, seconds=True)),
            (_("Made by"), actor_word(payout.made_by)),
            (_("Transfers"), payout.count),
            (_("Sum"), money(payout.total, payout.currency)),
            ("SHA-256", payout.sha256),
        ],
        "rows": [_row(request, _of(refund, payout)) for refund in refunds],
    }
    return _page(request, "detail", context)


def _note_accounts(request: HttpRequest, subject: str) -> None:
    if request.user.has_perm(SEES_BANK_ACCOUNTS):
        note(request, Kind.BANK, subject=subject)


def _of(refund: Refund, payout: Payout) -> Refund:
    refund.payout = payout
    return refund


def results(model_admin: admin.ModelAdmin[Any], request: HttpRequest, form: Form) -> HttpResponse:
    """Show the form that takes the bank's results."""
    context = {**frame(model_admin, request, None, _("What the bank did")), "form": form}
    return _page(request, "results", context)


def reviewed(model_admin: admin.ModelAdmin[Any], request: HttpRequest, review: Review, content: bytes) -> HttpResponse:
    """Show what would be recorded, or every line that is refused; only a clean file has the button."""
    context = {
        **frame(model_admin, request, None, _("What the bank did")),
        "review": review,
        "lines": [_line(verdict) for verdict in review.verdicts],
        "form": ResultsForm(initial={"lines": content.decode("utf-8-sig")}),
    }
    return _page(request, "review", context)


def unreadable(fault: UnreadableFile) -> str:
    """Say why a file cannot be read, and where."""
    return _("Line {line}: {why}").format(line=fault.line, why=fault.why) if fault.line else fault.why


def _line(verdict: Verdict) -> dict[str, object]:
    refund = verdict.refund
    return {
        "number": verdict.result.line,
        "reference": verdict.result.reference,
        "refund": link(refund, money(refund.amount, refund.currency)) if refund else "–",
        "outcome": _words()[verdict.result.outcome.value],
        "proof": verdict.result.operation_number or verdict.result.code,
        "on": verdict.result.on,
        "refusal": in_words(verdict.refusal) if verdict.refusal else "",
    }


def _words() -> dict[str, str]:
    return {"paid": _("paid out"), "rejected": _("rejected"), "returned": _("sent back")}


def _row(request: HttpRequest, refund: Refund) -> dict[str, object]:
    return {
        "pk": refund.pk,
        "refund": link(refund, refund.order.reference),
        "reference": refund.reference,
        "amount": money(refund.amount, refund.currency),
        "badge": state_badge(refund),
        "payee": payee(request, refund),
        "requested_by": actor_word(refund.requested_by),
        "approved_by": actor_word(refund.approved_by),
        "number": refund.provider_reference,
        "may": payout_acts.may(request, refund),
    }


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    status = 422 if request.method == "POST" and "review" not in context else 200
    return TemplateResponse(request, f"admin/pagoefectivo/payout/{name}.html", context, status=status)
