"""The page of one receipt: the provider's word, the picture, each field beside the order's, its likes elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import proof_words
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.presentation import NOTHING, actor_word, badge, judgement_badge, lima, link, moment, money
from pagoefectivo.admin.reading import SEES_PAYLOADS, SEES_PEOPLE
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.proofs import Field, Judgement, Known, Seen, Verdict, compare, contradicts
from pagoefectivo.domain.redaction import mask_code
from pagoefectivo.models import PaymentProof, ProofReading
from pagoefectivo.models.proofs import JUDGEMENT_LABELS
from pagoefectivo.ocr.forensics import SUSPICIOUS
from pagoefectivo.selectors.proofs import is_in_a_case, provider_words
from pagoefectivo.services.proof_readings import seen_on
from pagoefectivo.services.proofs import known_of

MARGIN = 12  # pixels around a field that is shown by itself
_FIELDS = {
    Field.CODE: gettext_lazy("Payment code (CIP)"),
    Field.AMOUNT: gettext_lazy("Amount"),
    Field.PAID_ON: gettext_lazy("Day"),
    Field.OPERATION: gettext_lazy("Operation number"),
    Field.CHANNEL: gettext_lazy("Bank or agent"),
}
_VERDICTS = {
    Verdict.MATCH: ("good", gettext_lazy("matches")),
    Verdict.DIFFERS: ("alarm", gettext_lazy("differs")),
    Verdict.EARLIER: ("alarm", gettext_lazy("before the code existed")),
    Verdict.UNREADABLE: ("waiting", gettext_lazy("not surely read")),
}
_JUDGED = {
    Judgement.MATCHES: gettext_lazy(
        "Noted. The provider is being asked again; only its word counts as a payment. Until then the receipt stays in the "
        "work queue."
    ),
    Judgement.DOES_NOT_MATCH: gettext_lazy("Noted: the picture does not match. The order stays as it is."),
    Judgement.BETTER_PICTURE: gettext_lazy("Noted: the buyer's page asks for a better picture."),
}


def detail(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, proof: PaymentProof, *, may_review: bool
) -> HttpResponse:
    """Show everything about a receipt; the picture and what is on it only to those who may judge it."""
    user: Any = request.user
    if (may_review and user.has_perm(SEES_PEOPLE)) or user.has_perm(SEES_PAYLOADS):
        note(request, Kind.PEOPLE, proof.order)  # the codes in full, the sender's IP address
    vouchers = list(proof.order.vouchers.order_by("pk"))
    reading = ProofReading.objects.filter(proof=proof).first()
    signs, reviews = signs_of(proof), list(proof.reviews.all())
    words = proof_words.said(provider_words(vouchers))
    is_paid = any(voucher.paid_amount > ZERO for voucher in vouchers)
    context = {
        **frame(model_admin, request, proof, _("Receipt %s") % proof.public_id),
        "proof": proof,
        "order": link(proof.order),
        "words": words,
        "is_settled": all(word.is_settled for word in words),
        "theirs_title": _("The provider says") if is_paid else _("The order"),
        "advice": _advice(proof, reviews[-1].judgement if reviews else "") if may_review and not is_paid else "",
        "may_review": may_review,
        "has_picture": bool(proof.picture),
        "facts": _facts(request, proof, reading),
        "rows": _rows(request, proof, reading, known_of(vouchers)) if may_review else [],
        "note": proof.note if may_review else "",
        "signs": "" if signs == NOTHING else signs,
        "likenesses": [
            (each.get_sign_display(), link(each.earlier), link(each.earlier.order), moment(each.earlier.received_at))
            for each in proof.likenesses.select_related("earlier__order").defer("earlier__picture")
        ],
        "reviews": [(judgement_badge(each.judgement), actor_word(each.actor), moment(each.at)) for each in reviews],
        "judgements": JUDGEMENT_LABELS,
    }
    return TemplateResponse(request, "admin/pagoefectivo/proof/detail.html", context)


def full(model_admin: admin.ModelAdmin[Any], request: HttpRequest, proof: PaymentProof) -> HttpResponse:
    """Show the picture alone, not made smaller."""
    context = {**frame(model_admin, request, proof, _("Receipt %s") % proof.public_id), "proof": proof}
    return TemplateResponse(request, "admin/pagoefectivo/proof/full.html", context)


def summary(proof: PaymentProof) -> str:
    """Say in a word what came of reading a receipt."""
    reading = getattr(proof, "reading", None)
    return _("waits to be read") if reading is None else str(reading.get_outcome_display())


def signs_of(proof: PaymentProof) -> SafeString | str:
    """Return what speaks against a receipt, the gravest first; a dash where nothing does."""
    reading = getattr(proof, "reading", None)
    if proof.likenesses.all():
        return badge("alarm", _("sent for another order before"))
    if (
        reading is not None
        and reading.verdicts
        and contradicts({Field(k): Verdict(v) for k, v in reading.verdicts.items()})
    ):
        return badge("alarm", _("does not fit the order"))
    if reading is not None and reading.verdicts.get(Field.PAID_ON) == Verdict.EARLIER:
        return badge("alarm", _("from before the code existed"))
    if proof.edited >= SUSPICIOUS:
        return badge("alarm", _("looks edited"))
    return NOTHING


def judged_sentence(judgement: Judgement) -> str:
    """Say what a judgement has led to."""
    return str(_JUDGED[judgement])


def _advice(proof: PaymentProof, judgement: str) -> str:
    """What to do about a receipt while the provider knows of no payment."""
    if not judgement:
        return _("Look at the picture and judge it. However well it fits, it is no payment.")
    if judgement != Judgement.MATCHES:
        return ""
    if is_in_a_case(proof):
        return _("The receipt fits, and a case was opened on the order since: follow it there.")
    return _(
        "The receipt fits, but the provider knows of no payment. Open a case and ask its support; until then the receipt "
        "stays in the work queue."
    )


def _facts(request: HttpRequest, proof: PaymentProof, reading: ProofReading | None) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        (_("Received"), moment(proof.received_at, seconds=True)),
        (_("Bytes received"), proof.size),
        ("SHA-256", proof.sha256),
        (_("Picture kept"), f"{proof.width} × {proof.height}"),
        (_("Part saved another time"), f"{proof.edited:.0%}"),
        (_("Reading"), summary(proof)),
    ]
    if reading is not None and reading.engine:
        facts.append((_("Engine"), f"{reading.engine}, {reading.duration_ms} ms"))
    if request.user.has_perm(SEES_PAYLOADS):
        facts.append((_("IP"), proof.remote_ip or NOTHING))
    return facts


def _rows(
    request: HttpRequest, proof: PaymentProof, reading: ProofReading | None, known: Known
) -> list[dict[str, Any]]:
    seen = seen_on(reading) if reading is not None else []
    found, verdicts = {each.field: each for each in seen}, compare(seen, known)
    told, theirs = _told(proof), _theirs(request, known)
    return [
        {
            "name": _FIELDS[field],
            "seen": found[field].text if field in found else NOTHING,
            "sureness": f"{found[field].confidence:.0%}" if field in found else "",
            "crop": _crop(found[field], proof) if field in found and proof.picture else None,
            "told": told[field] or NOTHING,
            "theirs": (theirs[field] if verdicts[field] is not Verdict.UNKNOWN else "") or NOTHING,
            "verdict": _verdict(verdicts[field]),
        }
        for field in Field
    ]


def _verdict(verdict: Verdict) -> SafeString:
    if verdict is Verdict.UNKNOWN:
        return format_html('<span class="quiet">{} {}</span>', NOTHING, _("the provider does not say"))
    return badge(*_VERDICTS[verdict])


def _told(proof: PaymentProof) -> dict[Field, Any]:
    return {
        Field.CODE: "",
        Field.AMOUNT: money(proof.amount, proof.voucher.currency) if proof.amount is not None else "",
        Field.PAID_ON: moment(proof.paid_at) if proof.paid_at else "",
        Field.OPERATION: proof.operation_number,
        Field.CHANNEL: proof.channel,
    }


def _theirs(request: HttpRequest, known: Known) -> dict[Field, Any]:
    in_full = request.user.has_perm(SEES_PEOPLE)
    codes = sorted(known.codes) if in_full else [mask_code(code) for code in sorted(known.codes)]
    return {
        Field.CODE: " · ".join(codes),
        Field.AMOUNT: money(known.amount, known.currency),
        Field.PAID_ON: lima(known.paid_at) if known.paid_at else _from(known.created_at),
        Field.OPERATION: " · ".join(sorted(known.operations)),
        Field.CHANNEL: "",
    }


def _from(created_at: datetime | None) -> str:
    return _("from {moment} on").format(moment=lima(created_at))


def _crop(seen: Seen, proof: PaymentProof) -> dict[str, int]:
    """The window of the picture in which a field stands, with a little room around it."""
    left, top, right, bottom = seen.box
    left, top = max(0, left - MARGIN), max(0, top - MARGIN)
    return {
        "left": left,
        "top": top,
        "width": min(proof.width, right + MARGIN) - left,
        "height": min(proof.height, bottom + MARGIN) - top,
    }
