"""Messages that were not the provider's: counted by the hour, and a small sample kept, so that a flood fills no disk."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import F

from pagoefectivo.domain.exceptions import SignatureFault
from pagoefectivo.domain.redaction import redact_headers
from pagoefectivo.models import WebhookDelivery, WebhookRejection
from pagoefectivo.services import seams

if TYPE_CHECKING:
    from pagoefectivo.services.webhooks import Letter

SAMPLES_AN_HOUR = 5
LARGEST_SAMPLE = 4096
QUERY = ":query"  # the signed part, kept beside the headers under a name that no header can have


def count(letter: Letter, fault: SignatureFault, now: datetime) -> None:
    """Count one refused message; the first five of each account, reason and hour are kept, cut to 4 KiB.

    With a sample its headers are kept as they came, encrypted: without its signature nobody could verify it again.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    row, _ = WebhookRejection.objects.get_or_create(account=letter.account, fault=fault, hour_at=hour)
    WebhookRejection.objects.filter(pk=row.pk).update(count=F("count") + 1)
    if row.count < SAMPLES_AN_HOUR:
        WebhookDelivery.objects.create(
            account=letter.account,
            event_identity=hashlib.sha256(seams.new_id().encode()).hexdigest(),
            body=letter.body[:LARGEST_SAMPLE],
            whole_size=len(letter.body),
            headers=redact_headers(letter.headers),
            raw_headers=_sample_of_headers(letter),
            verdict=WebhookDelivery.Verdict.FORGED,
            fault=fault,
            received_at=now,
            remote_ip=letter.remote_ip,
            outcome=WebhookDelivery.Outcome.REJECTED,
            done_at=now,
        )


def _sample_of_headers(letter: Letter) -> bytes | None:
    written = json.dumps({**letter.headers, QUERY: letter.query}).encode()
    return written if len(written) <= LARGEST_SAMPLE else None
