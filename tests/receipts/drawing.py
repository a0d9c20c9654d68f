"""Receipts of our own drawing with their truth: six layouts of banks, agents and wallets. None copies a real one."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pagoefectivo.domain.proofs import Field

DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
INK, GREY, PAPER = (24, 26, 30), (105, 110, 118), (255, 255, 255)
_MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "set", "oct", "nov", "dic")
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Truth:
    """What a receipt says."""

    layout: str
    channel: str
    code: str
    amount: Decimal
    paid_on: date
    operation: str


@dataclass(frozen=True)
class Receipt:
    """A picture and its truth; `places` are where each value stands before anything is done to the picture."""

    truth: Truth
    picture: Image.Image
    places: dict[Field, Box]


def truth_of(layout: str, dice: random.Random) -> Truth:
    """Think up what a receipt of a layout says."""
    return Truth(
        layout,
        channel=_CHANNELS[layout],
        code=str(dice.randrange(10_000_000, 99_999_999)),
        amount=Decimal(dice.randrange(800, 199_999)) / 100,
        paid_on=date(2026, 1, 5) + timedelta(days=dice.randrange(320)),
        operation=str(dice.randrange(10_000_000, 99_999_999)).zfill(dice.choice([8, 8, 10])),
    )


def receipt(truth: Truth) -> Receipt:
    """Draw a receipt."""
    return _LAYOUTS[truth.layout](truth)


def jpeg(picture: Image.Image, quality: int = 88) -> bytes:
    """The picture as a telephone would send it."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


@cache
def font(size: int, name: str = "DejaVuSans.ttf") -> ImageFont.FreeTypeFont:
    """Debian's DejaVu where it is installed, else the font inside Pillow."""
    if (DEJAVU / name).exists():
        return ImageFont.truetype(DEJAVU / name, size)
    shipped = ImageFont.load_default(size)
    assert isinstance(shipped, ImageFont.FreeTypeFont)
    return shipped


class _Sheet:
    """A piece of paper that remembers where each value was written."""

    def __init__(self, width: int, height: int, ground: tuple[int, int, int] = PAPER) -> None:
        self.picture = Image.new("RGB", (width, height), ground)
        self.pen = ImageDraw.Draw(self.picture)
        self.places: dict[Field, Box] = {}

    def band(self, height: int, colour: tuple[int, int, int]) -> None:
        self.pen.rectangle((0, 0, self.picture.width, height), fill=colour)

    def write(
        self, at: tuple[int, int], text: str, size: int, *, ink: tuple[int, int, int] = INK, name: str = "DejaVuSans.ttf",
        anchor: str = "la", field: Field | None = None,
    ) -> None:  # fmt: skip
        self.pen.text(at, text, font=font(size, name), fill=ink, anchor=anchor)
        if field is not None:
            left, top, right, bottom = self.pen.textbbox(at, text, font=font(size, name), anchor=anchor)
            self.places[field] = (int(left), int(top), int(right) + 1, int(bottom) + 1)

    def done(self, truth: Truth) -> Receipt:
        return Receipt(truth, self.picture, self.places)


def _app_rows(truth: Truth) -> Receipt:
    """A bank's app: a band, and rows with the value at the right."""
    sheet = _Sheet(900, 1500)
    sheet.band(170, (0, 42, 141))
    sheet.write((60, 55), "BCP", 64, ink=PAPER, name="DejaVuSans-Bold.ttf")
    sheet.write((450, 250), "Pago realizado", 46, anchor="ma")
    sheet.write((450, 340), f"S/ {truth.amount:,.2f}", 72, anchor="ma", name="DejaVuSans-Bold.ttf", field=Field.AMOUNT)
    rows = (
        ("Empresa", "PagoEfectivo", None),
        ("Código de pago", truth.code, Field.CODE),
        ("Fecha", f"{truth.paid_on:%d/%m/%Y}", Field.PAID_ON),
        ("N° de operación", truth.operation, Field.OPERATION),
    )
    for number, (label, value, field) in enumerate(rows):
        y = 560 + 120 * number
        sheet.write((60, y), label, 36, ink=GREY)
        sheet.write((840, y), value, 36, anchor="ra", field=field)
        sheet.pen.line((60, y + 80, 840, y + 80), fill=(220, 222, 226), width=2)
    return sheet.done(truth)


def _app_stacked(truth: Truth) -> Receipt:
    """A bank's app with each value below its label."""
    sheet = _Sheet(860, 1480, (246, 248, 250))
    sheet.write((60, 60), "BBVA", 60, ink=(0, 68, 129), name="DejaVuSans-Bold.ttf")
    sheet.write((60, 170), "Constancia de pago de servicios", 34, ink=GREY)
    day = f"{truth.paid_on.day} {_MONTHS[truth.paid_on.month - 1]}. {truth.paid_on.year}"
    rows = (
        ("Importe pagado", f"S/ {truth.amount:,.2f}", Field.AMOUNT),
        ("Servicio", "PagoEfectivo soles", None),
        ("Código CIP", f"{truth.code[:4]} {truth.code[4:]}", Field.CODE),
        ("Número de operación", truth.operation, Field.OPERATION),
        ("Fecha", day, Field.PAID_ON),
    )
    for number, (label, value, field) in enumerate(rows):
        y = 300 + 190 * number
        sheet.write((60, y), label, 30, ink=GREY)
        sheet.write((60, y + 52), value, 44, field=field)
    return sheet.done(truth)


