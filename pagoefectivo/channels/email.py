"""E-mail through Django's own mail framework: whatever EMAIL_BACKEND the shop has set."""

from __future__ import annotations

import smtplib
import socket
from contextlib import suppress
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from pagoefectivo.domain.sending import SENT, Address, Fate, RenderedMessage, SendOutcome

LONGEST_WAIT = 10  # seconds; Django itself would wait for ever
PERMANENT = 500  # RFC 5321 §4.2.1: 5yz is a permanent refusal, 4yz a temporary one

# Raised before a message can have left, by any backend; a refused sender is ours to mend, not the buyer's.
_NEVER_LEFT = (ConnectionRefusedError, socket.gaierror, smtplib.SMTPConnectError, smtplib.SMTPHeloError,
               smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError,
               smtplib.SMTPSenderRefused)  # fmt: skip


class Email:
    """Text and HTML in one mail. Opens its own connection for each, so that a broken one spoils no other."""

    address = Address.EMAIL

    def send(self, message: RenderedMessage) -> SendOutcome:
        """Hand the mail to the next server. Refused for good: an answer of 5yz; not sent: no connection, or 4yz."""
        connection = impatient_connection()
        try:
            connection.open()
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing has been handed over yet
            return SendOutcome(Fate.NOT_SENT, _named(error))
        try:
            return _deliver(connection, message)
        finally:
            _close(connection)


def impatient_connection() -> BaseEmailBackend:
    """Return the shop's way to send mail; a server that says nothing is left after LONGEST_WAIT."""
    connection = get_connection()
    if getattr(connection, "timeout", 0) is None:
        connection.timeout = LONGEST_WAIT  # type: ignore[attr-defined] # of the SMTP backend
    return connection


def _deliver(connection: BaseEmailBackend, message: RenderedMessage) -> SendOutcome:
    try:
        _mail(message, connection).send()
    except smtplib.SMTPRecipientsRefused as refused:
        return _answered(next((code for code, _ in refused.recipients.values()), 0))
    except _NEVER_LEFT as error:
        return SendOutcome(Fate.NOT_SENT, _named(error))
    except smtplib.SMTPResponseException as refused:
        return _answered(refused.smtp_code)
    except Exception as error:  # noqa: BLE001 - the line broke in the middle, or a backend of the shop's raised
        return SendOutcome(Fate.UNCERTAIN, _named(error))
    return SENT


def _mail(message: RenderedMessage, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    sender = message.sender or settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(sender)[1].rpartition("@")[2]
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=sender,
        to=[message.address],
        connection=connection,
        headers={
            "Message-ID": f"<{message.public_id}@{domain}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's holiday notice answers it
            "X-Auto-Response-Suppress": "All",
        },
    )
    mail.attach_alternative(message.html, "text/html")
    return mail


def _answered(code: int) -> SendOutcome:
    return SendOutcome(Fate.REFUSED if code >= PERMANENT else Fate.NOT_SENT, f"SMTP {code}")


def _named(error: Exception) -> str:
    """Name an error without its text, which may quote the address."""
    return type(error).__name__


def _close(connection: BaseEmailBackend) -> None:
    with suppress(Exception):  # what was said before stands
        connection.close()
