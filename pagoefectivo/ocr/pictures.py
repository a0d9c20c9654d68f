"""A stranger's upload becomes a picture of our own, or is refused with a reason. The work is done in a cage."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from pagoefectivo.ocr import cage, scanning

MOST_BYTES = 5 * 1024 * 1024
LIMITS = cage.Limits(seconds=15, memory=1024**3, output=8 * 1024 * 1024)


class Fault(StrEnum):
    """Why an upload was not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    PDF = "pdf"
    NO_PICTURE = "no_picture"
    HIDDEN_CONTENT = "hidden_content"
    MOVING = "moving"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    DAMAGED = "damaged"
    TOO_HARD = "too_hard"
    UNCLEAN = "unclean"
    UNSCANNED = "unscanned"


class PictureRefused(Exception):
    """An upload that does not become a picture of ours."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault)


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG that we encoded ourselves: pixels and nothing else, with the fingerprint of how it looks.

    `edited` is the part of its letters, from 0 to 1, that was saved another time than the rest: see ocr.forensics.
    """

    content: bytes
    width: int
    height: int
    looks: str
    edited: float


def cleaned(upload: bytes) -> Picture:
    """Return the picture inside an upload that the shop's scanner let pass.

    Raises PictureRefused; what was refused was not decoded in this process, nor anywhere what the scanner refused.
    """
    if not upload:
        raise PictureRefused(Fault.EMPTY)
    if len(upload) > MOST_BYTES:
        raise PictureRefused(Fault.TOO_LARGE)
    try:
        scanning.scan(upload)
    except (scanning.Unclean, scanning.Unscanned) as refusal:
        fault = Fault.UNCLEAN if isinstance(refusal, scanning.Unclean) else Fault.UNSCANNED
        raise PictureRefused(fault) from None
    try:
        head, _, content = cage.run("pagoefectivo.ocr.sanitizer", upload, LIMITS).partition(b"\n")
        said = json.loads(head)
    except (cage.CageError, ValueError):
        raise PictureRefused(Fault.TOO_HARD) from None
    if "fault" in said:
        raise PictureRefused(Fault(said["fault"]))
    return Picture(content, said["width"], said["height"], said["looks"], said["edited"])
