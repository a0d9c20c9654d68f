"""Every code of the catalogue: brought about by the sandbox or by the story that is named, and shown in three languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from pagoefectivo import shop, signals
from pagoefectivo.admin.advice import WHO_WORDS
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.exceptions import ProviderError
from pagoefectivo.links import notification_url
from pagoefectivo.models import ErrorOccurrence, ErrorTally, WebhookDelivery
from pagoefectivo.providers.base import Operation
from pagoefectivo.providers.registry import provider_named, provider_slugs
from pagoefectivo.services.actors import SHOP
from tests.acceptance.codes_elsewhere import ELSEWHERE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("es", "en", "zh-hans")
PLACES = {
    Operation.ISSUE_VOUCHER: "create",
    Operation.REQUEST_REFUND: "refund",
    Operation.FETCH_PAYMENT: "get_payment",
    Operation.CANCEL_VOUCHER: "cancel",
    Operation.EXTEND_VOUCHER: "extend",
}  # in the order in which one is chosen


def is_called(slug: str, operation: Operation) -> bool:
    """Whether the app ever makes that call of that provider."""
    able = provider_named(slug).capabilities
    needs = {Operation.CANCEL_VOUCHER: able.cancel_voucher, Operation.EXTEND_VOUCHER: able.extend_voucher}
    return needs.get(operation, True)


def answered() -> dict[str, tuple[str, Operation, str]]:
    """For each code that a provider's answer leads to: one provider, one call, and what it says then."""
    rows = [
        (rule.code, slug, operation, raw)
        for slug in provider_slugs()
        for (operation, raw), rule in provider_named(slug).errors.items()
        if operation in PLACES and is_called(slug, operation)
    ]
    rows.sort(key=lambda row: list(PLACES).index(row[2]))
    return {code: (slug, operation, raw) for code, slug, operation, raw in reversed(rows)}


ANSWERED = answered()


@pytest.fixture
def accounts(psp: Any, sandbox: Any, settings: Any) -> None:
    """An account per code at the provider that says it, so that no breaker stops the next one's call."""
    settings.PAGOEFECTIVO = {
        **settings.PAGOEFECTIVO,
        "ACCOUNTS": {
            **settings.PAGOEFECTIVO["ACCOUNTS"],
            **{
                code: {
                    "PROVIDER": slug,
                    "ENVIRONMENT": "sandbox",
                    "CREDENTIALS": dict(sandbox.company.faces[slug].merchant().secrets),
                    "BASE_URL": sandbox.url_of(slug),
                }
                for code, (slug, _, _) in ANSWERED.items()
            },
        },
        "MESSAGES": {"CHANNELS": {}},
    }


def refunded(reference: str, code: str, psp: Any) -> None:
    voucher = shop.get_order(reference=reference).current_voucher
    assert voucher is not None
    psp.pay(voucher.code)
    assert shop.refresh_order(reference=reference).state == "paid"
    psp.fault("refund", "refused", code=code)
    destination = shop.Destination("María Quispe", "DNI", "45678912", "002", "00219312345678901234", "S")
    shop.request_refund(reference=reference, amount="89.90", reason="damaged", actor=SHOP, destination=destination)


def provoke(code: str, psp: Any, open_order: Any) -> None:
    """Have the sandbox answer one call of the code's account with the raw code that leads to it."""
    _, operation, raw = ANSWERED[code]
    place = PLACES[operation]
    if operation is Operation.ISSUE_VOUCHER:
        psp.fault(place, "refused", code=raw)
    open_order(code, account=code)
    if operation is Operation.REQUEST_REFUND:
        refunded(code, raw, psp)
    elif operation is not Operation.ISSUE_VOUCHER:
        psp.fault(place, "refused", code=raw)
        acts: dict[Operation, Callable[[], object]] = {
            Operation.FETCH_PAYMENT: lambda: shop.refresh_order(reference=code),
            Operation.CANCEL_VOUCHER: lambda: shop.cancel_order(reference=code),
            Operation.EXTEND_VOUCHER: lambda: shop.extend_voucher(reference=code, expires_in=timedelta(days=3)),
        }
        with suppress(ProviderError):
            acts[operation]()
    psp.clear_faults()


