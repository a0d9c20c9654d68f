"""P8: a signed and recorded call to the provider, beside a Session, an HMAC and one INSERT.

The floor's session is what `requests.Session()` returns. One that does not look at the environment is quicker; ours
beside that one is printed as a note.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median

import requests
from django.conf import settings
from django.db import connection
from django.utils import timezone

from pagoefectivo import conf
from pagoefectivo.domain.messages import Payer, VoucherRequest
from pagoefectivo.models import ApiExchange
from pagoefectivo.providers.base import Gateway
from pagoefectivo.providers.dlocal.webhook import signature
from pagoefectivo.services import seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.exchanges import recorder_for
from tests.benchmarks.floors import LOGIN, SECRET
from tests.benchmarks.measure import Row, interleaved, median_ratio
from tests.benchmarks.stage import children, folder, issued_vouchers, rest, stub_psp

BATCH, ROUNDS = 60, 21
BODY = 420  # bytes, about what an instruction has
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
        usual, lean = requests.Session(), requests.Session()
        lean.trust_env = False
        connection.ensure_connection()
        raw = connection.connection

        def least(session: requests.Session, method: str, path: str, body: bytes) -> None:
            date = timezone.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
            signed = signature(LOGIN, date, body, SECRET)
            headers = {"X-Date": date, "X-Login": LOGIN, "Authorization": f"V2-HMAC-SHA256, Signature: {signed}"}
            answer = session.request(method, url + path, headers=headers, data=body or None, timeout=(3, 10))
            row = (seams.new_id(), answer.url, body, answer.status_code, answer.content, timezone.now())
            raw.execute(_RECORD, row)

        def gateway() -> Gateway:
            return account_named("default").gateway(recorder_for(voucher))

        asking = ("GET", "/payments/P8-0", b"")
        works: list[Callable[[], object]] = [
            partial(least, usual, *asking),
            lambda: gateway().fetch_payment("P8-0"),
            partial(least, lean, *asking),
            partial(least, usual, "POST", "/payments", b"x" * BODY),
            lambda: gateway().issue_voucher(_request()),
        ]
        floor, taken, leaner, told, instructed = interleaved([partial(_timed, work) for work in works], ROUNDS)
        recorded = ApiExchange.objects.filter(voucher=voucher, outcome="answered").count()
        assert recorded == 2 * BATCH * (ROUNDS + 1)
    beside_lean, instruction = median_ratio(taken, leaner), median_ratio(instructed, told)
    return [
        Row(
            "P8",
            "signed and recorded call to the provider",
            "µs",
            floor=median(floor),
            ours=median(taken),
            value=median_ratio(taken, floor),
            goal=1.25,
            at_least=False,
            notes=(
                f"beside a session with trust_env off: {beside_lean:.2f}",
                f"an instruction, whose row waits for the disk before it leaves: {instruction:.2f}",
            ),
            also={"beside_lean": round(beside_lean, 3), "instruction": round(instruction, 3)},
        )
    ]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(BATCH):
        work()
    return (time.perf_counter() - began) / BATCH * 1e6


def _request() -> VoucherRequest:
    return VoucherRequest(
        reference="P8-0-1",
        amount=Decimal("89.90"),
        currency="PEN",
        payer=Payer("maria.quispe@example.pe", "Maria Quispe", "", "DNI", "45678912"),
        expires_at=timezone.now() + timedelta(days=2),
        idempotency_key="P8",
        notification_url="https://shop.example/pagoefectivo/webhooks/default/",
        description="Zapatillas",
    )
