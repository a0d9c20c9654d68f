"""Journeys with planted secrets and personal data, and a search for them in everything that was emitted (G02, G03)."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import requests
from celery import current_app
from django.core.signals import request_started
from django.db import connection

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import PagoEfectivoError, ProviderError
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ErrorOccurrence, OutboxMessage, StateChange, WebhookDelivery
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services import refunds, seams
from pagoefectivo.services.actors import SHOP
from pagoefectivo.services.api_keys import create_key
from pagoefectivo.services.bell import Bell
from pagoefectivo.tasks.sweep import _wake_a_worker
from tests.integration.ledger import only_voucher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

LOGIN, TRANS_KEY, SECRET_KEY = "canary-login-5x7Q", "canary-trans-key-9bVx", "canary-secret-key-Zk3w"
EMAIL, NAME, PHONE, DOCUMENT = "canary.buyer@pajaro.pe", "Canaria Pajarito", "+51911222333", "70414243"
ACCOUNT_NUMBER = "00219300112233445599"
SECRETS = {"trans_key": TRANS_KEY, "secret_key": SECRET_KEY}
PERSONAL = {
    "e-mail": "canary.buyer",
    "name": "Pajarito",
    "phone": "911222333",
    "document": DOCUMENT,
    "bank account": ACCOUNT_NUMBER,
}
QUEUE = "pagoefectivo"


class Emitted:
    """Everything that left the code by any way, as (where, text)."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str]] = []
        self.warned: list[warnings.WarningMessage] = []

    def add(self, where: str, text: object) -> None:
        self.pieces.append((where, str(text)))

    def holding(self, canary: str) -> list[tuple[str, str]]:
        return [(where, text[:300]) for where, text in self.pieces if canary in text]

    def count(self, where: str) -> int:
        return sum(1 for place, _ in self.pieces if place == where)


class Listener(logging.Handler):
    """Keeps every record of every logger, rendered with its arguments, extras and traceback."""

    def __init__(self, emitted: Emitted) -> None:
        super().__init__(logging.DEBUG)
        self._emitted = emitted
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        extras = {key: value for key, value in record.__dict__.items() if key not in {"args", "exc_info"}}
        text = f"{self.format(record)} {record.args!r} {extras!r}"
        self._emitted.add("log of the PSP" if record.name.startswith("pagoefectivo.sandbox") else "log", text)


