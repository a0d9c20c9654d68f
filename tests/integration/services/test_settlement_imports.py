"""How a file is read: by whichever provider, begun anew after any crash, by one worker at a time, looked at before."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DataError, connection, connections, transaction

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.states import Source
from pagoefectivo.models import (
    Discrepancy,
    Order,
    ReportStanding,
    SettlementLine,
    SettlementReport,
    Voucher,
)
from pagoefectivo.services import (
    discrepancies,
    late_money,
    retention,
    settlement_imports,
    settlement_matching,
    settlement_staging,
    settlements,
)
from pagoefectivo.services.actors import SHOP, SYSTEM, Actor, Permission, PermissionRefused
from pagoefectivo.services.claiming import claim_row
from tests.integration.ledger import everything
from tests.integration.services.direct import open_account
from tests.integration.settlement_files import Row, bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
UNTOUCHED = {"SettlementReport", "SettlementPiece"}


class Killed(BaseException):
    """The process is gone."""


def told(lines: Any = None) -> list[tuple[Any, ...]]:
    """What every line says and came to, without its numbers."""
    rows = SettlementLine.objects.order_by("line") if lines is None else lines
    return list(
        rows.values_list("line", "identity", "verdict", "booked", "month", "difference", "voucher_id", "refund_id")
    )


def paid_codes(paid_order: Callable[..., Order], count: int) -> list[Voucher]:
    """Have so many orders paid, of 10, 20 … soles."""
    orders = [paid_order(f"A-{number}", f"{number * 10}.00") for number in range(1, count + 1)]
    return [order.current_voucher for order in orders if order.current_voucher is not None]


@pytest.mark.parametrize(
    ("provider", "layout"),
    [
        ("dlocal", "settlement"),
        ("dlocal", "transactions"),
        ("ebanx", "settlement-csv"),
        ("ebanx", "settlement-json"),
        ("mercadopago", "release"),
        ("mercadopago", "account-money"),
    ],
)
def test_D10_what_each_provider_settles_is_matched_to_the_last_line(
    psp: Any, paid_order: Callable[..., Order], world: Any, sweep: Any, provider: str, layout: str
) -> None:
    paid_codes(paid_order, 2)
    shop.request_refund(reference="A-1", amount="10.00", reason="buyer_request", actor=SHOP)
    sweep()
    for refund in psp.refunds():
        if refund["state"] == "pending":
            psp.settle_refund(refund["id"])
    world.advance(hours=2)
    sweep()
    statement = psp.statement(provider, layout)
    report = bring(statement.encode())
    assert (report.standing, report.layout, report.refused_why) == (ReportStanding.IMPORTED, layout, "")
    moved = SettlementLine.objects.exclude(verdict="aside")
    assert sorted(moved.values_list("kind", "verdict")) == [
        ("payment", "matched"), ("payment", "matched"), ("refund", "matched"),
    ]  # fmt: skip
    assert moved.filter(kind="refund").values_list("refund__reference", flat=True).get() is not None
    assert not Discrepancy.objects.exists()


@pytest.mark.parametrize("provider", ["pagoefectivo_direct"])
def test_D10_what_pagoefectivo_itself_settles_is_found_by_the_code(
    sandbox: Any, psp: Any, account: Any, paid_order: Callable[..., Order], provider: str, listening: Any
) -> None:
    open_account(sandbox, account)
    order = shop.open_order(reference="A-1", amount="30.00", currency="PEN", payer=shop.Payer(email="m@example.pe"))
    assert order.current_voucher is not None
    psp.pay(order.current_voucher.code)
    call_command("pagoefectivo", "sweep")
    report = bring(psp.statement(provider, "plain").encode())
    assert (report.standing, told()[0][2]) == (ReportStanding.IMPORTED, "matched")


def test_D10_a_line_recognised_by_code_amount_and_date_alone_waits_for_a_person(
    sandbox: Any, account: Any, paid_order: Callable[..., Order], admin_user: Any
) -> None:
    (voucher,) = paid_codes(paid_order, 1)
    Voucher.objects.update(code="12345678", provider_reference="", paid_at="2026-11-10T15:00:00Z")
    account(
        PROVIDER="pagoefectivo_direct",
        CREDENTIALS=dict(sandbox.company.faces["pagoefectivo_direct"].merchant().secrets),
    )
    bring(b"type,code,amount,currency,fee,net,paid_at\npayment,12345678,10.00,PEN,1.00,9.00,2026-11-11 09:00:00\n")
    line = SettlementLine.objects.get()
    assert (line.verdict, line.voucher_id) == ("proposed", voucher.pk)
    finance = Actor("staff:carla", frozenset({Permission.MATCH_LINES}), user_id=admin_user.pk)
    part = discrepancies.Part(voucher.public_id, Decimal("10.00"))
    discrepancies.match(Discrepancy.objects.get().pk, [part], actor=finance)
    line.refresh_from_db()
    assert (line.verdict, Discrepancy.objects.get().reason) == ("matched", "matched")


def test_D10_a_line_is_split_by_hand_and_the_parts_must_add_up(
    paid_order: Callable[..., Order], admin_user: Any
) -> None:
    one, two = paid_codes(paid_order, 2)
    bring(file_of([Row("D-4-both", Decimal("30.00"))]))
    number = Discrepancy.objects.get().pk
    finance = Actor("staff:carla", frozenset({Permission.MATCH_LINES}), user_id=admin_user.pk)
    ten, twenty = (discrepancies.Part(each.public_id, each.amount) for each in (one, two))
    before = everything()
    for parts in ([ten], [twenty, twenty], [], [discrepancies.Part("vch_nobody", Decimal("30.00"))]):
        with pytest.raises(RuleRefused):
            discrepancies.match(number, parts, actor=finance)
    assert everything() == before
    discrepancies.match(number, [ten, twenty], actor=finance)
    line = SettlementLine.objects.get()
    assert (line.verdict, sorted(line.shares.values_list("voucher_id", "amount"))) == (
        "matched", sorted([(one.pk, Decimal("10.000000")), (two.pk, Decimal("20.000000"))]),
    )  # fmt: skip


def test_D10_an_import_killed_at_any_statement_and_begun_anew_comes_to_the_same(
    paid_order: Callable[..., Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = paid_codes(paid_order, 3)
    monkeypatch.setattr(settlement_imports, "CHUNK", 2)
    content = file_of([*(of_voucher(each) for each in codes), of_voucher(codes[0]), Row("D-4-nobody", Decimal("7.00"))])
    bring(content)
    whole = told()
    assert len(whole) == 5
    deaths = 0
    for death in range(1, 200):
        _forget_everything()
        received = settlements.receive(
            io.BytesIO(content), account="default", name="x", actor=SYSTEM, source=Source.STAFF
        )
        statements = 0

        def die(execute: Any, sql: str, params: Any, many: bool, context: Any, *, at: int = death) -> Any:
            nonlocal statements
            statements += 1
            if statements == at:
                raise Killed
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(die):
                settlement_imports.import_report(received.report)
        except Killed:
            deaths += 1
            assert told() in ([], whole)
        else:
            break
        SettlementReport.objects.update(lease_until=None, next_action_at="2020-01-01T00:00:00Z")
        call_command("pagoefectivo", "sweep")
        assert (told(), Discrepancy.objects.count()) == (whole, 1)
    assert deaths > 15


def test_D10_who_comes_back_after_his_lease_leaves_the_file_to_who_holds_it(paid_order: Callable[..., Order]) -> None:
    codes = paid_codes(paid_order, 1)
    content = file_of([of_voucher(codes[0])])
    received = settlements.receive(io.BytesIO(content), account="default", name="x", actor=SYSTEM, source=Source.STAFF)
    late = claim_row(SettlementReport, received.report.pk)
    assert late is not None
    SettlementReport.objects.update(lease_until="2020-01-01T00:00:00Z")
    settlement_imports.import_report(received.report)
    before = everything()
    settlement_imports.read(late)
    assert everything() == before
    assert [verdict for _, _, verdict, *_ in told()] == ["matched"]


def test_D10_a_file_that_is_only_looked_at_leaves_nothing_and_is_imported_when_asked(
    paid_order: Callable[..., Order],
) -> None:
    codes = paid_codes(paid_order, 1)
    content = file_of([of_voucher(codes[0]), Row("D-4-nobody", Decimal("7.00"))])
    before = everything(besides=UNTOUCHED)
    report = settlement_imports.bring(io.BytesIO(content), account="default", name="november.csv", only_look=True)
    assert report.standing == ReportStanding.REHEARSED
    assert [(each["verdict"], each["lines"]) for each in report.summary["classes"]] == [
        ("matched", 1),
        ("missing_here", 1),
    ]
    assert everything(besides=UNTOUCHED) == before
    with pytest.raises(PermissionRefused):
        settlements.import_now(report.pk, actor=Actor("staff:rosa", frozenset()))
    settlements.import_now(report.pk, actor=SYSTEM)
    call_command("pagoefectivo", "sweep")
    report.refresh_from_db()
    assert (report.standing, len(told())) == (ReportStanding.IMPORTED, 2)


def test_R16_the_command_says_what_a_file_came_to(
    paid_order: Callable[..., Order], tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = paid_codes(paid_order, 1)
    good, bad, cut = tmp_path / "good.csv", tmp_path / "bad.csv", tmp_path / "cut.csv"
    good.write_bytes(file_of([of_voucher(codes[0])]))
    bad.write_bytes(file_of([Row("D-4-nobody", Decimal("7.00"))], transfer="TR-2"))
    cut.write_bytes(good.read_bytes().rstrip()[:-30])
    assert _run(good) == 0
    assert "1 lines imported, 0 of them do not add up." in capsys.readouterr().out
    assert _run(bad, "--json") == 1
    assert '"differences": 1' in capsys.readouterr().out
    assert _run(cut) == 1
    assert "Refused, and no line of it was kept. line 4:" in capsys.readouterr().out


def _run(file: Any, *more: str) -> int:
    try:
        call_command("pagoefectivo", "import-settlement", str(file), "--account", "default", *more)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _forget_everything() -> None:
    for model in (Discrepancy, SettlementLine, SettlementReport):
        model._default_manager.all().delete()


def test_G26_the_file_goes_after_its_time_and_what_it_said_stays(paid_order: Callable[..., Order], world: Any) -> None:
    codes = paid_codes(paid_order, 1)
    report = bring(file_of([of_voucher(codes[0])]))
    assert retention.purge(actor="shell:ops").settlements == 0
    world.advance(days=181)
    before = (told(), list(SettlementReport.objects.values()))
    assert retention.purge(actor="shell:ops", dry_run=True).settlements == 1
    assert report.pieces.exists()
    assert retention.purge(actor="shell:ops").settlements == 1
    assert not report.pieces.exists()
    assert (told(), list(SettlementReport.objects.values())) == before
    assert retention.purge(actor="shell:ops").settlements == 0


def test_D10_what_a_person_matched_is_settled_and_a_second_line_of_it_is_a_duplicate(
    paid_order: Callable[..., Order], admin_user: Any, account: Any, world: Any
) -> None:
    account(SETTLES="T+3")
    one, two = paid_codes(paid_order, 2)
    assert one.paid_at is not None
    told_at = f"{one.paid_at:%Y-%m-%d} 00:00:00"
    bring(file_of([Row("D-4-both", Decimal("30.00"), at=told_at)]))
    finance = Actor("staff:carla", frozenset({Permission.MATCH_LINES}), user_id=admin_user.pk)
    parts = [discrepancies.Part(each.public_id, each.amount) for each in (one, two)]
    discrepancies.match(Discrepancy.objects.get().pk, parts, actor=finance)
    world.advance(days=20)
    assert late_money.find() == 0
    bring(file_of([of_voucher(one, at=told_at)], transfer="TR-2"))
    assert [line.verdict for line in SettlementLine.objects.order_by("pk")] == ["matched", "duplicate"]


def test_D10_what_the_database_met_while_the_next_lines_were_read_is_raised_and_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, paid_order: Callable[..., Order]
) -> None:
    codes = paid_codes(paid_order, 3)
    content = file_of([of_voucher(code) for code in codes])
    before = everything(besides=UNTOUCHED)
    judge = settlement_matching.Matching.judge

    def judge_and_fail(matching: Any, cursor: Any, **has: bool) -> None:
        judge(matching, cursor, **has)
        cursor.execute("SELECT 1 / 0")

    monkeypatch.setattr(settlement_imports, "CHUNK", 1)
    with monkeypatch.context() as broken:
        broken.setattr(settlement_matching.Matching, "judge", judge_and_fail)
        with pytest.raises(DataError, match="division by zero"):
            settlement_imports.bring(io.BytesIO(content), account="default", name="november.csv")
    assert everything(besides=UNTOUCHED) == before
    SettlementReport.objects.update(next_action_at="2020-01-01T00:00:00Z", lease_until=None)
    call_command("pagoefectivo", "sweep")
    assert [verdict for _, _, verdict, *_ in told()] == ["matched"] * 3


def test_D10_a_file_that_proves_unreadable_while_its_first_lines_are_judged_is_refused_whole(
    monkeypatch: pytest.MonkeyPatch, paid_order: Callable[..., Order]
) -> None:
    codes = paid_codes(paid_order, 3)
    lines = file_of([of_voucher(code) for code in codes]).split(b"\n")
    lines[5] = lines[5].replace(b"PAYMENT", b"PAYMNET")
    before = everything(besides=UNTOUCHED)
    monkeypatch.setattr(settlement_imports, "CHUNK", 1)
    report = bring(b"\n".join(lines))
    assert (report.standing, report.refused_line) == (ReportStanding.REFUSED, 6)
    assert everything(besides=UNTOUCHED) == before


@pytest.mark.parametrize(
    "name", ['"a\tb"', r"\.", r"\N", "a\\", "\xa0b", "\N{LATIN SMALL LETTER E WITH ACUTE}", '"a,""b"""']
)
def test_D10_a_name_is_kept_as_the_file_writes_it(name: str, paid_order: Callable[..., Order]) -> None:
    codes = paid_codes(paid_order, 1)
    bring(file_of([of_voucher(codes[0]), Row(name, Decimal("7.00"), ours=name, at="2026-11-10 15:00:00.5")]))
    (written,) = next(csv.reader([name]))[:1]
    first, odd = SettlementLine.objects.order_by("line")
    assert (odd.reference, odd.provider_reference, odd.identity) == (written, written, f"payment:{written}")
    assert f"{odd.occurred_at:%Y-%m-%d %H:%M:%S.%f%z}" == "2026-11-10 15:00:00.500000+0000"
    assert [first.verdict, odd.verdict] == ["matched", "missing_here"]


