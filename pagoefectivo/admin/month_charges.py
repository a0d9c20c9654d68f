"""A month's costs, agreed beside charged: the page, the lines that differ, and the claim that is made of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Page
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo import conf
from pagoefectivo.admin.actions import actor_of, carry_out, desk
from pagoefectivo.admin.charge_words import charged_month, listed_line
from pagoefectivo.admin.exports import EXPORTS
from pagoefectivo.admin.figures import too_large
from pagoefectivo.admin.month_links import address_of
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.paging import NewestRows
from pagoefectivo.admin.reading import SEES_PEOPLE
from pagoefectivo.admin.refusals import refused
from pagoefectivo.domain.charges import DIFFERING, KIND_WORDS, STANDING_WORDS, MonthCharges
from pagoefectivo.domain.languages import LANGUAGES
from pagoefectivo.domain.localtime import month_named, written_month
from pagoefectivo.domain.money import SYMBOLS
from pagoefectivo.domain.settlements import Verdict
from pagoefectivo.models import MonthlyClose
from pagoefectivo.selectors.charges import Wanted, charges_of, differing_lines
from pagoefectivo.selectors.claims import beside_agreements, charges_csv, claim_csv, claim_of, claim_xlsx, open_claim
from pagoefectivo.selectors.periods import RangeTooLarge, patience
from pagoefectivo.selectors.workbooks import CONTENT_TYPE
from pagoefectivo.services import claims

if TYPE_CHECKING:
    from pagoefectivo.admin.reading import OnePageAdmin as _Admin
else:
    _Admin = object

SEES_COSTS, WORKS, OPENS_CASES = "pagoefectivo.view_costs", "pagoefectivo.work_discrepancy", "pagoefectivo.open_case"
LINES_A_PAGE = 50
_CSV = "text/csv; charset=utf-8"
_NEWEST = "newest"
_TABLES = ("xlsx", "csv")


class LinesForm(forms.Form):
    """Which of the lines that differ are shown, and in which order."""

    standing = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("all that differ")), *((each.value, STANDING_WORDS[each]) for each in DIFFERING)],
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        required=False,
        choices=[("", gettext_lazy("all")), *((kind.value, word) for kind, word in KIND_WORDS.items())],
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        required=False,
        choices=[("", gettext_lazy("all")), *((each, each) for each in SYMBOLS)],
    )
    order = forms.ChoiceField(
        label=gettext_lazy("Sorted by"),
        required=False,
        choices=[("", gettext_lazy("greatest difference first")), (_NEWEST, gettext_lazy("newest first"))],
    )

    @property
    def wanted(self) -> Wanted:
        """What was chosen; what is no choice is as if it had not been made."""
        self.is_valid()
        chosen = self.cleaned_data.get
        return Wanted(
            standing=chosen("standing", ""),
            kind=chosen("kind", ""),
            currency=chosen("currency", ""),
            newest_first=chosen("order") == _NEWEST,
        )


class ChargesOfMonth(_Admin):
    """The pages of a month's costs, below the month's own."""

    @desk(SEES_COSTS)
    def charges_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Show what was agreed and charged in a month, and the lines that differ."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        day = _month(account, month)
        form = LinesForm(request.GET)
        months, lines, trouble = _read(account, day, form.wanted, request.GET.get("p", ""))
        may = request.user.has_perm
        case = open_claim(account, day)
        context = {
            **frame(self, request, MonthlyClose(account=account, month=day), _("Costs, agreed and charged")),
            "back": address_of(account, day),
            "month": f"{account} · {written_month(day)}",
            "form": form,
            "trouble": trouble,
            "months": [charged_month(number, each) for number, each in enumerate(months, 1)],
            "lines": [listed_line(each) for each in beside_agreements(account, lines or ())],
            "page": lines,
            "kept": _query(request),
            "csv": f"{address_of(account, day, 'charges_csv')}?{_query(request)}" if may(EXPORTS) else "",
            "claim": address_of(account, day, "claim")
            if may(WORKS) and any(each.is_claimed for each in months)
            else "",
            "case": case if may("pagoefectivo.view_case") else None,
            "exchanges": _exchanges(account, day)
            if may("pagoefectivo.view_discrepancy") and any(each.exchanges for each in months)
            else "",
            "estimate": f"{reverse('admin:pagoefectivo_costs_changelist')}?month={day:%Y-%m}&account={account}",
        }
        return TemplateResponse(
            request, "admin/pagoefectivo/month/charges.html", context, status=422 if trouble else 200
        )

    @desk(EXPORTS)
    def charges_csv_view(self, request: HttpRequest, account: str, month: str) -> HttpResponseBase:
        """Answer with the lines that differ as CSV, narrowed as the page is, and write down who took them."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        day = _month(account, month)
        lines = differing_lines(account, day, LinesForm(request.GET).wanted)
        with_people = request.user.has_perm(SEES_PEOPLE)
        note(request, Kind.EXPORT, subject=f"{account} {day:%Y-%m} charges")
        name = f"{account}-{day:%Y-%m}-charges.csv"
        return StreamingHttpResponse(
            charges_csv(account, lines, with_people=with_people), content_type=_CSV, headers=_attached(name)
        )

    @desk(WORKS)
    def claim_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Show the letter that claims what was charged too much, or hand it out as text."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        day = _month(account, month)
        letter = claims.letter(account, day, request.GET.get("language", ""), actor=actor_of(request))
        if "download" in request.GET:
            return HttpResponse(letter.text, content_type="text/plain; charset=utf-8", headers=_attached(letter.name))
        may = request.user.has_perm
        claim, case = claim_of(account, day), open_claim(account, day)
        context = {
            **frame(self, request, MonthlyClose(account=account, month=day), _("Claim to the provider")),
            "back": address_of(account, day, "charges"),
            "month": f"{account} · {written_month(day)}",
            "letter": letter,
            "rows": letter.text.count("\n") + 2,
            "languages": LANGUAGES.items(),
            "claim": claim,
            "files": _tables(account, day) if may(EXPORTS) else (),
            "case": case if may("pagoefectivo.view_case") else None,
            "open": address_of(account, day, "claim_case") if case is None and may(OPENS_CASES) else "",
        }
        return TemplateResponse(request, "admin/pagoefectivo/month/claim.html", context)

    @desk(EXPORTS)
    def claim_table_view(self, request: HttpRequest, account: str, month: str, ending: str) -> HttpResponse:
        """Answer with the claimed lines, to be attached to the letter, and write down who took them."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        day = _month(account, month)
        if not request.user.has_perm(WORKS):
            return refused(self, request, WORKS)
        claim = claim_of(account, day)
        if not claim.lines or ending not in _TABLES:
            raise Http404
        content: str | bytes = claim_xlsx(claim) if ending == "xlsx" else claim_csv(claim)
        note(request, Kind.EXPORT, subject=f"{account} {day:%Y-%m} claim {ending}")
        headers = _attached(f"{account}-{day:%Y-%m}-claim.{ending}")
        return HttpResponse(content, content_type=CONTENT_TYPE if ending == "xlsx" else _CSV, headers=headers)

    @desk(OPENS_CASES)
    def claim_case_view(self, request: HttpRequest, account: str, month: str) -> HttpResponse:
        """Ask once, then open the case of the claim, or go to the one that is open."""
        day = _month(account, month)
        known = open_claim(account, day)
        if known is not None:
            messages.info(request, _("A case about this claim is open already."))
            return redirect("admin:pagoefectivo_case_change", known.pk)
        if request.method == "POST":
            case = carry_out(request, lambda: claims.open_case(account, day, actor=actor_of(request)))
            if case is not None:
                messages.success(request, _("The case is open and yours."))
                return redirect("admin:pagoefectivo_case_change", case.pk)
        question = Question(
            title=_("Open a case about the costs of {month}").format(month=f"{written_month(day)} · {account}"),
            sentences=[
                _(
                    "A case moves no money. It has a deadline and an owner, and the open differences of these lines name it."
                )
            ],
            button=_("Open the case"),
        )
        return ask(self, request, None, question, back=address_of(account, day, "claim"))

    def get_urls(self) -> list[URLPattern]:
        site, where = self.admin_site.admin_view, "of/<str:account>/<str:month>/"
        pages = {
            "charges/": ("charges", self.charges_view),
            "charges/csv/": ("charges_csv", self.charges_csv_view),
            "claim/": ("claim", self.claim_view),
            "claim/case/": ("claim_case", self.claim_case_view),
            "claim/table/<str:ending>/": ("claim_table", self.claim_table_view),
        }
        return [
            *(
                path(f"{where}{below}", site(view), name=f"pagoefectivo_monthlyclose_{name}")
                for below, (name, view) in pages.items()
            ),
            *super().get_urls(),
        ]


def _read(account: str, month: date, wanted: Wanted, page: str) -> tuple[list[MonthCharges], Page[Any] | None, str]:
    """Return the sums, one page of lines, and what went wrong."""
    try:
        with patience():
            months = charges_of(account, month)
            lines = differing_lines(account, month, wanted).select_related("report", "voucher__order", "refund")
            shown = NewestRows(lines, LINES_A_PAGE).get_page(page or 1)
            shown.object_list = list(shown.object_list)
            return months, shown, ""
    except RangeTooLarge:
        return [], None, too_large()


def _tables(account: str, month: date) -> list[tuple[str, str]]:
    named = {"account": account, "month": f"{month:%Y-%m}"}
    return [
        (ending.upper(), reverse("admin:pagoefectivo_monthlyclose_claim_table", kwargs={**named, "ending": ending}))
        for ending in _TABLES
    ]


def _exchanges(account: str, month: date) -> str:
    """The list of the differences of exchange rate that are open."""
    asked = urlencode({"account": account, "month": f"{month:%Y-%m}", "class": Verdict.FX.value})
    return f"{reverse('admin:pagoefectivo_discrepancy_changelist')}?{asked}"


def _query(request: HttpRequest) -> str:
    asked = request.GET.copy()
    asked.pop("p", None)
    return asked.urlencode()


def _month(account: str, written: str) -> date:
    if account not in conf.current().accounts:
        raise Http404
    try:
        return month_named(written)
    except ValueError:
        raise Http404 from None


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