@pytest.fixture
def emitted(settings: Any) -> Iterator[Emitted]:
    """All loggers at DEBUG, all warnings, every address that our web server was asked for, every SQL text."""
    kept = Emitted()
    settings.DEBUG = False
    root, listener = logging.getLogger(), Listener(kept)
    levels = {name: logging.getLogger(name).level for name in (None, "django", "celery", "urllib3", "kombu", "amqp")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(listener)

    def note_address(environ: dict[str, Any] | None = None, **_: Any) -> None:
        if environ:
            kept.add("our address", f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}")

    request_started.connect(note_address, dispatch_uid="canaries")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        kept.warned = warned
        yield kept
    request_started.disconnect(dispatch_uid="canaries")
    root.removeHandler(listener)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def canaries(
    psp: Any, sandbox: SandboxServer, account: Any, listening: Any, emitted: Emitted
) -> Iterator[dict[str, str]]:
    """An account whose every credential is a canary, known at the PSP under the same names."""
    psp.add_merchant(LOGIN, {"trans_key": TRANS_KEY, "secret_key": SECRET_KEY})
    account(CREDENTIALS={"login": LOGIN, "trans_key": TRANS_KEY, "secret_key": SECRET_KEY})
    bell = Bell(quiet=0.01)
    bell.connect(_wake_a_worker)
    with seams.use(ring=bell.ring):
        yield {**SECRETS, **PERSONAL}


def payer() -> shop.Payer:
    return shop.Payer(email=EMAIL, name=NAME, phone=PHONE, document_type="DNI", document_number=DOCUMENT)


def destination() -> shop.Destination:
    return shop.Destination(
        holder_name=NAME,
        document_type="DNI",
        document_number=DOCUMENT,
        bank_code="002",
        account_number=ACCOUNT_NUMBER,
        account_type="S",
    )


def attempt(emitted: Emitted, work: Any) -> Any:
    """Do it; if it raises, keep what a log or an error page would show of the exception."""
    try:
        return work()
    except PagoEfectivoError as error:
        shown = "".join(traceback.format_exception(error))
        emitted.add("exception", f"{error!s} {error!r} {error.args!r} {vars(error)!r} {shown}")
        return None


def test_G02_G03_no_secret_and_nothing_personal_is_in_anything_emitted(
    canaries: dict[str, str], emitted: Emitted, psp: Any, listening: Any, world: Any, sweep: Any, settings: Any
) -> None:
    def opened(reference: str) -> Any:
        wanted: dict[str, Any] = {"reference": reference, "amount": "89.90", "currency": "PEN", "payer": payer()}
        return attempt(emitted, lambda: shop.open_order(**wanted))

    for fault in ("500", "malformed", "drop_after", "429", "html"):  # a create that fails in each way
        psp.fault("create", fault)
        opened(f"FAULT-{fault}")
    psp.configure(document_lengths=[11])
    opened("REFUSED-1")
    psp.configure(document_lengths=[8])

    psp.webhook_fault("forged")
    paid = opened("CANARY-1").current_voucher
    psp.pay(paid.code)
    assert psp.wait_idle()
    world.advance(minutes=3)
    sweep()
    assert shop.get_order(reference="CANARY-1").state == "paid"
    for fault in ("500", "not_found", "malformed", "unknown_status"):
        psp.fault("get_payment", fault)
        attempt(emitted, lambda: shop.refresh_order(reference="CANARY-1"))

    def ask_back(amount: str) -> Any:
        wanted: dict[str, Any] = {
            "amount": amount,
            "reason": "other",
            "actor": SHOP,
            "note": "",
            "destination": destination(),
        }
        return attempt(emitted, lambda: shop.request_refund(reference="CANARY-1", **wanted))

    done, rejected = ask_back("20.00"), ask_back("10.00")
    ask_back("999.00")
    psp.fault("refund", "500")
    ask_back("5.00")
    psp.settle_refund(done.provider_reference)
    psp.settle_refund(rejected.provider_reference, "reject", reason=f"Bad account {ACCOUNT_NUMBER} of {EMAIL}")
    assert psp.wait_idle()
    world.advance(seconds=3)
    sweep()
    attempt(emitted, lambda: refunds.retry(rejected.public_id, actor=SHOP, source=Source.API))
    assert StateChange.objects.filter(to_state="failed", subject="refund").count() == 1

    wrong = {**settings.PAGOEFECTIVO["ACCOUNTS"]["default"], "CREDENTIALS": {"login": LOGIN, "trans_key": SECRET_KEY,
             "secret_key": SECRET_KEY}}  # fmt: skip
    right = settings.PAGOEFECTIVO
    settings.PAGOEFECTIVO = {**right, "ACCOUNTS": {"default": wrong}}
    attempt(emitted, lambda: shop.refresh_order(reference="CANARY-1"))
    settings.PAGOEFECTIVO = right

    codes = {f"code of {payment['order_id'][:9]}": payment["code"] for payment in psp.payments()}
    key = use_the_api(listening.url)
    knock_everywhere(emitted, listening.url, paid.code)
    gather(emitted, psp, listening.url)

    for where in ("log", "our address", "PSP address", "task", "exception", "error page", "kept for people"):
        assert emitted.count(where) >= 1, f"nothing was gathered from {where}"
    for raised in ("exceptions.NotSent", "exceptions.RuleRefused", "exceptions.Ambiguous"):
        assert emitted.holding(raised), f"no journey ended in {raised}"
    found = {name: emitted.holding(canary) for name, canary in {**canaries, **codes, "API key": key}.items()}
    assert {name: places for name, places in found.items() if places} == {}


def use_the_api(url: str) -> str:
    """A journey over the REST API, whose bodies may hold the code; return its key."""
    _, key = create_key("canary", ["orders:read", "orders:write", "refunds:read", "refunds:write"])
    api, prefix = requests.Session(), f"{url}/pagoefectivo/api/v1"
    api.headers["Authorization"] = f"Api-Key {key}"
    buyer = {"email": EMAIL, "name": NAME, "phone": PHONE, "document": {"type": "DNI", "number": DOCUMENT}}
    order = {"reference": "API-1", "amount": "89.90", "currency": "PEN", "payer": buyer}
    repeated = {"Idempotency-Key": "canary-1"}
    with api:
        for _ in range(2):
            api.post(f"{prefix}/orders/", json=order, headers=repeated, timeout=10)
        for bad in ({"amount": EMAIL}, {"payer": {"email": DOCUMENT}}, {DOCUMENT: EMAIL}, {"currency": SECRET_KEY}):
            answer = api.post(
                f"{prefix}/orders/", json=order | bad, headers={"Idempotency-Key": str(bad)[:9]}, timeout=10
            )
            assert answer.status_code in {400, 409, 422}, answer.text
        for path in ("orders/API-1/", "orders/CANARY-1/timeline/", "orders/"):
            assert api.get(f"{prefix}/{path}", timeout=10).status_code == 200
    return key


def knock_everywhere(emitted: Emitted, url: str, code: str) -> None:
    """Every door, asked in ways that end in 4xx and 5xx."""
    said = {"email": EMAIL, "document": DOCUMENT, "code": code, "secret": SECRET_KEY}
    prefix = f"{url}/pagoefectivo"
    headers = {"Authorization": f"Api-Key {SECRET_KEY}", "Idempotency-Key": "canary"}
    answers = [
        requests.post(f"{prefix}/webhooks/default/", json=said, timeout=5),
        requests.post(f"{prefix}/webhooks/nobody/", json=said, timeout=5),
        requests.post(f"{prefix}/webhooks/default/", data=b"x" * 300_000, timeout=5),
        requests.get(f"{prefix}/webhooks/default/", timeout=5),
        requests.post(f"{prefix}/api/v1/orders/", json=said, headers=headers, timeout=5),
        requests.get(f"{prefix}/api/v1/orders/CANARY-1/", headers=headers, timeout=5),
        requests.get(f"{prefix}/v/no-such-token/", timeout=5),
        requests.get(f"{prefix}/nowhere/", timeout=5),
    ]
    assert all(answer.status_code >= 400 for answer in answers), [answer.status_code for answer in answers]
    for answer in answers:
        emitted.add("error page", f"{answer.headers} {answer.text}")


def gather(emitted: Emitted, psp: Any, url: str) -> None:
    """What is not emitted by itself: warnings, addresses at the PSP, messages in the broker, rows that people read as they are."""
    for warning in emitted.warned:
        emitted.add("warning", warning)
    for call in psp.calls():
        emitted.add("PSP address", f"{call['method']} {call['path']}")
    assert all(delivery["url"].startswith(url) for delivery in psp.deliveries())
    for delivery in psp.deliveries():
        emitted.add("PSP address", delivery["url"])
    with redis.Redis.from_url(current_app.conf.broker_url) as client:
        messages: Any = client.lrange(QUEUE, 0, -1)
        for message in messages:
            emitted.add("task", message.decode())
        client.delete(QUEUE)
    readable = {
        WebhookDelivery: ("headers", "fault", "event_identity"),
        ErrorOccurrence: ("raw_code", "raw_message", "operation"),
        StateChange: ("actor", "why"),
        OutboxMessage: ("failure", "delivered_to"),
    }
    for model, columns in readable.items():
        for row in model._default_manager.values(*columns):
            emitted.add("kept for people", row)
    with connection.cursor() as cursor:  # as it lies on the disk
        cursor.execute("SELECT url, request_headers::text, response_headers::text, loss FROM pagoefectivo_apiexchange")
        for row in cursor.fetchall():
            emitted.add("kept for people", row)


def test_G02_at_rest_bodies_documents_and_bank_accounts_are_unreadable(
    canaries: dict[str, str], psp: Any, world: Any, sweep: Any
) -> None:
    shop.open_order(reference="CANARY-1", amount="89.90", currency="PEN", payer=payer())
    psp.pay(only_voucher().code)
    assert psp.wait_idle()
    sweep()
    wanted: dict[str, Any] = {"amount": "10.00", "reason": "other", "actor": SHOP, "destination": destination()}
    shop.request_refund(reference="CANARY-1", **wanted)
    with connection.cursor() as cursor:
        for table, columns in {
            "apiexchange": "encode(request_body, 'escape') || encode(response_body, 'escape')",
            "webhookdelivery": "encode(body, 'escape')",
            "refunddestination": "holder_name || document_number || account_number",
            "order": "payer_document_number",
        }.items():
            cursor.execute(f'SELECT {columns} FROM "pagoefectivo_{table}"')  # noqa: S608 - our own table names
            stored = " ".join(str(value) for (value,) in cursor.fetchall())
            assert len(stored) > 50, table
            for canary in (DOCUMENT, ACCOUNT_NUMBER, EMAIL, SECRET_KEY, only_voucher().code):
                assert canary not in stored, table
    assert only_voucher().order.payer_document_number == DOCUMENT, "and yet we can read it"


def test_a_provider_error_never_shows_what_was_sent(canaries: dict[str, str], psp: Any) -> None:
    shop.open_order(reference="CANARY-1", amount="89.90", currency="PEN", payer=payer())
    psp.fault("get_payment", "500")
    with pytest.raises(ProviderError) as failed:
        shop.refresh_order(reference="CANARY-1")
    shown = f"{failed.value!s}{failed.value!r}{''.join(traceback.format_exception(failed.value))}"
    assert "PSP_UNAVAILABLE" in shown
    assert [name for name, canary in canaries.items() if canary in shown] == []


@pytest.mark.parametrize("way", ["message", "argument", "extra", "traceback", "warning"])
def test_the_search_finds_what_is_planted(way: str, emitted: Emitted, psp: Any) -> None:
    planted = logging.getLogger("host.shop")
    if way == "message":
        planted.debug(f"paid with {SECRET_KEY}")
    elif way == "argument":
        planted.info("paid with %s", SECRET_KEY)
    elif way == "extra":
        planted.info("paid", extra={"buyer": SECRET_KEY})
    elif way == "warning":
        warnings.warn(f"paid with {SECRET_KEY}", stacklevel=1)
    else:
        try:
            int(SECRET_KEY)
        except ValueError:
            planted.exception("failed")
    gather(emitted, psp, "")
    assert len(emitted.holding(SECRET_KEY)) == 1
