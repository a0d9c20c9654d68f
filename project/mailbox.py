"""The demo's mail: nothing leaves the machine; each mail is a file, and a page shows them as a phone would."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage as DjangoMail
from django.core.mail.backends.base import BaseEmailBackend

NEWEST = 50
_NAME = re.compile(r"\d{8}T\d{6}\d{6}-[0-9a-f]{8}", re.ASCII)


class Backend(BaseEmailBackend):
    """Keeps every mail as a file below MAILBOX_DIR."""

    def send_messages(self, email_messages: Sequence[DjangoMail]) -> int:
        folder = Path(settings.MAILBOX_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for mail in email_messages:
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
            fresh = folder / f"{name}.part"
            fresh.write_bytes(mail.message().as_bytes())
            fresh.replace(folder / f"{name}.eml")
        return len(email_messages)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it is shown."""

    name: str
    at: datetime
    to: str
    sender: str
    subject: str
    text: str
    html: str


def newest() -> list[Mail]:
    """Return the last mails, newest first."""
    folder = Path(settings.MAILBOX_DIR)
    paths = sorted(folder.glob("*.eml"), reverse=True)[:NEWEST] if folder.is_dir() else []
    return [_read(path) for path in paths]


def mail_named(name: str) -> Mail | None:
    """Return one mail; None for a name that none has."""
    path = Path(settings.MAILBOX_DIR) / f"{name}.eml"
    return _read(path) if _NAME.fullmatch(name) and path.is_file() else None


def _read(path: Path) -> Mail:
    message: Any = message_from_bytes(path.read_bytes(), policy=default)
    return Mail(
        name=path.stem,
        at=datetime.strptime(path.stem.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC),
        to=str(message["To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        text=_part(message, "plain"),
        html=_part(message, "html").replace("<head>", '<head><base target="_top">', 1),  # links leave the frame
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
