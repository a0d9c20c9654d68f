"""What the demo's shop sold in the three whole months before this one and in this one: from a seed, the same all day."""

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
DAYS_TO_DISPUTE = 9
TOLD, GIVEN_BACK = 0.85, 0.09  # of what is paid: announced by a notification; refunded
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


def sales_of(months: Sequence[date], today: date) -> list[Sale]:
    """Return every sale of the months and of the month after them until yesterday, in the order of their making.

    Each comes to its end, and what is given back arrives, in the month of the sale and before `today` in Lima.
    """
    dice = Random(SEED)  # noqa: S311 - for the same shop every time
    sold = [
        sale
        for place, month in enumerate([*months, today.replace(day=1)])
        for account, first in SALES.items()
        for sale in _sold(
            dice, account, month, first + place * GROWTH, min(midnight(following(month)), midnight(today))
        )
    ]
    taken_back = [_dispute([sale for sale in sold if sale.reference.startswith(f"{month:%y%m}-")]) for month in months]
    sold = [next((taken for taken in taken_back if taken.id == sale.id), sale) for sale in sold]
    return sorted(sold, key=lambda sale: sale.created_at)


def midnight(day: date) -> datetime:
    """Return the instant at which a day begins in Lima."""
    return datetime.combine(day, time(), LIMA).astimezone(UTC)


def last_day(month: date) -> date:
    """Return the last day of the month that begins on a day."""
    return following(month) - timedelta(days=1)


def _sold(dice: Random, account: str, month: date, count: int, until: datetime) -> Iterator[Sale]:
    opens = midnight(month) + timedelta(hours=7)
    for number in range(count):
        created = (
            opens + timedelta(days=last_day(month).day) * (number / count) + timedelta(minutes=dice.randrange(600))
        )
        sale = _made(dice, account, f"{month:%y%m}-{account[:2].upper()}{number:03}", created)
        refund = _given_back(dice, sale) if sale.is_paid and dice.random() < GIVEN_BACK else None
        if refund and account in REFUNDING and refund.arrived_at < until:
            sale = replace(sale, refund=refund)
        if sale.ended_at + timedelta(hours=1) < until:
            yield sale


def _made(dice: Random, account: str, reference: str, created: datetime) -> Sale:
    ended_as = dice.choices((PAID, EXPIRED, CANCELED), (72, 22, 6))[0]
    after = {
        PAID: timedelta(minutes=dice.randrange(8, 60 * 40)),
        EXPIRED: timedelta(hours=HOURS_TO_PAY),
        CANCELED: timedelta(minutes=dice.randrange(30, 600)),
    }[ended_as]
    name, code = dice.randbytes(6).hex(), f"7{dice.randrange(10**7):07}"
    return Sale(
        account=account,
        reference=reference,
        id=code if account == "pagoefectivo_direct" else f"P-{name}",
        code=code,
        amount=Decimal(dice.randrange(2_000, 42_000)) / 100,
        product=dice.choice(PRODUCTS),
        buyer=dice.choice(PEOPLE),
        buyer_number=dice.randrange(10_000_000, 80_000_000),
        created_at=created,
        ended_as=ended_as,
        ended_at=created + after,
        is_told=dice.random() < TOLD,
        took_ms=dice.randrange(90, 700),
    )


def _given_back(dice: Random, sale: Sale) -> GivenBack:
    asked = sale.ended_at + timedelta(hours=dice.randrange(5, 72))
    return GivenBack(f"R-{sale.id}", sale.amount, asked, asked + timedelta(hours=dice.randrange(20, 96)))


def _dispute(sold: Sequence[Sale]) -> Sale:
    """Return a payment through dLocal of a month, as one that was taken back some days later."""
    sale = next(each for each in sold if each.account == "default" and each.is_paid and each.refund is None)
    return replace(sale, reversed_at=sale.ended_at + timedelta(days=DAYS_TO_DISPUTE))
