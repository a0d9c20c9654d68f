"""The API describes itself truly, to machines and to people."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from pagoefectivo.api.v1 import schema
from pagoefectivo.sandbox.operations import Operations
from tests.integration.api.conftest import ROOT, ApiClient, order_like, problem
from tests.integration.settlement_files import Row, bring, file_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def described(psp: Operations, client: Client) -> dict[str, Any]:
    answer = client.get(f"{ROOT}schema/")
    assert answer["Content-Type"] == "application/vnd.oai.openapi+json"
    document: dict[str, Any] = json.loads(answer.content)
    return document


def reader(described: dict[str, Any], name: str) -> Any:
    """What tells whether a document is what the schema says."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": described["components"]})


def holds(described: dict[str, Any], name: str, document: Any) -> None:
    """A document is what the schema says, to the last field."""
    reader(described, name).validate(document)
    assert document.keys() == described["components"]["schemas"][name]["properties"].keys()


def test_the_schema_is_openapi_3_1_and_says_nothing_on_the_side(
    described: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    schema._described.cache_clear()
    schema.openapi()

    assert capsys.readouterr().err == ""
    assert described["openapi"] == "3.1.0"
    assert described["servers"] == [{"url": "http://127.0.0.1:9/pagoefectivo/api/v1"}]
    validate_schema(described)  # type: ignore[no-untyped-call]


def test_every_call_of_the_contract_is_described(described: dict[str, Any]) -> None:
    calls = {(method, path) for path, methods in described["paths"].items() for method in methods}

    assert calls == {
        ("get", "/orders/"), ("post", "/orders/"), ("get", "/orders/{reference}/"),
        ("get", "/orders/{reference}/timeline/"), ("post", "/orders/{reference}/vouchers/"),
        ("post", "/orders/{reference}/extend/"), ("post", "/orders/{reference}/give-up/"),
        ("post", "/orders/{reference}/cancel/"), ("post", "/orders/{reference}/refresh/"),
        ("post", "/orders/{reference}/refunds/"), ("get", "/refunds/{refund_id}/"),
        ("get", "/settlements/"), ("post", "/settlements/"), ("get", "/settlements/{settlement_id}/"),
        ("get", "/settlements/{settlement_id}/differences/"),
        *{("post", f"/refunds/{{refund_id}}/{act}/") for act in ("approve", "decline", "cancel", "retry", "destination")},
    }  # fmt: skip
    assert {"200", "201", "202", "409", "422"} <= described["paths"]["/orders/"]["post"]["responses"].keys()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            keys = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
            assert (path, [each["required"] for each in keys]) == (path, [True] if method == "post" else [])
            assert operation["security"] == [{"ApiKey": []}]


def test_answers_are_what_the_schema_says(
    described: dict[str, Any], api: ApiClient, paid_order: Any, account: Any, world: Any
) -> None:
    holds(described, "Order", json.loads(api.post("orders/", order_like(reference="S-1")).content))
    paid_order("S-2")
    refund = json.loads(api.post("orders/S-2/refunds/", {"amount": "1.00", "reason": "other"}).content)
    holds(described, "Refund", refund)
    account(REFUND_APPROVAL_OVER="0")
    destination = {"holder_name": "María Quispe", "account_number": "00219300000000000001"}
    asked = {"amount": "1.00", "reason": "other", "destination": destination}
    waiting = json.loads(api.post("orders/S-2/refunds/", asked).content)
    holds(described, "Refund", waiting)
    holds(described, "Approval", waiting["approval"])
    assert waiting["approval"]["warnings"]
    paid = json.loads(api.get("orders/S-2/").content)
    holds(described, "Order", paid)
    holds(described, "Voucher", paid["voucher"])
    holds(described, "OrderPage", json.loads(api.get("orders/").content))
    holds(described, "Timeline", json.loads(api.get("orders/S-2/timeline/").content))
    report = bring(file_of([Row("D-4-nobody", Decimal("7.50"))]))
    holds(described, "Settlement", json.loads(api.get(f"settlements/{report.pk}/").content))
    holds(described, "SettlementPage", json.loads(api.get("settlements/").content))
    differences = json.loads(api.get(f"settlements/{report.pk}/differences/").content)
    holds(described, "DifferencePage", differences)
    holds(described, "Difference", differences["results"][0])
    refused = bring(b"ROW_TYPE,SETTLEMENT_CURRENCY\n")
    holds(described, "Refusal", json.loads(api.get(f"settlements/{refused.pk}/").content)["refusal"])
    refusal = problem(api.post("orders/S-2/refunds/", {"amount": "500.00", "reason": "other"}))
    reader(described, "Problem").validate(refusal)
    assert refusal.keys() == described["components"]["schemas"]["Problem"]["properties"].keys() - {"line", "reason"}


def test_the_page_stands_alone(described: dict[str, Any], client: Client) -> None:
    answer = client.get(f"{ROOT}docs/", headers={"Accept": "text/html"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Robots-Tag"] == "noindex"
    assert re.findall(r"<(?:script|link|img|iframe)\b|\bsrc=|url\(|@import", page) == []
    for path in described["paths"]:
        assert path in page
    inside = set(re.findall(r'href="#([^"]+)"', page))
    assert inside <= set(re.findall(r'\bid="([^"]+)"', page))
    assert "width=device-width" in page


def test_every_problem_points_at_its_entry_on_the_page(api: ApiClient, client: Client) -> None:
    kind = problem(api.get("orders/NONE/"))["type"]

    path, anchor = kind.removeprefix("http://127.0.0.1:9").split("#")
    assert f'id="{anchor}"' in client.get(path).content.decode()


def test_nothing_depends_on_what_the_host_set_for_its_own_api(api: ApiClient, settings: Any) -> None:
    settings.REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DenyAll"],
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
        "EXCEPTION_HANDLER": "nowhere.handler",
        "DATETIME_FORMAT": "%d/%m/%Y",
        "COERCE_DECIMAL_TO_STRING": False,
    }
    settings.TIME_ZONE = "America/Lima"

    answer = api.post("orders/", order_like())

    assert answer.status_code == 201
    assert json.loads(answer.content)["created_at"].endswith("Z")
    assert problem(api.get("orders/NONE/"))["code"] == "NOT_FOUND"
    assert "drf_spectacular" not in settings.INSTALLED_APPS


@pytest.mark.parametrize(
    ("metadata", "allowed"),
    [
        ({"cart": [1, "x", None, {"deep": [True, {}]}], "á\x99": "\x85"}, True),
        ({"text": "a\0"}, False),
        ({"list": [["a\0"]]}, False),
        ({"object": {"a\0": 1}}, False),
        ({"a\0": 1}, False),
    ],
)
def test_what_metadata_may_hold_is_described_as_it_is_taken(
    described: dict[str, Any], api: ApiClient, metadata: dict[str, Any], allowed: bool
) -> None:
    document = order_like(metadata=metadata)

    assert (api.post("orders/", document).status_code == 201) is allowed
    assert reader(described, "NewOrder").is_valid(document) is allowed


def test_control_characters_that_can_be_stored_are_a_rules_business_not_the_shapes(
    described: dict[str, Any], api: ApiClient, psp: Any
) -> None:
    odd = {"email": "a@b.pe", "name": "Ana", "phone": "á\x99", "document": {"type": "DNI", "number": "\x852{Ú"}}
    document = order_like(payer=odd)

    assert reader(described, "NewOrder").is_valid(document)
    answer = api.post("orders/", document)
    assert (answer.status_code, problem(answer)["code"]) == (422, "CREATE_FIELD_INVALID")
    assert set(problem(answer)["fields"]) == {"payer.phone", "payer.document"}
