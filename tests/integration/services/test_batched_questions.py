"""One question about many codes: one call, one row of evidence, and an answer for each of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pagoefectivo.domain.states import Source
from pagoefectivo.models import AccountPulse, ApiExchange, ErrorOccurrence, PaymentEvent, Voucher
from pagoefectivo.services import claiming, polling
from tests.integration.ledger import everything
from tests.integration.services.direct import open_account

QUERIES = 12

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def direct(sandbox: Any, account: Any, world: Any, settings: Any) -> None:
    timing = {**settings.PAGOEFECTIVO["TIMING"], "POLL": ["1h"]}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "TIMING": timing}
    open_account(sandbox, account)


def asked(psp: Any) -> int:
    return int(psp.call_counts().get("get_payment", 0))


def states() -> Counter[str]:
    return Counter(Voucher.objects.values_list("state", flat=True))


def test_forty_codes_are_asked_about_with_two_calls_and_their_evidence(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    codes = [open_order(f"B-{number:02}").current_voucher.code for number in range(40)]
    for code in codes[:3]:
        psp.pay(code)
    world.advance(hours=1.5)

    sweep()

    assert (asked(psp), states()) == (2, Counter(issued=37, paid=3))
    first, second = ApiExchange.objects.filter(operation="fetch_payment").order_by("pk")
    assert {(each.outcome, each.http_status, each.method, each.voucher_id) for each in (first, second)} == {
        ("answered", 200, "POST", None)
    }
    evidence = Counter(PaymentEvent.objects.filter(proof="read").values_list("request_id", flat=True))
    assert evidence == Counter({first.request_id: 20, second.request_id: 20})
    assert ApiExchange.objects.filter(operation="authorize").count() == 1, "one token for all of it"


def test_what_says_nothing_new_costs_the_same_for_one_question_and_for_two(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    for number in range(40):
        open_order(f"Q-{number:02}")
    world.advance(hours=1.5)
    sweep()
    before = everything(besides={"Voucher", "ApiExchange"})
    counts = []
    for many in (20, 40):
        world.advance(hours=1.5)
        claims = claiming.claim_due(Voucher, many)
        assert len(claims) == many
        with CaptureQueriesContext(connection) as queries:
            polling.ask_vouchers(claims, source=Source.POLL)
        counts.append(len(queries))
    assert counts == [QUERIES, QUERIES]
    assert QUERIES / 20 <= 3
    assert everything(besides={"Voucher", "ApiExchange"}) == before


def test_a_code_that_they_do_not_know_spoils_no_other(psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    known, unknown, odd = (open_order(f"U-{number}").current_voucher for number in range(3))
    Voucher.objects.filter(pk=unknown.pk).update(provider_reference="999")
    Voucher.objects.filter(pk=odd.pk).update(provider_reference="D-4-odd")
    psp.pay(known.code)
    world.advance(hours=1.5)

    sweep()

    assert (asked(psp), states()) == (1, Counter(paid=1, issued=2))
    noted = dict(ErrorOccurrence.objects.values_list("voucher_id", "code"))
    assert noted == {unknown.pk: "POLL_NOT_FOUND", odd.pk: "PSP_BAD_RESPONSE"}
    [call] = ApiExchange.objects.filter(operation="fetch_payment")
    assert ErrorOccurrence.objects.get(voucher=unknown).request_id == call.request_id


def test_a_question_that_fails_fails_for_each_of_its_codes_and_moves_none(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    for number in range(25):
        open_order(f"F-{number:02}")
    psp.fault("get_payment", "500", times=2)
    world.advance(hours=1.5)

    sweep()

    assert (asked(psp), states()) == (2, Counter(issued=25))
    assert Counter(ErrorOccurrence.objects.values_list("code", flat=True)) == Counter(PSP_UNAVAILABLE=25)
    assert sorted(Counter(ErrorOccurrence.objects.values_list("request_id", flat=True)).values()) == [5, 20]
    assert Voucher.objects.filter(lease_until=None, next_action_at__gt=world.now()).count() == 25


def test_the_budget_counts_questions_and_a_code_alone_is_asked_about_alone(
    psp: Any, sandbox: Any, account: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    open_account(sandbox, account, QUESTIONS_PER_SECOND=1, CAPABILITIES={"payments_per_question": 2})
    for number in range(30):
        open_order(f"P-{number:02}")
    Voucher.objects.update(attempts=3, next_action_at=world.now())
    AccountPulse.objects.all().delete()
    claims = claiming.claim_due(Voucher, 1)
    polling.ask_vouchers(claims, source=Source.POLL)
    [alone] = ApiExchange.objects.filter(operation="fetch_payment")
    assert (asked(psp), alone.voucher_id) == (1, claims[0].row_id)

    sweep()

    assert asked(psp) == 1 + 10, "one burst of ten questions"
    assert Counter(Voucher.objects.values_list("attempts", flat=True)) == Counter({4: 21, 3: 9}), "two codes each"


def test_a_token_that_ends_within_a_batch_leaves_the_answers_evidence_right(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    for number in range(3):
        open_order(f"T-{number}")
    world.advance(hours=3)
    psp.pay(Voucher.objects.get(order__reference="T-1").code)
    Voucher.objects.update(next_action_at=world.now())
    sweep()
    operations = list(ApiExchange.objects.order_by("pk").values_list("operation", flat=True))[-2:]
    assert sorted(operations) == ["authorize", "fetch_payment"]
    paid = PaymentEvent.objects.get(status="paid")
    assert ApiExchange.objects.get(request_id=paid.request_id).operation == "fetch_payment"
