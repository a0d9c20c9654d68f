"""A code that no table explains: it registers itself, alarms once, is given a meaning by a person, and moves nothing."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from pagoefectivo import shop, signals
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.models import CodeMapping, ErrorOccurrence, ErrorTally
from pagoefectivo.selectors import errors
from pagoefectivo.services import meanings
from pagoefectivo.services.actors import SHOP, Actor, Permission, PermissionRefused
from tests.integration.ledger import everything, only_refund

pytestmark = pytest.mark.django_db(transaction=True)

LUZ = Actor("staff:luz", frozenset({Permission.MAP_ERRORS}), user_id=1)
WORDS = {"CodeMapping", "ErrorTally"}


@pytest.fixture
def alarms() -> Any:
    """What the host shop is told of codes that nobody knows."""
    told: list[tuple[str, str]] = []

    def listen(*, error: ErrorTally, **_: Any) -> None:
        told.append((error.account, error.raw_code))

    signals.error_unmapped.connect(listen)
    yield told
    signals.error_unmapped.disconnect(listen)


def held_refund(psp: Any) -> None:
    """A refund that the provider answered with a code that is in no table."""
    psp.fault("refund", "refused", code="7777")
    shop.request_refund(reference="A-1042", amount="5.00", reason="damaged", actor=SHOP)


def test_R14_it_registers_itself_once_and_alarms_once(
    psp: Any, open_order: Any, world: Any, sweep: Any, alarms: list[tuple[str, str]], caplog: Any
) -> None:
    open_order()
    psp.fault("get_payment", "refused", times=3, code="7777")
    for _ in range(3):
        world.advance(seconds=5)
        sweep()
    assert list(ErrorOccurrence.objects.values_list("code", "raw_code")) == [("PSP_UNMAPPED", "7777")] * 3
    tally = ErrorTally.objects.get()
    first, last = ErrorOccurrence.objects.order_by("pk")[0], ErrorOccurrence.objects.order_by("-pk")[0]
    assert (tally.account, tally.operation, tally.raw_code, tally.count) == ("default", "fetch_payment", "7777", 3)
    assert (tally.first_at, tally.last_at, tally.sample) == (first.occurred_at, last.occurred_at, first)
    assert alarms == [("default", "7777")]
    assert len([each for each in caplog.records if each.name == "pagoefectivo.errors"]) == 1


def test_R14_a_meaning_changes_words_and_nothing_that_moves(psp: Any, paid_order: Any) -> None:
    paid_order()
    held_refund(psp)
    refund, tally = only_refund(), ErrorTally.objects.get()
    assert (refund.state, refund.error_code) == ("unknown", "PSP_UNMAPPED")
    before = everything(besides=WORDS)
    meanings.say(tally.pk, "REFUND_ACCOUNT_CLOSED", note="their support said so, inquiry 815", actor=LUZ)
    assert everything(besides=WORDS) == before
    [error] = errors.with_reading(errors.reading_as("REFUND_ACCOUNT_CLOSED", errors.tallies()))
    assert (error.code, error.read) == ("PSP_UNMAPPED", "REFUND_ACCOUNT_CLOSED")  # type: ignore[attr-defined]
    assert list(errors.reading_as("PSP_UNMAPPED", errors.tallies())) == []
    said = CodeMapping.objects.get()
    assert (said.provider, said.operation, said.raw_code, said.mapped_by) == (
        "dlocal", "request_refund", "7777", "staff:luz",
    )  # fmt: skip
    meanings.say(tally.pk, "PSP_UNMAPPED", note="that was another one", actor=LUZ)
    assert [each.code for each in errors.meanings_said(tally)] == ["PSP_UNMAPPED", "REFUND_ACCOUNT_CLOSED"]
    assert errors.reading_as("PSP_UNMAPPED", errors.tallies()).count() == 1
    assert errors.standings(errors.tallies())["PSP_UNMAPPED"].ever == 1


def test_what_comes_later_reads_the_same_at_every_account_of_the_provider(
    psp: Any, settings: Any, paid_order: Any, alarms: list[tuple[str, str]]
) -> None:
    paid_order()
    held_refund(psp)
    meanings.say(ErrorTally.objects.get().pk, "REFUND_REJECTED", note="inquiry 815", actor=LUZ)
    accounts = settings.PAGOEFECTIVO["ACCOUNTS"]
    second = {"ACCOUNTS": {**accounts, "second": dict(accounts["default"])}}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, **second}
    paid_order("B-1", account="second")
    psp.fault("refund", "refused", code="7777")
    shop.request_refund(reference="B-1", amount="5.00", reason="damaged", actor=SHOP)
    came = ErrorTally.objects.filter(raw_code="7777").order_by("pk")
    assert list(came.values_list("account", "reads_as", "count")) == [
        ("default", "REFUND_REJECTED", 1), ("second", "REFUND_REJECTED", 1),
    ]  # fmt: skip
    assert alarms == [("default", "7777")], "what has a meaning is no news"


def test_a_meaning_needs_a_person_who_may_a_reason_and_a_code_that_can_be(psp: Any, paid_order: Any) -> None:
    paid_order()
    held_refund(psp)
    psp.fault("refund", "refused", code="5007")
    shop.request_refund(reference="A-1042", amount="6.00", reason="damaged", actor=SHOP)
    unknown, known = ErrorTally.objects.order_by("pk")
    before = everything()
    for actor in (Actor("staff:eva", frozenset(), user_id=2), SHOP, Actor("key:x", frozenset(Permission))):
        with pytest.raises(PermissionRefused):
            meanings.say(unknown.pk, "REFUND_REJECTED", note="x", actor=actor)
    for tally, code, note, objection in (
        (known, "REFUND_REJECTED", "x", "ERROR_MEANING_FIXED"),
        (unknown, "APPROVAL_SELF", "x", "ERROR_MEANING_UNFIT"),
        (unknown, "NO_SUCH_CODE", "x", "ERROR_MEANING_UNFIT"),
        (unknown, "REFUND_REJECTED", "  ", "REQUEST_INVALID"),
    ):
        with pytest.raises(RuleRefused) as refused:
            meanings.say(tally.pk, code, note=note, actor=LUZ)
        assert refused.value.code == objection
    assert everything() == before


def test_history_is_read_again_by_todays_table_after_a_dry_run(
    psp: Any, paid_order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pagoefectivo.domain.error_codes import ErrorCode
    from pagoefectivo.providers.base import ErrorClass, ErrorRule, Operation
    from pagoefectivo.providers.registry import provider_named

    paid_order()
    held_refund(psp)
    dlocal = provider_named("dlocal")
    learnt = {(Operation.REQUEST_REFUND, "7777"): ErrorRule(ErrorCode.REFUND_NOT_ALLOWED, ErrorClass.TERMINAL)}
    assert json.loads(remap("--json")) == {"dry_run": True, "occurrences": 0, "read": []}
    monkeypatch.setattr(dlocal, "errors", {**dlocal.errors, **learnt})
    before = everything()
    told = remap()
    assert "default request_refund 7777: PSP_UNMAPPED → REFUND_NOT_ALLOWED, 1 times" in told
    assert "1 occurrences of 1 kinds would read otherwise." in told
    assert everything() == before
    assert "1 occurrences of 1 kinds now read otherwise." in remap("--apply")
    assert everything(besides={"ErrorTally"}) == {name: rows for name, rows in before.items() if name != "ErrorTally"}
    assert errors.standings(errors.tallies())["REFUND_NOT_ALLOWED"].ever == 1
    assert "0 occurrences of 0 kinds would read otherwise." in remap()


def remap(*options: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command("pagoefectivo", "remap", *options, stdout=out)
    return out.getvalue()
