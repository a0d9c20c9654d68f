"""One box for everything a person may hold in hand: what it is taken for, where it leads, and how it is remembered.

Personal data stays out of addresses and logs: the box posts, and what was looked for waits, encrypted, in the session.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.clues import Clues, Kind, read
from pagoefectivo.models import Order
from pagoefectivo.models.fields import cipher
from pagoefectivo.selectors import search
from pagoefectivo.selectors.search import Findings
from pagoefectivo.services.actors import PermissionRefused, staff

KIND_WORDS = {
    Kind.EMAIL: _("an e-mail address"),
    Kind.CODE: _("a payment code"),
    Kind.REFUND: _("a refund"),
    Kind.VOUCHER: _("one attempt to issue a code"),
    Kind.PROOF: _("the number of a receipt"),
    Kind.CASE: _("the number of a case"),
    Kind.PHONE: _("a phone"),
    Kind.DOCUMENT: _("a document"),
    Kind.ACCOUNT: _("the last four digits of an account"),
    Kind.OPERATION: _("an operation number"),
    Kind.REFERENCE: _("a reference"),
}
REMEMBERED = 2
_SESSION = "pagoefectivo_searches"
_LARGEST = 800  # letters: a session may be a cookie, and a cookie holds four thousand bytes
_OWN_PAGE = frozenset({Kind.REFUND, Kind.REFERENCE})


def kind_of(term: str) -> Kind:
    """Tell what a term looks like; it is looked for as everything else that it may be as well."""
    found = read(term).found
    return found[0].kinds[0] if found else Kind.REFERENCE


def orders_matching(term: str, user: Any) -> QuerySet[Order]:
    """Return the orders that a term names, directly or through what is below them; one query at most."""
    return Order.objects.filter(condition(term, user))


def condition(term: str, user: Any) -> Q:
    """Return the condition on orders; what a term names was looked up in one query, 500 orders at most."""
    clues = read(term)
    if clues.is_whole and clues.found[0].kinds == (Kind.EMAIL,):
        return Q(payer_email__in={term, term.lower()})
    return Q(pk__in=order_ids(term, user))


def order_ids(term: str, user: Any) -> list[int]:
    """Return the orders that a term names, the newest first, 500 at most; none for who may not read orders. One query."""
    try:
        return search.find(read(term), actor=staff(user)).order_ids
    except PermissionRefused:
        return []


def page_of(found: Findings, user: Any) -> tuple[str, int] | None:
    """Return the model and the key of the one thing that was named, as its page is addressed; None for none or several."""
    (case_id, *more) = {hit.case_id for hit in found.hits} or {None}
    if case_id is not None and not more and user.has_perm("pagoefectivo.view_case"):
        return "case", case_id
    if len(found.order_ids) != 1:
        return None
    refunds = {hit.refund_id if hit.kind in _OWN_PAGE else None for hit in found.hits}
    proofs = {hit.proof_id if hit.kind is Kind.PROOF else None for hit in found.hits}
    for model, pks in (("refund", refunds), ("paymentproof", proofs)):
        (pk, *others) = pks
        if pk is not None and not others and user.has_perm(f"pagoefectivo.view_{model}"):
            return model, pk
    return "order", found.order_ids[0]


def remember(request: HttpRequest, clues: Clues, found: Findings) -> str:
    """Keep what was looked for in the session, encrypted, what was found first; return the key that the address bears."""
    hit = {each.clue for each in found.hits}
    texts = sorted((clue.text for clue in clues.found), key=lambda text: text not in hit)
    kept = json.dumps({"text": _cut(texts), "is_whole": clues.is_whole}, ensure_ascii=False)
    key = secrets.token_urlsafe(9)
    before = list(request.session.get(_SESSION, {}).items())[-(REMEMBERED - 1) :]
    request.session[_SESSION] = {**dict(before), key: cipher().encrypt(kept.encode()).decode()}
    return key


def remembered(request: HttpRequest, key: str) -> Clues | None:
    """Return what this person looked for under a key of this session; None where that is over."""
    token = request.session.get(_SESSION, {}).get(key)
    if token is None:
        return None
    kept = json.loads(cipher().decrypt(token.encode()))
    return replace(read(kept["text"]), is_whole=kept["is_whole"])


def _cut(texts: Iterable[str]) -> str:
    kept = ""
    for text in texts:
        if len(kept) + len(text) > _LARGEST:
            break
        kept = f"{kept}\n{text}" if kept else text
    return kept
