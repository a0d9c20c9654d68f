"""The evidence as an auditor reads it: in words, to the second, masked, and with the last verdict over its chain."""

from __future__ import annotations

from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from pagoefectivo.admin.audit import CHECK_AFTER
from pagoefectivo.models import AuditEntry, ErrorOccurrence, Order, PaymentEvent, StateChange
from pagoefectivo.selectors import exports
from pagoefectivo.services import audit
from tests.integration.admin.conftest import order_page, text_of
from tests.integration.audit.evidence import flip

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


def page(browser: Client, name: str, *arguments: Any) -> str:
    answer = browser.get(reverse(f"admin:pagoefectivo_{name}", args=arguments), headers=ENGLISH)
    assert answer.status_code == 200
    return unescape(text_of(answer))


class TestWhereAProviderNamesAPaymentByItsCode:
    """The name gives the code away, so it is masked as the code is."""

    @pytest.fixture
    def provider(self) -> str:
        return "pagoefectivo_direct"

    def test_nobody_without_the_permission_reads_the_code_from_the_providers_reference(
        self, at_desk: Any, paid_order: Any
    ) -> None:
        order = paid_order()
        voucher = order.vouchers.get()
        assert voucher.provider_reference == voucher.code, "or this story tells nothing"
        ErrorOccurrence.objects.create(
            code="PSP_TIMEOUT", voucher=voucher, account="default", occurred_at=order.created_at
        )
        auditor = at_desk("auditor")
        shown = [
            page(auditor, "voucher_changelist"),
            page(auditor, "voucher_change", voucher.pk),
            page(auditor, "erroroccurrence_change", ErrorOccurrence.objects.latest("pk").pk),
            *(page(auditor, "paymentevent_change", event.pk) for event in PaymentEvent.objects.all()),
            text_of(auditor.get(order_page(order), headers=ENGLISH)),
            "".join(exports.orders_csv(Order.objects.all(), with_people=False)),
        ]
        for text in shown:
            assert voucher.code not in text
            assert f"••••{voucher.code[-3:]}" in text
        seen = at_desk("support_n2")
        assert seen.get(order_page(order)).content.decode().count(voucher.code) > 1
        assert voucher.code in "".join(exports.orders_csv(Order.objects.all(), with_people=True))


def test_a_change_of_state_and_a_statement_are_told_in_words_and_to_the_second(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    auditor, paid = at_desk("auditor"), StateChange.objects.get(subject="voucher", to_state="paid")
    moves = page(auditor, "statechange_changelist")
    assert "payment code A-1042 waiting for payment paid" in moves.replace("  ", " ")
    assert f"{paid.at:%M:%S}" in moves
    told = page(auditor, "paymentevent_changelist")
    assert "the provider's answer to our question" in told
    assert "signed_body" not in told


def test_the_last_verdict_over_the_chain_is_shown_where_its_entries_are(
    at_desk: Any, person: Any, paid_order: Any, world: Any
) -> None:
    auditor = at_desk("auditor")
    person("auditor").user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    assert "Nobody has checked this chain yet." in page(auditor, "auditentry_changelist")
    paid_order()
    world.advance(minutes=10)
    audit.seal_when_due()
    call_command("pagoefectivo", "verify-audit", stdout=StringIO())
    newest = AuditEntry.objects.latest("position")
    shown = page(auditor, "auditentry_changelist")
    assert "Nothing was changed, taken away or slipped in." in shown
    assert f"{newest.position} {newest.hash}" in shown
    assert "That is more than two days ago." not in shown
    world.advance(seconds=CHECK_AFTER.total_seconds() + 60)
    assert "That is more than two days ago." in page(auditor, "auditentry_changelist")

    row = StateChange.objects.earliest("pk")
    flip(row, "actor", 3)
    with pytest.raises(SystemExit):
        call_command("pagoefectivo", "verify-audit", stdout=StringIO())
    shown = page(auditor, "auditentry_changelist")
    assert "Evidence was tampered with or is missing" in shown
    assert f"statechange {row.pk} is not what was sealed." in shown
