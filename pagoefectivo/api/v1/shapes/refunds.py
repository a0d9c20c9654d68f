"""Refunds, in and out."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from pagoefectivo.api.v1.problems import explained
from pagoefectivo.api.v1.shapes.fields import AmountField, StrictShape, TextField, WantedAmountField, instant
from pagoefectivo.domain.bank_accounts import BANKS
from pagoefectivo.domain.doubts import Doubt
from pagoefectivo.domain.limits import DOCUMENTS
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.redaction import mask_code, mask_name
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import Refund, RefundDestination
from pagoefectivo.models.refunds import REASONS
from pagoefectivo.selectors.expectations import expected_refund_dates
from pagoefectivo.selectors.refunds import Approvable, approvable

_EXPECTED = inline_serializer(  # `from` is no name that Python allows in a class
    "ExpectedDays", {"from": serializers.DateField(), "to": serializers.DateField()}, allow_null=True
)


class HolderDocument(StrictShape):
    """The identity document of an account's holder."""

    type = serializers.ChoiceField(choices=sorted(DOCUMENTS))
    number = TextField(max_length=20)


class NewDestination(StrictShape):
    """A bank account in the buyer's name. It is stored encrypted and never given back."""

    holder_name = TextField(max_length=100)
    document = HolderDocument(required=False)
    bank_code = TextField(max_length=8, required=False)
    account_number = serializers.RegexField(r"^[0-9A-Za-z-]{6,34}\Z")
    account_type = TextField(max_length=1, required=False)


class NewRefund(StrictShape):
    """What is to be given back, and why."""

    amount = WantedAmountField()
    reason = TextField(help_text=f"One of {', '.join(name for name, _ in REASONS)}.")
    note = TextField(required=False, allow_blank=True, max_length=500)
    destination = NewDestination(required=False)


def destination_from(given: dict[str, Any] | None) -> Destination | None:
    """Return a bank account as the services know it."""
    if given is None:
        return None
    document = given.get("document", {})
    return Destination(
        holder_name=given["holder_name"],
        document_type=document.get("type", ""),
        document_number=document.get("number", ""),
        bank_code=given.get("bank_code", ""),
        account_number=given["account_number"],
        account_type=given.get("account_type", ""),
    )


class RefundError(serializers.Serializer[Any]):
    """Why it did not work: in our words and the provider's, who acts and what comes next."""

    code = serializers.CharField()
    raw_code = serializers.CharField()
    message = serializers.CharField()
    who = serializers.CharField()
    next_step = serializers.CharField()


class RefundInOrderShape(serializers.Serializer[Refund]):
    """One instruction to give money back, as every key that may read its order sees it."""

    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=[state.value for state in RefundState])
    amount = AmountField()
    currency = serializers.CharField()
    reason = serializers.CharField()
    provider_reference = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    expected = serializers.SerializerMethodField()
    created_at = instant()
    updated_at = instant(source="changed_at")

    def get_provider_reference(self, refund: Refund) -> str | None:
        return refund.provider_reference or None

    @extend_schema_field(_EXPECTED)
    def get_expected(self, refund: Refund) -> dict[str, str] | None:
        """The days in Lima, both included, between which it should reach the buyer; null where nobody says."""
        days = expected_refund_dates(refund)
        return {"from": days.first.isoformat(), "to": days.last.isoformat()} if days else None

    @extend_schema_field(RefundError(allow_null=True))
    def get_error(self, refund: Refund) -> dict[str, str] | None:
        return explained(refund.error_code, refund.raw_code)


class MaskedDestination(serializers.Serializer[RefundDestination]):
    """Where the money would go, as far as an approver may see it, and who said so."""

    holder = serializers.SerializerMethodField()
    document = serializers.SerializerMethodField()
    bank = serializers.SerializerMethodField()
    account = serializers.SerializerMethodField()
    entered_by = serializers.CharField()

    def get_holder(self, kept: RefundDestination) -> str:
        return mask_name(kept.holder_name)

    def get_document(self, kept: RefundDestination) -> str:
        return f"{kept.document_type} {mask_code(kept.document_number)}".strip()

    def get_bank(self, kept: RefundDestination) -> str:
        return BANKS.get(kept.bank_code, kept.bank_code)

    def get_account(self, kept: RefundDestination) -> str:
        return mask_code(kept.account_number)


class DoubtShape(serializers.Serializer[Doubt]):
    """One reason to look closely before approving; `code` is stable, `message` is for people."""

    code = serializers.CharField(source="kind.value")
    message = serializers.CharField(source="sentence")


class ApprovalShape(serializers.Serializer[Approvable]):
    """What whoever approves has to look at. `seen` names exactly this and the amount; send it back to approve."""

    destination = MaskedDestination(allow_null=True)
    warnings = DoubtShape(many=True, source="doubts")
    seen = serializers.CharField()


class RefundShape(RefundInOrderShape):
    """One instruction to give money back, for keys that may read refunds: with the link of the buyer's page.

    `approval` is there for keys that may approve, as long as the refund waits for it.
    """

    page_url = serializers.SerializerMethodField()
    approval = serializers.SerializerMethodField()

    def get_page_url(self, refund: Refund) -> str | None:
        return refund.page_url or None

    @extend_schema_field(ApprovalShape(allow_null=True))
    def get_approval(self, refund: Refund) -> dict[str, Any] | None:
        shown = approvable(refund, actor=self.context["actor"])
        return ApprovalShape(shown).data if shown else None


class NewApproval(StrictShape):
    """What the approver looked at: `approval.seen` of the refund as it was read."""

    seen = TextField(max_length=64)
