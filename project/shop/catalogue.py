"""What the shop sells."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CURRENCY = "PEN"


@dataclass(frozen=True, slots=True)
class Product:
    """One article: `price` in soles, `stock` pieces before the first sale, `picture` a symbol of the sprite."""

    slug: str
    name: str | Promise
    summary: str | Promise
    price: Decimal
    stock: int
    picture: str


PRODUCTS = {
    product.slug: product
    for product in (
        Product("tetera", _("Stoneware teapot"), _("600 ml, with a filter of steel"), Decimal("89.90"), 40, "teapot"),
        Product("manta", _("Wool blanket"), _("130 × 180 cm, woven in one piece"), Decimal("249.00"), 25, "blanket"),
        Product("lampara", _("Reading lamp"), _("Warm light, USB-C"), Decimal("134.50"), 30, "lamp"),
        Product("cuaderno", _("Dotted notebook"), _("160 sewn pages, A5"), Decimal("18.00"), 200, "notebook"),
    )
}
