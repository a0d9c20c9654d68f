"""What a search says of a code: paid by two signs together, removed by one, and anything else by the account's table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent, ProviderError
from pagoefectivo.domain.messages import PaymentUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof
from pagoefectivo.providers.base import Operation
from pagoefectivo.providers.pagoefectivo_direct.tables import PAYMENT_STATUSES, STATUS_OPTIONS, payment_statuses
from tests.unit.providers.direct_stage import CIP, DirectLine, account_with, direct_line, sample
from tests.unit.providers.stage import changed

UNSET = "1900-01-01T00:00:00-05:00"
THEN = "2026-11-23T10:00:00-05:00"
P = PaymentStatus


@pytest.fixture
def direct() -> Iterator[DirectLine]:
    with direct_line(account_with()) as line:
        yield line


def entry(**changes: Any) -> dict[str, Any]:
    listed: dict[str, Any] = json.loads(sample("found.json"))["data"][0] | changes
    return {key: value for key, value in listed.items() if value is not None}


def read(line: DirectLine, **changes: Any) -> PaymentUpdate:
    line.will_answer("POST", "/cips/search", changed(sample("found.json"), data=[entry(**changes)]))
    return line.gateway.fetch_payment(CIP)


def test_a_waiting_code_is_read_whole(direct: DirectLine) -> None:
    assert read(direct) == PaymentUpdate(
        status=P.PENDING,
        raw_status="22",
        proof=Proof.READ,
        reference="ORD-0001",
        provider_reference=CIP,
        amount=Decimal("100.50"),
        currency="PEN",
        code=CIP,
        expires_at=datetime(2026, 11, 25, tzinfo=UTC),
        payment_identity=CIP,
    )


def test_a_paid_code_tells_when(direct: DirectLine) -> None:
    paid = read(direct, status=23, statusName="Cancelado.", datePayment=THEN)
    assert (paid.status, paid.raw_status) == (P.PAID, "23")
    assert paid.paid_at == paid.occurred_at == datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "payment", "removal", "meaning"),
    [
        (22, UNSET, UNSET, P.PENDING),
        ("22", None, None, P.PENDING),
        (23, THEN, UNSET, P.PAID),
        ("23", THEN, UNSET, P.PAID),
        (23, THEN, THEN, P.PAID),
        (21, UNSET, UNSET, P.EXPIRED),
        (22, UNSET, THEN, P.CANCELED),
        (21, UNSET, THEN, P.CANCELED),
        (24, UNSET, THEN, P.CANCELED),
        (23, UNSET, UNSET, P.UNRECOGNISED),
        (23, None, THEN, P.UNRECOGNISED),
        (22, THEN, UNSET, P.UNRECOGNISED),
        (21, THEN, UNSET, P.UNRECOGNISED),
        (24, UNSET, UNSET, P.UNRECOGNISED),
        (25, THEN, UNSET, P.UNRECOGNISED),
        (None, UNSET, UNSET, P.UNRECOGNISED),
        ("Cancelado", THEN, UNSET, P.UNRECOGNISED),
        ("paid", THEN, UNSET, P.UNRECOGNISED),
        (230, THEN, UNSET, P.UNRECOGNISED),
    ],
)
def test_two_signs_together_mean_paid_and_a_contradiction_means_nothing(
    direct: DirectLine, status: object, payment: str | None, removal: str | None, meaning: PaymentStatus
) -> None:
    update = read(direct, status=status, datePayment=payment, dateRemoval=removal)
    assert update.status is meaning
    assert (update.paid_at is not None) is (payment == THEN)


def test_the_codes_of_a_contract_replace_those_that_are_known() -> None:
    with direct_line(account_with(PAID_STATUSES=("23", "99"), REMOVED_STATUSES=("24",), EXPIRED_STATUSES=())) as line:
        assert read(line, status=99, datePayment=THEN).status is P.PAID
        line.psp.remove("POST", "https://pre1a.services.pagoefectivo.pe/v1/cips/search")
        assert read(line, status=24).status is P.CANCELED
        line.psp.remove("POST", "https://pre1a.services.pagoefectivo.pe/v1/cips/search")
        assert read(line, status=21).status is P.UNRECOGNISED


def test_the_declared_table_and_the_options_are_one_thing() -> None:
    assert PAYMENT_STATUSES == {"22": P.PENDING, "23": P.PAID, "21": P.EXPIRED}
    assert payment_statuses(account_with().options) == PAYMENT_STATUSES


def test_a_code_that_two_options_claim_means_nothing() -> None:
    claimed = payment_statuses({**STATUS_OPTIONS, "REMOVED_STATUSES": ("23", "24")})
    assert claimed == {"22": P.PENDING, "23": P.UNRECOGNISED, "21": P.EXPIRED, "24": P.CANCELED}


@pytest.mark.parametrize("name", ["datePayment", "dateRemoval"])
@pytest.mark.parametrize("written", ["yesterday", "2026-11-23T10:00:00", "2026-11-23T10:00:00-5:00", 20261123, True])
def test_a_date_that_decides_and_cannot_be_read_is_no_answer(direct: DirectLine, name: str, written: object) -> None:
    with pytest.raises(NotSent) as caught:
        read(direct, **{name: written})
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def test_a_cut_reference_is_left_unsaid(direct: DirectLine) -> None:
    assert read(direct, transactionCode="-THE-END-OF-A-LONG-ONE").reference == ""


@pytest.mark.parametrize(
    "data",
    [[], [{}], [None], [{"cip": 0}], [{"cip": ""}], [{"cip": None, "status": 22}], [{"cip": 999, "status": 23}]],
)
def test_what_they_do_not_know_is_asked_again(direct: DirectLine, data: object) -> None:
    direct.will_answer("POST", "/cips/search", changed(sample("found.json"), data=data))
    with pytest.raises(Ambiguous) as caught:
        direct.gateway.fetch_payment(CIP)
    assert (type(caught.value), caught.value.code) == (Ambiguous, ErrorCode.POLL_NOT_FOUND)
    assert caught.value.request_id == direct.evidence.calls[-1].request_id


@pytest.mark.parametrize("data", [None, {}, "", 7, [7], [[]], [{"cip": "x"}], [{"cip": []}]])
def test_an_answer_of_another_shape_is_none(direct: DirectLine, data: object) -> None:
    direct.will_answer("POST", "/cips/search", changed(sample("found.json"), data=data))
    with pytest.raises(NotSent) as caught:
        direct.gateway.fetch_payment(CIP)
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def test_two_entries_for_one_code_are_believed_only_when_they_agree(direct: DirectLine) -> None:
    direct.will_answer("POST", "/cips/search", changed(sample("found.json"), data=[entry(), entry()]))
    assert direct.gateway.fetch_payment(CIP).status is P.PENDING
    direct.psp.remove("POST", "https://pre1a.services.pagoefectivo.pe/v1/cips/search")
    twice = [entry(), entry(status=23, datePayment=THEN)]
    direct.will_answer("POST", "/cips/search", changed(sample("found.json"), data=twice))
    with pytest.raises(NotSent):
        direct.gateway.fetch_payment(CIP)


def test_one_question_is_asked_about_many_and_each_is_answered_for_itself(direct: DirectLine) -> None:
    data = [
        entry(cip=3, status=23, datePayment=THEN),
        {},
        entry(cip="2", datePayment="nonsense"),
        entry(cip=1),
        entry(cip=77),
    ]
    direct.will_answer("POST", "/cips/search", changed(sample("found.json"), data=data))

    said = direct.gateway.fetch_payments(["1", "2", "3", "4", "D-4", "1"])

    [call] = direct.calls_of(Operation.FETCH_PAYMENT)
    assert call.body == b'{"data":[{"cip":1},{"cip":2},{"cip":3},{"cip":4}]}'
    assert list(said) == ["1", "2", "3", "4", "D-4"]
    told = {
        key: (each.status if isinstance(each, PaymentUpdate) else (type(each), each.code)) for key, each in said.items()
    }
    assert told == {
        "1": P.PENDING,
        "2": (NotSent, ErrorCode.PSP_BAD_RESPONSE),
        "3": P.PAID,
        "4": (Ambiguous, ErrorCode.POLL_NOT_FOUND),
        "D-4": (Held, ErrorCode.PSP_BAD_RESPONSE),
    }
    asked = {each.request_id for each in said.values() if isinstance(each, ProviderError) and each.request_id}
    assert asked == {call.request_id}


def test_a_question_that_fails_is_of_none_of_them(direct: DirectLine) -> None:
    direct.will_answer("POST", "/cips/search", b'{"code": 166}', 500)
    with pytest.raises(NotSent) as caught:
        direct.gateway.fetch_payments(["1", "2"])
    assert caught.value.code is ErrorCode.PSP_UNAVAILABLE
