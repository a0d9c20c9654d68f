"""P7: the buyer's page with its barcode and all its care, beside the bare page: one SELECT and the template."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import pagoefectivo
from pagoefectivo.domain.barcodes import code128_svg
from pagoefectivo.links import page_token
from pagoefectivo.models import Order, Voucher
from tests.benchmarks.measure import Row, interleaved, median_ratio
from tests.benchmarks.stage import issued_vouchers, rest

BATCH, ROUNDS, BUYERS = 100, 11, 400  # each looks three times
LARGEST_LOAD, LARGEST_SCRIPT, QUERIES = 35 * 1024, 6 * 1024, 1


def measure() -> list[Row]:
    """Return the row of P7."""
    rest()
    Voucher.objects.bulk_update(_drawn(issued_vouchers(BUYERS, prefix="P7")), ["barcode_svg"])
    keys = Order.objects.filter(reference__startswith="P7").values_list("page_key", flat=True)
    tokens = [page_token(key) for key in keys]
    bare = _show([f"/floor/page/{token}/" for token in tokens], b"<svg", is_there=False)
    full = _show([reverse("pagoefectivo:voucher", args=[token]) for token in tokens], b"<svg", is_there=True)
    alone = _show([f"/floor/template/{token}/" for token in tokens], b"<svg", is_there=False)
    floor, ours, template = interleaved([bare, full, alone], ROUNDS)
    weight = _weight(reverse("pagoefectivo:voucher", args=[tokens[0]]))
    load = weight["page"] + weight["script"]
    beside_template = median_ratio(ours, template)
    return [
        Row(
            "P7",
            "buyer's page with barcode, beside the bare page",
            "pages/s",
            floor=median(floor),
            ours=median(ours),
            value=median_ratio(ours, floor),
            goal=0.85,
            conditions={
                "a first load of at most 35 KB, compressed": load <= LARGEST_LOAD,
                "a script of at most 6 KB": weight["script"] <= LARGEST_SCRIPT,
                "one query": weight["queries"] == QUERIES,
            },
            notes=(
                f"beside the template and a SELECT 1 that reads nothing: {beside_template:.2f}",
                "first load {page} bytes of page and {script} of script, compressed; queries: {queries}".format(
                    **weight
                ),
            ),
            also={"beside_select_1": round(beside_template, 3), **weight},
        )
    ]


def _weight(path: str) -> dict[str, int]:
    """What a first visit loads, compressed, and how often it asks the database."""
    from tests.benchmarks.wsgi import application

    with CaptureQueriesContext(connection) as asked:
        _, body = _visit(application, path)
    script = Path(pagoefectivo.__file__).parent / "static/pagoefectivo/voucher.js"
    return {
        "page": len(gzip.compress(body)),
        "script": len(gzip.compress(script.read_bytes())),
        "queries": len(asked),
    }


def _drawn(vouchers: list[Voucher]) -> list[Voucher]:
    for voucher in vouchers:
        voucher.barcode_svg = code128_svg(voucher.code)
    return vouchers


def _show(paths: list[str], mark: bytes, *, is_there: bool) -> Callable[[], float]:
    from tests.benchmarks.wsgi import application

    following = cycle(paths)

    def batch() -> float:
        began = time.perf_counter()
        for _ in range(BATCH):
            status, body = _visit(application, next(following))
            if not status.startswith("200") or (mark in body) is not is_there:
                raise AssertionError(f"{status}: the page is not the one to measure")
        return BATCH / (time.perf_counter() - began)

    return batch


def _visit(application: Any, path: str) -> tuple[str, bytes]:
    seen: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": "",
        "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    response = application(environ, lambda status, *_: seen.append(status))
    body = b"".join(response)
    response.close()
    return seen[0], body
