"""Acts of staff: who may knock, one service call, and its refusal in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.utils.translation import gettext as _

from pagoefectivo.admin.refusals import refused
from pagoefectivo.domain.exceptions import (
    NotFound,
    PagoEfectivoError,
    ProviderError,
    Reason,
    RuleRefused,
    StateConflict,
)
from pagoefectivo.services.actors import Actor, PermissionRefused, staff

T = TypeVar("T")
View = Callable[[Any, HttpRequest, Any], HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor:
    """Return who answers for what this request does."""
    return staff(request.user)


def door(
    permission: str, *, reads: bool = True, writes: bool = True
) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """Guard a page about one row: 403 without `permission`, 405 for what it does not take. Only a POST may act.

    The services hold their own transactions, so a host's ATOMIC_REQUESTS is switched off here.
    """
    methods = [*(["GET"] if reads else []), *(["POST"] if writes else [])]

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(self: admin.ModelAdmin[Any], request: HttpRequest, object_id: int) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            row = self.get_object(request, str(object_id))
            if not self.has_view_permission(request, row) or not request.user.has_perm(permission):
                return refused(self, request, permission)
            if row is None:
                raise Http404
            try:
                return view(self, request, row)
            except PermissionRefused:
                return refused(self, request, permission)
            except NotFound:
                raise Http404 from None

        return transaction.non_atomic_requests(guarded)

    return decorate


def desk(permission: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Guard a page about many rows, or about what its address names, as `door` guards one about a single row."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(self: admin.ModelAdmin[Any], request: HttpRequest, **named: str) -> HttpResponseBase:
            if request.method not in {"GET", "POST"}:
                return HttpResponseNotAllowed(["GET", "POST"])
            if not self.has_view_permission(request) or not request.user.has_perm(permission):
                return refused(self, request, permission)
            try:
                return view(self, request, **named)
            except PermissionRefused:
                return refused(self, request, permission)
            except NotFound:
                raise Http404 from None

        return transaction.non_atomic_requests(guarded)

    return decorate


def carry_out(request: HttpRequest, act: Callable[[], T]) -> T | None:
    """Return what the one service call inside `act` returns; its refusal becomes messages and None."""
    try:
        return act()
    except (RuleRefused, StateConflict, ProviderError) as refusal:
        for complaint in complaints(refusal):
            messages.error(request, complaint)
        return None


def complaints(refusal: PagoEfectivoError) -> Iterator[str]:
    """Say what was refused: sentence, next step, code, and for the provider the id of the call."""
    if isinstance(refusal, RuleRefused):
        yield from (in_words(reason) for reason in refusal.reasons)
        return
    values = {"raw": refusal.fault.raw_code} if isinstance(refusal, ProviderError) else getattr(refusal, "values", {})
    call = getattr(refusal, "request_id", "")
    told = in_words(Reason(refusal.code, values=values))
    yield f"{told} {_('Provider call: {id}').format(id=call)}" if call else told


def in_words(reason: Reason) -> str:
    """Return one reason as people read it."""
    return f"{reason.message} {reason.next_step} ({reason.code})"
