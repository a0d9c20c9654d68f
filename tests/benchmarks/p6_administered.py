"""P6: the pages of the back office over a million codes and what happened to them, beside an empty page of the admin."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo.models import Order, Refund
from pagoefectivo.services import people
from tests.benchmarks.measure import Row, interleaved
from tests.benchmarks.seed import seed

VOUCHERS, ROUNDS, LOOKS = 1_000_000, 5, 3
MILLISECONDS, QUERIES = 100, 8
# The page of figures counts a whole week of everything; it is looked at, not worked in.
FIGURES_MILLISECONDS, FIGURES_QUERIES = 1_000, 16
DESK = "PagoEfectivo finance"


def measure(*, vouchers: int = VOUCHERS) -> list[Row]:
    """Return a row of P6 for each page."""
    print(f"  seeding {vouchers:,} codes …", file=sys.stderr, flush=True)
    kept = seed(vouchers)
    browser = _at_desk()
    pages = _pages()
    asked = {name: _queries(browser, address) for name, address in pages.items()}
    works = [_look(browser, reverse("admin:password_change")), *(_look(browser, page) for page in pages.values())]
    floor, *seen = interleaved(works, ROUNDS)
    rows = [_row(name, asked[name], median(taken), median(floor)) for name, taken in zip(pages, seen, strict=True)]
    events = sum(kept[table] for table in ("statechange", "paymentevent", "webhookdelivery", "apiexchange"))
    print(f"  {kept['voucher']:,} codes, {events:,} rows of evidence", file=sys.stderr, flush=True)
    return rows


def _row(name: str, queries: int, ours: float, floor: float) -> Row:
    is_figures = name.startswith("figures")
    most = FIGURES_QUERIES if is_figures else QUERIES
    return Row(
        "P6",
        name,
        "ms",
        floor=floor,
        ours=ours,
        value=ours,
        goal=FIGURES_MILLISECONDS if is_figures else MILLISECONDS,
        at_least=False,
        conditions={f"{queries} queries (goal ≤ {most}); {ours / floor:.1f} times the empty page": queries <= most},
        also={"queries": queries, "beside_empty": round(ours / floor, 2)},
    )


def _at_desk() -> Client:
    people.make_groups()
    person = User.objects.create_user("luz", is_staff=True)
    person.groups.add(Group.objects.get(name=DESK))
    browser = Client()
    browser.force_login(person)
    return browser


def _pages() -> dict[str, str]:
    orders, refunds = reverse("admin:pagoefectivo_order_changelist"), reverse("admin:pagoefectivo_refund_changelist")
    refund = Refund.objects.select_related("order", "voucher").order_by("-pk")[0]
    paid = Order.objects.filter(state="paid").order_by("-pk")[0]
    reference = paid.reference
    code: Any = paid.current_voucher
    return {
        "orders, first page": orders,
        "orders, the paid ones": f"{orders}?state__exact=paid",
        "orders, the last page that is listed": f"{orders}?p=200",
        "search: payment code": f"{orders}?q={code.code}",
        "search: reference": f"{orders}?q={reference}",
        "search: beginning of a reference": f"{orders}?q={reference[:-2]}",
        "search: e-mail": f"{orders}?q={paid.payer_email}",
        "search: provider's reference": f"{orders}?q={code.provider_reference}",
        "search: refund": f"{orders}?q={refund.public_id}",
        "search: nothing is found": f"{orders}?q=nobody%40example.pe",
        "order page, paid": reverse("admin:pagoefectivo_order_change", args=[paid.pk]),
        "order page, refunded": reverse("admin:pagoefectivo_order_change", args=[refund.order_id]),
        "codes": reverse("admin:pagoefectivo_voucher_changelist"),
        "refunds": refunds,
        "refund page": reverse("admin:pagoefectivo_refund_change", args=[refund.pk]),
        "notifications": reverse("admin:pagoefectivo_webhookdelivery_changelist"),
        "moves": reverse("admin:pagoefectivo_statechange_changelist"),
        "failures": reverse("admin:pagoefectivo_erroroccurrence_changelist"),
        "work queue": reverse("admin:pagoefectivo_ownership_changelist"),
        "work queue, one lane": reverse("admin:pagoefectivo_ownership_lane", args=["refunds-failed"]),
        "receipts": reverse("admin:pagoefectivo_paymentproof_changelist"),
        "cases": reverse("admin:pagoefectivo_case_changelist"),
        "unknown codes": reverse("admin:pagoefectivo_errortally_changelist"),
        "provider calls": reverse("admin:pagoefectivo_apiexchange_changelist"),
        "statements": reverse("admin:pagoefectivo_paymentevent_changelist"),
        "messages to buyers": reverse("admin:pagoefectivo_buyermessage_changelist"),
        "risk flags": reverse("admin:pagoefectivo_riskflag_changelist"),
        "figures of a week": reverse("admin:pagoefectivo_figures_changelist"),
    }


def _queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(address)
    if answer.status_code != 200:
        raise AssertionError(f"{address}: {answer.status_code}")
    return sum(1 for query in asked if query["sql"].split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"})


def _look(browser: Client, address: str) -> Callable[[], float]:
    """Return the milliseconds of one look, the mean of a few."""

    def look() -> float:
        began = time.perf_counter()
        for _ in range(LOOKS):
            browser.get(address)
        return (time.perf_counter() - began) * 1000 / LOOKS

    return look
