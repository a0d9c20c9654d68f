"""The inbox of notifications: what came, whether it was believed and why, what it led to, and the same once more."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import inbox_pages
from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.presentation import moment
from pagoefectivo.admin.reading import AccountFilter, ReadOnlyAdmin
from pagoefectivo.models import WebhookDelivery, WebhookRejection
from pagoefectivo.services import replays

MAY_REPLAY = "pagoefectivo.replay_webhook"


class SecretForm(forms.Form):
    """One of the configured secrets, by its name."""

    secret = forms.ChoiceField(label=gettext_lazy("Which secret?"))

    def __init__(self, *args: Any, names: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        choice: Any = self.fields["secret"]
        choice.choices = [(name, name) for name in names]


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """One notification as it came, the verdict on its signature, and what became of it."""

    list_display = ("received", "account", "believed", "came_to", "repeats", "remote_ip")
    list_filter = ("verdict", "outcome", AccountFilter, "received_at")
    unread = ("body", "headers", "raw_headers")
    fields = ("account", "received", "verdict", "outcome", "repeats")
    readonly_fields = fields

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one notification; every act has an address of its own."""
        delivery = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if delivery is None or not self.has_view_permission(request, delivery):
            return super().change_view(request, object_id, form_url, extra_context)
        return inbox_pages.detail(self, request, delivery, may_replay=request.user.has_perm(MAY_REPLAY))

    @door(MAY_REPLAY, reads=False)
    def rehearse_view(self, request: HttpRequest, delivery: WebhookDelivery) -> HttpResponse:
        """Show what a replay would change; nothing of it stays."""
        found = carry_out(request, lambda: replays.rehearse(delivery.pk, actor=actor_of(request)))
        if found is None:
            return redirect("admin:pagoefectivo_webhookdelivery_change", delivery.pk)
        return inbox_pages.difference(self, request, delivery, found)

    @door(MAY_REPLAY, reads=False)
    def replay_view(self, request: HttpRequest, delivery: WebhookDelivery) -> HttpResponse:
        """Take the notification in once more, by the way that all take."""
        act = carry_out(request, lambda: replays.replay(delivery.pk, actor=actor_of(request)))
        if act is not None:
            messages.success(request, _("Replayed. It came to: %s.") % inbox_pages.outcome_word(act.result))
        return redirect("admin:pagoefectivo_webhookdelivery_change", delivery.pk)

    @door(MAY_REPLAY)
    def verify_view(self, request: HttpRequest, delivery: WebhookDelivery) -> HttpResponse:
        """Verify a kept sample with another secret and say the verdict, nothing else."""
        form = SecretForm(request.POST or None, names=inbox_pages.secret_names(delivery))
        if request.method == "POST" and form.is_valid():
            secret = form.cleaned_data["secret"]
            verdict = carry_out(request, lambda: replays.verify_again(delivery.pk, secret, actor=actor_of(request)))
            if verdict is not None:
                messages.info(request, inbox_pages.verdict_sentence(verdict, secret))
                return redirect("admin:pagoefectivo_webhookdelivery_change", delivery.pk)
        return inbox_pages.ask_secret(self, request, delivery, form)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts = [
            path("<int:object_id>/rehearse/", wrap(self.rehearse_view), name="pagoefectivo_webhookdelivery_rehearse"),
            path("<int:object_id>/replay/", wrap(self.replay_view), name="pagoefectivo_webhookdelivery_replay"),
            path("<int:object_id>/verify/", wrap(self.verify_view), name="pagoefectivo_webhookdelivery_verify"),
        ]
        return [*acts, *super().get_urls()]

    @admin.display(description=gettext_lazy("received"))
    def received(self, delivery: WebhookDelivery) -> Any:
        return moment(delivery.received_at)

    @admin.display(description=gettext_lazy("verdict"))
    def believed(self, delivery: WebhookDelivery) -> SafeString:
        return inbox_pages.verdict_badge(delivery)

    @admin.display(description=gettext_lazy("outcome"))
    def came_to(self, delivery: WebhookDelivery) -> SafeString:
        return inbox_pages.outcome_badge(delivery)


@admin.register(WebhookRejection)
class WebhookRejectionAdmin(ReadOnlyAdmin):
    """How many notifications were turned away, by reason and hour."""

    list_display = ("hour", "account", "fault", "count")
    list_filter = (AccountFilter, "hour_at")

    @admin.display(description=gettext_lazy("hour"))
    def hour(self, rejection: WebhookRejection) -> Any:
        return moment(rejection.hour_at)
