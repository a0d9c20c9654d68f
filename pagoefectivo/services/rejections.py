"""Messages that were not the provider's: counted by the hour, and a small sample kept, so that a flood fills no disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.db.models import F

from pagoefectivo.domain.exceptions import SignatureFault
from pagoefectivo.domain.redaction import redact_headers
from pagoefectivo.models import WebhookDelivery, WebhookRejection
from pagoefectivo.services import seams

SAMPLES_AN_HOUR = 5
LARGEST_SAMPLE = 4096


def count(
    account: str,
    fault: SignatureFault,
    body: bytes,
    headers: Mapping[str, str],
    remote_ip: str | None,
    now: datetime,
) -> None:
    """Count one refused message; the first five of each account, reason and hour are kept, cut to 4 KiB."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    row, _ = WebhookRejection.objects.get_or_create(account=account, fault=fault, hour_at=hour)
    WebhookRejection.objects.filter(pk=row.pk).update(count=F("count") + 1)
    if row.count < SAMPLES_AN_HOUR:
        WebhookDelivery.objects.create(
            account=account,
            event_identity=hashlib.sha256(seams.new_id().encode()).hexdigest(),
            body=body[:LARGEST_SAMPLE],
            headers=redact_headers(headers),
            verdict=WebhookDelivery.Verdict.FORGED,
            fault=fault,
            received_at=now,
            remote_ip=remote_ip,
            outcome=WebhookDelivery.Outcome.REJECTED,
            done_at=now,
        )
