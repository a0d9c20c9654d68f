"""The desk of differences: taken, noted, settled, opened again, made a case, matched by hand; refused without permission."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.models import Case, Discrepancy, ExchangeRate, FeeSchedule, SettlementLine, SettlementShare
from pagoefectivo.services import discrepancies
from pagoefectivo.services.actors import PermissionRefused, staff
from pagoefectivo.services.discrepancies import Part
from tests.integration.admin.conftest import everything, text_of
from tests.integration.admin.settling import AUDITOR, FINANCE, code_of, differing, listed, page, seat
from tests.integration.admin.waiting import place_difference
from tests.integration.settlement_files import Row, bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
SETTLED = {"reason": "provider_pays", "text": "They pay it on Friday."}


@pytest.fixture
def finance(hire: Any, psp: Any) -> Any:
    return seat(hire("luz", *FINANCE))


@pytest.fixture
def auditor(hire: Any, psp: Any) -> Any:
    return seat(hire("inti", *AUDITOR))


@pytest.fixture
def found(paid_order: Any) -> dict[str, Discrepancy]:
    return differing(paid_order)[1]


def parts(*filled: tuple[str, str], rows: int = 3) -> dict[str, str]:
    """What the form of a match by hand posts."""
    typed = {"part-TOTAL_FORMS": str(rows), "part-INITIAL_FORMS": "0"}
    for place, (number, amount) in enumerate(filled):
        typed |= {f"part-{place}-number": number, f"part-{place}-amount": amount}
    return typed


def test_each_says_in_one_sentence_what_does_not_add_up(finance: Any, found: Any) -> None:
    said = {verdict: text_of(finance.get(page(each))) for verdict, each in found.items()}
    assert "The provider says S/ 45.00; we know S/ 50.00: S/ 5.00 missing." in said["amount"]
    assert "for D-4-nobody, a payment that nobody here knows." in said["missing_here"]
    assert "The provider settles once more what it has settled already:" in said["duplicate"]


def test_a_wrong_exchange_rate_is_told_by_what_it_was_held_against(finance: Any, paid_order: Any) -> None:
    FeeSchedule.objects.create(
        account="default", name="2026", currency="PEN", valid_from=date(2020, 1, 1), created_by="test",
        created_at=datetime.now(UTC), percent="3.00", fixed="1.00", settlement_currency="USD", fx_margin_percent="2.00",
    )  # fmt: skip
    ExchangeRate.objects.create(
        day=date(2026, 11, 10), base="USD", quote="PEN", rate="3.700000", source="SBS", imported_by="test",
        imported_at=datetime.now(UTC),
    )  # fmt: skip
    dear, odd = code_of(paid_order("A-1", "75.00")), code_of(paid_order("A-2", "75.00"))
    bring(file_of([of_voucher(dear, rate=Decimal("3.80")), of_voucher(odd, gross=Decimal("18.00"))]))
    said = [text_of(finance.get(page(each))) for each in Discrepancy.objects.order_by("pk")]
    # 75 soles are 20 dollars at 3.75, and 19.872814 at 3.70 with two percent
    assert (
        "The provider settled US$ 19.736842 for S/ 75.00, at a rate of 3.8. By the rate of the day, 3.7, with the agreed "
        "margin it is US$ 19.872814: US$ 0.135972 missing."
    ) in said[0]
    assert "Settled amount US$ 19.736842 US$ 19.872814" in said[0]
    assert (
        "The provider settled US$ 18.00 for S/ 75.00. By its own rate of 3.75 that is US$ 20.00: US$ 2.00 missing."
        in said[1]
    )
    assert "Settled amount US$ 18.00 US$ 20.00" in said[1]


def test_a_payment_that_no_settlement_tells_of_is_shown_with_what_we_know(finance: Any, paid_order: Any) -> None:
    each = place_difference(code_of(paid_order("A-1")))
    told = text_of(finance.get(page(each)))
    assert "We know S/ 89.90 of order A-1 as paid on" in told
    assert "and no settlement tells of it." in told
    assert "S/ 89.90 missing" in told
    assert page(each, "match") not in finance.get(page(each)).content.decode()
    assert finance.get(page(each, "match")).status_code == 404
    assert finance.post(page(each, "confirm")).status_code == 404
    assert finance.post(page(each, "case")).status_code == 302


def test_the_list_shows_what_is_open_and_ones_own(finance: Any, found: Any) -> None:
    finance.post(page(found["amount"], "take"))
    finance.post(page(found["duplicate"], "settle"), SETTLED)
    counts = {"": 2, "mine": 1, "nobody": 1, "settled": 1, "all": 3}
    for work, count in counts.items():
        told = text_of(finance.get(listed(Discrepancy), {"work": work} if work else {}))
        assert f"{count} difference" in told, work
    told = text_of(finance.get(listed(Discrepancy), {"work": "all"}))
    assert told.index(f"{found['amount'].number} !") < told.index(f"{found['duplicate'].number} !")
    assert "S/ 5.00 missing → somebody has it luz" in told
    assert "1 difference" in text_of(finance.get(listed(Discrepancy), {"q": found["amount"].number}))
    assert "1 difference" in text_of(finance.get(listed(Discrepancy), {"q": "A-2"}))


def test_it_is_taken_noted_given_back_settled_and_opened_again(finance: Any, found: Any) -> None:
    each = found["amount"]
    for act, typed in (("take", {}), ("note", {"text": "asked them"}), ("release", {}), ("settle", SETTLED)):
        assert finance.post(page(each, act), typed).status_code == 302, act
    each.refresh_from_db()
    assert (each.owner, each.reason, each.settled_by) == (None, "provider_pays", "staff:luz")
    told = text_of(finance.get(page(each)))
    assert "✓ settled" in told
    assert "The provider pays it with a later settlement: They pay it on Friday." in told
    assert "asked them" in told
    assert page(each, "settle") not in finance.get(page(each)).content.decode()
    assert "DIFFERENCE_SETTLED" in text_of(finance.post(page(each, "settle"), SETTLED))
    assert finance.post(page(each, "reopen"), {"text": "They did not."}).status_code == 302
    each.refresh_from_db()
    assert each.settled_at is None
    assert list(each.entries.order_by("pk").values_list("act", flat=True)) == [
        *("taken", "noted", "released", "settled", "reopened"),
    ]


@pytest.mark.parametrize(
    "typed", [{"reason": "", "text": "x"}, {"reason": "matched", "text": "x"}, {"reason": "other"}]
)
def test_without_reason_and_sentence_nothing_is_settled(finance: Any, found: Any, typed: dict[str, str]) -> None:
    before = everything()
    assert finance.post(page(found["amount"], "settle"), typed).status_code == 422
    assert everything() == before


def test_blanks_explain_nothing(finance: Any, hire: Any, found: Any) -> None:
    number, actor, before = found["amount"].pk, staff(hire("luz", *FINANCE)), everything()
    for reason, text in (("other", " \t "), ("arrived", "it came"), ("", "why")):
        with pytest.raises(RuleRefused) as refusal:
            discrepancies.settle(number, reason, text, actor=actor)
        assert refusal.value.code == "DIFFERENCE_UNEXPLAINED"
    assert "the field was empty" in text_of(finance.post(page(found["amount"], "note"), {"text": "  "}, follow=True))
    assert everything() == before


def test_a_case_is_opened_about_what_it_is_about_and_linked(finance: Any, found: Any) -> None:
    answer = finance.post(page(found["amount"], "case"))
    case = Case.objects.get()
    assert answer["Location"] == page(case)
    told = finance.get(page(found["amount"])).content.decode()
    assert page(case) in told
    assert page(found["amount"], "case") not in told
    assert finance.post(page(found["missing_here"], "case")).status_code == 404
    assert Case.objects.count() == 1


def test_a_line_is_matched_part_by_part(finance: Any, found: Any, paid_order: Any) -> None:
    one, two = code_of(paid_order("B-1", "8.00")), code_of(paid_order("B-2", "4.00"))
    each = found["missing_here"]
    form = page(each, "match")
    assert "Left to say: S/ 12.00." in text_of(finance.get(form))
    more = finance.post(form, {**parts((one.public_id, "8,00")), "more": "1"})
    assert more.status_code == 200
    assert "Left to say: S/ 4.00." in text_of(more)
    assert 'name="part-5-number"' in more.content.decode()
    assert f'value="{one.public_id}"' in more.content.decode()
    short = finance.post(form, parts((one.public_id, "8.00"), (two.public_id, "3.00")))
    assert short.status_code == 422
    assert "The parts come to 11.00; the line says 12.00." in text_of(short)
    assert "MATCH_DOES_NOT_ADD_UP" in text_of(short)
    assert "MATCH_ANOTHER_ACCOUNT" in text_of(finance.post(form, parts(("vch_nobody", "12.00"))))
    assert finance.post(form, parts((one.public_id, ""))).status_code == 422
    assert not SettlementShare.objects.exists()
    assert finance.post(form, parts((one.public_id, "8.00"), (two.public_id, "4.00"))).status_code == 302
    each.refresh_from_db()
    assert (each.reason, each.line.verdict) == ("matched", "matched")
    told = text_of(finance.get(page(each)))
    assert "Matched by hand B-1" not in told
    assert "B-1" in told
    assert "B-2" in told
    assert page(each, "reopen") not in finance.get(page(each)).content.decode()
    assert "1 settlement line" in text_of(finance.get(listed(SettlementLine), {"q": "B-2"}))


def test_a_proposal_is_confirmed_with_one_button(finance: Any, paid_order: Any) -> None:
    voucher = code_of(paid_order("A-1"))
    bring(file_of([Row("D-4-nobody", Decimal("89.90"), "NOBODY")]))
    line, each = SettlementLine.objects.get(), Discrepancy.objects.get()
    SettlementLine.objects.filter(pk=line.pk).update(verdict="proposed", voucher=voucher, code=voucher.code)
    Discrepancy.objects.filter(pk=each.pk).update(verdict="proposed", voucher=voucher)
    told = finance.get(page(each))
    assert "Confirm: it is this payment" in text_of(told)
    assert "Amount S/ 89.90 S/ 89.90" in text_of(told)
    assert "Settled by the provider" not in text_of(finance.get(page(voucher.order)))
    assert finance.post(page(each, "confirm")).status_code == 302
    line.refresh_from_db()
    assert (line.verdict, line.voucher_id) == ("matched", voucher.pk)
    assert "DIFFERENCE_SETTLED" in text_of(finance.post(page(each, "confirm"), follow=True))
    assert SettlementShare.objects.count() == 1


def test_G17_an_auditor_reads_and_changes_nothing_and_support_does_not_even_look(
    auditor: Any, hire: Any, found: Any
) -> None:
    each = found["amount"]
    support = seat(hire("ana", "view_order", "view_voucher", "view_case", "open_case"))
    before = everything()
    shown = auditor.get(page(each))
    assert "Settle it … only finance" in text_of(shown)
    assert "Match by hand … only finance" in text_of(shown)
    typed = {**SETTLED, **parts(("vch_x", "45.00"))}
    for act in ("take", "release", "note", "settle", "reopen", "case", "match", "confirm"):
        assert page(each, act) not in shown.content.decode()
        for browser in (auditor, support):
            answer = browser.post(page(each, act), typed)
            assert answer.status_code == 403, act
            assert "Who may: finance." in text_of(answer)
    assert support.get(page(each)).status_code == 403
    assert support.get(listed(Discrepancy)).status_code == 403
    assert everything() == before


def test_G17_the_services_refuse_as_well(hire: Any, found: Any) -> None:
    actor, number = staff(hire("ana", *AUDITOR)), found["amount"].pk
    before = everything()
    for act in (
        lambda: discrepancies.take(number, actor=actor),
        lambda: discrepancies.release(number, actor=actor),
        lambda: discrepancies.note(number, "x", actor=actor),
        lambda: discrepancies.settle(number, "other", "x", actor=actor),
        lambda: discrepancies.reopen(number, "x", actor=actor),
        lambda: discrepancies.open_case(number, actor=actor),
        lambda: discrepancies.match(number, [Part("vch_x", Decimal(1))], actor=actor),
    ):
        with pytest.raises(PermissionRefused):
            act()
    assert everything() == before


def test_pages_ask_as_many_questions_at_any_size(finance: Any, found: Any) -> None:
    each = found["duplicate"]
    finance.get(page(each))
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as asked:
            finance.get(page(each))
        counts.append(len(asked))
        finance.post(page(each, "note"), {"text": f"note {number}"})
    assert counts == [counts[0]] * 3
    assert counts[0] <= 10


def test_finance_finds_them_in_the_work_queue_and_nobody_else_does(finance: Any, auditor: Any, found: Any) -> None:
    queue, lane = reverse("admin:pagoefectivo_ownership_changelist"), "Differences with the providers’ settlements"
    told = text_of(finance.get(queue))
    assert f"{lane}: 3" in told
    assert "The oldest has waited for" in told
    assert lane not in text_of(auditor.get(queue))
    own = reverse("admin:pagoefectivo_ownership_lane", args=["differences"])
    rows = text_of(finance.get(own))
    assert found["amount"].number in rows
    assert "Another amount" in rows
    assert auditor.get(own).status_code == 403
