"""The second question of a buyer's page: three digits of the phone on file, or a code e-mailed to the address on file.

Three digits are one in a thousand, so wrong answers are counted in the database, for the order whose phone it is and for
the sender, under a lock: guesses that come at the same instant are counted one after the other.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.crypto import salted_hmac

from pagoefectivo.models import EmailedCode, Refund, WrongAnswers
from pagoefectivo.services import code_mail, seams

PAUSE_AFTER = 10
PAUSE = timedelta(minutes=15)
PHONE_OPENS_UNTIL = 30  # wrong answers about one order, whatever the link; after them only an e-mailed code
SENDER_FORGOTTEN_AFTER = timedelta(days=1)
KEPT = timedelta(days=90)  # longer than a link is of use
CODE_LIFE = timedelta(minutes=10)
CODE_AGAIN_AFTER = timedelta(minutes=1)
MOST_CODES_A_DAY = 10
PHONE_DIGITS, SHORTEST_PHONE = 3, 6

logger = logging.getLogger("pagoefectivo.pages")


class Verdict(StrEnum):
    """What an answer came to."""

    RIGHT = "right"
    WRONG = "wrong"
    PAUSED = "paused"


def answer_with_phone(refund: Refund, digits: str, *, sender: str) -> Verdict:
    """Judge the last three digits of the payer's phone. A missing phone is answered as a wrong one is."""
    phone = re.sub(r"\D", "", refund.order.payer_phone, flags=re.ASCII)
    expected = phone[-PHONE_DIGITS:] if len(phone) >= SHORTEST_PHONE else ""
    matches = secrets.compare_digest(digits.encode(), expected.encode()) and bool(expected)
    return seams.transact(lambda: _judge(refund, sender, lambda known: matches and known.count < PHONE_OPENS_UNTIL))


def answer_with_code(refund: Refund, code: str, *, sender: str) -> Verdict:
    """Judge a code that was e-mailed. It opens once."""
    return seams.transact(lambda: _judge(refund, sender, lambda _: _is_redeemed(refund, code)))


def email_code(refund: Refund) -> None:
    """Send a fresh code to the payer's address, where there is one and none was sent a moment ago; the old one is void.

    Whoever asks is told the same in every case. Mail that fails is logged by the name of its error alone.
    """
    code = f"{secrets.randbelow(10**6):06}"
    address = refund.order.payer_email
    if address and seams.transact(lambda: _is_noted(refund, code, seams.now())):
        try:
            failure = code_mail.send(address, code).code
        except Exception as error:  # noqa: BLE001 - whatever the host's mail backend raises, the page answers the same
            failure = type(error).__name__  # without its text, which may quote the address
        if failure:
            logger.error("A code could not be e-mailed (%s).", failure)


def forget_old() -> None:
    """Delete counts and codes that are of no use any more."""
    now = seams.now()
    WrongAnswers.objects.filter(last_at__lte=now - KEPT).delete()
    EmailedCode.objects.filter(expires_at__lte=now - SENDER_FORGOTTEN_AFTER).delete()


def _judge(refund: Refund, sender: str, is_right: Callable[[WrongAnswers], bool]) -> Verdict:
    now = seams.now()
    # all refunds of an order ask for the same phone: neither a new link nor another refund gives new guesses
    order, address = _subject("order", str(refund.order_id)), _subject("sender", sender)
    rows = {subject: _locked(subject, now) for subject in sorted((order, address))}
    if now - rows[address].last_at >= SENDER_FORGOTTEN_AFTER:
        rows[address].count = 0
    if any(row.paused_until and row.paused_until > now for row in rows.values()):
        return Verdict.PAUSED
    if is_right(rows[order]):
        return Verdict.RIGHT
    for row in rows.values():
        _count(row, now)
    return Verdict.PAUSED if any(row.paused_until == now + PAUSE for row in rows.values()) else Verdict.WRONG


def _locked(subject: str, now: datetime) -> WrongAnswers:
    WrongAnswers.objects.get_or_create(subject=subject, defaults={"last_at": now})
    return WrongAnswers.objects.select_for_update().get(subject=subject)


def _count(row: WrongAnswers, now: datetime) -> None:
    row.count += 1
    row.last_at = now
    if row.count % PAUSE_AFTER == 0:
        row.paused_until = now + PAUSE
    row.save()


def _is_redeemed(refund: Refund, code: str) -> bool:
    kept = EmailedCode.objects.select_for_update().filter(refund=refund, expires_at__gt=seams.now()).first()
    digest = kept.digest if kept else ""
    if not secrets.compare_digest(_digest(refund, code), digest):
        return False
    EmailedCode.objects.filter(refund=refund).update(digest="")
    return True


def _is_noted(refund: Refund, code: str, now: datetime) -> bool:
    """Keep a code's digest, unless too many were sent; whether it may be sent."""
    fresh = {"sent_at": now, "expires_at": now + CODE_LIFE, "digest": _digest(refund, code)}
    _, is_first = EmailedCode.objects.get_or_create(refund=refund, defaults={**fresh, "sent": 1})
    if is_first:
        return True
    kept = EmailedCode.objects.select_for_update().get(refund=refund)
    sent = 0 if kept.sent_at.date() != now.date() else kept.sent
    if now - kept.sent_at < CODE_AGAIN_AFTER or sent >= MOST_CODES_A_DAY:
        return False
    EmailedCode.objects.filter(refund=refund).update(**fresh, sent=sent + 1)
    return True


def _subject(kind: str, name: str) -> str:
    return salted_hmac(f"pagoefectivo.wrong-answers.{kind}", name, algorithm="sha256").hexdigest()


def _digest(refund: Refund, code: str) -> str:
    return salted_hmac("pagoefectivo.emailed-code", f"{refund.page_key}:{code}", algorithm="sha256").hexdigest()
