"""Mail servers that are down, that refuse and that break off: what is tried again, what is flagged, what is never doubled."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.sending import SENT, Address, Fate, RenderedMessage, SendOutcome
from pagoefectivo.models import BuyerMessage
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services import seams
from pagoefectivo.services.claiming import claim_due
from pagoefectivo.services.message_delivery import deliver
from tests.integration.messages.conftest import rows
from tests.integration.messages.smtp import MailServer, mail_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server(settings) as running:
        yield running


def issued() -> BuyerMessage:
    return BuyerMessage.objects.get(kind="voucher_issued", repeat=0)


def test_a_mail_goes_over_the_wire_with_a_name_of_its_own(
    server: MailServer, open_order: Any, noon: Any, sweep: Any
) -> None:
    voucher = open_order().current_voucher
    sweep()
    taken: Any
    (taken,) = server.taken
    assert taken["Message-ID"] == f"<{issued().public_id}@shop.example>"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert voucher.code not in str(taken["Subject"])
    text, html = taken.get_payload()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert voucher.code in html.get_content()
    assert html.get_content().count("<a ") == 1
    assert "<img" not in html.get_content()


@pytest.mark.parametrize(
    "refusal", [{"MAIL": "451 later"}, {"RCPT": "450 later"}, {"END": "452 full"}, {"MAIL": "550 not you"}]
)
def test_what_surely_did_not_leave_is_tried_again_until_it_does(
    server: MailServer, open_order: Any, noon: Any, sweep: Any, refusal: dict[str, str]
) -> None:
    server.answers = dict(refusal)
    open_order()
    sweep()
    assert (issued().outcome, issued().done_at) == ("waiting", None)
    assert issued().failure.startswith("SMTP") or issued().failure == "SMTPSenderRefused"
    server.taken.clear()
    server.answers = {}
    noon.advance(minutes=2)
    sweep()
    assert (issued().outcome, len(server.taken)) == ("sent", 1)


def test_a_server_that_is_gone_for_a_day_ends_in_a_flag_that_people_see(
    settings: Any, open_order: Any, noon: Any, sweep: Any
) -> None:
    with mail_server(settings) as gone:
        pass
    assert gone.connections == 0
    order = open_order()
    sweep()
    assert (issued().outcome, issued().failure) == ("waiting", "ConnectionRefusedError")
    noon.advance(hours=25)
    sweep()
    assert (issued().outcome, issued().failure) == ("failed", "ConnectionRefusedError")
    told = [entry.details["outcome"] for entry in timeline_of(order) if entry.kind == "message"]
    assert told == ["failed"]


def test_F15_a_channel_that_does_not_answer_is_left_alone_for_a_while_so_that_payments_go_on(
    settings: Any, open_order: Any, noon: Any, sweep: Any
) -> None:
    DeafChannel.asked = 0
    deaf = {"CHANNELS": {"deaf": {"BACKEND": f"{__name__}.DeafChannel"}}}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "MESSAGES": deaf}
    for number in range(8):
        open_order(f"MANY-{number}")
    sweep()
    assert DeafChannel.asked == 1
    assert set(BuyerMessage.objects.values_list("outcome", flat=True)) == {"waiting"}
    noon.advance(minutes=2)
    sweep()
    assert DeafChannel.asked == 2


@pytest.mark.parametrize("refusal", [{"RCPT": "550 no such user"}, {"END": "554 spam"}])
def test_a_refusal_for_good_is_flagged_and_not_tried_again(
    server: MailServer, open_order: Any, noon: Any, sweep: Any, refusal: dict[str, str], caplog: Any
) -> None:
    server.answers = dict(refusal)
    with caplog.at_level(logging.DEBUG):
        open_order()
        sweep()
    noon.advance(hours=1)
    server.answers = {}
    server.taken.clear()
    sweep()
    assert (issued().outcome, issued().failure[:5], server.taken) == ("refused", "SMTP ", [])
    assert "maria.quispe" not in caplog.text


def test_a_line_that_breaks_after_the_text_is_uncertain_and_nothing_is_sent_twice(
    server: MailServer, open_order: Any, noon: Any, sweep: Any
) -> None:
    server.answers = {"END": ""}
    open_order()
    sweep()
    server.answers = {}
    noon.advance(hours=1)
    sweep()
    assert (issued().outcome, issued().failure) == ("uncertain", "SMTPServerDisconnected")
    assert len(server.taken) == 1


def test_a_worker_whose_lease_ran_out_before_it_sent_sends_nothing(
    server: MailServer, open_order: Any, noon: Any, sweep: Any
) -> None:
    open_order()
    slow = next(claim for claim in claim_due(BuyerMessage, 10) if claim.row_id == issued().pk)
    noon.advance(seconds=10)
    quick = next(claim for claim in claim_due(BuyerMessage, 10) if claim.row_id == issued().pk)
    deliver(slow)
    assert server.taken == []
    deliver(quick)
    deliver(slow)
    assert (issued().outcome, len(server.taken)) == ("sent", 1)


def test_a_shop_may_bring_a_channel_and_a_template_of_its_own(
    open_order: Any, noon: Any, sweep: Any, settings: Any, tmp_path: Any
) -> None:
    OwnChannel.sent.clear()
    folder = tmp_path / "pagoefectivo" / "messages"
    folder.mkdir(parents=True)
    (folder / "voucher_issued.txt").write_text("Hola, {{ code }}")
    engine = {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    settings.TEMPLATES = [engine]
    own = {"own": {"BACKEND": f"{__name__}.OwnChannel", "KINDS": ["voucher_issued"], "OPTIONS": {"token": "t"}}}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "MESSAGES": {"CHANNELS": {"email": {}, **own}}}
    voucher = open_order().current_voucher
    sweep()
    assert [(each.address, each.text) for each in OwnChannel.sent] == [("+51987654321", f"Hola, {voucher.code}")]
    assert rows(channel="own") == {"voucher_issued": "sent"}
    assert "+51987654321" not in repr(OwnChannel.sent)


def test_a_bounce_that_the_shop_hears_of_is_seen_by_everybody(open_order: Any, noon: Any, sweep: Any) -> None:
    order = open_order()
    sweep()
    assert shop.record_bounce(message_id=f"<{issued().public_id}@shop.example>", reason="mailbox_full")
    assert (issued().outcome, issued().failure) == ("bounced", "mailbox_full")
    assert not shop.record_bounce(message_id="<somebody@else.example>")
    entry = next(entry for entry in timeline_of(order) if entry.kind == "message")
    assert (entry.details["failure"], entry.details["channel"]) == ("mailbox_full", "email")


def test_night_keeps_reminders_and_not_facts(psp: Any, open_order: Any, noon: Any, sweep: Any) -> None:
    voucher = open_order().current_voucher
    sweep()
    noon.advance(hours=10, minutes=30)  # half past ten at night
    BuyerMessage.objects.filter(kind="reminder_half").update(next_action_at=seams.now())  # as if a sweep had been late
    psp.pay(voucher.code, amount="10.00")
    shop.refresh_order(reference="A-1042")
    sweep()
    assert rows()["in_review"] == "sent"
    assert rows()["reminder_half"] == "not_needed"
    open_order("A-1043")
    BuyerMessage.objects.filter(order__reference="A-1043", kind="reminder_half").update(next_action_at=seams.now())
    sweep()
    waiting = BuyerMessage.objects.get(order__reference="A-1043", kind="reminder_half")
    assert (waiting.outcome, waiting.due_at - noon.now() > timedelta(hours=9)) == ("waiting", True)
    assert rows("A-1043")["voucher_issued"] == "sent"


class OwnChannel:
    """A channel as a shop writes it."""

    address = Address.PHONE
    sent: ClassVar[list[RenderedMessage]] = []

    def __init__(self, token: str) -> None:
        self._token = token

    def send(self, message: RenderedMessage) -> SendOutcome:
        self.sent.append(message)
        return SENT


class DeafChannel:
    """A channel whose other end never answers."""

    address = Address.EMAIL
    asked = 0

    def send(self, _message: RenderedMessage) -> SendOutcome:
        DeafChannel.asked += 1
        return SendOutcome(Fate.NOT_SENT, "TimeoutError")
