"""The desk for receipts: which came, what each says beside the provider's word, and what a person thinks of it."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import proof_pages
from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.presentation import judgement_badge, link, moment
from pagoefectivo.admin.reading import SEES_RECEIPTS, BelowOrderAdmin
from pagoefectivo.domain.proofs import Judgement
from pagoefectivo.models import PaymentProof
from pagoefectivo.models.proofs import JUDGEMENT_LABELS
from pagoefectivo.selectors.proofs import judged
from pagoefectivo.services import proofs

_JUDGEMENTS = frozenset(each.value for each in Judgement)


class JudgementFilter(admin.SimpleListFilter):
    """What a person said, or that nobody has looked yet."""

    title = gettext_lazy("judgement")
    parameter_name = "judged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", gettext_lazy("nobody has looked at it")), *JUDGEMENT_LABELS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "no":
            return queryset.filter(reviews=None)
        if self.value() in _JUDGEMENTS:
            return judged(queryset).filter(judgement=self.value())
        return queryset


@admin.register(PaymentProof)
class PaymentProofAdmin(BelowOrderAdmin):
    """Pictures of receipts. Nothing that is done here moves money or a state."""

    list_display = ("public_id", "of_order", "received", "was_read", "signs", "standing")
    list_filter = (JudgementFilter, "received_at")
    list_select_related = ("order", "reading")
    unread = (
        "picture",
        "operation_number",
        "note",
        "remote_ip",
        "order__payer_document_number",
        "order__metadata",
        "reading__seen",
    )

    def as_listed(self, rows: QuerySet[PaymentProof]) -> QuerySet[PaymentProof]:
        return judged(super().as_listed(rows)).prefetch_related("likenesses")

    @admin.display(description=gettext_lazy("order"))
    def of_order(self, proof: PaymentProof) -> Any:
        return link(proof.order)

    @admin.display(description=gettext_lazy("received"))
    def received(self, proof: PaymentProof) -> Any:
        return moment(proof.received_at)

    @admin.display(description=gettext_lazy("reading"))
    def was_read(self, proof: PaymentProof) -> str:
        return proof_pages.summary(proof)

    @admin.display(description=gettext_lazy("signs"))
    def signs(self, proof: PaymentProof) -> Any:
        return proof_pages.signs_of(proof)

    @admin.display(description=gettext_lazy("judgement"))
    def standing(self, proof: Any) -> SafeString:
        return judgement_badge(proof.judgement)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a receipt's page; it takes no POST, the judgement has an address of its own."""
        proof = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if proof is None or not self.has_view_permission(request, proof):
            return super().change_view(request, object_id, form_url, extra_context)
        return proof_pages.detail(self, request, proof, may_review=request.user.has_perm(SEES_RECEIPTS))

    @door(SEES_RECEIPTS, writes=False)
    def picture_view(self, request: HttpRequest, proof: PaymentProof) -> HttpResponse:
        """Hand out the picture as we encoded it; a browser shows it inside a page of ours and nowhere else."""
        content = carry_out(request, lambda: proofs.picture_of(proof.public_id, actor=actor_of(request)))
        if content is None:
            return redirect("admin:pagoefectivo_paymentproof_change", proof.pk)
        note(request, Kind.PICTURE, proof.order)
        headers = {
            "Content-Disposition": f'attachment; filename="{proof.public_id}.jpg"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(content, content_type="image/jpeg", headers=headers)

    @door(SEES_RECEIPTS, writes=False)
    def full_view(self, request: HttpRequest, proof: PaymentProof) -> HttpResponse:
        """Show the picture as large as it was kept, for eyes without a script."""
        return proof_pages.full(self, request, proof)

    @door(SEES_RECEIPTS, reads=False)
    def judge_view(self, request: HttpRequest, proof: PaymentProof) -> HttpResponse:
        """Write down what a person thinks of the picture."""
        wanted = request.POST.get("judgement", "")
        if wanted not in _JUDGEMENTS:
            messages.error(request, _("Choose one of the three answers."))
            return redirect("admin:pagoefectivo_paymentproof_change", proof.pk)
        judgement = Judgement(wanted)
        judged_proof = carry_out(request, lambda: proofs.review(proof.public_id, judgement, actor=actor_of(request)))
        if judged_proof is not None:
            messages.success(request, proof_pages.judged_sentence(judgement))
        return redirect("admin:pagoefectivo_paymentproof_change", proof.pk)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts = [
            path("<int:object_id>/picture/", wrap(self.picture_view), name="pagoefectivo_paymentproof_picture"),
            path("<int:object_id>/full/", wrap(self.full_view), name="pagoefectivo_paymentproof_full"),
            path("<int:object_id>/judge/", wrap(self.judge_view), name="pagoefectivo_paymentproof_judge"),
        ]
        return [*acts, *super().get_urls()]
