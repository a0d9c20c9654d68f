"""The people of the demo's back office: what they do is done in their names, with their permissions."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command

from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.states import Source


class BackOffice:
    """Approves by the service behind the approval's page, pays out by `manage.py pagoefectivo payouts`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def approve(self, refund_id: str, *, by: str) -> str:
        """Approve a refund; return the state it is in then."""
        from django.contrib.auth import get_user_model

        from pagoefectivo.services import doubts, refunds
        from pagoefectivo.services.actors import staff

        person = get_user_model()._default_manager.get(username=by)
        actor = staff(person)
        seen = doubts.seen_of(refunds.refund_named(refund_id, actor=actor))
        return str(refunds.approve(refund_id, seen=seen, actor=actor, source=Source.STAFF).state)

    def make_payout(self, account: str, *, by: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
        """Put what is ready into a file for the bank; return what is said of it, and its lines."""
        made = self._say("make", "--account", account, "--as", by)
        file = self._folder / f"{made['reference']}.csv"
        self._say("file", made["reference"], "--output", str(file), "--as", by)
        return made, list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))

    def record_paid(self, reference: str, operation_number: str, *, by: str) -> dict[str, Any]:
        """Record the bank's word that a transfer was paid today; return what became of it."""
        file = self._folder / f"results-{reference}-{by}.csv"
        today = datetime.now(LIMA).date()
        file.write_text(f"reference,result,operation_number,date\n{reference},paid,{operation_number},{today}\n")
        return self._say("results", str(file), "--as", by)

    def import_settlement(self, account: str, content: bytes, *, name: str = "") -> dict[str, Any]:
        """Import a settlement file by the command; return what it came to."""
        file = self._folder / (name or f"settlement-{account}.csv")
        file.write_bytes(content)
        return self._call("import-settlement", str(file), "--account", account)

    def check_books(self) -> tuple[int, dict[str, Any]]:
        """Return how many invariants are violated, and what `verify-audit` says of the evidence."""
        return int(self._call("invariants")["violated"]), self._call("verify-audit")

    def _say(self, *words: str) -> dict[str, Any]:
        return self._call("payouts", *words)

    def _call(self, *words: str) -> dict[str, Any]:
        out = io.StringIO()
        with suppress(SystemExit):  # the exit code of what was refused; the answer says it as well
            call_command("pagoefectivo", *words, "--json", stdout=out)
        answer: dict[str, Any] = json.loads(out.getvalue())
        return answer
