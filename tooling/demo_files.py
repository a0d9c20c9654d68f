"""The settlement files of the past months, as each company writes them, with differences planted in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from pagoefectivo.domain.closing import following, in_cents
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.month import Step
from pagoefectivo.sandbox.ledger import Ledger, Payment, Receipt, Refund
from pagoefectivo.sandbox.statements import Movement, Statement, draw_up, layouts
from tooling.demo_past import PSPS, Sale, last_day, midnight

LAYOUTS = {
    "default": "settlement",
    "ebanx": "settlement-csv",
    "mercadopago": "account-money",
    "pagoefectivo_direct": "plain",
}
IN_DOLLARS = frozenset({"default", "ebanx"})
AMOUNT, STRANGER, FEE, TWICE, RATE = "amount", "missing_here", "fee", "duplicate", "fx"
PLANTED = ((AMOUNT, STRANGER, FEE, TWICE, RATE), (FEE, STRANGER), (AMOUNT, RATE))  # in the files of each month
ONE, TOO_MUCH, TOO_DEAR = Decimal("1.00"), Decimal("1.50"), Decimal("3.95")  # a dollar cost 3.75
MICRO, CENT = Decimal("0.000001"), Decimal("0.01")
STEP_OF = {"payment": Step.GROSS, "refund": Step.REFUNDS, "reversal": Step.DISPUTES}


Planted = tuple[str, str]  # the class that its line is of, and what the company calls the payment


@dataclass(frozen=True)
class MonthFile:
    """One company's file of one month: what is in it, what was planted, and what its author forgot in it."""

    account: str
    month: date
    name: str
    content: bytes
    planted: Sequence[Planted]
    movements: Sequence[Movement]
    forgotten: Sequence[Movement] = ()

    @property
    def batch(self) -> str:
        """The transfer that dLocal's file is about."""
        return f"TR-{last_day(self.month)}"


def files_of(sales: Sequence[Sale], months: Sequence[date]) -> list[MonthFile]:
    """Return a file for each month and account, the oldest month first. dLocal forgets a payment of the first month."""
    return [
        _file(account, month, [sale for sale in sales if sale.account == account], _of_account(account, planted))
        for month, planted in zip(months, PLANTED, strict=True)
        for account in LAYOUTS
    ]


def _of_account(account: str, planted: Sequence[str]) -> list[str]:
    """Whoever settles in soles has no exchange rate to be wrong."""
    return [what for what in planted if what != RATE or account in IN_DOLLARS]


def late_file(forgetful: MonthFile) -> MonthFile:
    """Return the file that brings what was forgotten, dated in the month to which it belongs."""
    return _written(forgetful.account, forgetful.month, forgetful.forgotten, word="tarde")


def planned_steps(file: MonthFile) -> dict[Step, Decimal]:
    """Return the way of the money of dLocal's file in dollars, from gross to net, by what was planned alone.

    Its fee counts the tax in. The steps come to their exact sum, rounded once, as the report promises.
    """
    exact = dict.fromkeys((Step.GROSS, Step.FEES, Step.TAX, Step.REFUNDS, Step.DISPUTES, Step.ADJUSTMENTS), Decimal(0))
    for moved in file.movements:
        exact[STEP_OF[moved.kind]] += (moved.amount / moved.rate).quantize(MICRO)
        exact[Step.FEES] += ((moved.fee + moved.tax) / moved.rate).quantize(MICRO)
    steps = dict(zip(exact, in_cents(exact.values()), strict=True))
    return {**steps, Step.NET: sum(steps.values(), Decimal(0))}


def _file(account: str, month: date, sales: Sequence[Sale], wanted: Sequence[str]) -> MonthFile:
    ledger = Ledger()
    for sale in sales:
        _book(ledger, sale)
    begins, ends = midnight(month), midnight(following(month))
    moved = list(draw_up(ledger, PSPS.get(account, account), begins, ends).movements)
    forgets = account == "default" and TWICE in wanted
    forgotten = [[each for each in moved if each.kind == "payment"][-1]] if forgets else []
    kept = [each for each in moved if each not in forgotten]
    with_trouble, planted = _planted(kept, wanted)
    return replace(_written(account, month, with_trouble), planted=planted, forgotten=forgotten)


def _planted(moved: Sequence[Movement], wanted: Sequence[str]) -> tuple[list[Movement], list[Planted]]:
    """Return the movements with each wanted difference in a payment of its own, or in one more payment, and which."""
    payments = [each for each in moved if each.kind == "payment" and each.payment.reversed_at is None]
    changed, more, planted = dict[str, Movement](), list[Movement](), list[Planted]()
    for place, what in enumerate(wanted):
        chosen = payments[1 + 2 * place]
        if what == AMOUNT:
            wrong = replace(chosen, amount=chosen.amount + ONE)
        elif what == FEE:
            wrong = replace(chosen, fee=chosen.fee - TOO_MUCH)
        elif what == RATE:
            wrong = replace(chosen, soles_per_dollar=TOO_DEAR)
        else:
            wrong = replace(chosen, payment=_another(chosen.payment, is_known=what == TWICE))
            more.append(wrong)
        changed[wrong.payment.id] = wrong
        planted.append((what, wrong.payment.id))
    kept = [changed.get(each.payment.id, each) if each.kind == "payment" else each for each in moved]
    return [*kept, *more], sorted(planted)


def _another(payment: Payment, *, is_known: bool) -> Payment:
    """Return a payment that nobody has, with the order of one that is known, or with none that is."""
    turned = str.maketrans("0123456789", "9876543210")
    other = replace(payment, id=payment.id.translate(turned), code=payment.code.translate(turned))
    return other if is_known else replace(other, order_id=payment.order_id.translate(turned))


def _written(account: str, month: date, moved: Sequence[Movement], *, word: str = "liquidacion") -> MonthFile:
    made_at = datetime.combine(last_day(month), time(12), LIMA).astimezone(UTC)
    render = layouts()[PSPS.get(account, account)][LAYOUTS[account]]
    content = render(Statement(moved, Decimal(0), None, made_at)).encode()
    return MonthFile(account, month, f"{word}-{account}-{month:%Y-%m}.csv", content, (), moved)


def _book(ledger: Ledger, sale: Sale) -> None:
    if not sale.is_paid:
        return
    psp = PSPS.get(sale.account, sale.account)
    ledger.add_payment(
        Payment(
            id=sale.id,
            psp=psp,
            login="sandbox_login",
            order_id=sale.voucher_reference,
            code=sale.code,
            amount=sale.amount,
            currency="PEN",
            created_at=sale.created_at,
            expires_at=sale.created_at,
            notification_url=None,
            payer={},
            description=sale.product,
            state="paid",
            approved_at=sale.ended_at,
            reversed_at=sale.reversed_at,
            receipts=[Receipt(sale.amount, "PEN", sale.ended_at, "")],
        )
    )
    if sale.refund:
        ledger.add_refund(
            Refund(
                id=sale.refund.id,
                payment_id=sale.id,
                psp=psp,
                login="sandbox_login",
                amount=sale.refund.amount,
                currency="PEN",
                created_at=sale.refund.asked_at,
                reference=f"{sale.voucher_reference}-R1",
                notification_url=None,
                description=None,
                bank={},
                state="succeeded",
                paid_out=sale.refund.amount,
                settled_at=sale.refund.arrived_at,
            )
        )
