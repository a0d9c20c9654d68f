"""Finding the reader of a settlement file: by what the file begins with, never by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from django.utils.translation import gettext

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.providers.base import SettlementReader
from pagoefectivo.providers.tabular import CHUNK, refuse_other_formats


def reader_of(readers: Sequence[SettlementReader], file: BinaryIO) -> SettlementReader:
    """Return the one of an account's readers that recognises the file, and set the file back to its beginning.

    Raises UnreadableFile for an empty file, a spreadsheet, a web page, and a layout that none of them knows.
    """
    head = file.read(CHUNK)
    file.seek(0)
    refuse_other_formats(head)
    for reader in readers:
        if reader.recognises(head):
            return reader
    text = gettext("None of this provider's layouts begins like this. Known are: %(layouts)s.")
    raise UnreadableFile(1, text % {"layouts": ", ".join(reader.layout for reader in readers) or "-"})
