"""What cannot be read or is not allowed is refused with a code, and nothing is written anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pagoefectivo.models import Order
from pagoefectivo.sandbox.operations import Operations
from tests.integration.api.conftest import PAYER, ApiClient, decided, order_like, problem, written

# What is refused never reaches the provider, so these may roll back instead of emptying every table.
pytestmark = pytest.mark.django_db


def payer(**changes: Any) -> dict[str, Any]:
    return order_like(payer={name: value for name, value in {**PAYER, **changes}.items() if value is not None})


@pytest.mark.parametrize(
    ("document", "status", "code", "field"),
    [
        *[
            pytest.param(order_like(amount=amount), 400, "REQUEST_AMOUNT_INVALID", "amount", id=f"amount-{amount}")
            for amount in ("0", "0.00", "-5.00", "1.005", "NaN", "Infinity", "1e400", "1E2", "abc", "", " ", "1,50")
        ],
        *[
            pytest.param(order_like(amount=amount), 400, "REQUEST_AMOUNT_INVALID", "amount", id=f"number-{amount}")
            for amount in (89.9, 89, True, ["89.90"], {"value": "1"}, "١٢", "99999999999")
        ],
        pytest.param(order_like(amount="1.99"), 422, "CREATE_AMOUNT_TOO_LOW", "amount", id="too-low"),
        pytest.param(order_like(amount="3724.01"), 422, "CREATE_AMOUNT_TOO_HIGH", "amount", id="too-high"),
        pytest.param(order_like(amount=None), 400, "REQUEST_INVALID", "amount", id="no-amount"),
        pytest.param(order_like(currency="EUR"), 422, "CREATE_CURRENCY_UNSUPPORTED", "currency", id="euro"),
        pytest.param(order_like(currency="pen"), 422, "CREATE_CURRENCY_UNSUPPORTED", "currency", id="lower-case"),
        pytest.param(order_like(currency="USD"), 422, "CREATE_CURRENCY_UNSUPPORTED", "currency", id="not-of-account"),
        pytest.param(order_like(expires_in="PT1H"), 422, "CREATE_EXPIRY_INVALID", "expires_in", id="too-short"),
        pytest.param(order_like(expires_in="P30D"), 422, "CREATE_EXPIRY_INVALID", "expires_in", id="too-long"),
        *[
            pytest.param(order_like(expires_in=each), 400, "REQUEST_INVALID", "expires_in", id=f"expiry-{each}")
            for each in ("PT0S", "48h", "P", "PT", "P1DT", "-PT48H", "PT4.5H", 48, "2 days", "PT" + "9" * 30 + "H")
        ],
        *[
            pytest.param(order_like(reference=each), 422, "CREATE_FIELD_INVALID", "reference", id=f"reference-{i}")
            for i, each in enumerate(["a/b", "x" * 65, "pedido 1", "ñ", "-a", "🛒"])
        ],
        pytest.param(order_like(reference=""), 400, "REQUEST_INVALID", "reference", id="empty-reference"),
        pytest.param(order_like(amount=" 89.90"), 400, "REQUEST_AMOUNT_INVALID", "amount", id="space-before-amount"),
        pytest.param(order_like(amount="89.90\n"), 400, "REQUEST_AMOUNT_INVALID", "amount", id="line-after-amount"),
        pytest.param(order_like(expires_in="PT48H\n"), 400, "REQUEST_INVALID", "expires_in", id="line-after-expiry"),
        pytest.param(order_like(account="\ufeff\x1c"), 400, "REQUEST_INVALID", "account", id="nothing-to-be-seen"),
        pytest.param(order_like(reference=12), 400, "REQUEST_INVALID", "reference", id="number-reference"),
        pytest.param(payer(name="x" * 300), 422, "CREATE_FIELD_INVALID", "payer.name", id="long-name"),
        pytest.param(payer(name="a\x07b"), 422, "CREATE_FIELD_INVALID", "payer.name", id="bell-in-name"),
        pytest.param(payer(email="maria"), 422, "CREATE_FIELD_INVALID", "payer.email", id="email"),
        pytest.param(payer(email="a@b.pe\nBcc: x@y.pe"), 422, "CREATE_FIELD_INVALID", "payer.email", id="header"),
        pytest.param(payer(email=None), 400, "REQUEST_INVALID", "payer.email", id="no-email"),
        pytest.param(payer(name=None), 422, "CREATE_FIELD_REQUIRED", "payer.name", id="no-name"),
        pytest.param(payer(phone="9" * 30), 422, "CREATE_FIELD_INVALID", "payer.phone", id="phone"),
        pytest.param(
            payer(document={"type": "DNI", "number": "1"}), 422, "CREATE_FIELD_INVALID", "payer.document", id="dni"
        ),
        pytest.param(
            payer(document={"type": "LICENCE-OF-MINE", "number": "12345678"}),
            422, "CREATE_FIELD_INVALID", "payer.document", id="document-type",
        ),
        pytest.param(payer(document={"type": "DNI"}), 400, "REQUEST_INVALID", "payer.document.number", id="half"),
        pytest.param(order_like(payer=[]), 400, "REQUEST_INVALID", "payer", id="payer-list"),
        pytest.param(order_like(payer="maria"), 400, "REQUEST_INVALID", "payer", id="payer-text"),
        pytest.param(order_like(description="x" * 201), 422, "CREATE_FIELD_INVALID", "description", id="description"),
        pytest.param(order_like(metadata={"k": "x" * 4096}), 400, "REQUEST_INVALID", "metadata", id="metadata"),
        pytest.param(order_like(metadata="x"), 400, "REQUEST_INVALID", "metadata", id="metadata-text"),
        pytest.param(order_like(account="nowhere"), 422, "ACCOUNT_UNKNOWN", "account", id="account"),
        pytest.param(order_like(ammount="1.00"), 400, "REQUEST_FIELD_UNKNOWN", "ammount", id="misspelt"),
        pytest.param(payer(mail="a@b.pe"), 400, "REQUEST_FIELD_UNKNOWN", "payer.mail", id="misspelt-inside"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_nothing_is_written(
    api: ApiClient, psp: Operations, document: dict[str, Any], status: int, code: str, field: str
) -> None:
    before = decided()

    answer = api.post("orders/", document)

    refusal = problem(answer)
    assert (answer.status_code, refusal["code"]) == (status, code)
    assert field in refusal["fields"]
    assert {"code": code, "field": field} in [
        {"code": reason["code"], "field": reason["field"]} for reason in refusal["reasons"]
    ]
    assert decided() == before
    assert psp.payments() == []


GOOD = json.dumps(order_like()).encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut"),
        pytest.param(b"nonsense", id="words"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b"null", id="null"),
        pytest.param(GOOD[:-1] + b', "amount": "1.00"}', id="duplicate-key"),
        pytest.param(GOOD[:-1] + b', "metadata": {"a": 1, "a": 2}}', id="duplicate-key-inside"),
        pytest.param(GOOD[:-1] + b', "metadata": {"a": NaN}}', id="nan"),
        pytest.param(GOOD[:-1] + b', "metadata": {"a": -Infinity}}', id="infinity"),
        pytest.param(GOOD[:-1] + b', "metadata": {"a": 1e400}}', id="1e400"),
        pytest.param(GOOD[:-1] + b', "metadata": {"a": ' + b"9" * 5000 + b"}}", id="5000-digits"),
        pytest.param(GOOD[:-1] + b', "metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 41, id="deep"),
        pytest.param(b"[" * 30000 + b"]" * 30000, id="very-deep"),
        pytest.param(GOOD.replace(b"A-1042", b"A\xff"), id="invalid-utf-8"),
        pytest.param(GOOD.decode().encode("utf-16"), id="utf-16"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="byte-order-mark"),
        pytest.param(GOOD.replace(b"A-1042", b"A\\u0000"), id="null-byte"),
        pytest.param(GOOD[:-1] + b', "metadata": {"a\\u0000": 1}}', id="null-byte-in-key"),
        pytest.param(GOOD.replace(b"A-1042", b"\\ud83d"), id="half-an-emoji"),
        pytest.param(GOOD + b"{}", id="two-documents"),
    ],
)
def test_a_body_that_is_not_one_clean_object_is_refused(api: ApiClient, psp: Operations, body: bytes) -> None:
    before = written()

    answer = api.post("orders/", body)

    assert (answer.status_code, problem(answer)["code"]) == (400, "REQUEST_MALFORMED")
    assert written() == before
    assert psp.payments() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["María 🛒 Ñandú", "مريم", "\u202eabc", "李小龙", "O'Brien <b>", "%s {x}"])
def test_a_name_in_any_script_arrives_as_it_was_written(api: ApiClient, psp: Operations, name: str) -> None:
    assert api.post("orders/", payer(name=name)).status_code == 201
    assert Order.objects.get().payer_name == name
    assert len(psp.payments()) == 1


def test_a_body_too_large_is_refused_before_it_is_read(api: ApiClient, psp: Operations) -> None:
    before = written()

    declared = api.send("orders/", b"x" * 65537, {"Idempotency-Key": "k"})
    a_lie = api.send("orders/", GOOD, {"Idempotency-Key": "k", "Content-Length": "99999999999"})

    endless = api.send("orders/", GOOD, {"Idempotency-Key": "k", "Content-Length": "9" * 5000})

    for answer in (declared, a_lie, endless):
        assert (answer.status_code, problem(answer)["code"]) == (413, "REQUEST_TOO_LARGE")
    assert written() == before


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("application/x-www-form-urlencoded", {}),
        ("text/plain", {}),
        ("application/json; charset=latin-1", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
    ],
)
def test_another_format_is_415(api: ApiClient, content_type: str, headers: dict[str, str]) -> None:
    before = written()

    answer = api.send("orders/", GOOD, {"Idempotency-Key": "k", **headers}, content_type)

    assert (answer.status_code, problem(answer)["code"]) == (415, "REQUEST_MALFORMED")
    assert written() == before


@pytest.mark.parametrize("length", ["x", "-1", "1.5", "٣", "0x10"])
def test_a_length_that_is_no_number_is_refused(api: ApiClient, length: str) -> None:
    before = written()

    answer = api.send("orders/", GOOD, {"Idempotency-Key": "k", "Content-Length": length})

    assert (answer.status_code, problem(answer)["code"]) == (400, "REQUEST_MALFORMED")
    assert written() == before


def test_methods_and_formats_that_are_not_offered_are_problems(api: ApiClient) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        answer: Any = api.client.generic(method, "/pagoefectivo/api/v1/orders/", headers=api.headers)
        assert (answer.status_code, problem(answer)["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert answer["Allow"] == "GET, HEAD, POST"
    api.headers["Accept"] = "application/xml"
    refused = api.get("orders/")
    assert (refused.status_code, problem(refused)["code"]) == (406, "NOT_ACCEPTABLE")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "extra",
    [{"state": "paid"}, {"paid_amount": "89.90"}, {"refunded_amount": "0.00"}, {"voucher": {"state": "paid"}},
     {"created_at": "2020-01-01T00:00:00Z"}, {"page_key": "x"}],
)  # fmt: skip
def test_G22_state_and_amounts_of_fact_are_never_writable(
    api: ApiClient, psp: Operations, paid_order: Any, extra: dict[str, Any]
) -> None:
    paid_order("B-1")
    refund = {"amount": "1.00", "reason": "other"}
    before = written()

    answers = [
        api.post("orders/", {**order_like(), **extra}),
        api.post("orders/B-1/refunds/", {**refund, **extra}),
        *(api.post(f"orders/B-1/{act}/", extra) for act in ("vouchers", "cancel", "refresh", "give-up")),
        api.post("orders/B-1/extend/", {"expires_in": "PT48H", **extra}),
    ]

    assert [(each.status_code, problem(each)["code"]) for each in answers] == [(400, "REQUEST_FIELD_UNKNOWN")] * 7
    assert written() == before


@pytest.mark.parametrize(
    "query",
    [{"state": "bogus"}, {"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "x"}, {"cursor": "gAAAAAAAAAA"},
     {"created_after": "yesterday"}, {"created_before": "2026-13-01T00:00:00Z"}, {"reference": "a\0"},
     {"state": ["paid", "expired"]}],
)  # fmt: skip
def test_a_wrong_filter_is_named(api: ApiClient, query: dict[str, Any]) -> None:
    answer = api.get("orders/", **query)

    assert (answer.status_code, problem(answer)["code"]) == (400, "REQUEST_INVALID")
    assert problem(answer)["fields"].keys() == query.keys()


def test_an_unknown_filter_is_named(api: ApiClient) -> None:
    answer = api.get("orders/", stat="paid")

    assert (answer.status_code, problem(answer)["code"]) == (400, "REQUEST_FIELD_UNKNOWN")
