"""The owner of the money hears of each account that is given for it, whoever gave it, and of each once."""

from __future__ import annotations

from typing import Any

import pytest

from pagoefectivo.domain.states import Source
from pagoefectivo.models import BuyerMessage, RefundDestination
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services import buyer_messages, destinations, refunds
from pagoefectivo.services.actors import SHOP
from tests.integration.by_hand import ACCOUNT, CCI, ELSEWHERE, OTHER_CCI, approve, ask_back, person
from tests.integration.ledger import only_refund

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("by_hand")]
GIVEN, CHANGED = "Se indicó una cuenta bancaria", "Se cambió la cuenta bancaria"


def about_accounts(mails: Any) -> list[tuple[str, bool, bool]]:
    """Of each mail about an account its subject's beginning, and which of the two accounts it shows, masked."""
    told = [each for each in mails() if "cuenta bancaria para la devolución" in each.subject]
    for mail in told:
        assert mail.to == ["maria.quispe@example.pe"]
        assert "Si no fuiste tú, escríbenos de inmediato" in mail.body
        assert not [
            secret
            for secret in (CCI, OTHER_CCI, "Quispe", "Huamán", "45678913")
            if secret in mail.subject + mail.body + str(mail.alternatives)
        ]
    return [
        (each.subject.partition(" para")[0], f"•••• {CCI[-4:]}" in each.body, f"•••• {OTHER_CCI[-4:]}" in each.body)
        for each in told
    ]


def test_each_account_is_told_once_whoever_gives_it_and_however_often_the_sweep_comes(
    paid_order: Any, noon: Any, sweep: Any, mails: Any
) -> None:
    paid_order()
    refund = ask_back(to=None)
    sweep()
    mails()
    destinations.give(refund, ACCOUNT, seen=refund.binding)
    for _ in range(2):
        sweep()
    assert about_accounts(mails) == [(GIVEN, True, False)]
    for account in (ELSEWHERE, ACCOUNT):  # also back to the first one
        refunds.set_destination(refund.public_id, account, actor=person("eva"), source=Source.STAFF)
    for _ in range(2):
        sweep()
    assert about_accounts(mails) == [(CHANGED, False, True), (CHANGED, True, False)]
    told = BuyerMessage.objects.filter(kind__startswith="refund_account").order_by("pk")
    kept = RefundDestination.objects.order_by("pk").values_list("pk", flat=True)
    assert [(each.occurrence, each.outcome) for each in told] == [(str(pk), "sent") for pk in kept]
    assert [entry.kind for entry in timeline_of(refund.order)].count("message") >= 3


def test_an_account_that_came_with_the_request_is_told_and_one_that_is_kept_for_another_try_is_not(
    paid_order: Any, noon: Any, sweep: Any, mails: Any
) -> None:
    paid_order()
    refund = ask_back(to=ACCOUNT)
    sweep()
    assert about_accounts(mails) == [(GIVEN, True, False)]
    refunds.cancel(refund.public_id, actor=SHOP, source=Source.STAFF)
    refunds.retry(refund.public_id, actor=person("eva"), source=Source.STAFF)
    sweep()
    assert about_accounts(mails) == []


def test_the_news_may_be_sent_again_and_says_no_digits_once_they_were_erased(
    paid_order: Any, noon: Any, sweep: Any, mails: Any
) -> None:
    paid_order()
    ask_back(to=ACCOUNT)
    sweep()
    mails()
    first = BuyerMessage.objects.get(kind="refund_account_given")
    again = buyer_messages.resend(first.public_id, actor=SHOP)
    assert (again.occurrence, again.repeat) == (first.occurrence, 1)
    sweep()
    assert about_accounts(mails) == [(GIVEN, True, False)]
    RefundDestination.objects.update(account_number="", holder_name="")
    buyer_messages.resend(first.public_id, actor=SHOP)
    sweep()
    assert about_accounts(mails) == [(GIVEN, False, False)]


def test_kinds_that_are_turned_off_are_not_even_written(paid_order: Any, settings: Any) -> None:
    paid_order()
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "MESSAGES": {"KINDS": ["paid"]}}
    ask_back(to=ACCOUNT)
    assert not BuyerMessage.objects.filter(kind__startswith="refund_account").exists()
    assert approve(only_refund()).state == "requested"
