"""What happens to a receipt on its way: the camera, the hand, the light, and the forger."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from pagoefectivo.domain.proofs import Field
from tests.receipts.drawing import LAYOUTS, Receipt, Truth, jpeg, receipt, truth_of

HONEST = ("clean", "photographed", "rotated", "blurred", "cropped", "bad_light")
ODD = ("smoothed", "glare")  # honest as well, and hard for whoever looks for traces
DOCTORED = ("doctored_screenshot", "doctored_photo")
REUSED = ("same_file", "saved_again", "photographed_again")


@dataclass(frozen=True)
class Sample:
    """One upload: how it came about, what was really paid, and what stands on it (a forger's amount is another)."""

    number: int
    layout: str
    condition: str
    content: bytes
    truth: Truth
    printed: Truth
    source: int = -1


def samples(per_layout: int = 1, *, seed: int = 7) -> list[Sample]:
    """The whole set, the same for the same seed: every layout in every condition, `per_layout` times."""
    made: list[Sample] = []
    for layout in LAYOUTS:
        for turn in range(per_layout):
            dice = random.Random(f"{seed} {layout} {turn}")
            made += _of_one(layout, dice, len(made))
            for condition in ODD:
                dice = random.Random(f"{seed} {layout} {turn} {condition}")
                truth = truth_of(layout, dice)
                content = honest_picture(condition, receipt(truth), dice)
                made.append(Sample(len(made), layout, condition, content, truth, truth))
    return made


def _of_one(layout: str, dice: random.Random, first: int) -> list[Sample]:
    made: list[Sample] = []

    def add(condition: str, content: bytes, truth: Truth, printed: Truth | None = None, source: int = -1) -> None:
        made.append(Sample(first + len(made), layout, condition, content, truth, printed or truth, source))

    for condition in HONEST:
        truth = truth_of(layout, dice)
        add(condition, honest_picture(condition, receipt(truth), dice), truth)
    for condition in DOCTORED:
        truth = truth_of(layout, dice)
        forged = replace(truth, amount=truth.amount + Decimal(dice.randrange(1, 9)) * 100)
        add(
            condition,
            forged_picture(receipt(truth), forged, dice, as_photo=condition == "doctored_photo"),
            truth,
            forged,
        )
    for condition in REUSED:
        clean = made[HONEST.index("clean")]
        add(condition, _again(clean, condition, dice), clean.truth, source=clean.number)
    return made


def _clean(drawn: Receipt, dice: random.Random) -> bytes:
    return jpeg(drawn.picture, dice.choice([82, 88, 93]))


def photographed(drawn: Receipt, dice: random.Random) -> bytes:
    return jpeg(_noisy(_shadowed(_seen_from_aside(_on_table(drawn.picture), dice), dice), dice), 85)


def _rotated(drawn: Receipt, dice: random.Random) -> bytes:
    turned = drawn.picture.rotate(
        dice.uniform(-7, 7), expand=True, fillcolor=(120, 110, 100), resample=Image.Resampling.BICUBIC
    )
    return jpeg(_noisy(turned, dice), 85)


def _blurred(drawn: Receipt, dice: random.Random) -> bytes:
    return jpeg(_noisy(drawn.picture.filter(ImageFilter.GaussianBlur(dice.uniform(2.0, 4.0))), dice), 80)


def _cropped(drawn: Receipt, dice: random.Random) -> bytes:
    picture = drawn.picture
    return jpeg(
        picture.crop(
            (0, 0, int(picture.width * dice.uniform(0.72, 0.95)), int(picture.height * dice.uniform(0.6, 0.9)))
        ),
        85,
    )


def _bad_light(drawn: Receipt, dice: random.Random) -> bytes:
    dark = ImageEnhance.Contrast(ImageEnhance.Brightness(drawn.picture).enhance(dice.uniform(0.22, 0.4))).enhance(0.6)
    return jpeg(_noisy(_shadowed(dark, dice), dice, strength=9), 80)


def _smoothed(drawn: Receipt, dice: random.Random) -> bytes:
    """A phone takes the grain from wherever it sees no edge."""
    taken = _noisy(_shadowed(_seen_from_aside(_on_table(drawn.picture), dice), dice), dice, dice.uniform(3, 8))
    edges = taken.convert("L").filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.FIND_EDGES)
    near_edges = edges.point([255 if shade > 24 else 0 for shade in range(256)]).filter(ImageFilter.MaxFilter(9))
    smooth = taken.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.GaussianBlur(1))
    return jpeg(Image.composite(taken, smooth, near_edges), dice.choice([75, 85, 92]))


def _glare(drawn: Receipt, dice: random.Random) -> bytes:
    """A lamp is mirrored on the paper or the screen."""
    picture = _seen_from_aside(_on_table(drawn.picture), dice)
    lamp, size = Image.new("L", picture.size, 0), dice.uniform(0.1, 0.3) * picture.width
    x, y = dice.uniform(0.2, 0.8) * picture.width, dice.uniform(0.2, 0.8) * picture.height
    ImageDraw.Draw(lamp).ellipse((x - size, y - size / 2, x + size, y + size / 2), fill=255)
    lit = Image.composite(Image.new("RGB", picture.size, "white"), picture, lamp.filter(ImageFilter.GaussianBlur(40)))
    return jpeg(_grainy(_shadowed(lit, dice), dice, dice.uniform(4, 9)), dice.choice([75, 85, 92]))


