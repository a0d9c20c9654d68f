"""A4 pages that say at their foot what is signed and which page of how many it is. Slow to load: import it where it prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout

from pagoefectivo.domain.lettering import plain_letters

MARGIN, FOOT = 15, 16  # mm
POINT = 0.3528  # mm
LONGEST_CELL = 500  # letters: a row must fit a page
_ALL_PAGES = "\x01\x01"  # nobody's text has it: what can not be printed is left out
_INK, _PAPER, _SHADE, _RULE = 0, 255, (238, 242, 247), (190, 190, 190)


class SignedPaper(FPDF):
    """Pages in the letters of one font: a file's, or those of every reader, where other letters become `?`."""

    def __init__(self, title: str, created: datetime, *, foot: str, page_of: str, font: Path | None) -> None:
        super().__init__(format="A4")
        self.str_alias_nb_pages = _ALL_PAGES
        self._foot, self._page_of, self._has_font = foot, page_of, font is not None
        if font is not None:
            for style in ("", "B"):  # of one weight: larger letters and shades set off what others do in bold
                self.add_font("paper", style, font)
        self.set_title(self.letters(title))
        self.set_creation_date(created)
        self.set_margins(MARGIN, MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, FOOT + 4)
        self.add_page()

    def letters(self, text: str) -> str:
        """Return what can be written of a text, on one line."""
        shown = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
        return shown if self._has_font else plain_letters(shown)

    def write_in(self, size: float, *, bold: bool = False) -> None:
        """Write in this size from here on."""
        self.set_font("paper" if self._has_font else "helvetica", "B" if bold else "", size)

    def say(self, text: str, size: float, *, bold: bool = False, before: float = 0) -> None:
        """Write a text over the whole width."""
        self.ln(before)
        self.write_in(size, bold=bold)
        self.multi_cell(0, size * 0.5, self.letters(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def heading(self, text: str) -> None:
        """Write a heading that never stands alone at the end of a page."""
        if self.will_page_break(40):
            self.add_page()
        self.say(text, 12, bold=True, before=5)
        self.ln(1)

    def at(self, x: float, y: float, text: str, size: float, *, bold: bool = False, ends: bool = False) -> None:
        """Write a text on a base line, from `x` on or ending there."""
        self.write_in(size, bold=bold)
        shown = self.letters(text)
        self.text(x - self.get_string_width(shown) if ends else x, y, shown)

    def columns(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[str]],
        widths: Sequence[int],
        *,
        numbers: frozenset[int] = frozenset(),
        strong: frozenset[int] = frozenset(),
    ) -> None:
        """Write a table whose heads stand on each page; `numbers` are columns set to the right, `strong` rows set off."""
        self.write_in(8.5)
        self.set_draw_color(*_RULE)
        self.set_line_width(0.2)
        self.set_fill_color(_PAPER)
        shaded = FontFace(emphasis="BOLD", fill_color=_SHADE)
        with self.table(
            col_widths=tuple(widths),
            text_align=tuple("RIGHT" if column in numbers else "LEFT" for column in range(len(heads))),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=shaded,
            line_height=4.4,
            padding=(1, 1),
        ) as table:
            table.row([self.letters(head) for head in heads])
            for number, row in enumerate(rows):
                table.row([self.letters(_cut(cell)) for cell in row], style=shaded if number in strong else None)

    def footer(self) -> None:
        self.set_y(-FOOT)
        self.set_text_color(_INK)
        self.write_in(7)
        self.cell(145, 5, self.letters(self._foot))
        self.cell(0, 5, self._page_of.format(page=self.page_no(), pages=_ALL_PAGES), align="R")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
