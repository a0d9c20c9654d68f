"""The pages of one notification: what is known of it, what a replay would change, and which secret signed it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import error_words
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.presentation import actor_word, badge, link, moment, state_word, without_code
from pagoefectivo.admin.reading import SEES_PAYLOADS
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import SignatureFault
from pagoefectivo.models import DeliveryAct, StateChange, Voucher, WebhookDelivery
from pagoefectivo.selectors import deliveries
from pagoefectivo.services import replays

Verdict, Outcome = WebhookDelivery.Verdict, WebhookDelivery.Outcome
_VERDICT_TONES = {Verdict.VERIFIED: "good", Verdict.STALE: "waiting", Verdict.FORGED: "alarm"}
_OUTCOME_TONES = {
    Outcome.WAITING: "moving",
    Outcome.APPLIED: "good",
    Outcome.NO_CHANGE: "over",
    Outcome.UNREADABLE: "alarm",
    Outcome.ORPHAN: "alarm",
    Outcome.REJECTED: "alarm",
}
_FAULTS = {
    SignatureFault.MISSING: gettext_lazy("It bears no signature."),
    SignatureFault.MALFORMED: gettext_lazy("Its signature is not written as this provider writes them."),
    SignatureFault.MISMATCH: gettext_lazy(
        "Its signature was made with none of the account's secrets, or something was changed on the way."
    ),
    SignatureFault.WRONG_ACCOUNT: gettext_lazy("It is signed for another account."),
    SignatureFault.NO_SECRET: gettext_lazy("The account has no secret to verify it with."),
    replays.UNUSABLE: gettext_lazy("That secret cannot be used on this machine."),
}
_FAULT_CODES: dict[str, ErrorCode] = {
    SignatureFault.MISSING: ErrorCode.WEBHOOK_SIGNATURE_MISSING,
    SignatureFault.NO_SECRET: ErrorCode.WEBHOOK_SECRET_NOT_CONFIGURED,
}
_OUTCOME_CODES = {
    Outcome.UNREADABLE: ErrorCode.PSP_BAD_RESPONSE,
    Outcome.ORPHAN: ErrorCode.WEBHOOK_UNKNOWN_VOUCHER,
    Outcome.NO_CHANGE: ErrorCode.WEBHOOK_OUT_OF_ORDER,
}
secret_names = replays.secrets_for


def detail(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, delivery: WebhookDelivery, *, may_replay: bool
) -> HttpResponse:
    """Show one notification; body and headers only to those who may see them."""
    sees = request.user.has_perm(SEES_PAYLOADS)
    if sees:
        note(request, Kind.PAYLOAD, subject=f"webhookdelivery {delivery.pk}")
    context = {
        **frame(model_admin, request, delivery, _("Notification of %s") % delivery.account),
        "back": "",
        "delivery": delivery,
        "verdict": verdict_badge(delivery),
        "outcome": outcome_badge(delivery),
        "why": _why(delivery),
        "explained": [error_words.explain(code) for code in _codes(delivery)],
        "is_cut": bool(delivery.whole_size) and delivery.whole_size != len(bytes(delivery.body)),
        "refused": deliveries.refused_that_hour(delivery) if delivery.verdict == Verdict.FORGED else 0,
        "facts": _facts(delivery, sees=sees),
        "sees": sees,
        "body": without_code(delivery.masked_body, delivery.voucher) if sees else "",
        "moves": _moves(deliveries.moves_of(delivery)),
        "acts": [_act(each) for each in deliveries.acts_on(delivery)],
        "may_replay": may_replay and delivery.can_be_replayed,
        "may_verify": may_replay and delivery.can_be_verified,
    }
    return TemplateResponse(request, "admin/pagoefectivo/inbox/detail.html", context)


def difference(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, delivery: WebhookDelivery, found: replays.Rehearsal
) -> HttpResponse:
    """Show what a replay would change, before anybody lets it."""
    asked = Voucher.objects.select_related("order").only("public_id", "order__reference").in_bulk(found.asks_about)
    context = {
        **frame(model_admin, request, delivery, _("What a replay would change")),
        "delivery": delivery,
        "found": found,
        "moves": _moves(found.changes),
        "oddities": [each.get_kind_display() for each in found.oddities],
        "asked": [link(each.order) for each in asked.values()],
    }
    return TemplateResponse(request, "admin/pagoefectivo/inbox/difference.html", context)


def ask_secret(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, delivery: WebhookDelivery, form: Form
) -> HttpResponse:
    """Ask which secret, unless the message was not kept whole."""
    possible = delivery.can_be_verified
    question = Question(
        title=_("Verify with another secret"),
        sentences=[
            _(
                "You learn whether the signature holds with that secret, and nothing else. Nothing is believed because of it."
            ),
        ],
        button=_("Verify"),
    )
    reasons = [] if possible else [error_words.explain(ErrorCode.WEBHOOK_NOT_VERIFIABLE).advice.sentence]
    return ask(model_admin, request, delivery, question, form, reasons=reasons, is_blocked=not possible)


def verdict_badge(delivery: WebhookDelivery) -> SafeString:
    """Return whether a message was believed."""
    return badge(_VERDICT_TONES[Verdict(delivery.verdict)], delivery.get_verdict_display())


def outcome_badge(delivery: WebhookDelivery) -> SafeString:
    """Return what became of a message."""
    return badge(_OUTCOME_TONES[Outcome(delivery.outcome)], delivery.get_outcome_display())


def outcome_word(outcome: str) -> object:
    """Return what a replay came to."""
    return dict(Outcome.choices).get(outcome, _("it failed"))


def verdict_sentence(verdict: str, secret: str) -> str:
    """Say whether a signature held with the secret of that name."""
    if verdict == replays.HOLDS:
        return _("The signature holds with “%s”. The message stays refused: have the provider send it again.") % secret
    return _("The signature does not hold with “{secret}”. {why}").format(secret=secret, why=_FAULTS[verdict])


def _why(delivery: WebhookDelivery) -> str:
    if delivery.verdict == Verdict.FORGED:
        return str(_FAULTS.get(delivery.fault, delivery.fault))
    if deliveries.is_from_the_future(delivery):
        return _("Its signature holds, but it is dated in the future: it only counts as a reason to ask the provider.")
    if delivery.verdict == Verdict.STALE and delivery.signed_at is None:
        return _("Its signature holds, but bears no date: it only counts as a reason to ask the provider.")
    if delivery.verdict == Verdict.STALE:
        return _("Its signature holds, but is old: it only counts as a reason to ask the provider.")
    return _("Its signature holds with secret number %s of the account.") % ((delivery.secret_index or 0) + 1)


def _codes(delivery: WebhookDelivery) -> list[ErrorCode]:
    codes = []
    if delivery.verdict == Verdict.FORGED:
        codes.append(_FAULT_CODES.get(delivery.fault, ErrorCode.WEBHOOK_SIGNATURE_MISMATCH))
    if deliveries.is_from_the_future(delivery):
        codes.append(ErrorCode.AUTH_CLOCK_SKEW)
    if delivery.outcome in _OUTCOME_CODES:
        codes.append(_OUTCOME_CODES[Outcome(delivery.outcome)])
    if delivery.repeats:
        codes.append(ErrorCode.WEBHOOK_REPLAYED)
    return codes


def _facts(delivery: WebhookDelivery, *, sees: bool) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        (_("Received"), moment(delivery.received_at, seconds=True)),
        (_("Signed"), moment(delivery.signed_at, seconds=True)),
        (_("Done"), moment(delivery.done_at, seconds=True)),
        (_("Came again"), delivery.repeats),
        (_("Payment code"), link(delivery.voucher)),
        (_("Refund"), link(delivery.refund)),
        (_("Message"), delivery.event_identity),
    ]
    return [*facts, (_("IP"), delivery.remote_ip or "–")] if sees else facts


def _moves(changes: Iterable[StateChange]) -> list[dict[str, Any]]:
    return [
        {
            "order": link(change.order),
            "what": change.get_subject_display(),
            "before": state_word(change.subject, change.from_state),
            "after": state_word(change.subject, change.to_state),
            "at": moment(change.at, seconds=True),
        }
        for change in changes
    ]


def _act(act: DeliveryAct) -> tuple[object, object, str]:
    result = outcome_word(act.result)
    if act.act == DeliveryAct.Act.VERIFIED:
        result = _("the signature holds") if act.result == replays.HOLDS else _("the signature does not hold")
    named = f" ({act.secret})" if act.secret else ""
    return moment(act.at, seconds=True), actor_word(act.actor), f"{act.get_act_display()}{named}: {result}"
