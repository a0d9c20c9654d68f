"""Uploads as buyers and their enemies send them."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from dataclasses import replace
from typing import Any

from PIL import Image

from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.models import Order
from tests.receipts.drawing import Truth, jpeg, receipt, truth_of


def truth_for(order: Order, **other: Any) -> Truth:
    """What an honest receipt of an order says, or one that says something else."""
    voucher: Any = order.current_voucher
    honest = replace(
        truth_of("bank_web", random.Random(order.pk)),
        code=voucher.code,
        amount=voucher.amount,
        paid_on=voucher.created_at.astimezone(LIMA).date(),
    )
    return replace(honest, **other)


def upload_for(order: Order, **other: Any) -> bytes:
    """The picture of a receipt for an order."""
    return jpeg(receipt(truth_for(order, **other)).picture)


def bomb() -> bytes:
    """A small PNG that says it is 60 000 × 60 000 pixels of nothing."""
    return _png(60_000, 60_000, zlib.compress(bytes(60_001) * 50))


def lying_png() -> bytes:
    """A PNG whose data never reach the pixels that its head promises."""
    return _png(4000, 4000, zlib.compress(b"\0" * 100))


def moving(kind: str = "WEBP") -> bytes:
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "green", "blue")]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def photo(kind: str = "JPEG", size: tuple[int, int] = (640, 900), **options: Any) -> bytes:
    """A picture without a receipt on it."""
    picture = Image.effect_noise(size, 40).convert("RGB")
    return saved(picture, kind, **options)


def with_place() -> bytes:
    """A photo that tells where it was taken, who took it and how it has to be turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "Casa de Rosa Huaman"
    exif.get_ifd(0x8825).update({1: "S", 2: (12.0, 2.0, 47.0), 3: "W", 4: (77.0, 1.0, 55.0)})
    return photo(exif=exif, comment=b"Rosa Huaman was here")


def archive() -> bytes:
    """A ZIP with a program in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("run.js", "alert(1)")
    return stream.getvalue()


def _png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def saved_again(content: bytes) -> bytes:
    """The same picture after a messenger made it smaller and saved it anew."""
    picture = Image.open(io.BytesIO(content))
    return saved(picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)), "JPEG", quality=70)
