"""Inside the cage: one picture in, its lines out. Runs as a module of its own; needs the extra `ocr`."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pagoefectivo.ocr import cage

THREADS = 2
LONGEST_SIDE = 1280  # letters of a whole receipt are still some 25 pixels high; twice as many pixels take twice as long


def lines_on(picture: bytes) -> list[tuple[str, list[float], list[int]]]:
    """Return text, confidence of each letter and box of every line, from top to bottom."""
    read = _engine()(picture)
    if read.boxes is None or read.txts is None:
        return []
    found = [
        (text, _letters(text, info.confs), _around(box))
        for text, info, box in zip(read.txts, read.word_results, read.boxes, strict=True)
    ]
    return sorted(found, key=lambda line: (line[2][1], line[2][0]))


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR  # after the network is gone

    class LetterByLetter(RapidOCR):
        """Hands out the confidence of each letter; the library would join them with words that skip the spaces."""

        def calc_word_boxes(self, _img: Any, _dt_boxes: Any, rec_res: Any) -> Any:
            return rec_res.word_results

    return LetterByLetter(
        params={
            "Global.log_level": "critical",
            "Global.return_word_box": True,
            "Global.text_score": 0.0,
            "Global.max_side_len": LONGEST_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _letters(text: str, confidences: list[float]) -> list[float]:
    if len(confidences) == len(text):
        return [round(float(each), 4) for each in confidences]
    return [round(float(min(confidences, default=0.0)), 4)] * len(text)


def _around(corners: Any) -> list[int]:
    across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return [int(min(across)), int(min(down)), int(max(across)) + 1, int(max(down)) + 1]


if __name__ == "__main__":
    cage.answer(json.dumps(lines_on(cage.enter())).encode())
