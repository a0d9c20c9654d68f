"""The pages of one case: what is known, what is linked, what was done, and the questions before an act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pagoefectivo import conf
from pagoefectivo.admin.case_words import due_words, history_line, owner_word, sentence_of, standing_badge
from pagoefectivo.admin.month_links import address_of
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.permission_words import who_may
from pagoefectivo.admin.presentation import NOTHING, actor_word, badge, link, moment, money, state_badge
from pagoefectivo.domain.cases import LinkKind, claimed_month
from pagoefectivo.models import Case, CaseEntry, Order, Refund, Voucher
from pagoefectivo.models.labels import EXHIBIT_LABELS
from pagoefectivo.selectors.cases import Evidence, Place, checklist, linked_rows, open_about
from pagoefectivo.services.cases import LONGEST_NOTE
from pagoefectivo.services.letters import Letter

_EXHIBITS = dict(EXHIBIT_LABELS)


def detail(model_admin: admin.ModelAdmin[Any], request: HttpRequest, case: Case) -> HttpResponse:
    """Show everything about a case."""
    entries = list(case.entries.all())
    links = list(case.links.order_by("pk"))
    orders = sorted({each.order_id for each in links})
    context = {
        **frame(model_admin, request, case, _("Case %s") % case.public_id),
        "case": case,
        "badge": standing_badge(case),
        "sentence": sentence_of(case, entries),
        "facts": _facts(case),
        "evidence": [_evidence(each) for each in checklist(orders, entries)],
        "links": [(each.pk, each.get_what_display(), _shown(row), _standing(row)) for each, row in linked_rows(links)],
        "history": [_line(entry) for entry in reversed(entries)],
        "may": _may(request, case),
        "claim": _claim(request, case),
        "others": _for_others(request, case),
        "longest_note": LONGEST_NOTE,
    }
    return TemplateResponse(request, "admin/pagoefectivo/case/detail.html", context)


def opening(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, what: LinkKind, place: Place, form: Form
) -> HttpResponse:
    """Show the form that opens a case, and the open cases that there are already."""
    order = Order.objects.only("reference").get(pk=place.order_id)
    known = list(open_about(what, place.rows[what]))
    question = Question(
        title=_("Open a case about order %s") % order.reference,
        sentences=[
            _("A case moves no money and changes no order. It has a deadline, an owner, and an evidence bundle."),
            format_html("{} {}", _("Open already:"), _listed(known)) if known else "",
        ],
        button=_("Open the case"),
    )
    return ask(model_admin, request, None, question, form)


def asked(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    case: Case,
    title: str,
    button: str,
    form: Form,
    *told: str,
) -> HttpResponse:
    """Show the question before an act."""
    question = Question(title=f"{title} · {case.public_id}", sentences=list(told), button=button)
    return ask(model_admin, request, case, question, form)


def letter_page(model_admin: admin.ModelAdmin[Any], request: HttpRequest, case: Case, letter: Letter) -> HttpResponse:
    """Show a letter to be copied or downloaded."""
    title = _("Letter to the buyer") if letter.addressee == "buyer" else _("Letter to the provider")
    context = {
        **frame(model_admin, request, case, f"{title} · {case.public_id}"),
        "letter": letter,
        "rows": letter.text.count("\n") + 2,
    }
    return TemplateResponse(request, "admin/pagoefectivo/case/letter.html", context)


def _claim(request: HttpRequest, case: Case) -> str:
    """Where the letter of a claim is, for who may see it; a case about anything else has letters of its own."""
    month = claimed_month(case.subject)
    may_see = request.user.has_perm("pagoefectivo.work_discrepancy") and case.account in conf.current().accounts
    return address_of(case.account, month, "claim") if month is not None and may_see else ""


def _facts(case: Case) -> list[tuple[str, object]]:
    return [
        (_("What it is about"), case.about),
        (_("Kind"), case.get_kind_display()),
        (_("Amount"), money(case.amount, case.currency)),
        (_("Due"), due_words(case)),
        (_("Owner"), owner_word(case)),
        (_("Whose responsibility"), case.get_responsible_display()),
        (_("Why"), case.responsible_why or NOTHING),
        (_("Account"), case.account),
        (_("Opened"), format_html("{} · {}", moment(case.opened_at), actor_word(case.opened_by))),
    ]


def _evidence(line: Evidence) -> dict[str, object]:
    if line.is_there:
        standing = badge("good", _("at hand"))
    elif line.is_needed:
        standing = badge("waiting", _("missing"))
    else:
        standing = badge("over", _("none"))
    return {
        "exhibit": line.exhibit.value,
        "what": _EXHIBITS[line.exhibit.value],
        "badge": standing,
        "is_by_hand": line.is_by_hand,
        "is_there": line.is_there,
        "where": line.tick.note if line.tick is not None else "",
        "who": actor_word(line.tick.actor) if line.tick is not None else "",
        "at": moment(line.tick.at) if line.tick is not None else "",
        "count": _("{found} of {wanted}").format(found=line.found, wanted=line.wanted) if line.wanted else "",
    }


def _shown(row: Any) -> SafeString | str:
    return link(row, row.get_kind_display() if hasattr(row, "get_kind_display") else None)


def _standing(row: Any) -> SafeString | str:
    """Where a linked thing stands now."""
    if isinstance(row, Order | Voucher | Refund):
        return state_badge(row)
    if hasattr(row, "closed_at"):
        return badge("over", _("closed")) if row.closed_at is not None else badge("waiting", _("open"))
    if hasattr(row, "http_status"):
        return f"{row.get_outcome_display()} · HTTP {row.http_status or NOTHING}"
    return moment(row.received_at)


def _line(entry: CaseEntry) -> dict[str, object]:
    return {
        "at": moment(entry.at, seconds=True),
        "who": actor_word(entry.actor),
        "what": history_line(entry),
        "note": entry.note,
    }


def _listed(known: Sequence[Case]) -> SafeString:
    return format_html_join(", ", "{}", ((link(case),) for case in known))


def _may(request: HttpRequest, case: Case) -> dict[str, bool]:
    """Tell which acts make sense now and are allowed to this person; the services decide again."""
    user: Any = request.user
    is_open = case.ended_at is None
    works = user.has_perm("pagoefectivo.work_case")
    return {
        "work": works and is_open,
        "note": works,
        "take": works and is_open and case.owner_id != user.pk,
        "assign": is_open and user.has_perm("pagoefectivo.assign_case"),
        "end": is_open and user.has_perm("pagoefectivo.close_case"),
        "bundle": user.has_perm("pagoefectivo.bundle_case"),
        "letter": works and claimed_month(case.subject) is None,
    }


def _for_others(request: HttpRequest, case: Case) -> list[dict[str, str]]:
    """Return the acts that make sense now and are not this person's, with the desks whose they are."""
    acts = [("pagoefectivo.bundle_case", _("Evidence bundle …"))]
    if case.ended_at is None:
        acts += [
            ("pagoefectivo.work_case", _("Evidence sent …")),
            ("pagoefectivo.assign_case", _("Give it to …")),
            ("pagoefectivo.close_case", _("How it ended …")),
        ]
    return [{"label": label, "who": who_may(needed)} for needed, label in acts if not request.user.has_perm(needed)]
