"""Everything the refund page shows, as finished texts in the active language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from pagoefectivo.domain.bank_accounts import BANKS
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.localtime import lima_moment
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.redaction import mask_account, mask_code, mask_name
from pagoefectivo.domain.refund_reasons import to_buyer
from pagoefectivo.domain.states import FINAL_REFUND, FREED_REFUND, RefundState
from pagoefectivo.models import Refund, RefundDestination
from pagoefectivo.selectors.refund_pages import Route, Standing
from pagoefectivo.views.refund_faces import FACES, NOTES, RefundFace, face_of
from pagoefectivo.views.voucher_texts import expected_line

_CURRENCY_NOTES = {
    "PEN": gettext_lazy("It must be an account in soles."),
    "USD": gettext_lazy("It must be an account in US dollars."),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One station of the rail: `standing` is done, now or ahead; `moment` is empty until it was reached."""

    name: str
    standing: str
    moment: str


@dataclass(frozen=True, slots=True)
class RefundPage:
    """One refund page. What stands below `is_opened` is personal and empty until the buyer has shown who they are."""

    face: RefundFace
    tone: str
    badge: str
    heading: str
    body: str
    amount: str
    note: str
    expected: str
    steps: tuple[Step, ...]
    asks_who: bool
    is_opened: bool
    takes_account: bool
    changes_account: bool
    may_begin_again: bool
    is_account_erased: bool
    reference: str = field(default="", repr=False)
    why: str = ""
    account: str = field(default="", repr=False)
    payer: str = field(default="", repr=False)
    currency_note: str = ""
    next_page_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Review:
    """An account as the buyer looks at it before confirming. `draft` is what the form gives back, sealed."""

    holder: str = field(repr=False)
    document: str = field(repr=False)
    account: str = field(repr=False)
    bank: str
    warnings: tuple[str, ...]
    draft: str = field(repr=False)


def review_of(destination: Destination, warnings: tuple[str, ...], draft: str) -> Review:
    """Put an account that was typed in before the buyer's eyes, its numbers masked."""
    bank = BANKS.get(destination.bank_code, "")
    return Review(
        holder=destination.holder_name,
        document=f"{destination.document_type} {mask_code(destination.document_number)}".strip(),
        account=f"{bank} {mask_account(destination.account_number)}".strip(),
        bank=bank,
        warnings=warnings,
        draft=draft,
    )


def page_of(refund: Refund, standing: Standing, *, language: str, is_opened: bool) -> RefundPage:
    """Put one refund into the buyer's words; with what is personal only where it `is_opened`."""
    face = face_of(refund, standing)
    words, moments = FACES[face], _Moments(language, standing.now)
    amount = format_money(refund.amount, refund.currency)
    kept = refund.destination if refund.destination and refund.destination.account_number else None
    takes_account = standing.is_open and face is not RefundFace.TOO_LATE
    may_begin_again = standing.may_begin_again and standing.next_try is None
    next_page_key = standing.next_try.page_key or "" if standing.next_try else ""
    return RefundPage(
        face=face,
        tone=words.tone,
        badge=str(words.badge),
        heading=str(words.heading),
        body=str(words.body).format(
            amount=amount,
            deadline=moments.of(standing.deadline),
            moment=moments.of(standing.moved_at.get(RefundState.SUCCEEDED, refund.changed_at)),
            provider=standing.provider,
            reason=_reason(refund),
        ),
        amount=amount,
        note="" if refund.state in FINAL_REFUND else str(NOTES[standing.route]).format(provider=standing.provider),
        expected=expected_line(refund, language, standing.now),
        steps=tuple(_steps(refund, standing, moments)),
        asks_who=bool(kept or takes_account or may_begin_again or next_page_key),
        is_opened=is_opened,
        takes_account=takes_account,
        changes_account=takes_account and kept is not None,
        may_begin_again=may_begin_again,
        is_account_erased=refund.destination is not None and kept is None,
        reference=refund.order.reference if is_opened else "",
        why=to_buyer(refund.reason) if is_opened and not refund.is_outside else "",
        account=_account(kept) if kept and is_opened else "",
        payer=mask_name(refund.order.payer_name) if is_opened else "",
        currency_note=str(_CURRENCY_NOTES.get(refund.currency, "")),
        next_page_key=next_page_key if is_opened else "",
    )


class _Moments:
    def __init__(self, language: str, now: datetime) -> None:
        self._language, self._now = language, now

    def of(self, instant: datetime | None) -> str:
        return lima_moment(instant, self._language, now=self._now) if instant else ""


def _account(kept: RefundDestination) -> str:
    return f"{BANKS.get(kept.bank_code, '')} {mask_account(kept.account_number)}".strip()


def _reason(refund: Refund) -> str:
    """What the bank said, in the catalogue's plain words."""
    return CATALOGUE[ErrorCode(refund.error_code)].sentence() if refund.error_code in CATALOGUE else ""


def _steps(refund: Refund, standing: Standing, moments: _Moments) -> Iterator[Step]:
    """Yield the stations up to the buyer's account; a refund that came to nothing has no way ahead to show."""
    if refund.state in FREED_REFUND:
        return
    sent_at = standing.moved_at.get(RefundState.PENDING)
    done_at = standing.moved_at.get(RefundState.SUCCEEDED)
    is_done = refund.state == RefundState.SUCCEEDED
    reached: list[tuple[str, datetime | None, bool]] = [(gettext("Requested"), refund.created_at, True)]
    if standing.route is Route.ACCOUNT_GIVEN_HERE:
        given = refund.destination
        reached.append((gettext("Details received"), given.created_at if given else None, given is not None))
    is_bank = standing.route is Route.ACCOUNT_GIVEN_HERE
    handed_to = gettext("At the bank") if is_bank else gettext("At the payment company")
    reached.append((handed_to, sent_at, is_done or refund.state == RefundState.PENDING))
    reached.append((gettext("Refunded"), done_at or (refund.changed_at if is_done else None), is_done))
    last = max(place for place, (_, _, is_reached) in enumerate(reached) if is_reached)
    for place, (name, at, is_reached) in enumerate(reached):
        standing_word = "ahead" if not is_reached else "now" if place == last and not is_done else "done"
        yield Step(name, standing_word, moments.of(at) if is_reached else "")