def honest_picture(condition: str, drawn: Receipt, dice: random.Random) -> bytes:
    """One honest upload in one of the conditions HONEST and ODD."""
    return _SHOTS[condition](drawn, dice)


def forged_picture(drawn: Receipt, forged: Truth, dice: random.Random, *, as_photo: bool) -> bytes:
    """Somebody opens the saved picture, paints over the amount, writes another and saves it."""
    made = _photographed_flat(drawn, dice) if as_photo else jpeg(drawn.picture, dice.choice([75, 80, 85, 90]))
    picture = Image.open(io.BytesIO(made)).convert("RGB")
    other = receipt(forged)
    for field in (Field.AMOUNT,):
        left, top, right, bottom = _around(drawn.places[field], other.places[field])
        patch = other.picture.crop((left, top, right, bottom))
        if as_photo:
            patch = _in_light_of(patch, picture, (left, top, right, bottom))
        picture.paste(patch, (left, top))
    return jpeg(picture, dice.choice([90, 92, 95]))


def _photographed_flat(drawn: Receipt, dice: random.Random) -> bytes:
    return jpeg(_noisy(_shadowed(drawn.picture, dice), dice), 85)


def _in_light_of(patch: Image.Image, picture: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """The forger takes the colour of the paper beside the place."""
    left, top, _, _ = box
    paper, own = (each.getpixel((max(0, x), max(0, y))) for each, x, y in ((picture, left - 6, top - 6), (patch, 2, 2)))
    assert isinstance(paper, tuple)
    assert isinstance(own, tuple)
    shade = tuple(min(255, int(255 * there / max(here, 1))) for there, here in zip(paper, own, strict=True))
    return ImageChops.multiply(patch, Image.new("RGB", patch.size, shade))


def _around(*boxes: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return (
        min(box[0] for box in boxes) - 6, min(box[1] for box in boxes) - 6,
        max(box[2] for box in boxes) + 6, max(box[3] for box in boxes) + 6,
    )  # fmt: skip


def _again(clean: Sample, condition: str, dice: random.Random) -> bytes:
    if condition == "same_file":
        return clean.content
    picture = Image.open(io.BytesIO(clean.content)).convert("RGB")
    if condition == "saved_again":
        scale = dice.uniform(0.6, 0.95)
        smaller = picture.resize((int(picture.width * scale), int(picture.height * scale)))
        return jpeg(ImageEnhance.Brightness(smaller).enhance(dice.uniform(0.92, 1.08)), dice.choice([60, 70, 80]))
    return jpeg(_noisy(_shadowed(_seen_from_aside(_on_table(picture), dice), dice), dice), 85)


def _on_table(picture: Image.Image) -> Image.Image:
    table = Image.new("RGB", (picture.width + 160, picture.height + 160), (92, 74, 60))
    table.paste(picture, (80, 80))
    return table


def _seen_from_aside(picture: Image.Image, dice: random.Random) -> Image.Image:
    width, height = picture.size
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    moved = [(x + dice.uniform(-0.04, 0.04) * width, y + dice.uniform(-0.03, 0.03) * height) for x, y in corners]
    return picture.transform(
        picture.size,
        Image.Transform.PERSPECTIVE,
        _coefficients(corners, moved),
        Image.Resampling.BICUBIC,
        fillcolor=(92, 74, 60),
    )


def _coefficients(to: list[Any], origin: list[Any]) -> list[float]:
    rows, values = [], []
    for (x, y), (u, v) in zip(to, origin, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(each) for each in np.linalg.solve(np.array(rows, dtype=float), np.array(values, dtype=float))]


def _shadowed(picture: Image.Image, dice: random.Random) -> Image.Image:
    shade = Image.new("L", picture.size, 255)
    pen, x = ImageDraw.Draw(shade), int(picture.width * dice.uniform(0.3, 0.8))
    pen.polygon(
        [(x, 0), (picture.width, 0), (picture.width, picture.height), (x - 200, picture.height)],
        fill=dice.randrange(130, 190),
    )
    soft = shade.filter(ImageFilter.GaussianBlur(60))
    return Image.composite(picture, Image.new("RGB", picture.size, (0, 0, 0)), soft)


def _noisy(picture: Image.Image, dice: random.Random, strength: float = 6) -> Image.Image:
    grain = np.random.default_rng(dice.randrange(1 << 30)).normal(0, strength, (picture.height, picture.width, 1))
    return Image.fromarray(np.clip(np.asarray(picture, dtype=float) + grain, 0, 255).astype("uint8"))


def _grainy(picture: Image.Image, dice: random.Random, strength: float) -> Image.Image:
    """Grain that follows the light: there is little of it where it is dark."""
    pixels = np.asarray(picture, dtype=float)
    grain = np.random.default_rng(dice.randrange(1 << 30)).normal(0, strength, (picture.height, picture.width, 1))
    return Image.fromarray(np.clip(pixels + grain * (0.15 + 0.85 * pixels / 255), 0, 255).astype("uint8"))


_SHOTS = {
    "clean": _clean,
    "photographed": photographed,
    "rotated": _rotated,
    "blurred": _blurred,
    "cropped": _cropped,
    "bad_light": _bad_light,
    "smoothed": _smoothed,
    "glare": _glare,
}
