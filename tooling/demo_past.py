"""What the demo's shop sold in the three whole months before this one: thought out from a seed, the same every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from pagoefectivo.domain.closing import following
from pagoefectivo.domain.localtime import LIMA

SEED = 2607
MONTHS = 3
SALES = {"default": 52, "ebanx": 34, "mercadopago": 26, "pagoefectivo_direct": 18}  # in the first month; then growing
GROWTH = 6
PSPS = {"default": "dlocal"}
REFUNDING = frozenset({"default", "ebanx", "mercadopago"})  # PagoEfectivo itself has no refunds
PAID, EXPIRED, CANCELED = "paid", "expired", "canceled"
HOURS_TO_PAY = 48
LAST_DAY_OF_TROUBLE = 18  # of a month: what is given back then has arrived before the month ends
PRODUCTS = ("Tetera de barro", "Manta de alpaca", "Zapatillas", "Mochila andina", "Cafetera", "Poncho", "Audífonos")
PEOPLE = ("Rosa Huamán", "Luis Quispe", "Carmen Flores", "Jorge Mamani", "Ana Rojas", "Pedro Salas", "Lucía Torres")


@dataclass(frozen=True)
class GivenBack:
    """A refund that arrived."""

    id: str
    amount: Decimal
    asked_at: datetime
    arrived_at: datetime


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One order with its one payment code, and how it ended. `id` is what the company calls its payment."""

    account: str
    reference: str
    id: str
    code: str
    amount: Decimal
    product: str
    buyer: str
    buyer_number: int
    created_at: datetime
    ended_as: str
    ended_at: datetime
    is_told: bool
    took_ms: int
    refund: GivenBack | None = None
    reversed_at: datetime | None = None

    @property
    def voucher_reference(self) -> str:
        return f"{self.reference}-1"

    @property
    def is_paid(self) -> bool:
        return self.ended_as == PAID


def past_months(today: date) -> list[date]:
    """Return the first days of the three whole months before a day, oldest first."""
    months = [today.replace(day=1)]
    for _ in range(MONTHS):
        months.insert(0, (months[0] - timedelta(days=1)).replace(day=1))
    return months[:MONTHS]


def sales_of(months: Sequence[date]) -> list[Sale]:
    """Return every sale of the months, in the order in which they were made; the same for the same months."""
    dice = Random(SEED)  # noqa: S311 - for the same shop every time
    sold = [
        sale
        for place, month in enumerate(months)
        for account, first in SALES.items()
        for sale in _sold(dice, account, month, first + place * GROWTH)
    ]
    taken_back = [_dispute([sale for sale in sold if sale.reference.startswith(f"{month:%y%m}-")]) for month in months]
    sold = [next((taken for taken in taken_back if taken.id == sale.id), sale) for sale in sold]
    return sorted(sold, key=lambda sale: sale.created_at)


def last_day(month: date) -> date:
    """Return the last day of the month that begins on a day."""
    return following(month) - timedelta(days=1)


def _sold(dice: Random, account: str, month: date, count: int) -> Iterator[Sale]:
    opens = datetime.combine(month, time(7), LIMA).astimezone(UTC)
    span = timedelta(days=last_day(month).day - 3)  # whatever is sold in a month ends in it
    for number in range(count):
        created = opens + span * (number / count) + timedelta(minutes=dice.randrange(600))
        ended_as = dice.choices((PAID, EXPIRED, CANCELED), (72, 22, 6))[0]
        amount = Decimal(dice.randrange(2_000, 42_000)) / 100
        name = dice.randbytes(6).hex()
        code = f"7{dice.randrange(10**7):07}"
        after = {
            PAID: timedelta(minutes=dice.randrange(8, 60 * 40)),
            EXPIRED: timedelta(hours=HOURS_TO_PAY),
            CANCELED: timedelta(minutes=dice.randrange(30, 600)),
        }[ended_as]
        ended = created + after
        may_fail = ended_as == PAID and ended.astimezone(LIMA).day <= LAST_DAY_OF_TROUBLE
        buyer = dice.randrange(len(PEOPLE))
        yield Sale(
            account=account,
            reference=f"{month:%y%m}-{account[:2].upper()}{number:03}",
            id=code if account == "pagoefectivo_direct" else f"P-{name}",
            code=code,
            amount=amount,
            product=dice.choice(PRODUCTS),
            buyer=PEOPLE[buyer],
            buyer_number=dice.randrange(10_000_000, 80_000_000),
            created_at=created,
            ended_as=ended_as,
            ended_at=ended,
            is_told=dice.random() < 0.85,  # noqa: PLR2004 - the rest is found by asking
            took_ms=dice.randrange(90, 700),
            refund=_given_back(dice, name, amount, ended)
            if may_fail and account in REFUNDING and dice.random() < 0.12  # noqa: PLR2004
            else None,
        )


def _given_back(dice: Random, name: str, amount: Decimal, paid_at: datetime) -> GivenBack:
    asked = paid_at + timedelta(hours=dice.randrange(5, 72))
    return GivenBack(f"R-{name}", amount, asked, asked + timedelta(hours=dice.randrange(20, 96)))


def _dispute(sold: Sequence[Sale]) -> Sale:
    """Return a payment through dLocal of a month, as one that was taken back nine days later."""
    sale = next(each for each in sold if each.account == "default" and each.is_paid and each.refund is None)
    return replace(sale, reversed_at=sale.ended_at + timedelta(days=9))
