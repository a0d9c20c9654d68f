"""Any month that a provider may write down, in any number of files: the classes are the files, and the files the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pagoefectivo.domain.settlements import UNCOUNTED, Verdict
from pagoefectivo.domain.states import RefundState, VoucherState
from pagoefectivo.models import Discrepancy, Order, Refund, SettlementLine, SettlementReport, Voucher
from pagoefectivo.services import seams
from tests.integration.ledger import everything
from tests.integration.settlement_files import Row, bring, file_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 15, tzinfo=UTC)
PAID = (Decimal("10.00"), Decimal("25.50"), Decimal("89.90"), Decimal("100.10"))
BACK = Decimal("5.05")  # of each of the first two
EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

cents = st.integers(-300, 300).map(lambda number: Decimal(number).scaleb(-2))
fees = st.integers(0, 4_000_000).map(lambda number: -Decimal(number).scaleb(-6))
payments = st.builds(
    lambda number, off, fee, name, at: Row(
        f"D-4-{number}{name}", max(PAID[number] + off, Decimal("0.01")), f"P-{number}-1", fee=fee, at=at
    ),
    st.sampled_from(range(len(PAID))),
    st.one_of(st.just(Decimal("0.00")), cents),
    fees,
    st.sampled_from(["", "", "-again"]),  # the same money under another name is settled twice
    st.sampled_from(["2026-11-10 15:00:00", "2026-10-31 23:30:00"]),
)
refunds = st.builds(
    lambda number, off: Row(f"REF-{number}", -BACK + off, f"P-{number}-1", kind="REFUND", fee=Decimal("-0.500000")),
    st.sampled_from([0, 1]),
    st.one_of(st.just(Decimal("0.00")), st.just(Decimal("-1.00"))),
)
reversals = st.builds(
    lambda number: Row(f"CBK-{number}", -PAID[number], f"P-{number}-1", kind="CHARGEBACK", fee=Decimal("0.000000")),
    st.sampled_from([2, 3]),
)
strangers = st.builds(
    lambda number, kind, amount: Row(f"X-{number}", amount, "", kind=kind),
    st.integers(1, 3),
    st.sampled_from(["PAYMENT", "ADJUSTMENT", "SETTLEMENT_FEE"]),
    st.integers(1, 900).map(lambda number: Decimal(number).scaleb(-2)),
)
files = st.lists(
    st.lists(st.one_of(payments, payments, refunds, reversals, strangers), min_size=1, max_size=8),
    min_size=1,
    max_size=3,
)
days = st.sampled_from(["2026-11-15", "2026-11-15", "2026-12-01"])  # two files for one day, and one that comes late


@pytest.fixture(autouse=True)
def account(settings: Any) -> Iterator[None]:
    """One account with dLocal. Nothing is ever sent, and every example is undone."""
    credentials = {"login": "l", "trans_key": "t", "secret_key": "s"}
    settings.PAGOEFECTIVO = {
        "PUBLIC_BASE_URL": "http://127.0.0.1:9",
        "ACCOUNTS": {"default": {"PROVIDER": "dlocal", "ENVIRONMENT": "sandbox", "CREDENTIALS": credentials}},
    }
    with seams.use(unit_of_work=transaction.atomic):
        yield


def sold() -> None:
    """What the shop sold, and what of it was given back."""
    for number, amount in enumerate(PAID):
        order = Order.objects.create(
            reference=f"P-{number}", account="default", amount=amount, currency="PEN", payer_email="maria@example.pe",
            expires_in=timedelta(days=2), page_key=f"k{number}", created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        voucher = Voucher.objects.create(
            public_id=f"vch_{number}", order=order, account="default", reference=f"P-{number}-1", amount=amount,
            currency="PEN", state=VoucherState.PAID, provider_reference=f"D-4-{number}", wanted_expiry_at=NOW,
            paid_amount=amount, paid_currency="PEN", paid_at=NOW, created_at=NOW, changed_at=NOW,
            reserved_amount=BACK if number < 2 else 0, refunded_amount=BACK if number < 2 else 0,
        )  # fmt: skip
        if number < 2:
            Refund.objects.create(
                public_id=f"rfd_{number}", order=order, voucher=voucher, account="default", reference=f"R-{number}",
                amount=BACK, currency="PEN", reason="buyer_request", state=RefundState.SUCCEEDED,
                provider_reference=f"REF-{number}", created_at=NOW, changed_at=NOW,
            )  # fmt: skip


@EXAMPLES
@given(files, st.data())
def test_D10_the_classes_add_up_to_the_files_and_the_files_to_the_ledger(month: list[list[Row]], data: Any) -> None:
    with transaction.atomic():
        sold()
        ledger = _ledger()
        written = [file_of(rows, transfer=f"TR-{number}", day=data.draw(days)) for number, rows in enumerate(month)]
        for content, rows in zip(written, month, strict=True):
            report = bring(content)
            assert report.standing == "imported", report.refused_why
            _require_classes_are_the_file(report, rows)
        _require_lines_are_the_ledger()
        _require_differences()
        assert _ledger() == ledger
        before = everything()
        for number in data.draw(st.permutations(range(len(written)))):
            bring(written[number], name="again.csv")
        assert everything() == before
        transaction.set_rollback(True)


def _require_classes_are_the_file(report: SettlementReport, rows: Sequence[Row]) -> None:
    """To the millionth: no line is lost, none counted twice, whatever it turned out to be."""
    classes = SettlementLine.objects.filter(report=report).values("verdict").annotate(sum=Sum("booked"))
    assert sum((each["sum"] for each in classes), Decimal(0)) == sum((row.net for row in rows), Decimal(0))
    assert report.line_count == len(rows) == SettlementLine.objects.filter(report=report).count()


def _require_lines_are_the_ledger() -> None:
    """What lines say of each payment and refund is what the ledger says, but for the differences that were found."""
    counted = SettlementLine.objects.exclude(verdict__in=UNCOUNTED)
    for kind, known, sign in (("payment", PAID, 1), ("refund", (BACK, BACK), -1)):
        told: dict[int, list[SettlementLine]] = defaultdict(list)
        for line in counted.filter(kind=kind).exclude(verdict__in=(Verdict.MISSING_HERE, Verdict.DUPLICATE)):
            told[(line.refund_id if kind == "refund" else line.voucher_id) or 0].append(line)
        for lines in told.values():
            (line,) = lines  # each payment and each refund is settled once; a second time is a duplicate
            place = int(
                (line.refund_provider_reference or line.provider_reference).split("-")[-1 if kind == "refund" else 2]
            )
            off = line.difference if line.verdict == Verdict.AMOUNT else Decimal(0)
            assert off is not None
            assert line.amount is not None
            assert abs(line.amount - off - sign * known[place]) <= Decimal("0.01")


def _require_differences() -> None:
    """One for each line that does not add up, and none else."""
    differing = SettlementLine.objects.exclude(verdict__in=(*UNCOUNTED, Verdict.MATCHED))
    assert sorted(Discrepancy.objects.values_list("line", flat=True)) == sorted(differing.values_list("pk", flat=True))
    identities = SettlementLine.objects.filter(tells_first=True).values_list("identity", flat=True)
    assert len(set(identities)) == len(identities)


def _ledger() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values()) for model in (Order, Voucher, Refund)]
