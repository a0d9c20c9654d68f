"""The API described by itself: OpenAPI 3.1, generated from the views. The host's settings play no part in it."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeVar

from django.urls import reverse
from django.utils.translation import override
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from pagoefectivo import conf
from pagoefectivo.api.v1.problems import MEDIA_TYPE
from pagoefectivo.api.v1.shapes.fields import METADATA_VALUE, StrictShape, metadata_value
from pagoefectivo.services import idempotency

Shape = type[serializers.Serializer[Any]]
View = TypeVar("View", bound=Callable[..., Any])
_ALWAYS = (401, 405, 406, 429, 500, 503)
_WITH_BODY = (400, 409, 413, 415, 422)
_PATH_PARAMETERS: dict[str, tuple[type, str]] = {
    "reference": (str, "The shop's reference of the order."),
    "refund_id": (str, "The refund's `id`."),
    "settlement_id": (int, "The settlement file's `id`."),
}
_DESCRIPTION = """Take PagoEfectivo payments and give them back.

Send `Authorization: Api-Key <key>`; a key has scopes and may be bound to accounts. Each POST needs an
`Idempotency-Key`: the same key with the same request gets the stored answer (`Idempotent-Replayed: true`), with another
request 422, while the first one is running 409 with `Retry-After`. Amounts are decimal strings beside their currency,
times are RFC 3339 in UTC. Errors are `application/problem+json` with a `code` of the catalogue, who has to act, and the
next step. Unknown fields are refused."""
_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "PagoEfectivo REST API",
    "VERSION": "1",
    "DESCRIPTION": _DESCRIPTION,
    "SCHEMA_PATH_PREFIX": "/",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "SCHEMA_PATH_PREFIX_INSERT": "",
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": [],
    "SORT_OPERATIONS": False,
    "COMPONENT_SPLIT_REQUEST": False,
    "CAMELIZE_NAMES": False,
    "SECURITY": [],
    "SERVERS": [],
    "TAGS": [],
    "APPEND_COMPONENTS": {"schemas": {METADATA_VALUE: metadata_value()}},
    "AUTHENTICATION_WHITELIST": None,
    "PARSER_WHITELIST": None,
    "RENDERER_WHITELIST": None,
}
_generating = threading.Lock()


class ReasonShape(serializers.Serializer[Any]):
    """One rule that says no."""

    code = serializers.CharField()
    field = serializers.CharField()
    message = serializers.CharField()
    next_step = serializers.CharField()


class ProblemShape(serializers.Serializer[Any]):
    """An error after RFC 9457. Further members stand beside these where they help: `raw_code`, `scope`, `request_id`.

    `line` and `reason` say what could not be read in a file.
    """

    type = serializers.URLField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="A name of the error catalogue.")
    who = serializers.CharField(help_text="Who must act: nobody, buyer, support, finance, developer or provider.")
    next_step = serializers.CharField()
    line = serializers.IntegerField(required=False, allow_null=True)
    reason = serializers.CharField(required=False)
    reasons = ReasonShape(many=True, required=False)
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class ApiSchema(AutoSchema):
    """Describes one operation."""

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def _get_request_body(self, direction: Any = "request") -> Any:
        described_so_far = super()._get_request_body(direction)  # type: ignore[no-untyped-call] # the framework has no types
        if described_so_far and not set(self.map_parsers()) & described_so_far["content"].keys():
            described_so_far["required"] = True  # a file; the framework tells it of shapes alone
        return described_so_far

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Shape")

    def _postprocess_serializer_schema(self, schema: Any, serializer: Any, direction: Any) -> Any:
        described_so_far = super()._postprocess_serializer_schema(schema, serializer, direction)  # type: ignore[no-untyped-call] # the framework has no types
        if isinstance(serializer, StrictShape):
            described_so_far["additionalProperties"] = False
        return described_so_far


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a key is sent."""

    target_class = "pagoefectivo.api.v1.base.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - the framework's signature
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Api-Key <key>`"}


def described(
    summary: str,
    *,
    answers: Mapping[int, Shape],
    problems: tuple[int, ...],
    body: Shape | Mapping[str, Any] | None = None,
    query: Shape | None = None,
) -> Callable[[View], View]:
    """Describe one operation: its answers, its problems, its body or query. Its docstring is the description.

    A body is JSON of one shape, or else of several media types, each with its shape.
    """

    def describe(method: View) -> View:
        names = {name: said for name, said in _PATH_PARAMETERS.items() if name in method.__code__.co_varnames}
        expected = sorted({*_ALWAYS, *problems, *(_WITH_BODY if body else ())})
        decorate = extend_schema(
            operation_id=re.sub(r"[^a-z ]", "", summary.lower()).replace(" ", "_"),
            summary=summary,
            request=body,
            parameters=[
                *(OpenApiParameter(name, of, "path", description=said) for name, (of, said) in names.items()),
                *([query] if query else []),
                *([_idempotency_key()] if body else []),
            ],
            responses={
                **{status: OpenApiResponse(shape, HTTPStatus(status).phrase) for status, shape in answers.items()},
                **{
                    (status, MEDIA_TYPE): OpenApiResponse(ProblemShape, HTTPStatus(status).phrase)
                    for status in expected
                },
            },
        )
        method.kwargs = {"schema": ApiSchema}  # type: ignore[attr-defined] # else it would build on the host's schema class
        return decorate(method)

    return describe


def openapi() -> dict[str, Any]:
    """Return the description of the API, with the server's address of the settings."""
    root = reverse("pagoefectivo:api-orders").removesuffix("/orders/")
    document = copy.deepcopy(_described())
    document["servers"] = [{"url": f"{conf.current().public_base_url}{root}"}]
    return document


@lru_cache(maxsize=1)
def _described() -> dict[str, Any]:
    from pagoefectivo.api.v1.urls import described_patterns

    with _generating, patched_settings(_SETTINGS), override("en"):
        generator = SchemaGenerator(patterns=described_patterns)  # type: ignore[no-untyped-call]
        return dict(generator.get_schema(public=True))  # type: ignore[no-untyped-call]


def _idempotency_key() -> OpenApiParameter:
    return OpenApiParameter(
        idempotency.HEADER,
        {"type": "string", "pattern": idempotency.KEY},
        "header",
        required=True,
        description="A fresh random text of 1–255 printable characters for each new request, the same when repeating.",
    )
