"""Our API as its own description has it: schemathesis asks everything that the document allows, and much that it forbids."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from pagoefectivo.domain.states import RefundState, VoucherState
from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.services import api_keys, seams
from tests.fuzz.figures import Figures, measured
from tests.fuzz.letters import ACCOUNTS
from tests.fuzz.line import Reply, ScriptedLine, one_after_another
from tests.fuzz.stage import place_rows
from tests.integration.api.conftest import EVERY_SCOPE, ROOT
from tests.integration.pages.stage import place_refund
from tests.integration.settlement_files import Row, bring, file_of

FORGET_LIMITS_EVERY = 200
OPERATIONS = 20
PHASES = ("examples", "coverage", "fuzzing")
_numbers = count(1)
schemathesis.serializer.alias("text/csv", "application/octet-stream")


class Door:
    """Our application behind the description; counts the answers and lets no request be one too many for its key."""

    def __init__(self) -> None:
        self._application = WSGIHandler()
        self.answers: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self.answers.total() % FORGET_LIMITS_EVERY == 0:
            cache.clear()

        def counted(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            self.answers[status.partition(" ")[0]] += 1
            return start_response(status, headers, *more)

        response = self._application(environ, counted)
        try:
            return [b"".join(response)]
        finally:
            response.close()


def obliging(method: str, url: str, body: bytes) -> Reply:
    """A provider that does as it is told."""
    asked = json.loads(body or b"{}")
    *_, what, name = url.partition("?")[0].rstrip("/").rsplit("/", 2)
    number = next(_numbers)
    if "refunds" in {what, name}:  # asked for, or asked about
        document = {"id": f"REF-A-{number}", "status": "SUCCESS", "status_code": "200", **asked}
    elif method == "POST":
        ticket = {"type": "NUMERIC", "number": f"{30_000_000 + number}", "expiration_date": "2099-01-01T00:00:00Z"}
        document = {"id": f"D-A-{number}", "status": "PENDING", "ticket": ticket, **asked}
    elif what == "payments":
        document = {"id": name, "status": "PENDING", "amount": 89.9, "currency": "PEN"}
    else:
        return Reply(404, b'{"code": 4000, "message": "not found"}')
    return Reply(200, json.dumps(document).encode())


def run(seed: int, inputs: int, *, loud: bool = False, phases: tuple[str, ...] = PHASES) -> Figures:
    """Ask what stands at every bound of the description, then random questions, about `inputs` of them."""
    figures, door = Figures(), Door()
    with (
        seams.use(ring=lambda: None, session=lambda: _LINE, side_by_side=one_after_another),
        measured(figures),
    ):
        schema = schemathesis.openapi.from_wsgi(f"{ROOT}schema/", door, config=_config(seed, inputs, phases))
        for event in from_schema(schema).execute():
            match event:
                case events.ScenarioFinished():
                    if loud:
                        print(f"{event.phase.value:<12} {event.label}", flush=True)
                    figures.kinds[f"{event.phase.value}: {event.label}"] += len(event.recorder.cases)
                    figures.failures += _failures(event.recorder)
                case events.NonFatalError():
                    figures.failures.append(f"{event.label}: {event.value!r}")
                case events.FatalError():
                    figures.failures.append(repr(event.exception))
    figures.inputs, figures.answers = door.answers.total(), door.answers
    return figures


def _config(seed: int, inputs: int, phases: tuple[str, ...]) -> SchemathesisConfig:
    _, plain = api_keys.create_key("schemathesis", EVERY_SCOPE)
    orders, refunds = _place()
    known = {
        "orders": orders,
        "refunds": refunds,
        "settlements": _place_settlements(),
        "accounts": list(ACCOUNTS),
        "amounts": ["1.00", "89.90", "0.01", "9999999999.99"],
    }
    drawn = {
        "path.reference": "orders",
        "path.refund_id": "refunds",
        "path.settlement_id": "settlements",
        "query.account": "accounts",
        "body.amount": "amounts",
    }
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "headers": {"Authorization": f"Api-Key {plain}"},
            "dictionaries": {name: {"values": values} for name, values in known.items()},
            "parameters": {name: {"dictionary": of, "probability": 0.8} for name, of in drawn.items()},
            "generation": {"max-examples": max(inputs // OPERATIONS, 1), "database": "none"},
            "checks": {
                "ignored_auth": {"enabled": False},  # cannot ask a WSGI application; test_api.py asks without a key
                "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "422"]},
                "negative_data_rejection": {"expected-statuses": ["400", "404", "405", "406", "413", "415", "422"]},
            },
            "phases": {name: {"enabled": name in phases} for name in (*PHASES, "stateful")},
            "continue-on-failure": True,
            "suppress-health-check": ["filter_too_much"],  # how many questions were thrown away says nothing of the API
        }
    )


def _place() -> tuple[list[str], list[str]]:
    """Orders in eight situations and a refund in each; their names."""
    place_rows()
    for voucher in Voucher.objects.filter(state=VoucherState.PAID):
        for state in RefundState:
            place_refund(voucher, state, "0.50")
    return list(Order.objects.values_list("reference", flat=True)), list(
        Refund.objects.values_list("public_id", flat=True)
    )


def _place_settlements() -> list[int]:
    """A file that was read, with differences, and one that was refused; their numbers."""
    account = next(iter(ACCOUNTS))
    good = file_of([Row("D-4-nobody", Decimal("7.50"))])
    return [bring(content, account=account).pk for content in (good, good.rstrip()[:-30])]


def _failures(recorder: ScenarioRecorder) -> Iterator[str]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure, asked = check.failure_info.failure, recorder.interactions[case_id].request
                body = asked.body or b""
                yield f"{recorder.label}: {failure.title}: {failure.message}: {asked.method} {asked.uri} {body[:300]!r}"


_LINE = ScriptedLine(obliging)
