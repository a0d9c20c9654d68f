"""The letterbox: where providers drop their notifications."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from pagoefectivo.domain.exceptions import ConfigurationError, InvalidSignature, RuleRefused
from pagoefectivo.services import webhooks


@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def letterbox(request: HttpRequest, account: str) -> HttpResponse:
    """Take one notification."""
    letter = webhooks.Letter(account, request.body, dict(request.headers), request.META.get("REMOTE_ADDR") or None)
    try:
        webhooks.accept(letter)
    except InvalidSignature:
        return HttpResponse(status=401)
    except RuleRefused:
        return HttpResponse(status=404)
    except ConfigurationError:
        return HttpResponse(status=503)
    return HttpResponse()
