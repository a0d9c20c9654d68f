"""Keys of the REST API: seen here, made by `manage.py pagoefectivo apikey`, ended by a POST."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin.actions import carry_out, door
from pagoefectivo.admin.pages import Question, ask
from pagoefectivo.admin.presentation import badge, moment
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.models import ApiKey
from pagoefectivo.services import api_keys

MAY_REVOKE = "pagoefectivo.change_apikey"


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Who may use the REST API. The key itself is stored nowhere."""

    change_form_template = "admin/pagoefectivo/apikey/change_form.html"
    list_display = ("name", "prefix", "standing", "scopes", "accounts", "created", "last_used")
    fields = ("name", "prefix", "standing", "scopes", "accounts", "created", "last_used", "revoked")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("state"))
    def standing(self, key: ApiKey) -> SafeString:
        return badge("over", gettext_lazy("revoked")) if key.revoked_at else badge("good", gettext_lazy("live"))

    @admin.display(description=gettext_lazy("created"))
    def created(self, key: ApiKey) -> Any:
        return moment(key.created_at)

    @admin.display(description=gettext_lazy("last used"))
    def last_used(self, key: ApiKey) -> Any:
        return moment(key.last_used_at)

    @admin.display(description=gettext_lazy("revoked"))
    def revoked(self, key: ApiKey) -> Any:
        return moment(key.revoked_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        key = self.get_object(request, object_id)
        live = key is not None and key.revoked_at is None and request.user.has_perm(MAY_REVOKE)
        address = reverse("admin:pagoefectivo_apikey_revoke", args=[key.pk]) if key is not None and live else ""
        return super().change_view(request, object_id, form_url, {"revoke_url": address, **(extra_context or {})})

    @door(MAY_REVOKE)
    def revoke_view(self, request: HttpRequest, key: ApiKey) -> HttpResponse:
        """End a key at once."""
        if request.method == "POST":
            done = carry_out(request, lambda: api_keys.revoke(key.pk))
            if done is not None:
                messages.success(request, _("The key %s no longer opens anything.") % done.name)
                return redirect("admin:pagoefectivo_apikey_change", key.pk)
        question = Question(
            title=_("Revoke the key %s") % key.name,
            sentences=[_("Whoever uses it is turned away from the next request on. This cannot be undone.")],
            button=_("Revoke the key"),
            is_grave=True,
        )
        return ask(self, request, key, question)

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(self.revoke_view)
        return [path("<int:object_id>/revoke/", revoke, name="pagoefectivo_apikey_revoke"), *super().get_urls()]
