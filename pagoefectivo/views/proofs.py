"""The buyer's page for sending the picture of a receipt. It confirms no payment: it makes us ask the provider."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, RuleRefused
from pagoefectivo.domain.localtime import lima_moment
from pagoefectivo.domain.proofs import Judgement
from pagoefectivo.links import page_key_of
from pagoefectivo.ocr.pictures import MOST_BYTES, Fault
from pagoefectivo.selectors.proofs import Sent, sent_behind
from pagoefectivo.services import proofs, seams
from pagoefectivo.views.proof_forms import CHANNELS, ProofForm
from pagoefectivo.views.protection import Visit, absent, rendered, too_many, with_forms
from pagoefectivo.views.senders import Limit, network_of, remote_ip

GUESSES = Limit("page-guesses", 30)
VISITS = Limit("proof-visits", 60, untold=5)
SENT_BY_LINK = Limit("proofs-by-link", 6)
SENT_BY_ADDRESS = Limit("proofs-by-address", 20)
OTHER_PARTS = 64 * 1024  # of a form beside its picture
MOST_DRAINED = 32 * 1024 * 1024  # of an upload that is too large, so that its sender hears why

_FAULTS = {
    Fault.EMPTY: noop("The file is empty. Choose the photo or screenshot of your receipt."),
    Fault.TOO_LARGE: noop("The file is larger than 5 MB. Take a screenshot of the photo and send that."),
    Fault.PDF: noop("We cannot take a PDF. Open it, take a screenshot and send that."),
    Fault.NO_PICTURE: noop("We take pictures in JPG, PNG or WebP. Take a screenshot of your receipt and send that."),
    Fault.HIDDEN_CONTENT: noop("The file holds more than a picture. Take a screenshot of your receipt and send that."),
    Fault.MOVING: noop("We cannot take a moving picture. Send a photo or a screenshot."),
    Fault.TOO_MANY_PIXELS: noop("The picture is too big. Take a screenshot of it and send that."),
    Fault.TOO_SMALL: noop("The picture is too small to be read. Send the whole receipt."),
    Fault.DAMAGED: noop("The file arrived damaged. Choose it again."),
    Fault.UNCLEAN: noop(
        "Our check for harmful files did not let it pass. Take a screenshot of your receipt and send that."
    ),
    Fault.UNSCANNED: noop("We cannot check files right now, so nothing was kept. Send it again in a few minutes."),
    Fault.TOO_HARD: noop("We could not open the picture. Take a screenshot of it and send that."),
}
_REFUSALS = {
    ErrorCode.PROOF_NOT_NEEDED: noop("You need not send anything for this order."),
    ErrorCode.PROOF_TOO_MANY: noop("You have sent as many pictures as we take for one code. We look at them."),
}
_STANDINGS = {
    "": noop("We have it and are asking the payment company about your payment."),
    Judgement.MATCHES: noop("We looked at it and asked the payment company again."),
    Judgement.DOES_NOT_MATCH: noop("We looked at it: it does not fit this order. Write to us if you think it does."),
    Judgement.BETTER_PICTURE: noop("We cannot read it. Please send a clearer picture of the whole receipt."),
}
_NO_LONGER_ASKED = noop("We have it. Your payment has arrived, so there is nothing left to check.")


@with_forms
def page(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Show the form, or take one picture: 303 back here when it was kept, 422 with a sentence when it was not.

    404 for every link that opens nothing, 413 for too many bytes, 429 when hurried.
    """
    key = _key(token)
    if _is_hurried(request, token if key else ""):
        return too_many(visit)
    sent = sent_behind(key)
    if sent is None:
        return absent(visit)
    return _take(request, visit, token, sent) if request.method == "POST" else _shown(visit, token, sent, ProofForm())


def _take(request: HttpRequest, visit: Visit, token: str, sent: Sent) -> HttpResponse:
    if _declared(request) > MOST_BYTES + OTHER_PARTS:
        _drain(request)
        problem, status = gettext(_FAULTS[Fault.TOO_LARGE]), HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return _shown(visit, token, sent, ProofForm(), problem, status)
    try:
        form = ProofForm(request.POST, request.FILES)
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        return _shown(visit, token, sent, ProofForm(), gettext(_FAULTS[Fault.DAMAGED]))
    if not form.is_valid():
        return _shown(visit, token, sent, form)
    try:
        proofs.send(_key(token), _content(form.cleaned_data["picture"]), form.told, remote_ip=remote_ip(request))
    except NotFound:
        return absent(visit)
    except RuleRefused as refusal:
        return _shown(visit, token, sent, form, _sentence(refusal))
    return HttpResponseRedirect(f"{_address(token)}?lang={visit.language}", status=HTTPStatus.SEE_OTHER)


def _shown(
    visit: Visit,
    token: str,
    sent: Sent,
    form: ProofForm,
    problem: str = "",
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    context: dict[str, Any] = {
        "reference": sent.reference,
        "is_wanted": sent.is_wanted,
        "sent": [
            {
                "number": each.number,
                "at": lima_moment(each.received_at, visit.language, now=seams.now()),
                "sentence": _standing(each.judgement, is_wanted=sent.is_wanted),
            }
            for each in sent.proofs
        ],
        "problem": problem or _problem(form),
        "form": form,
        "channels": CHANNELS,
        "here": f"{_address(token)}?lang={visit.language}",
        "back": f"{reverse('pagoefectivo:voucher', args=[token])}?lang={visit.language}",
    }
    return rendered(visit, "pagoefectivo/proof.html", context, status if form.is_bound or problem else HTTPStatus.OK)


def _problem(form: ProofForm) -> str:
    """What to do where the form says no; a browser forgets the picture that was chosen."""
    if not form.errors:
        return ""
    if "picture" in form.errors:
        return gettext("Choose the picture of your receipt.")
    return gettext("Correct what is marked below and choose the picture once more; nothing has been kept yet.")


def _standing(judgement: str, *, is_wanted: bool) -> str:
    return gettext(_STANDINGS[judgement] if is_wanted or judgement else _NO_LONGER_ASKED)


def _is_hurried(request: HttpRequest, token: str) -> bool:
    """Count this request; a token that we did not sign comes as an empty one."""
    sender = network_of(remote_ip(request))
    if not token:
        return GUESSES.is_exceeded_by(sender)
    if request.method != "POST":
        return VISITS.is_exceeded_by(token)
    by_address = SENT_BY_ADDRESS.is_exceeded_by(sender)
    return SENT_BY_LINK.is_exceeded_by(token) or by_address


def _content(upload: Any) -> bytes:
    """At most one byte more than may come; the name that the sender gave it is never looked at."""
    return bytes(upload.read(MOST_BYTES + 1))


def _declared(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _drain(request: HttpRequest) -> None:
    left = min(_declared(request), MOST_DRAINED)
    try:
        while left > 0 and (piece := request.read(min(left, 1 << 16))):
            left -= len(piece)
    except UnreadablePostError:
        return


def _sentence(refusal: RuleRefused) -> str:
    reason = refusal.reasons[0]
    if reason.code is ErrorCode.PROOF_FILE_REFUSED:
        return gettext(_FAULTS[Fault(reason.values["fault"])])
    return gettext(_REFUSALS[reason.code])


def _address(token: str) -> str:
    return reverse("pagoefectivo:voucher-proof", args=[token])


def _key(token: str) -> str:
    try:
        return page_key_of(token)
    except NotFound:
        return ""
