"""One box for everything a person may hold in hand. Equality and prefixes on indexes, never a scan."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from pagoefectivo import conf
from pagoefectivo.models import Order, Refund, Voucher

SHORTEST_PREFIX = 3
MOST = 500


class Kind(StrEnum):
    """What a search term looks like."""

    EMAIL = "email"
    CODE = "code"
    REFUND = "refund"
    VOUCHER = "voucher"
    REFERENCE = "reference"


KIND_WORDS = {
    Kind.EMAIL: _("an e-mail address"),
    Kind.CODE: _("a payment code"),
    Kind.REFUND: _("a refund"),
    Kind.VOUCHER: _("one attempt to issue a code"),
    Kind.REFERENCE: _("a reference"),
}
_CODE = re.compile(r"\d{6,20}", re.ASCII)
_GAPS = re.compile(r"[\s-]+")


def kind_of(term: str) -> Kind:
    """Tell what a term looks like; a number is looked for as a reference as well."""
    if "@" in term:
        return Kind.EMAIL
    if term.startswith("rfd_"):
        return Kind.REFUND
    if term.startswith("vch_"):
        return Kind.VOUCHER
    return Kind.CODE if _CODE.fullmatch(_GAPS.sub("", term)) else Kind.REFERENCE


def orders_matching(term: str) -> QuerySet[Order]:
    """Return the orders that a term names, directly or through their vouchers and refunds; one query at most."""
    return Order.objects.filter(condition(term.strip()))


def condition(term: str) -> Q:
    """Return the condition on orders; what a term names was looked up in one query, 500 orders at most."""
    kind = kind_of(term)
    if kind is Kind.EMAIL:
        return Q(payer_email__in={term, term.lower()})
    return Q(pk__in=set(_named(term, kind)))


def _named(term: str, kind: Kind) -> QuerySet[Any, Any]:
    if kind is Kind.REFUND:
        return Refund.objects.filter(public_id=term).values_list("order", flat=True)
    if kind is Kind.VOUCHER:
        return Voucher.objects.filter(public_id=term).values_list("order", flat=True)
    by_provider = Q(account__in=list(conf.current().accounts), provider_reference=term)
    found: list[QuerySet[Any, Any]] = [
        Voucher.objects.filter(reference=term),
        Voucher.objects.filter(by_provider),
        Refund.objects.filter(reference=term),
        Refund.objects.filter(by_provider),
    ]
    if kind is Kind.CODE:
        found.append(Voucher.objects.filter(code=_GAPS.sub("", term)))
    # last, because only a prefix can match many: the index hands out as many as are wanted and no more
    prefix = Q(reference__startswith=term) if len(term) >= SHORTEST_PREFIX else Q(reference=term)
    by_reference = Order.objects.filter(prefix).order_by().values_list("pk", flat=True)
    first, *rest = [rows.order_by().values_list("order", flat=True) for rows in found]
    return first.union(*rest, by_reference, all=True)[:MOST]
