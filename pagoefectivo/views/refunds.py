"""The buyer's page of one refund: where it stands for whoever has the link, and the account for who has shown who they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict, UnreadablePostError
from django.utils.translation import gettext

from pagoefectivo.domain.exceptions import NotFound, RuleRefused, StateConflict
from pagoefectivo.domain.messages import Destination
from pagoefectivo.links import refund_page_key_of
from pagoefectivo.models import Refund
from pagoefectivo.selectors.refund_pages import Standing, refund_behind, standing_of
from pagoefectivo.services import destinations, doubts, second_factor
from pagoefectivo.services.second_factor import Verdict
from pagoefectivo.views import refund_drafts, refund_visits
from pagoefectivo.views.protection import Visit, absent, protected, rendered, too_many, with_forms
from pagoefectivo.views.refund_forms import PayeeForm
from pagoefectivo.views.refund_texts import RefundPage, page_of, review_of
from pagoefectivo.views.refund_visits import Entrance
from pagoefectivo.views.senders import Limit, network_of, remote_ip
from pagoefectivo.views.vouchers import GUESSES

VISITS = Limit("refund-visits", 60, untold=5)
PAUSE_SECONDS = str(int(second_factor.PAUSE.total_seconds()))
TEMPLATE = "pagoefectivo/refund.html"


@dataclass(frozen=True, slots=True)
class Call:
    """One request for the page of a refund that exists."""

    request: HttpRequest
    visit: Visit
    refund: Refund
    entrance: Entrance | None

    @property
    def is_opened(self) -> bool:
        return self.entrance is not None and self.entrance.is_opened

    @property
    def fields(self) -> QueryDict:
        """What was typed in; nothing of a body that cannot be read."""
        try:
            return self.request.POST
        except (RequestDataTooBig, TooManyFieldsSent, UnreadablePostError):
            return QueryDict()

    @property
    def sender(self) -> str:
        return network_of(remote_ip(self.request))

    @property
    def address(self) -> str:
        return f"{refund_visits.path_of(str(self.refund.page_key))}?lang={self.visit.language}"


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says above everything else, and the status it says it with."""

    text: str = ""
    status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY
    is_complaint: bool = True


QUIET = Told(status=HTTPStatus.OK)


