"""Whether a part of a picture has another history than the rest of it: what painting over an amount leaves behind.

A picture that was saved as JPEG, edited and saved again at a better quality bears the first saving everywhere but in
the edited part; and what was drawn into a grainy photo has no grain. Neither is a proof, and a picture without a trace
may be edited all the same: the only word that counts is the provider's.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from statistics import median

from PIL import Image, ImageChops, ImageFilter

SUSPICIOUS = 0.015  # of the blocks that could tell; measured by `dev.py receipts`: see docs/explanation-proofs.md

_MOST_PIXELS = 6_000_000
_BLOCK = 16
_FINE = 8  # differences are kept in eighths of a shade
_QUALITIES = range(66, 99, 2)
_APART = 4
_TELLING = _FINE // 2
_CLEAR_GHOST = 0.85
_NO_GHOST = 0.97
_FEWEST = 40
_GRAINY = 4  # eighths of a shade, in the calmest spot of most blocks
_CALM = 0.15  # of the grain that is usual in the picture
_MOST_CALM = 0.1  # of the blocks: where more of them have no grain, the camera took it away
_SPOT = 4  # pixels from one look to the next
_TOO_DARK = 16  # no camera leaves grain there
_PRINT = 40  # shades between paper and ink
_AS_BRIGHT = 32  # shades

Grid = list[float]
Place = tuple[int, int]


def edited_part(upload: bytes) -> float:
    """Return how much of a picture belongs to the largest patch with another history, from 0 to 1; 0 where none is seen."""
    with Image.open(io.BytesIO(upload)) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            return 0.0
        last = _quality_of(picture)
        grey = picture.convert("L")
    return max(_saved_another_time(grey, last), _without_grain(grey))


def _quality_of(picture: Image.Image) -> int:
    """Return the quality at which a JPEG was saved, as near as its table tells; 100 for what lost nothing."""
    table = getattr(picture, "quantization", {}).get(0)
    return 100 if table is None else min(_TABLES, key=lambda quality: abs(_TABLES[quality] - sum(table)))


def _table_at(quality: int) -> int:
    saved = io.BytesIO()
    Image.new("L", (8, 8)).save(saved, "JPEG", quality=quality)
    with Image.open(saved) as picture:
        return sum(picture.quantization[0])  # type: ignore[attr-defined]


_TABLES = {quality: _table_at(quality) for quality in range(30, 101)}


def _saved_another_time(grey: Image.Image, last: int) -> float:
    """A saving before the last shows where it was coarser than the last: at its quality nearly nothing more is lost."""
    qualities = [quality for quality in _QUALITIES if quality <= last + _APART]
    losses = {quality: dict(_places(_lost_by_saving(grey, quality))) for quality in qualities}
    clearest, ghost = _CLEAR_GHOST, None
    for quality in qualities:
        if quality > last - _APART or not {quality - _APART, quality + _APART} <= losses.keys():
            continue
        ratios = _ratios(losses, quality)
        if len(ratios) >= _FEWEST and (middle := median(ratios.values())) < clearest:
            clearest, ghost = middle, ratios
    if ghost is None:
        return 0.0
    return _largest_patch(place for place, ratio in ghost.items() if ratio > _NO_GHOST) / len(ghost)


def _ratios(losses: dict[int, dict[Place, float]], quality: int) -> dict[Place, float]:
    """Of each block that has anything to lose, what one quality takes beside what the qualities around it take."""
    own, below, above = losses[quality], losses[quality - _APART], losses[quality + _APART]
    around = {place: (below[place] + above[place]) / 2 for place in own}
    return {place: own[place] / usual for place, usual in around.items() if usual >= _TELLING}


def _without_grain(grey: Image.Image) -> float:
    """Print that was drawn into a photo lies on smooth paper where other paper, as bright as that, is grainy."""
    grain = _finely(ImageChops.difference(grey, grey.filter(ImageFilter.MedianFilter(3)))).filter(
        ImageFilter.BoxBlur(2)
    )
    shades = grey.reduce(_SPOT)
    least, alike, printed = dict[Place, int](), dict[int, list[Place]](), set[Place]()
    for (place, seen), (_, grains) in zip(
        _spots(shades), _spots(grain.resize(shades.size, Image.Resampling.NEAREST)), strict=True
    ):
        paper = max(seen)
        if paper < _TOO_DARK:
            continue
        least[place] = min(each for each, shade in zip(grains, seen, strict=True) if paper - shade < _PRINT)
        alike.setdefault(paper // _AS_BRIGHT, []).append(place)
        if paper - min(seen) >= _PRINT:
            printed.add(place)
    calm = {place for places in alike.values() for place in _calm(places, least)}
    if len(printed) < _FEWEST or len(calm) > len(least) * _MOST_CALM:
        return 0.0
    return _largest_patch(printed & calm) / len(printed)


def _calm(places: list[Place], grain: dict[Place, int]) -> list[Place]:
    """Those without the grain that is usual among them; none where it is not usual."""
    usual = median(grain[place] for place in places)
    if usual < _GRAINY or len(places) < _FEWEST:
        return []
    return [place for place in places if grain[place] <= usual * _CALM]


def _spots(looks: Image.Image) -> Iterator[tuple[Place, bytes]]:
    """What was seen in each whole block, by its column and row."""
    spots, width, seen = _BLOCK // _SPOT, looks.width, looks.tobytes()
    for row in range(looks.height // spots):
        lines = [seen[line * width : (line + 1) * width] for line in range(row * spots, (row + 1) * spots)]
        for column in range(width // spots):
            yield (column, row), b"".join(line[column * spots : (column + 1) * spots] for line in lines)


def _lost_by_saving(grey: Image.Image, quality: int) -> Image.Image:
    saved = io.BytesIO()
    grey.save(saved, "JPEG", quality=quality)
    with Image.open(saved) as again:
        return _finely(ImageChops.difference(grey, again.convert("L")))


def _finely(difference: Image.Image) -> Image.Image:
    return difference.point([min(255, shade * _FINE) for shade in range(256)])


def _places(values: Image.Image, size: int = _BLOCK) -> list[tuple[Place, float]]:
    """The mean of each whole block, by its column and row."""
    columns, rows = values.width // size, values.height // size
    means = values.crop((0, 0, columns * size, rows * size)).reduce(size).tobytes()
    return [((number % columns, number // columns), mean) for number, mean in enumerate(means)]


def _largest_patch(places: Iterable[Place], reach: int = 1) -> int:
    """The number of blocks in the largest group of which each is near another."""
    left, largest = set(places), 0
    steps = range(-reach, reach + 1)
    while left:
        group, edge = 0, [left.pop()]
        while edge:
            column, row = edge.pop()
            group += 1
            around = {(column + x, row + y) for x in steps for y in steps} & left
            left -= around
            edge += around
        largest = max(largest, group)
    return largest
