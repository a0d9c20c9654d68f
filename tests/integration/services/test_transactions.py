"""What the database does to us: deadlocks, SQLite's single writer. The whole transaction again, and no call inside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, models, transaction

from pagoefectivo.domain.states import Source
from pagoefectivo.models import Order, Voucher
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services import polling, seams
from pagoefectivo.services.claiming import claim_row
from tests.integration.ledger import moves, only_order, only_voucher

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]


def is_free(model: type[models.Model]) -> bool:
    """Whether nobody holds a row of `model`; takes no lock itself."""
    try:
        with transaction.atomic():
            list(model._default_manager.select_for_update(nowait=True))
            transaction.set_rollback(True)
    except OperationalError:
        return False
    return True


def test_F07_a_deadlock_repeats_the_whole_transaction_and_no_call(psp: Any, open_order: Any) -> None:
    voucher = open_order().current_voucher
    psp.pay(voucher.code)
    claim = claim_row(Voucher, voucher.pk)
    assert claim is not None
    has_voucher, errors = threading.Event(), []

    def host_that_locks_the_other_way_round() -> None:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL deadlock_timeout = '10s'")  # so that we are the victim
                list(Voucher.objects.select_for_update(no_key=True))
                has_voucher.set()
                until = time.monotonic() + 5
                while is_free(Order) and time.monotonic() < until:
                    time.sleep(0.01)
                list(Order.objects.select_for_update())
        except OperationalError as error:
            errors.append(error)
        finally:
            connection.close()

    host = threading.Thread(target=host_that_locks_the_other_way_round)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        host.join(5)  # the host wakes as late as its machine lets it; only then do we come again

    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '500ms'")
    host.start()
    assert has_voucher.wait(5)
    with seams.use(sleep=pause):
        polling.ask_voucher(voucher, claim, source=Source.POLL)
    host.join()
    assert (len(pauses), errors) == (1, []), "we were the victim once"
    assert (only_voucher().state, only_order().state) == ("paid", "paid")
    assert moves("voucher") == ["submit", "issue", "pay"]
    assert psp.call_counts() == {"create": 1, "get_payment": 1}, "asked once, written twice"


def test_F07_a_third_deadlock_is_told_to_the_caller(psp: Any) -> None:
    tries: list[int] = []

    class Victim(Exception):
        sqlstate = "40P01"

    def chosen_again() -> None:
        tries.append(1)
        raise OperationalError("deadlock detected") from Victim()

    with seams.use(sleep=lambda _: None), pytest.raises(OperationalError):
        seams.transact(chosen_again)
    assert len(tries) == 3


_MAKE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
_RACE = """
import json, os, django; django.setup()
from pagoefectivo import shop
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.models import Refund, StateChange
from pagoefectivo.sandbox.control import SandboxControl
from pagoefectivo.services.actors import SHOP
from django.db import connections

payer = shop.Payer(email="a@example.pe", name="Ana", document_type="DNI", document_number="45678912")
order = shop.open_order(reference="A-1042", amount="89.90", currency="PEN", payer=payer)
with SandboxControl(os.environ["SANDBOX"]) as psp:
    psp.pay(order.current_voucher.code)
paid = shop.refresh_order(reference="A-1042").state
connections.close_all()

def ask_back():
    try:
        return shop.request_refund(reference="A-1042", amount="89.90", reason="other", actor=SHOP).state
    except RuleRefused as refused:
        return str(refused.code)

rivals = []
for _ in range(4):
    hear, tell = os.pipe()
    if os.fork() == 0:
        os.write(tell, ask_back().encode())
        os._exit(0)
    os.close(tell)
    rivals.append(hear)
outcomes = sorted(os.fdopen(hear).read() for hear in rivals)
moves = list(StateChange.objects.filter(subject="refund").values_list("transition", flat=True))
print(json.dumps([paid, outcomes, Refund.objects.count(), moves]))
"""
_LOCKED = """
import sqlite3, django; django.setup()
from django.conf import settings
from django.test import Client
from pagoefectivo.models import WebhookDelivery, WebhookRejection
path = "/pagoefectivo/webhooks/default/"
blocker = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
blocker.execute("BEGIN IMMEDIATE")
headers = {"X-Date": "2026-11-23T00:00:00.000Z", "Authorization": "V2-HMAC-SHA256, Signature: " + "0" * 64}
locked = Client().post(path, b"{}", content_type="application/json", headers=headers).status_code
blocker.execute("ROLLBACK")
free = Client().post(path, b"{}", content_type="application/json", headers=headers).status_code
print([locked, free, WebhookDelivery.objects.count(), WebhookRejection.objects.get().count])
"""


def run(program: str, database: Path, *, patience: str = "20", **more: str) -> str:
    """Run a program in a shop whose database is a SQLite file, in a process of its own; its last line."""
    left_out = {"PAGOEFECTIVO_DB_NAME", "PAGOEFECTIVO_BROKER_URL", "PAGOEFECTIVO_CACHE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out} | {
        "DJANGO_SETTINGS_MODULE": "tests.acceptance.child_settings",
        "PAGOEFECTIVO_SQLITE_FILE": str(database),
        "PAGOEFECTIVO_SQLITE_PATIENCE": patience,
        "PAGOEFECTIVO_OF_THE_TEST": json.dumps(django_settings.PAGOEFECTIVO),
        "ALLOWED_HOSTS": "testserver",
        **more,
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (done.stdout.strip().splitlines() or [""])[-1]


@pytest.fixture(scope="module")
def empty_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row."""
    database = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(django_settings, "PAGOEFECTIVO", {"PUBLIC_BASE_URL": "http://127.0.0.1:9"})
        run(_MAKE, database)
    return database


@pytest.fixture
def sqlite_shop(empty_shop: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_shop, tmp_path / "shop.sqlite3"))


def test_F08_four_processes_on_one_sqlite_file_accept_one_refund(
    psp: Any, sandbox: SandboxServer, sqlite_shop: Path
) -> None:
    psp.configure(permissive=True)
    outcome = json.loads(run(_RACE, sqlite_shop, SANDBOX=sandbox.url))
    refused = ["REFUND_AMOUNT_EXCEEDED"] * 3
    assert outcome == ["paid", [*refused, "pending"], 1, ["ask", "submit", "accept"]]
    assert (len(psp.refunds()), psp.call_counts()["refund"]) == (1, 1)


def test_F08_a_locked_sqlite_is_a_503_and_stores_nothing(psp: Any, sqlite_shop: Path) -> None:
    answered = json.loads(run(_LOCKED, sqlite_shop, patience="0.3"))
    assert answered == [503, 401, 1, 1], "while locked: come again; afterwards: counted and sampled once"
