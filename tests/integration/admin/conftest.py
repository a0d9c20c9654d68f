"""People of the back office, each with the permissions of their desk, and what must stay as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from pagoefectivo.models import Order, Refund
from tests.integration import ledger

VIEWS = [
    "view_order",
    "view_voucher",
    "view_refund",
    "view_anomaly",
    "view_paymentevent",
    "view_statechange",
    "view_erroroccurrence",
    "view_apiexchange",
    "view_webhookdelivery",
    "view_webhookrejection",
    "view_outboxmessage",
]
DESKS = {
    "visitor": ["view_apikey"],
    "support_n1": [*VIEWS, "refresh_order", "add_note"],
    "support_n2": [
        *(*VIEWS, "refresh_order", "view_personal_data", "cancel_order", "request_refund"),
        *("add_note", "resend_message", "renew_order_link"),
    ],
    "finance": [
        *VIEWS,
        "refresh_order",
        "view_personal_data",
        "approve_refund",
        "accept_payment",
        "view_bank_account",
        "export_finance",
        "own_outside_refund",
    ],
    "treasury": [
        *(*VIEWS, "view_payout", "request_refund", "make_payout", "download_payout", "settle_payout"),
        "keep_calendar",
    ],
    "everything": [
        *(*VIEWS, "view_payout", "view_personal_data", "request_refund", "approve_refund", "view_bank_account"),
        *("make_payout", "download_payout", "settle_payout"),
    ],
    "auditor": [*VIEWS, "view_raw_payload", "view_refunddestination"],
}


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Somebody who sits at a desk."""

    def hired(desk: str, name: str | None = None) -> User:
        user, _ = User.objects.get_or_create(username=name or desk, defaults={"is_staff": True})
        wanted = Permission.objects.filter(content_type__app_label="pagoefectivo", codename__in=DESKS[desk])
        assert wanted.count() == len(DESKS[desk])
        user.user_permissions.set(wanted)
        return user

    return hired


@pytest.fixture
def at_desk(person: Callable[..., User]) -> Callable[..., Client]:
    """A browser in which somebody of that desk is logged in."""

    def seated(desk: str, name: str | None = None, **options: Any) -> Client:
        browser = Client(**options)
        browser.force_login(person(desk, name))
        return browser

    return seated


@pytest.fixture
def hire(db: None) -> Any:
    """A person of the back office with some permissions."""

    def hired(name: str, *codenames: str) -> User:
        user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True})
        user.user_permissions.set(
            Permission.objects.filter(content_type__app_label="pagoefectivo", codename__in=codenames)
        )
        return user

    return hired


def order_page(order: Order, act: str = "change") -> str:
    """The address of an order's page or act."""
    return reverse(f"admin:pagoefectivo_order_{act}", args=[order.pk])


def refund_page(refund: Refund, act: str = "change") -> str:
    """The address of a refund's page or act."""
    return reverse(f"admin:pagoefectivo_refund_{act}", args=[refund.pk])


def look_for(browser: Any, clue: str) -> Any:
    """What the one search box answers: an address to read what was found."""
    address = reverse("admin:pagoefectivo_ownership_search")
    return browser.post(address, {"clue": clue}, headers={"accept-language": "en"})


def text_of(answer: Any) -> str:
    """What a person reads on a page: no tags, single spaces."""
    body = re.sub(r"<(style|script|head).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("\N{NO-BREAK SPACE}", " ").strip()


def hidden(answer: Any, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', answer.content.decode())
    assert found, f"the page has no hidden field {name}"
    return found[1]


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours, to prove that nothing changed; who looked is written down even so."""
    return ledger.everything(besides={"AccessLog"})