def _web_table(truth: Truth) -> Receipt:
    """A page of a bank's website."""
    sheet = _Sheet(1200, 820)
    sheet.pen.rectangle((0, 0, 1200, 12), fill=(0, 155, 58))
    sheet.write((70, 60), "Interbank", 48, ink=(0, 120, 50), name="DejaVuSans-Bold.ttf")
    sheet.write((70, 150), "Operación realizada", 34)
    rows = (
        ("Empresa:", "PAGOEFECTIVO", None),
        ("Código de pago:", truth.code, Field.CODE),
        ("Monto:", f"S/ {truth.amount:,.2f}", Field.AMOUNT),
        ("Fecha:", f"{truth.paid_on:%d/%m/%Y}", Field.PAID_ON),
        ("Nro. operación:", truth.operation, Field.OPERATION),
    )
    for number, (label, value, field) in enumerate(rows):
        y = 250 + 90 * number
        sheet.pen.rectangle((60, y - 16, 1140, y + 66), outline=(205, 208, 212), width=2)
        sheet.write((90, y), label, 34, ink=GREY)
        sheet.write((520, y), value, 34, field=field)
    return sheet.done(truth)


def _agent_ticket(truth: Truth) -> Receipt:
    """An agent's narrow paper: label and value in one line of fixed letters."""
    return _ticket(
        truth,
        title="AGENTE KASNET",
        lines=(
            ("COD. PAGO CIP: ", truth.code, Field.CODE),
            ("FECHA: ", f"{truth.paid_on:%d/%m/%Y}", Field.PAID_ON),
            ("OPERACION: ", truth.operation, Field.OPERATION),
            ("MONTO: ", f"S/ {truth.amount:,.2f}", Field.AMOUNT),
        ),
    )


def _shop_ticket(truth: Truth) -> Receipt:
    """A shop's narrow paper that also names a commission and a sum."""
    return _ticket(
        truth,
        title="TAMBO+",
        lines=(
            ("NRO OPERACION ", truth.operation, Field.OPERATION),
            ("CIP ", truth.code, Field.CODE),
            ("FECHA ", f"{truth.paid_on:%d-%m-%Y}", Field.PAID_ON),
            ("IMPORTE ", f"S/ {truth.amount:,.2f}", Field.AMOUNT),
            ("COMISION ", "S/ 1.50", None),
            ("TOTAL ", f"S/ {truth.amount + Decimal('1.50'):,.2f}", None),
        ),
    )


def _ticket(truth: Truth, title: str, lines: tuple[tuple[str, str, Field | None], ...]) -> Receipt:
    mono = "DejaVuSansMono.ttf"
    sheet = _Sheet(760, 420 + 84 * len(lines), (250, 249, 244))
    sheet.write((380, 50), title, 46, anchor="ma", name="DejaVuSansMono-Bold.ttf")
    sheet.write((380, 130), "PAGO DE SERVICIOS", 34, anchor="ma", name=mono)
    sheet.write((380, 190), "PAGOEFECTIVO", 34, anchor="ma", name=mono)
    for number, (label, value, field) in enumerate(lines):
        y = 290 + 84 * number
        sheet.write((40, y), label, 36, name=mono)
        start = 40 + int(font(36, mono).getlength(label))
        sheet.write((start, y), value, 36, name=mono, field=field)
    return sheet.done(truth)


def _wallet(truth: Truth) -> Receipt:
    """A wallet: a big amount on a card."""
    sheet = _Sheet(900, 1400, (116, 40, 132))
    sheet.pen.rounded_rectangle((50, 190, 850, 1340), 40, fill=PAPER)
    sheet.write((450, 60), "yape", 76, ink=PAPER, anchor="ma", name="DejaVuSans-Bold.ttf")
    sheet.write((450, 260), "¡Yapeaste!", 52, anchor="ma", ink=(116, 40, 132), name="DejaVuSans-Bold.ttf")
    sheet.write((450, 360), f"S/ {truth.amount:,.2f}", 86, anchor="ma", field=Field.AMOUNT)
    sheet.write((450, 520), "PagoEfectivo", 42, anchor="ma")
    day = f"{truth.paid_on.day:02} {_MONTHS[truth.paid_on.month - 1]}. {truth.paid_on.year}"
    sheet.write((450, 600), day, 36, anchor="ma", ink=GREY, field=Field.PAID_ON)
    for number, (label, value, field) in enumerate(
        (("Código CIP", truth.code, Field.CODE), ("Nro. de operación", truth.operation, Field.OPERATION))
    ):
        y = 760 + 130 * number
        sheet.write((100, y), label, 34, ink=GREY)
        sheet.write((800, y), value, 34, anchor="ra", field=field)
    return sheet.done(truth)


_LAYOUTS: dict[str, Callable[[Truth], Receipt]] = {
    "bank_app_rows": _app_rows,
    "bank_app_stacked": _app_stacked,
    "bank_web": _web_table,
    "agent_ticket": _agent_ticket,
    "shop_ticket": _shop_ticket,
    "wallet": _wallet,
}
_CHANNELS = {
    "bank_app_rows": "BCP",
    "bank_app_stacked": "BBVA",
    "bank_web": "Interbank",
    "agent_ticket": "KasNet",
    "shop_ticket": "Tambo+",
    "wallet": "Yape",
}
LAYOUTS = tuple(_LAYOUTS)
