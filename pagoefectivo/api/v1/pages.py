"""The description of the API, for machines and for people. Neither needs a key, neither says anything of the shop."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import override
from rest_framework.request import Request

from pagoefectivo.api.v1.base import ApiView, JsonOnly
from pagoefectivo.api.v1.schema import openapi
from pagoefectivo.domain.error_codes import CATALOGUE
from pagoefectivo.domain.exceptions import NotFound

OPENAPI = "application/vnd.oai.openapi+json"
_REFERENCE = re.compile(r"#/components/schemas/(\w+)")


class Anything(JsonOnly):
    """There is one format, whatever is asked for."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:  # noqa: ARG002 - the framework's signature
        return renderers[0], ""


class OpenView(ApiView):
    """A view that needs no key and is not part of what it describes."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []
    content_negotiation_class = Anything
    schema = None  # type: ignore[assignment] # the framework's word for "not described"


class SchemaView(OpenView):
    """For machines."""

    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002 - the framework's signature
        return HttpResponse(json.dumps(openapi(), ensure_ascii=False), content_type=OPENAPI)


class DocsView(OpenView):
    """For people: one page without scripts or anything from elsewhere."""

    def get(self, request: Request) -> HttpResponse:
        style = render_to_string("pagoefectivo/api/docs.css")
        with override("en"):
            context = {"style": style, **_page(openapi())}
            response = render(request._request, "pagoefectivo/api/docs.html", context)  # noqa: SLF001 - the framework names Django's request so
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        response["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        response["X-Robots-Tag"] = "noindex"
        response["Referrer-Policy"] = "no-referrer"
        return response


class Nowhere(OpenView):
    """Any other address below the prefix."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound


def _page(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    return {
        "info": document["info"],
        "server": document["servers"][0]["url"],
        "operations": [
            _operation(path, method, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ],
        "schemas": [
            {"name": name, "description": schema.get("description", ""), "fields": _fields(schema)}
            for name, schema in sorted(schemas.items())
        ],
        "errors": [
            {"code": code, "who": entry.who, "message": entry.sentence(), "next_step": entry.next_sentence()}
            for code, entry in CATALOGUE.items()
        ],
    }


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "paragraphs": operation.get("description", "").split("\n\n"),
        "parameters": [
            {
                "name": each["name"],
                "place": each["in"],
                "required": each.get("required", False),
                "type": _type(each["schema"]),
                "description": each.get("description", ""),
            }
            for each in operation.get("parameters", [])
        ],
        "bodies": [
            {"media_type": media_type, "type": _type(content["schema"])}
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
        ],
        "answers": [
            {"status": status, "meaning": answer.get("description", ""), "shape": _shape(answer)}
            for status, answer in sorted(operation["responses"].items())
        ],
    }


def _shape(answer: dict[str, Any]) -> dict[str, str]:
    content: dict[str, Any] = next(iter(answer.get("content", {}).values()), {})
    return _type(content.get("schema", {}))


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": _type(field),
            "required": name in required,
            "description": field.get("description", ""),
            "values": [str(value) for value in field.get("enum", []) if value is not None],
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any]) -> dict[str, str]:
    """A schema in a few words, with the name of the shape it points at."""
    named = _REFERENCE.search(json.dumps(schema))
    if schema.get("type") == "array":
        below = _type(schema.get("items", {}))
        return {"words": f"list of {below['words']}", "name": below["name"]}
    if named and "properties" not in schema:
        return {"words": named[1], "name": named[1]}
    written = schema.get("type", "any")
    words = " or ".join(written) if isinstance(written, list) else str(written)
    detail = schema.get("format") or ""
    return {"words": f"{words} ({detail})" if detail else words, "name": ""}
