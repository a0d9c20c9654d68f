"""Settlement files and what does not add up in them, in and out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pagoefectivo.api.v1.bodies import FORM, RAW
from pagoefectivo.api.v1.shapes.fields import Cursor, StrictShape, TextField, instant, page_size, wrong
from pagoefectivo.domain.discrepancies import DiscrepancyReason
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.settlements import Verdict
from pagoefectivo.models import Discrepancy, ReportStanding, SettlementReport
from pagoefectivo.selectors.settlement_reports import LARGEST_PAGE
from pagoefectivo.selectors.settlements import ClassSum, classes_of, differing

UNREAD = frozenset({ReportStanding.RECEIVED, ReportStanding.READING})
SETTLED_AMOUNT = r"^-?[0-9]{1,12}\.[0-9]{2,6}$"
_VERDICTS = [verdict.value for verdict in Verdict]


@extend_schema_field(OpenApiTypes.BINARY)
class _File(serializers.FileField):
    """A part of a form."""


class SettlementForm(StrictShape):
    """A form with one part and no other."""

    file = _File()


FILE = {**{kind: {"type": "string", "format": "binary", "minLength": 1} for kind in RAW}, FORM: SettlementForm}


@extend_schema_field({"type": "boolean", "default": False})
class FlagField(serializers.Field[bool, str, str, Any]):
    """Yes or no, as a query writes it."""

    default_error_messages = {"invalid": _("Write true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        if data not in {"true", "false"}:
            raise wrong(self, "invalid")
        return bool(data == "true")


class NewSettlement(StrictShape):
    """Which account a file is of, and whether it is to be imported."""

    account = TextField(help_text="A name of the setting ACCOUNTS.")
    dry_run = FlagField(required=False, default=False, help_text="Say what it would come to, and keep no line of it.")
    name = TextField(required=False, max_length=160, help_text="What people shall know it by; a form names its part.")


class SettlementQuery(StrictShape):
    """What to look for."""

    account = TextField(required=False)
    state = serializers.ChoiceField(choices=ReportStanding.values, required=False)
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", required=False)
    limit = page_size(LARGEST_PAGE)
    cursor = Cursor(required=False)


class DifferenceQuery(StrictShape):
    """How many, and from where on."""

    limit = page_size(LARGEST_PAGE)
    cursor = Cursor(required=False)


@extend_schema_field({"type": "string", "pattern": SETTLED_AMOUNT, "examples": ["-1.204000"]})
class SettledAmountField(serializers.Field[Decimal, str, str, Any]):
    """An amount as a file tells it: below zero where the shop's balance falls, with up to six decimals."""

    def to_representation(self, value: Decimal) -> str:
        whole, _point, decimals = f"{value:.6f}".partition(".")
        return f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


class ClassShape(serializers.Serializer[ClassSum]):
    """How many lines are of one class, and what they change in the balance."""

    verdict = serializers.ChoiceField(choices=_VERDICTS)
    lines = serializers.IntegerField()
    booked = SettledAmountField()
    currency = serializers.CharField()


class CountShape(serializers.Serializer[Any]):
    """How many lines did not add up when the file was read, and how many of them nobody has settled yet."""

    found = serializers.IntegerField()
    open = serializers.IntegerField()


class RefusalShape(serializers.Serializer[Any]):
    """What could not be read. `line` counts from 1; null is the file itself."""

    code = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    next_step = serializers.CharField()


class SettlementShape(serializers.Serializer[SettlementReport]):
    """One settlement file. `classes` say what it came to, or of a dry run what it would; empty while it is read."""

    id = serializers.IntegerField(source="pk")
    account = serializers.CharField()
    name = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    layout = serializers.CharField()
    state = serializers.ChoiceField(choices=ReportStanding.values, source="standing")
    dry_run = serializers.BooleanField(source="is_rehearsal")
    lines_read = serializers.IntegerField(help_text="So far.")
    lines = serializers.IntegerField(source="line_count")
    classes = serializers.SerializerMethodField()
    differences = serializers.SerializerMethodField()
    refusal = serializers.SerializerMethodField()
    created_at = instant()
    imported_at = instant(allow_null=True)

    @extend_schema_field(ClassShape(many=True))
    def get_classes(self, report: SettlementReport) -> Any:
        found = [] if report.standing in UNREAD else [each for sums in classes_of(report).values() for each in sums]
        return ClassShape(found, many=True).data  # type: ignore[arg-type] # the stubs forget many

    @extend_schema_field(CountShape())
    def get_differences(self, report: SettlementReport) -> dict[str, int]:
        found = 0 if report.standing in UNREAD else differing(report)
        return {"found": found, "open": self.context["open"].get(report.pk, 0)}

    @extend_schema_field(RefusalShape(allow_null=True))
    def get_refusal(self, report: SettlementReport) -> dict[str, Any] | None:
        if report.standing != ReportStanding.REFUSED:
            return None
        code = ErrorCode.SETTLEMENT_UNREADABLE
        return {
            "code": code.value,
            "line": report.refused_line or None,
            "reason": report.refused_why,
            "next_step": CATALOGUE[code].next_sentence(),
        }


class SettlementPage(serializers.Serializer[Any]):
    """Some settlement files, newest first, and where the next ones are."""

    results = SettlementShape(many=True)
    next = serializers.URLField(allow_null=True)


class DifferenceShape(serializers.Serializer[Discrepancy]):
    """A line that does not add up: `amount` is what is missing (below zero) or too much."""

    number = serializers.CharField()
    verdict = serializers.ChoiceField(choices=_VERDICTS)
    line = serializers.IntegerField(source="line.line")
    amount = SettledAmountField()
    currency = serializers.CharField()
    order = serializers.SerializerMethodField(help_text="The shop's reference of the order.")
    refund = serializers.SerializerMethodField(help_text="The refund's `id`.")
    state = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    opened_at = instant()
    settled_at = instant(allow_null=True)

    def get_order(self, found: Discrepancy) -> str | None:
        return found.voucher.order.reference if found.voucher else None

    def get_refund(self, found: Discrepancy) -> str | None:
        return found.refund.public_id if found.refund else None

    @extend_schema_field(serializers.ChoiceField(choices=["open", "settled"]))
    def get_state(self, found: Discrepancy) -> str:
        return "settled" if found.settled_at else "open"

    @extend_schema_field(serializers.ChoiceField(choices=[each.value for each in DiscrepancyReason], allow_null=True))
    def get_reason(self, found: Discrepancy) -> str | None:
        return found.reason or None


class DifferencePage(serializers.Serializer[Any]):
    """Some differences, in the order of the file, and where the next ones are."""

    results = DifferenceShape(many=True)
    next = serializers.URLField(allow_null=True)
