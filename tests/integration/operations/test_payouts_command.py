"""Paying out from a terminal, in a person's name and with that person's permissions."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from pagoefectivo.models import AccessLog, Payout, Refund
from tests.integration.by_hand import CCI, ready, today
from tests.integration.ledger import everything

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("by_hand")]


@pytest.fixture
def people(db: None) -> None:
    """Two who may do everything, and one who may do nothing."""
    for name in ("beto", "eva"):
        User.objects.create_superuser(name)
    User.objects.create(username="tom", is_staff=True)


def say(*words: str) -> tuple[int, Any]:
    out = StringIO()
    try:
        call_command("pagoefectivo", "payouts", *words, "--json", stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.mark.usefixtures("people")
def test_a_refund_is_paid_out_from_a_terminal(paid_order: Any, tmp_path: Path) -> None:
    paid_order()
    refund = ready(amount="30.00")
    batch = {"account": "default", "currency": "PEN", "count": 1, "total": "30.00"}
    assert say("list") == (0, {"ready": [batch], "files": []})
    code, made = say("make", "--account", "default", "--as", "beto")
    assert (code, made["count"], made["total"], made["made_by"]) == (0, 1, "30.00", "staff:beto")
    written = tmp_path / "payout.csv"
    assert say("file", made["reference"], "--as", "beto", "--why", "payday", "--output", str(written))[0] == 0
    noted = AccessLog.objects.get(subject=made["reference"])
    assert (noted.actor, noted.kind, noted.why) == ("staff:beto", "export", "payday")
    assert CCI.encode() in written.read_bytes()
    results = tmp_path / "results.csv"
    results.write_text(f"reference,result,operation_number,date\n{refund.reference},paid,777,{today()}\n")
    before = everything()
    refusal = {"line": 2, "code": "PAYOUT_SELF", "field": ""}
    assert say("results", str(results), "--as", "beto") == (1, {"lines": 1, "recorded": False, "refusals": [refusal]})
    clean = {"lines": 1, "recorded": False, "refusals": []}
    assert say("results", str(results), "--as", "eva", "--dry-run") == (0, clean)
    assert everything() == before
    assert say("list")[1]["files"][0]["open"] == 1
    assert say("results", str(results), "--as", "eva") == (0, clean | {"recorded": True})
    assert Refund.objects.get().state == "succeeded"
    assert say("list") == (0, {"ready": [], "files": []})


@pytest.mark.usefixtures("people")
def test_what_cannot_be_done_is_refused_with_its_exit_code(paid_order: Any, tmp_path: Path) -> None:
    assert say("make", "--account", "default", "--as", "beto") == (1, {"refused": ["PAYOUT_NOTHING_READY"]})
    paid_order()
    ready()
    unreadable = tmp_path / "results.csv"
    unreadable.write_text("reference\n")
    before = everything()
    for words in (
        ("make", "--account", "default", "--as", "tom"),
        ("make", "--account", "default", "--as", "nobody"),
        ("file", "P-1", "--as", "beto", "--output", str(tmp_path / "x")),
        ("results", str(unreadable), "--as", "eva"),
        ("results", str(tmp_path / "missing"), "--as", "eva"),
    ):
        with pytest.raises(CommandError) as refused:
            say(*words)
        assert refused.value.returncode == 2, words
    assert everything() == before
    assert not Payout.objects.exists()
