"""P8: a signed and recorded call to the provider, beside a Session, an HMAC and one INSERT."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import requests
from django.conf import settings
from django.db import connection
from django.utils import timezone

from pagoefectivo import conf
from pagoefectivo.models import ApiExchange
from pagoefectivo.providers.dlocal.webhook import signature
from pagoefectivo.services import seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.exchanges import recorder_for
from tests.benchmarks.floors import LOGIN, SECRET
from tests.benchmarks.measure import Row, interleaved, median_ratio
from tests.benchmarks.stage import children, folder, issued_vouchers, rest, stub_psp

BATCH, ROUNDS = 60, 15
_RECORD = """
INSERT INTO bench_exchange (request_id, url, request, status, answer, sent_at) VALUES (%s, %s, %s, %s, %s, %s)
"""


def measure() -> list[Row]:
    """Return the row of P8."""
    with folder() as logs, children() as started:
        url = stub_psp(started, Path(logs), seconds=0, status="PENDING")
        settings.PAGOEFECTIVO["ACCOUNTS"]["default"]["BASE_URL"] = url
        conf.forget()
        rest()
        (voucher,) = issued_vouchers(1, prefix="P8")
        session = requests.Session()
        connection.ensure_connection()
        raw = connection.connection

        def floor() -> float:
            began = time.perf_counter()
            for _ in range(BATCH):
                date = timezone.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
                signed = signature(LOGIN, date, b"", SECRET)
                headers = {"X-Date": date, "X-Login": LOGIN, "Authorization": f"V2-HMAC-SHA256, Signature: {signed}"}
                answer = session.get(f"{url}/payments/P8-0", headers=headers, timeout=(3, 10))
                row = (seams.new_id(), answer.url, b"", answer.status_code, answer.content, timezone.now())
                raw.execute(_RECORD, row)
            return (time.perf_counter() - began) / BATCH * 1e6

        def ours() -> float:
            began = time.perf_counter()
            for _ in range(BATCH):
                account_named("default").gateway(recorder_for(voucher)).fetch_payment("P8-0")
            return (time.perf_counter() - began) / BATCH * 1e6

        least, taken = interleaved([floor, ours], ROUNDS)
        recorded = ApiExchange.objects.filter(voucher=voucher, outcome="answered").count()
        assert recorded == BATCH * (ROUNDS + 1)
    return [
        Row(
            "P8",
            "signed and recorded call to the provider",
            "µs",
            floor=median(least),
            ours=median(taken),
            value=median_ratio(taken, least),
            goal=1.25,
            at_least=False,
        )
    ]
