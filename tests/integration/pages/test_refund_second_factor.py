"""Nothing personal before the buyer has shown who they are, and nobody finds that out by trying."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.utils import timezone

from pagoefectivo.channels.email import LONGEST_WAIT
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import EmailedCode, Refund, RefundDestination, WrongAnswers
from pagoefectivo.services import destinations, seams, second_factor
from pagoefectivo.services.actors import SHOP
from pagoefectivo.services.second_factor import Verdict
from tests.integration.pages.refund_stage import CCI, DIGITS, EMAIL, SCENES, Buyer, path_of, personal_in, place
from tests.integration.pages.stage import place_refund

pytestmark = pytest.mark.django_db

WAITING = "Too many tries. Wait 15 minutes"
WRONG = "That does not match what your order has"


@pytest.fixture
def missing() -> Refund:
    """A refund whose account is missing."""
    return SCENES["account missing"][0]()


def _code() -> str:
    found = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert found is not None
    return found[0]


def _fail(client: Client, refund: Refund, times: int) -> list[int]:
    """Guess wrongly, each time in the one page that is open."""
    buyer = Buyer(client, refund).opens()
    return [buyer.sends("phone", digits="000").answer.status_code for _ in range(times)]


def test_the_last_digits_of_the_phone_open_it_for_a_quarter_of_an_hour_on_this_page_alone(
    client: Client, missing: Refund
) -> None:
    buyer = Buyer(client, missing).is_known()
    assert 'name="account_number"' in buyer.text
    assert "M•••• Q••••" in buyer.text
    cookie = client.cookies["pagoefectivo_refund"]
    assert (cookie["path"], cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (
        path_of(missing),
        900,
        True,
        "Lax",
    )
    assert DIGITS not in cookie.value
    other = SCENES["account missing"][0]()
    client.cookies["pagoefectivo_refund"]["path"] = "/"
    assert 'name="account_number"' not in Buyer(client, other).opens().text


def test_the_cookie_is_secure_where_the_shop_is(client: Client, missing: Refund, settings: Any) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "PUBLIC_BASE_URL": "https://shop.example"}
    Buyer(client, missing).opens()
    assert client.cookies["pagoefectivo_refund"]["secure"] is True


def test_an_entrance_grows_old_and_cannot_be_forged(client: Client, missing: Refund, monkeypatch: Any) -> None:
    buyer = Buyer(client, missing).is_known()
    genuine = client.cookies["pagoefectivo_refund"].value
    for forged in (genuine[:-1] + ("A" if genuine[-1] != "A" else "B"), "x", "", genuine.split(":")[0]):
        client.cookies["pagoefectivo_refund"] = forged
        assert 'name="account_number"' not in buyer.opens().text
    client.cookies["pagoefectivo_refund"] = genuine
    assert 'name="account_number"' in buyer.opens().text
    later = timezone.now().timestamp() + 901
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert 'name="account_number"' not in buyer.opens().text


def test_every_wrong_answer_gets_the_same_answer_whatever_the_order_has(client: Client) -> None:
    known = place(RefundState.AWAITING_DESTINATION)
    nobody = place(RefundState.AWAITING_DESTINATION, payer={"payer_phone": "", "payer_email": ""})
    short = place(RefundState.AWAITING_DESTINATION, payer={"payer_phone": "321"})
    seen = set()
    for refund in (known, nobody, short):
        for act, fields in (
            ("phone", {"digits": "000"}),
            ("phone", {"digits": ""}),
            ("phone", {"digits": "٣٢١"}),
            ("code", {"code": "123456"}),
            ("code", {"code": ""}),
        ):
            buyer = Buyer(client, refund).opens().sends(act, **fields)
            seen.add((buyer.answer.status_code, WRONG in buyer.text, bool(personal_in(buyer.text))))
            WrongAnswers.objects.all().delete()
    assert Buyer(client, short).is_known().answer.status_code == 422
    assert seen == {(422, True, False)}


def test_ten_wrong_tries_pause_the_link_for_everybody_even_for_the_right_answer(
    client: Client, missing: Refund, world_clock: Any
) -> None:
    assert _fail(client, missing, 11) == [422] * 9 + [429] * 2
    elsewhere = Client(REMOTE_ADDR="198.51.100.9")
    buyer = Buyer(elsewhere, missing).is_known()
    assert (buyer.answer.status_code, buyer.answer["Retry-After"]) == (429, "900")
    assert WAITING in buyer.text
    assert personal_in(buyer.text) == []
    world_clock(minutes=16)
    assert 'name="account_number"' in Buyer(elsewhere, missing).is_known().text


def test_ten_wrong_tries_pause_the_sender_on_every_link(client: Client, missing: Refund) -> None:
    for _ in range(5):
        _fail(client, place(RefundState.AWAITING_DESTINATION), 2)
    buyer = Buyer(client, missing).is_known()
    assert buyer.answer.status_code == 429
    assert 'name="account_number"' in Buyer(Client(REMOTE_ADDR="198.51.100.9"), missing).is_known().text


def test_after_thirty_wrong_tries_the_phone_opens_nothing_any_more_and_a_code_still_does(
    missing: Refund, world_clock: Any
) -> None:
    for number in range(second_factor.PHONE_OPENS_UNTIL):
        second_factor.answer_with_phone(missing, "000", sender=f"198.51.100.{number}")
        world_clock(minutes=16)
    assert second_factor.answer_with_phone(missing, DIGITS, sender="192.0.2.1") is Verdict.WRONG
    second_factor.email_code(missing)
    assert second_factor.answer_with_code(missing, _code(), sender="192.0.2.1") is Verdict.RIGHT


def test_neither_a_new_link_nor_another_refund_gives_new_guesses_at_the_phone(
    missing: Refund, world_clock: Any
) -> None:
    """Staff can make links and refunds: thirty guesses each would soon be a thousand."""
    for number in range(second_factor.PAUSE_AFTER):
        missing = destinations.renew_link(missing.public_id, actor=SHOP)
        verdict = second_factor.answer_with_phone(missing, "000", sender=f"198.51.100.{number}")
    assert verdict is Verdict.PAUSED
    other = place_refund(missing.voucher, RefundState.AWAITING_DESTINATION, account=missing.account)
    assert second_factor.answer_with_phone(other, DIGITS, sender="192.0.2.1") is Verdict.PAUSED
    for number in range(second_factor.PHONE_OPENS_UNTIL - second_factor.PAUSE_AFTER):
        world_clock(minutes=16)
        fresh = destinations.renew_link((other if number % 2 else missing).public_id, actor=SHOP)
        second_factor.answer_with_phone(fresh, "000", sender=f"203.0.113.{number}")
    world_clock(minutes=16)
    fresh = destinations.renew_link(other.public_id, actor=SHOP)
    assert second_factor.answer_with_phone(fresh, DIGITS, sender="192.0.2.2") is Verdict.WRONG
    second_factor.email_code(fresh)
    assert second_factor.answer_with_code(fresh, _code(), sender="192.0.2.2") is Verdict.RIGHT


def test_a_code_by_mail_opens_once_for_ten_minutes_and_stands_nowhere_else(
    client: Client, missing: Refund, caplog: Any, world_clock: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    buyer = Buyer(client, missing).opens().sends("mail")
    assert "a code of 6 digits is on its way" in buyer.text
    assert "<details open>" in buyer.text, "where the code is typed in"
    assert [message.to for message in mail.outbox] == [[EMAIL]]
    code = _code()
    sent: Any = mail.outbox[0]
    assert code not in sent.subject
    [(page, kind)] = sent.alternatives
    assert (kind, page.count(code), sent.body.count(code)) == ("text/html", 1, 1)
    assert "good for ten minutes and opens the page once" in page
    assert not re.search(r"<img|<script|<a |url\(", page)
    assert "prefers-color-scheme: dark" in page
    assert EMAIL not in page + sent.body
    assert code not in EmailedCode.objects.get().digest
    assert 'name="account_number"' in buyer.sends("code", code=code).text
    again = Buyer(Client(), missing).opens().sends("code", code=code)
    assert (again.answer.status_code, WRONG in again.text) == (422, True)
    world_clock(minutes=2)
    Buyer(Client(), missing).opens().sends("mail")
    late, refused = _code(), Buyer(Client(), missing).opens()
    world_clock(minutes=11)
    assert refused.sends("code", code=late).answer.status_code == 422
    assert not [secret for secret in (code, late, EMAIL) if secret in caplog.text]


def test_a_code_of_one_refund_or_of_an_old_link_opens_no_other(missing: Refund) -> None:
    other = place(RefundState.AWAITING_DESTINATION)
    second_factor.email_code(missing)
    code = _code()
    assert second_factor.answer_with_code(other, code, sender="a") is Verdict.WRONG
    renewed = destinations.renew_link(missing.public_id, actor=SHOP)
    assert second_factor.answer_with_code(renewed, code, sender="a") is Verdict.WRONG


def test_nobody_is_drowned_in_codes_and_every_request_is_answered_alike(
    client: Client, missing: Refund, world_clock: Any
) -> None:
    buyer = Buyer(client, missing).opens()
    nobody = Buyer(Client(), place(RefundState.AWAITING_DESTINATION, payer={"payer_email": ""})).opens()
    assert "is on its way" in nobody.sends("mail").text
    for _ in range(3):
        assert "is on its way" in buyer.sends("mail").text
    assert len(mail.outbox) == 1
    midnight = timezone.now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
    with seams.use(now=lambda: midnight):
        for _ in range(15):
            midnight += timedelta(minutes=2)
            second_factor.email_code(missing)
    assert len(mail.outbox) == 1 + second_factor.MOST_CODES_A_DAY


def test_mail_that_fails_is_answered_as_mail_that_leaves(
    client: Client, missing: Refund, settings: Any, caplog: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.nowhere"
    buyer = Buyer(client, missing).opens().sends("mail")
    assert (buyer.answer.status_code, "is on its way" in buyer.text) == (200, True)
    assert "A code could not be e-mailed (" in caplog.text
    assert EMAIL not in caplog.text


class Unhurried(EmailBackend):
    """A mail server that Django itself would wait for for ever; it remembers how long it was given."""

    timeout: float | None = None
    given: ClassVar[list[float | None]] = []

    def send_messages(self, messages: Any) -> int:
        self.given.append(self.timeout)
        return super().send_messages(messages)


def test_the_mail_comes_from_the_shops_address_and_a_silent_server_does_not_hold_the_page(
    client: Client, missing: Refund, settings: Any
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Unhurried"
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "MESSAGES": {"FROM": "Mi Tienda <ayuda@tienda.example>"}}
    Buyer(client, missing).opens().sends("mail")
    assert [message.from_email for message in mail.outbox] == ["Mi Tienda <ayuda@tienda.example>"]
    assert Unhurried.given == [LONGEST_WAIT]


def test_G07_a_form_of_another_page_or_of_nobody_is_refused_and_changes_nothing(
    client: Client, missing: Refund
) -> None:
    buyer = Buyer(client, missing).is_known().types()
    draft = re.search(r'name="draft" value="([\w=-]+)"', buyer.text)
    assert draft is not None
    before = Refund.objects.values().get(pk=missing.pk)
    for form_key in ("", "0" * 64, "ñ"):
        answer = client.post(path_of(missing), {"act": "confirm", "draft": draft[1], "form_key": form_key})
        assert answer.status_code == 403
        assert personal_in(answer.content.decode()) == []
    strange = Client()
    key = Buyer(strange, missing).opens()
    assert key.sends("confirm", draft=draft[1]).answer.status_code == 403
    assert Refund.objects.values().get(pk=missing.pk) == before
    assert RefundDestination.objects.count() == 0


def test_G04_one_buyer_never_gives_an_account_for_the_refund_of_another(client: Client, missing: Refund) -> None:
    other = place(RefundState.AWAITING_DESTINATION)
    mine = Buyer(client, missing).is_known().types(CCI)
    before = Refund.objects.values().get(pk=other.pk)
    theirs = Buyer(client, other).opens()
    answer = theirs.sends("confirm", draft=re.findall(r'name="draft" value="([\w=-]+)"', mine.text)[0]).answer
    assert answer.status_code == 403
    theirs.is_known()
    answer = theirs.sends("confirm", draft=re.findall(r'name="draft" value="([\w=-]+)"', mine.text)[0]).answer
    assert answer.status_code == 422
    assert Refund.objects.values().get(pk=other.pk) == before


def test_counts_and_codes_are_deleted_when_they_are_of_no_use(missing: Refund, world_clock: Any) -> None:
    second_factor.answer_with_phone(missing, "000", sender="a")
    second_factor.email_code(missing)
    second_factor.forget_old()
    assert (WrongAnswers.objects.count(), EmailedCode.objects.count()) == (2, 1)
    world_clock(days=91)
    second_factor.forget_old()
    assert (WrongAnswers.objects.count(), EmailedCode.objects.count()) == (0, 0)


def test_a_body_that_cannot_be_read_is_no_form(client: Client, missing: Refund) -> None:
    Buyer(client, missing).opens()
    many = {f"f{number}": "x" for number in range(1100)}
    assert client.post(path_of(missing), many).status_code == 403
    assert (
        client.post(path_of(missing), b"x" * 3_000_000, content_type="application/x-www-form-urlencoded").status_code
        == 403
    )
