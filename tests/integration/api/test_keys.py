"""Who may use the API, and for what."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pagoefectivo.domain.exceptions import NotFound, RuleRefused
from pagoefectivo.models import ApiKey
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.services import api_keys
from tests.integration.api.conftest import EVERY_SCOPE, ROOT, ApiClient, order_like, problem, written

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "authorization",
    ["", "Api-Key", "Api-Key ", "Api-Key pek_wrong", "Basic YTpi", "Bearer {}", "{}", "Api-Key {}x", "Api-Key \0"],
)
def test_without_a_live_key_there_is_nothing_to_see(api: ApiClient, authorization: str) -> None:
    before = written()
    plain = api.headers["Authorization"].removeprefix("Api-Key ")
    api.headers = {"Authorization": authorization.format(plain)}

    for answer in (api.get("orders/"), api.post("orders/", order_like()), api.get("orders/NONE/")):
        assert (answer.status_code, problem(answer)["code"]) == (401, "NOT_AUTHENTICATED")
        assert answer["WWW-Authenticate"] == "Api-Key"
    assert written() == before


def test_a_key_is_stored_as_a_digest_and_shown_once(psp: Operations) -> None:
    row, plain = api_keys.create_key("erp", ["orders:read"], ["default"])

    stored = ApiKey.objects.values().get()
    assert plain not in json.dumps(stored, default=str)
    assert (plain.startswith(row.prefix), len(row.prefix), len(plain)) == (True, 12, 47)
    assert api_keys.create_key("erp", ["orders:read"])[1] != plain


@pytest.mark.parametrize(
    ("name", "scopes", "accounts"),
    [("", ["orders:read"], []), ("x" * 101, ["orders:read"], []), ("a", [], []), ("a", ["orders:*"], []),
     ("a", ["orders:read"], ["nowhere"])],
)  # fmt: skip
def test_a_key_that_makes_no_sense_is_not_made(
    psp: Operations, name: str, scopes: list[str], accounts: list[str]
) -> None:
    with pytest.raises(RuleRefused):
        api_keys.create_key(name, scopes, accounts)

    assert ApiKey.objects.count() == 0


def test_a_revoked_key_is_dead_at_once(api: ApiClient) -> None:
    assert api.get("orders/").status_code == 200
    row = ApiKey.objects.get()

    first = api_keys.revoke(row.pk)
    second = api_keys.revoke(row.pk)

    assert api.get("orders/").status_code == 401
    assert first.revoked_at == second.revoked_at
    with pytest.raises(NotFound):
        api_keys.revoke(row.pk + 1)


def test_the_use_of_a_key_is_noted_once_in_a_while(api: ApiClient, django_assert_num_queries: Any) -> None:
    api.get("orders/")
    noted = ApiKey.objects.get().last_used_at
    assert noted is not None

    with django_assert_num_queries(2):  # the key, the orders
        api.get("orders/")

    assert ApiKey.objects.get().last_used_at == noted


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("get", "orders/", "orders:read"),
        ("get", "orders/A-1042/", "orders:read"),
        ("get", "orders/A-1042/timeline/", "orders:read"),
        ("get", "refunds/{refund}/", "refunds:read"),
        ("post", "orders/", "orders:write"),
        ("post", "orders/A-1042/vouchers/", "orders:write"),
        ("post", "orders/A-1042/cancel/", "orders:write"),
        ("post", "orders/A-1042/extend/", "orders:write"),
        ("post", "orders/A-1042/give-up/", "orders:write"),
        ("post", "orders/A-1042/refresh/", "orders:read"),
        ("post", "orders/A-1042/refunds/", "refunds:write"),
        ("post", "refunds/{refund}/cancel/", "refunds:write"),
        ("post", "refunds/{refund}/retry/", "refunds:write"),
        ("post", "refunds/{refund}/destination/", "refunds:write"),
        ("post", "refunds/{refund}/approve/", "refunds:approve"),
        ("post", "refunds/{refund}/decline/", "refunds:approve"),
        ("get", "settlements/", "settlements:read"),
        ("get", "settlements/1/", "settlements:read"),
        ("get", "settlements/1/differences/", "settlements:read"),
        ("post", "settlements/", "settlements:write"),
    ],
)
def test_a_key_without_the_scope_is_told_which_one_and_nothing_changes(
    key: Callable[..., ApiClient], paid_order: Any, account: Any, method: str, path: str, needed: str
) -> None:
    account(REFUND_APPROVAL_OVER="0")
    paid_order()
    asked = {"amount": "1.00", "reason": "other"}
    refund = json.loads(key("refunds:write").post("orders/A-1042/refunds/", asked).content)["id"]
    others = {*EVERY_SCOPE} - {needed}
    if method == "get":  # who may change something may read it
        others = {scope for scope in others if scope.partition(":")[0] != needed.partition(":")[0]}
    bodies = {"orders/": order_like(reference="B"), "orders/A-1042/refunds/": asked}
    bodies["orders/A-1042/extend/"] = {"expires_in": "PT48H"}
    bodies["refunds/{refund}/approve/"] = {"seen": "0" * 64}
    destination = {"holder_name": "M", "account_number": "00219300000000000001"}
    body = bodies.get(path, destination if "destination" in path else None)
    poor = key(*sorted(others), name="poor")

    answer = poor.get(path.format(refund=refund)) if method == "get" else poor.post(path.format(refund=refund), body)

    assert (answer.status_code, problem(answer)["code"]) == (403, "PERMISSION_DENIED")
    assert problem(answer)["scope"] == needed
    assert needed in problem(answer)["next_step"]


def test_G04_a_key_of_another_account_finds_what_it_would_find_if_there_were_nothing(
    key: Callable[..., ApiClient], psp: Operations, settings: Any, paid_order: Any, api: ApiClient
) -> None:
    accounts = settings.PAGOEFECTIVO["ACCOUNTS"]
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {**accounts, "other": accounts["default"]}}
    paid_order()
    refund = json.loads(api.post("orders/A-1042/refunds/", {"amount": "1.00", "reason": "other"}).content)["id"]
    stranger = key(name="stranger", accounts=("other",))
    asked = {"amount": "1.00", "reason": "other"}

    def answers(reference: str, refund_id: str) -> list[tuple[int, bytes]]:
        found = [
            stranger.get(f"orders/{reference}/"),
            stranger.get(f"orders/{reference}/timeline/"),
            stranger.get("orders/", reference=reference),
            stranger.get(f"refunds/{refund_id}/"),
            *(stranger.post(f"orders/{reference}/{act}/") for act in ("vouchers", "cancel", "refresh", "give-up")),
            stranger.post(f"orders/{reference}/extend/", {"expires_in": "PT48H"}),
            stranger.post(f"orders/{reference}/refunds/", asked),
            *(stranger.post(f"refunds/{refund_id}/{act}/") for act in ("approve", "decline", "cancel", "retry")),
        ]
        return [(each.status_code, each.content) for each in found]

    assert answers("A-1042", refund) == answers("NONE", "rfd_none")
    assert len(psp.refunds()) == 1
    taken = stranger.post("orders/", order_like(account="other"))
    assert (taken.status_code, problem(taken)["code"]) == (409, "REFERENCE_CONFLICT")
    assert b"89.90" not in taken.content


def test_csrf_and_sessions_play_no_part(api: ApiClient, admin_user: Any) -> None:
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)

    assert browser.get(f"{ROOT}orders/").status_code == 401
    api.client = Client(enforce_csrf_checks=True)
    assert api.post("orders/", order_like()).status_code == 201
