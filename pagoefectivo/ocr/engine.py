"""The engine of the extra `ocr`: rapidocr in a cage, one process per picture, its models inside the wheel."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec

from django.utils.module_loading import import_string

from pagoefectivo import conf
from pagoefectivo.ocr import cage
from pagoefectivo.ocr.base import Line, OcrEngine, Unread

AUTOMATIC = "auto"
PERSON = "person"
LIMITS = cage.Limits(seconds=45, memory=3 * 1024**3, output=1024 * 1024)


class RapidEngine:
    """Reads with rapidocr. A picture costs a new process: what one picture broke is gone with it."""

    name = "rapidocr"

    def read(self, picture: bytes) -> list[Line]:
        try:
            lines = json.loads(cage.run("pagoefectivo.ocr.reader", picture, LIMITS))
        except cage.Overrun:
            raise Unread(was_killed=True) from None
        except (cage.Crashed, ValueError):
            raise Unread(was_killed=False) from None
        return [Line(text, tuple(confidences), tuple(box)) for text, confidences, box in lines]


def engine() -> OcrEngine | None:
    """Return what reads pictures by the setting OCR_ENGINE; None where a person does."""
    named = conf.current().ocr_engine
    if named == PERSON or (named == AUTOMATIC and not _is_installed()):
        return None
    chosen: OcrEngine = RapidEngine() if named == AUTOMATIC else import_string(named)()
    return chosen


@cache
def _is_installed() -> bool:
    return all(find_spec(package) for package in ("rapidocr", "onnxruntime"))
