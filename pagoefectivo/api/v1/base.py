"""What every view of the API shares: the key, the limits, strict bodies, one answer per Idempotency-Key, problems.

Nothing here depends on the host's REST_FRAMEWORK setting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAcceptable, UnsupportedMediaType
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from pagoefectivo.api.v1.bodies import read_body
from pagoefectivo.api.v1.problems import MEDIA_TYPE, Problem, problem_of
from pagoefectivo.api.v1.schema import ApiSchema
from pagoefectivo.api.v1.strict_json import parse_object
from pagoefectivo.api.v1.throttles import KeyThrottle
from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.services import api_keys, idempotency
from pagoefectivo.services.actors import Actor
from pagoefectivo.services.idempotency import Answer

JSON = "application/json"
SCHEME = "Api-Key"
_ACCEPTED = {"*/*", "application/*", JSON, MEDIA_TYPE}
_FIRST_ERROR = 400


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key <key>`."""

    def authenticate(self, request: Request) -> tuple[Actor, int] | None:
        """Return the actor and the key's id; None without the header, AuthenticationFailed for a key that is not live."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        holder = api_keys.authenticate(key.strip())
        if holder is None:
            raise AuthenticationFailed
        return holder.actor, holder.key_id

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - the framework's signature
        return SCHEME


class HoldsKey(BasePermission):
    """A live key; what it may do is asked by the services."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - the framework's signature
        return request.auth is not None


class JsonOnly(BaseContentNegotiation):
    """JSON is what there is."""

    def select_parser(self, request: Request, parsers: Any) -> None:  # noqa: ARG002 - bodies are read by the views
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:  # noqa: ARG002 - the framework's signature
        wanted = request.headers.get("Accept", "") or "*/*"
        if not _ACCEPTED & {each.partition(";")[0].strip().lower() for each in wanted.split(",")}:
            raise NotAcceptable
        return renderers[0], JSON


class ApiView(APIView):
    """The base of every view: translate, one service call, translate back."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HoldsKey]
    throttle_classes = [KeyThrottle]
    renderer_classes = [JSONRenderer]
    parser_classes = []
    content_negotiation_class = JsonOnly
    versioning_class = None
    metadata_class = None
    schema = ApiSchema()
    http_method_names = ["get", "head", "post"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, exempt from a host's ATOMIC_REQUESTS: services commit before they speak to a provider."""
        return non_atomic_requests(super().as_view(**initkwargs))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if any("\0" in str(value) for value in kwargs.values()):
            raise NotFound

    def get_exception_handler(self) -> Callable[[Exception, Any], HttpResponse]:
        return lambda error, _: response_of(answer_of(problem_of(error), allowed=self.allowed_methods))

    @property
    def actor(self) -> Actor:
        return self.request.user  # type: ignore[return-value]

    @property
    def body(self) -> bytes:
        """The raw body, read once and never beyond its cap."""
        if not hasattr(self, "_body"):
            self._body = read_body(self.request._request)  # noqa: SLF001 - the framework names Django's request so
        return self._body

    def read(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the body in the given shape; raises UnsupportedMediaType, RuleRefused and ValidationError."""
        if self.body and not _is_plain_json(self.request):
            raise UnsupportedMediaType(self.request.content_type or "")
        return read_shape(shape, parse_object(self.body))

    @property
    def keyed_request(self) -> idempotency.KeyedRequest:
        """The POST under its Idempotency-Key."""
        return self.keyed(idempotency.digest_of(self.request.path, [self.body]))

    def keyed(self, digest: str) -> idempotency.KeyedRequest:
        """Return what this POST is under its Idempotency-Key, where its body is not `self.body`."""
        key = self.request.headers.get(idempotency.HEADER, "")
        return idempotency.KeyedRequest(cast("int", self.request.auth), key, digest)

    def once(self, perform: Callable[[], Answer], request: idempotency.KeyedRequest | None = None) -> HttpResponse:
        """Answer with what `perform` returns or raises, or with what this Idempotency-Key was answered before."""
        return response_of(idempotency.once(request or self.keyed_request, lambda: _settled(perform)))


def answer(status: int, document: Mapping[str, Any]) -> Answer:
    """Return a document as the bytes that will be sent and kept."""
    return Answer(status, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def answer_of(problem: Problem, *, allowed: list[str] | None = None) -> Answer:
    """Return a problem as an answer."""
    headers = {**problem.headers, **({"Allow": ", ".join(allowed)} if problem.status == 405 and allowed else {})}  # noqa: PLR2004 - method not allowed
    return Answer(problem.status, answer(problem.status, problem.document).body, headers)


def response_of(given: Answer) -> HttpResponse:
    """Return an answer as a response that nobody may cache."""
    media_type = MEDIA_TYPE if given.status >= _FIRST_ERROR else JSON
    response = HttpResponse(given.body, status=given.status, content_type=media_type)
    response["Cache-Control"] = "no-store"
    if given.replayed:
        response["Idempotent-Replayed"] = "true"
    for name, value in given.headers.items():
        response[name] = value
    return response


def read_shape(shape: type[Serializer[Any]], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a shape makes of a document; raises ValidationError."""
    reading = shape(data=document)
    reading.is_valid(raise_exception=True)
    return dict(reading.validated_data)


def _settled(perform: Callable[[], Answer]) -> Answer:
    try:
        return perform()
    except Exception as error:  # noqa: BLE001 - whatever happened behind the door becomes an answer
        return answer_of(problem_of(error))


def _is_plain_json(request: HttpRequest | Request) -> bool:
    media_type, _, parameters = (request.content_type or "").lower().partition(";")
    charset = parameters.partition("charset=")[2].strip().strip('"')
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    return media_type.strip() == JSON and charset in {"", "utf-8", "utf8"} and encoding == "identity"