def test_R14_every_answer_that_leads_to_a_code_is_a_button_of_the_sandbox(
    psp: Any, accounts: None, open_order: Any
) -> None:
    for code in ANSWERED:
        provoke(code, psp, open_order)
    met = {code: set(ErrorOccurrence.objects.filter(account=code).values_list("code", flat=True)) for code in ANSWERED}
    assert {code: said for code, said in met.items() if code not in said} == {}
    assert set(ErrorTally.objects.values_list("reads_as", flat=True)) >= set(ANSWERED)


@pytest.fixture
def failing_shop() -> Iterator[None]:
    """A receiver of the shop's that fails whatever it is told."""

    def fail(**_: Any) -> None:
        raise LookupError

    signals.order_paid.connect(fail)
    yield
    signals.order_paid.disconnect(fail)


CALLS = {"PSP_TIMEOUT": "timeout_before", "PSP_BAD_RESPONSE": "html", "PSP_UNMAPPED": "refused"}
NOTIFICATIONS = {
    "WEBHOOK_SIGNATURE_MISSING": "unsigned",
    "WEBHOOK_SIGNATURE_MISMATCH": "forged",
    "WEBHOOK_REPLAYED": "duplicated",
    "AUTH_CLOCK_SKEW": "future",
}
THEN = {"WEBHOOK_OUT_OF_ORDER", "WEBHOOK_HANDLER_FAILED"}


def test_R14_silence_gibberish_and_odd_notifications_are_buttons_too(
    psp: Any, settings: Any, listening: Any, open_order: Any, sweep: Any, failing_shop: None
) -> None:
    settings.PAGOEFECTIVO = {
        **settings.PAGOEFECTIVO,
        "TIMING": {**settings.PAGOEFECTIVO["TIMING"], "READ": "1s", "LEASE": "9s"},
        "MESSAGES": {"CHANNELS": {}},
    }
    for number, (code, kind) in enumerate(CALLS.items()):
        open_order(f"C-{number}")
        psp.fault("get_payment", kind, **({"seconds": 1.1} if kind == "timeout_before" else {}))
        with pytest.raises(ProviderError):
            shop.refresh_order(reference=f"C-{number}")
        assert ErrorOccurrence.objects.order_by("-pk")[0].code == code
    for code, kind in NOTIFICATIONS.items():
        voucher = open_order(code).current_voucher
        psp.webhook_fault(kind)
        psp.pay(voucher.code)
        assert psp.wait_idle()
    sweep()
    told = psp.deliveries()[-1]["body"]
    for spelt in (told + " ", told + "  "):  # the same news in other messages
        psp.inject(notification_url("default"), spelt)
    sweep()
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(User.objects.create_superuser("luz"))
    pages = "".join(
        browser.get(reverse("admin:pagoefectivo_webhookdelivery_change", args=[row.pk])).content.decode()
        for row in WebhookDelivery.objects.all()
    )
    shown = set(re.findall(r"<code>([A-Z_]+)</code>", pages))
    kept = set(ErrorOccurrence.objects.values_list("code", flat=True))
    assert {*NOTIFICATIONS, *THEN} - shown - kept == set()


def test_R14_every_code_is_brought_about_here_or_by_a_story_that_exists() -> None:
    here = {*ANSWERED, *CALLS, *NOTIFICATIONS, *THEN}
    assert here | set(ELSEWHERE) == set(ErrorCode)
    assert here & set(ELSEWHERE) == set(), "what the sandbox can bring about is brought about here"
    for why, story in ELSEWHERE.values():
        path, _, name = story.partition("::")
        assert why
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), story


def test_R14_every_code_shows_its_sentence_who_acts_and_what_comes_next_in_three_languages(psp: Any) -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("luz"))
    address = reverse("admin:pagoefectivo_errortally_changelist")
    texts = set()
    for language in LANGUAGES:
        shown = browser.get(address, headers={"accept-language": language}).content.decode()
        with override(language):
            for code, entry in CATALOGUE.items():
                row = shown.partition(f">{code}</a>")[2].partition("</tr>")[0]
                read = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).replace("&#x27;", "'").replace("&quot;", '"')
                for said in (entry.sentence(), entry.next_sentence(), str(WHO_WORDS[entry.who])):
                    assert re.sub(r"\s+", " ", said).replace("<", "&lt;").replace(">", "&gt;") in read, (
                        language,
                        code,
                        said,
                    )
                texts.add((language, entry.sentence()))
    assert len(texts) > 2.5 * len(CATALOGUE), "the languages say it in words of their own"