def test_P5_each_line_finds_its_facts_by_an_index_though_nobody_has_counted_the_tables(
    paid_order: Callable[..., Order],
) -> None:
    codes = paid_codes(paid_order, 2)
    for number in range(6):  # from the sixth time on a prepared statement would keep its plan
        bring(file_of([Row(f"D-4-{number}", Decimal("7.00"))], transfer=f"TR-{number}"))
    plans: list[str] = []

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("INSERT INTO pagoefectivo_settlementline", "UPDATE pagoefectivo_settlementline")):
            raw = context["cursor"].cursor
            raw.execute(f"EXPLAIN {sql}", params)
            plans.append("\n".join(row[0] for row in raw.fetchall()))
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pagoefectivo_settlementline, pagoefectivo_voucher, pagoefectivo_refund")
    unknown = [Row(f"D-4-x{number}", Decimal("7.00")) for number in range(settlement_matching.MANY)]
    with connection.execute_wrapper(explained):
        bring(file_of([*(of_voucher(each) for each in codes), *unknown], transfer="TR-many"))
    judged, settled_twice, _paired = plans
    for table in ("settlementline", "voucher", "refund"):
        assert f"Seq Scan on pagoefectivo_{table}" not in judged
    assert "Hash Join" not in judged
    assert "pe_line_told_once" in judged
    assert "pe_line_month" not in judged, "all lines of the account would be looked through for each"
    assert "Nested Loop" not in settled_twice, "the whole file would be looked through for each of its lines"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%settlementline%%verdict = %%'"
        )
        assert cursor.fetchone() == (0,)


def test_D10_a_file_waits_while_another_one_of_its_account_is_being_read(paid_order: Callable[..., Order]) -> None:
    codes = paid_codes(paid_order, 1)
    content = file_of([of_voucher(codes[0])])
    before = everything(besides=UNTOUCHED)
    with settlement_staging.beside() as other, transaction.atomic(using=other):
        with connections[other].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('pagoefectivo settles default', 0))")
        report = settlement_imports.bring(io.BytesIO(content), account="default", name="november.csv")
        assert (report.standing, report.lease_until) == (ReportStanding.RECEIVED, None)
        assert report.next_action_at is not None
        assert everything(besides=UNTOUCHED) == before
    SettlementReport.objects.update(next_action_at="2020-01-01T00:00:00Z")
    call_command("pagoefectivo", "sweep")
    assert [verdict for _, _, verdict, *_ in told()] == ["matched"]
