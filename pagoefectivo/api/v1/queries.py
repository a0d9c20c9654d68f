"""The query of a list: each name once, and the address of the page that follows."""

from __future__ import annotations

from urllib.parse import urlencode

from rest_framework.request import Request

from pagoefectivo import conf
from pagoefectivo.api.v1.shapes.fields import cursor_for
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused


def single_values(request: Request) -> dict[str, str]:
    """Return the query; raises RuleRefused(REQUEST_INVALID) for a name that stands twice."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise RuleRefused(Reason(ErrorCode.REQUEST_INVALID, field=name[:64]))
    return {name: str(value) for name, value in request.query_params.items()}


def next_url(request: Request, path: str, place: int | None) -> str | None:
    """Return where the page that begins after `place` is; None where there is none."""
    if place is None:
        return None
    query = urlencode({**single_values(request), "cursor": cursor_for(place)})
    return f"{conf.current().public_base_url}{path}?{query}"