@with_forms
def page(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Show where a refund stands, or take one of its forms. 404 for every link that opens nothing, 429 when hurried."""
    key = _key(token)
    hurried = VISITS.is_exceeded_by(token) if key else GUESSES.is_exceeded_by(network_of(remote_ip(request)))
    if hurried:
        return too_many(visit)
    refund = refund_behind(key)
    if refund is None:
        return absent(visit)
    call = Call(request, visit, refund, refund_visits.entrance_of(request, key))
    return _taken(call) if request.method == "POST" else _shown(call)


@protected
def missing(_request: HttpRequest, visit: Visit, _token: str) -> HttpResponse:
    """Answer an address below the page that does not exist, before Django would log it with its token."""
    return absent(visit)


def _key(token: str) -> str:
    """Return the key that a token carries; empty, which no refund has, for a token that we did not sign."""
    try:
        return refund_page_key_of(token)
    except NotFound:
        return ""


def _taken(call: Call) -> HttpResponse:
    """Carry out the act that a form names; one that is not this page's own, or came too late, changes nothing."""
    act = call.fields.get("act", "")
    is_own = call.entrance is not None and call.entrance.takes(call.fields.get("form_key", ""))
    if not is_own or (act in _OPENED_ACTS and not call.is_opened):
        text = gettext("This page was open for too long, or your browser keeps no cookies. Try once more.")
        return _shown(replace(call, entrance=None), Told(text, HTTPStatus.FORBIDDEN))
    take = _LOCKED_ACTS.get(act) or _OPENED_ACTS.get(act)
    return take(call) if take else _shown(call)


def _phone(call: Call) -> HttpResponse:
    digits = call.fields.get("digits", "").strip()
    return _judged(call, second_factor.answer_with_phone(call.refund, digits, sender=call.sender))


def _code(call: Call) -> HttpResponse:
    code = call.fields.get("code", "").strip()
    return _judged(call, second_factor.answer_with_code(call.refund, code, sender=call.sender))


def _mail(call: Call) -> HttpResponse:
    second_factor.email_code(call.refund)
    text = gettext("If your order has an e-mail, a code of 6 digits is on its way to it. It can take a minute.")
    return _shown(call, Told(text, HTTPStatus.OK, is_complaint=False))


def _judged(call: Call, verdict: Verdict) -> HttpResponse:
    if verdict is Verdict.RIGHT:
        return _sent_on(call.address, Entrance(str(call.refund.page_key), is_opened=True))
    if verdict is Verdict.WRONG:
        return _shown(call, Told(gettext("That does not match what your order has. Look again, or use the other way.")))
    text = gettext("Too many tries. Wait 15 minutes and try again; your money is safe meanwhile.")
    response = _shown(call, Told(text, HTTPStatus.TOO_MANY_REQUESTS))
    response["Retry-After"] = PAUSE_SECONDS
    return response


def _review(call: Call) -> HttpResponse:
    standing = standing_of(call.refund)
    if not standing.is_open:
        return _shown(call, _late())
    form = _form(standing, call.fields)
    if not form.is_valid():
        return _shown(call, Told(gettext("Look at the fields below; nothing has been kept yet.")), form=form)
    return _reviewed(call, form.destination)


def _correct(call: Call) -> HttpResponse:
    draft = refund_drafts.unseal(call.refund, call.fields.get("draft", ""))
    kept = draft.destination if draft else Destination()
    initial = {name: getattr(kept, name) for name in ("holder_name", "document_type", "document_number")}
    return _shown(call, form=_form(standing_of(call.refund), initial=initial))


def _confirm(call: Call) -> HttpResponse:
    draft = refund_drafts.unseal(call.refund, call.fields.get("draft", ""))
    if draft is None:
        return _shown(call, Told(gettext("That took too long. Enter your account once more; nothing has been kept.")))
    try:
        destinations.give(call.refund, draft.destination, seen=draft.seen)
    except StateConflict:
        text = gettext("The refund changed meanwhile, so your account was not taken. This is how it stands now.")
        return _shown(_anew(call), Told(text, HTTPStatus.CONFLICT))
    except RuleRefused:
        return _shown(_anew(call), _late())
    return HttpResponseRedirect(call.address, status=HTTPStatus.SEE_OTHER)


def _again(call: Call) -> HttpResponse:
    """Begin another try and go on to its page, where the buyer is known already."""
    try:
        fresh = destinations.begin_again(call.refund)
    except (RuleRefused, StateConflict):
        text = gettext("It cannot be tried again from here. Write to the shop; your money is safe.")
        return _shown(_anew(call), Told(text, HTTPStatus.CONFLICT))
    return _gone_to(call, fresh)


def _next(call: Call) -> HttpResponse:
    following = standing_of(call.refund).next_try
    return _gone_to(call, following) if following and following.page_key else _shown(call)


def _gone_to(call: Call, refund: Refund) -> HttpResponse:
    entrance = Entrance(str(refund.page_key), is_opened=True)
    return _sent_on(replace(call, refund=refund).address, entrance)


_LOCKED_ACTS: dict[str, Callable[[Call], HttpResponse]] = {"phone": _phone, "code": _code, "mail": _mail}
_MAIL_ACTS = ("mail", "code")
_OPENED_ACTS: dict[str, Callable[[Call], HttpResponse]] = {
    "review": _review,
    "correct": _correct,
    "confirm": _confirm,
    "again": _again,
    "next": _next,
}


def _shown(call: Call, told: Told = QUIET, *, form: PayeeForm | None = None) -> HttpResponse:
    """Render the page as it stands now, with a form where the buyer may give an account."""
    standing = standing_of(call.refund)
    shown = page_of(call.refund, standing, language=call.visit.language, is_opened=call.is_opened)
    wants_form = call.is_opened and shown.takes_account
    if wants_form and form is None and (not shown.account or "change" in call.request.GET):
        form = _form(standing)
    return _answered(call, told, shown, form=form if wants_form else None)


def _reviewed(call: Call, destination: Destination) -> HttpResponse:
    shown = page_of(call.refund, standing_of(call.refund), language=call.visit.language, is_opened=True)
    sealed = refund_drafts.seal(call.refund, destination)
    warnings = tuple(doubt.sentence for doubt in doubts.about(call.refund, destination))
    review = review_of(destination, warnings, sealed)
    return _answered(call, QUIET, shown, review=review)


def _answered(call: Call, told: Told, page: RefundPage, **context: object) -> HttpResponse:
    entrance = call.entrance or Entrance(str(call.refund.page_key))
    is_mailed = call.fields.get("act") in _MAIL_ACTS
    around = {"told": told, "page": page, "form_key": entrance.form_key, "here": call.address, "is_mailed": is_mailed}
    response = rendered(call.visit, TEMPLATE, {**around, **context}, status=told.status)
    if call.entrance is None and page.asks_who:
        refund_visits.keep(response, entrance)
    return response


def _sent_on(address: str, entrance: Entrance) -> HttpResponse:
    response = HttpResponseRedirect(address, status=HTTPStatus.SEE_OTHER)
    refund_visits.keep(response, entrance)
    return response


def _form(standing: Standing, data: object = None, *, initial: dict[str, str] | None = None) -> PayeeForm:
    return PayeeForm(data, required=standing.fields, needs_cci=standing.needs_cci, initial=initial)


def _anew(call: Call) -> Call:
    """The same request, looking at the refund as it is now."""
    return replace(call, refund=refund_behind(str(call.refund.page_key)) or call.refund)


def _late() -> Told:
    return Told(gettext("This refund takes no account any more, so nothing was kept."), HTTPStatus.CONFLICT)
