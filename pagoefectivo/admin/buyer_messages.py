"""What buyers were told, over which channel, and what came back; with an act that sends one again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.pages import Question, ask
from pagoefectivo.admin.presentation import actor_word, badge, link, moment
from pagoefectivo.admin.reading import BelowOrderAdmin
from pagoefectivo.domain.redaction import mask_email, mask_phone
from pagoefectivo.models import BuyerMessage
from pagoefectivo.services import buyer_messages

RESENDS = "pagoefectivo.resend_message"
Outcome = BuyerMessage.Outcome
_TONES = {
    Outcome.WAITING: "waiting",
    Outcome.SENDING: "moving",
    Outcome.SENT: "good",
    Outcome.NOT_NEEDED: "over",
    Outcome.REFUSED: "alarm",
    Outcome.BOUNCED: "alarm",
    Outcome.FAILED: "alarm",
    Outcome.UNCERTAIN: "alarm",
}


@admin.register(BuyerMessage)
class BuyerMessageAdmin(BelowOrderAdmin):
    """Each message with its outcome; the address stays masked, for the row does not even hold it."""

    change_form_template = "admin/pagoefectivo/buyermessage/change_form.html"
    list_display = ("written", "of_order", "kind", "over", "standing", "failure", "done", "repeat")
    list_filter = ("outcome", "kind", "created_at")
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata")
    fields = (
        *("its_order", "its_code", "its_refund", "kind", "over", "language", "recipient", "standing", "failure"),
        *("written", "due", "done", "repeat", "who"),
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("order"))
    def of_order(self, message: BuyerMessage) -> str:
        return message.order.reference

    @admin.display(description=gettext_lazy("order"))
    def its_order(self, message: BuyerMessage) -> object:
        return link(message.order)

    @admin.display(description=gettext_lazy("payment code"))
    def its_code(self, message: BuyerMessage) -> object:
        return link(message.voucher, message.voucher and message.voucher.masked_code)

    @admin.display(description=gettext_lazy("refund"))
    def its_refund(self, message: BuyerMessage) -> object:
        return link(message.refund)

    @admin.display(description=gettext_lazy("channel"))
    def over(self, message: BuyerMessage) -> str:
        return message.channel_word

    @admin.display(description=gettext_lazy("outcome"))
    def standing(self, message: BuyerMessage) -> SafeString:
        return badge(_TONES[Outcome(message.outcome)], message.get_outcome_display())

    @admin.display(description=gettext_lazy("to"))
    def recipient(self, message: BuyerMessage) -> str:
        order = message.order
        by_channel = {"email": mask_email(order.payer_email), "sms": mask_phone(order.payer_phone)}
        return by_channel.get(message.channel) or " · ".join(by_channel.values())

    @admin.display(description=gettext_lazy("written"))
    def written(self, message: BuyerMessage) -> Any:
        return moment(message.created_at)

    @admin.display(description=gettext_lazy("due"))
    def due(self, message: BuyerMessage) -> Any:
        return moment(message.due_at)

    @admin.display(description=gettext_lazy("done"))
    def done(self, message: BuyerMessage) -> Any:
        return moment(message.done_at)

    @admin.display(description=gettext_lazy("requested by"))
    def who(self, message: BuyerMessage) -> object:
        return actor_word(message.requested_by)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {"may_resend": request.user.has_perm(RESENDS), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, shown)

    @door(RESENDS)
    def resend_view(self, request: HttpRequest, message: BuyerMessage) -> HttpResponse:
        """Ask first; then write the message down once more."""
        if request.method == "POST":
            again = carry_out(request, lambda: buyer_messages.resend(message.public_id, actor=actor_of(request)))
            if again is not None:
                messages.success(request, _("The message is sent again within seconds. Below is what becomes of it."))
                return redirect("admin:pagoefectivo_buyermessage_change", again.pk)
        question = Question(
            title=_("Send a message to the buyer again"),
            sentences=[
                _("“{kind}” of order {reference} is sent once more to the address on file.").format(
                    kind=message.get_kind_display(), reference=message.order.reference
                ),
                _("It is written anew from what is true now. Three may be sent again within an hour on one order."),
            ],
            button=_("Send again"),
        )
        return ask(self, request, message, question)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.resend_view)
        return [path("<int:object_id>/resend/", view, name="pagoefectivo_buyermessage_resend"), *super().get_urls()]
