"""Fields that take nothing for something else: an amount is a text, a text is not a number, a key has to exist."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused
from pagoefectivo.domain.money import SYMBOLS, parse_amount, parse_currency
from pagoefectivo.domain.redaction import redact_text

LARGEST_METADATA = 4096
DEFAULT_PAGE = 50
METADATA_VALUE = "MetadataValue"
# Each pattern stands in the description of the API as well, so it says the same in Python and in ECMAScript.
ANY_TEXT = r"^[^\u0000]*$"
SHOWN_TEXT = r"^[^\u0000]*[^\s\u0000-\u0020\u007f-\u00a0\ufeff][^\u0000]*$"  # something in it can be seen
AMOUNT = r"^[0-9]{1,10}(\.[0-9]{1,2})?$"
AMOUNT_ABOVE_ZERO = r"^(?=.*[1-9])[0-9]{1,10}(\.[0-9]{1,2})?$"
CURSOR = "^[A-Za-f][0-9A-Za-z_-]{9}[048AEIMQUYcgkosw]$"  # a positive bigint: eight bytes in base64
DURATION = r"^P(?=.*[1-9])(?:([0-9]{1,3})D)?(?:T(?=[0-9])(?:([0-9]{1,4})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?$"


class StrictShape(serializers.Serializer[Any]):
    """A shape that refuses what it does not know, beside everything else that is wrong."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [str(name) for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        wrong: dict[str, Any] = {}
        read: Any = None
        try:
            read = super().to_internal_value(data)
        except ValidationError as error:
            wrong = dict(error.detail) if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
        wrong |= {redact_text(name, longest=64): [_unknown(name)] for name in unknown}
        if wrong:
            raise ValidationError(wrong)
        return read


def _unknown(name: str) -> ErrorDetail:
    reason = Reason(ErrorCode.REQUEST_FIELD_UNKNOWN, field=redact_text(name, longest=64))
    return ErrorDetail(reason.message, code=reason.code)


def refuse(code: ErrorCode, field: str = "") -> ValidationError:
    """Return the catalogue's refusal as the framework's error."""
    reason = Reason(code, field=field)
    return ValidationError(reason.message, code=reason.code)


def wrong(field: serializers.Field[Any, Any, Any, Any], why: str, **values: Any) -> ValidationError:
    """Return a field's own sentence as an error."""
    return ValidationError(field.error_messages[why].format(**values))


class TextField(serializers.CharField):
    """A text; a number is not one. Unless it may be blank, something in it can be seen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pattern = ANY_TEXT if self.allow_blank else SHOWN_TEXT
        longest = {} if self.max_length is None else {"maxLength": self.max_length}
        set_override(self, "field", {"type": "string", "pattern": self._pattern, **longest})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise wrong(self, "invalid")
        if not re.search(self._pattern, data):
            raise wrong(self, "invalid" if "\0" in data else "blank")
        if self.max_length is not None and len(data) > self.max_length:
            raise wrong(self, "max_length", max_length=self.max_length)
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": AMOUNT, "examples": ["89.90"]})
class AmountField(serializers.Field[Decimal, str, str, Any]):
    """A decimal string with two decimals, on the way out."""

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.2f}"


@extend_schema_field({"type": "string", "pattern": AMOUNT_ABOVE_ZERO, "examples": ["89.90"]})
class WantedAmountField(AmountField):
    """A decimal string above zero with at most two decimals. JSON numbers are refused: they are floats on the way."""

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(AMOUNT_ABOVE_ZERO, data):
            raise refuse(ErrorCode.REQUEST_AMOUNT_INVALID, self.field_name or "")
        try:
            return parse_amount(data)
        except RuleRefused as refusal:
            raise refuse(refusal.code, self.field_name or "") from None


@extend_schema_field({"type": "string", "enum": sorted(SYMBOLS)})
class CurrencyField(serializers.Field[str, str, str, Any]):
    """A currency we can hold."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return parse_currency(data)
        except RuleRefused as refusal:
            raise refuse(refusal.code, self.field_name or "") from None

    def to_representation(self, value: str) -> str:
        return value


@extend_schema_field({"type": "string", "pattern": DURATION, "examples": ["PT48H"]})
class DurationField(serializers.Field[timedelta, str, str, Any]):
    """An ISO 8601 duration of days, hours, minutes and seconds, longer than nothing."""

    default_error_messages = {"invalid": _('Write an ISO 8601 duration above zero, for example "PT48H".')}

    def to_internal_value(self, data: Any) -> timedelta:
        match = re.fullmatch(DURATION, data) if isinstance(data, str) else None
        if match is None:
            raise wrong(self, "invalid")
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _metadata_object() -> dict[str, Any]:
    value = {"$ref": f"#/components/schemas/{METADATA_VALUE}"}
    return {"type": "object", "propertyNames": {"pattern": ANY_TEXT}, "additionalProperties": value}


def metadata_value() -> dict[str, Any]:
    """Describe what may stand in metadata: any JSON whose texts, names included, hold no null."""
    value = {"$ref": f"#/components/schemas/{METADATA_VALUE}"}
    scalars = [{"type": "string", "pattern": ANY_TEXT}, {"type": ["number", "boolean", "null"]}]
    return {"anyOf": [*scalars, {"type": "array", "items": value}, _metadata_object()]}


@extend_schema_field(_metadata_object())
class MetadataField(serializers.Field[dict[str, Any], dict[str, Any], dict[str, Any], Any]):
    """An object of the shop's own, at most 4 KiB as JSON in UTF-8."""

    default_error_messages = {
        "invalid": _("Send a JSON object."),
        "too_large": _("Send at most 4096 bytes of metadata."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise wrong(self, "invalid")
        if len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()) > LARGEST_METADATA:
            raise wrong(self, "too_large")
        return data


def instant(**options: Any) -> serializers.DateTimeField:
    """An instant in RFC 3339, written in UTC with Z."""
    return serializers.DateTimeField(format="iso-8601", input_formats=["iso-8601"], default_timezone=UTC, **options)


@extend_schema_field({"type": "string", "pattern": CURSOR})
class Cursor(serializers.Field[int, str, str, Any]):
    """Where a page starts: opaque, to be taken from `next` alone."""

    default_error_messages = {"invalid": _("Take the cursor from `next`, unchanged.")}

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(CURSOR, str(data)):
            raise wrong(self, "invalid")
        return int.from_bytes(base64.urlsafe_b64decode(f"{data}="), "big")


def cursor_for(before: int) -> str:
    """Write the place where the next page starts."""
    return base64.urlsafe_b64encode(before.to_bytes(8, "big")).decode().rstrip("=")


def page_size(largest: int) -> serializers.IntegerField:
    """How much of a list one page holds."""
    return serializers.IntegerField(required=False, min_value=1, max_value=largest, default=DEFAULT_PAGE)
