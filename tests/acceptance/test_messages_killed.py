"""A process that dies of SIGKILL in the middle of a mail: nobody gets it twice, and what may be lost is seen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pagoefectivo.models import BuyerMessage
from pagoefectivo.selectors.timeline import timeline_of
from tests.acceptance.children import ROOT, environment, kill
from tests.integration.messages.smtp import MailServer, mail_server
from tooling.processes import Child, Children

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        yield running


def issued() -> BuyerMessage:
    return BuyerMessage.objects.get(kind="voucher_issued")


@pytest.mark.parametrize(("moment", "taken"), [("MAIL", 0), ("END", 1)])
def test_F03_a_sweep_killed_while_it_sends_leaves_a_flag_and_never_a_second_mail(
    server: MailServer, open_order: Any, world: Any, sweep: Any, tmp_path: Path, moment: str, taken: int
) -> None:
    order = open_order()
    server.hold = moment
    with Children() as children:
        argv = [sys.executable, "manage.py", "pagoefectivo", "sweep"]
        mail = environment(SMTP_PORT_OF_THE_TEST=str(server.port))
        child = children.add(Child("sweep", argv, log=tmp_path / "sweep.log", env=mail, cwd=ROOT))
        assert server.held.wait(30), child.last_words()
        kill(child)
    server.hold = ""
    server.let_go.set()
    assert issued().outcome == "sending"

    world.advance(seconds=10)  # the lease of the dead one ends
    sweep()
    world.advance(hours=1)
    sweep()
    assert (issued().outcome, issued().failure) == ("uncertain", "killed_while_sending")
    assert len(server.taken) == taken
    assert [entry.details["outcome"] for entry in timeline_of(order) if entry.kind == "message"] == ["uncertain"]
