"""What was read on receipts, of what they are the likes, and who judged them, row by row; what was read is not shown here."""

from __future__ import annotations

from django.contrib import admin

from pagoefectivo.admin.evidence import EvidenceAdmin
from pagoefectivo.models import ProofLikeness, ProofReading, ProofReview


@admin.register(ProofReading)
class ProofReadingAdmin(EvidenceAdmin):
    """What came of reading each picture."""

    list_display = ("proof", "engine", "outcome", "duration_ms", "read_at")
    list_filter = ("outcome", "read_at")
    list_select_related = ("proof",)
    unread = ("seen", "proof__picture")
    shown = ("proof", "engine", "outcome", "verdicts", "duration_ms", "read_at")


@admin.register(ProofLikeness)
class ProofLikenessAdmin(EvidenceAdmin):
    """Which receipts other orders have had."""

    list_display = ("proof", "earlier", "sign", "found_at")
    list_filter = ("sign", "found_at")
    list_select_related = ("proof", "earlier")
    unread = ("proof__picture", "earlier__picture")
    shown = list_display


@admin.register(ProofReview)
class ProofReviewAdmin(EvidenceAdmin):
    """Who said what of a picture."""

    list_display = ("proof", "judgement", "actor", "at")
    list_filter = ("judgement", "at")
    list_select_related = ("proof",)
    unread = ("proof__picture",)
    shown = list_display
