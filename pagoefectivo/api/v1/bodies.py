"""What a request brings: a small body, whole, or a file, a piece at a time. Neither goes beyond its cap."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused

LARGEST_BODY = 64 * 1024
PIECE = 1024 * 1024
FRAMING = 64 * 1024  # what a form puts around its file
RAW = ("text/csv", "application/octet-stream")
FORM = "multipart/form-data"
PART = "file"
_END_OF_FORM = b"--"
_MOST_DIGITS = 18  # of a length; what is longer is too long all the same


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent, on this machine's disk from its first byte on; it is gone once it is closed."""

    file: BinaryIO
    name: str

    def pieces(self) -> Iterator[bytes]:
        """Yield the whole file, and set it back to its beginning."""
        self.file.seek(0)
        while piece := self.file.read(PIECE):
            yield piece
        self.file.seek(0)


def read_body(request: HttpRequest) -> bytes:
    """Return the raw body; raises RuleRefused(REQUEST_TOO_LARGE) by the declared length before reading a byte."""
    if _declared(request, ErrorCode.REQUEST_MALFORMED) > LARGEST_BODY:
        raise RuleRefused(Reason(ErrorCode.REQUEST_TOO_LARGE))
    try:
        body = request.read(LARGEST_BODY + 1)
    except UnreadablePostError:
        raise RuleRefused(Reason(ErrorCode.REQUEST_MALFORMED)) from None
    if len(body) > LARGEST_BODY:
        raise RuleRefused(Reason(ErrorCode.REQUEST_TOO_LARGE))
    return body


@contextmanager
def uploaded(request: HttpRequest, largest: int) -> Iterator[Upload]:
    """Yield the file that a request brings, as its body or as the one part `file` of a form.

    Raises RuleRefused before reading a byte: REQUEST_FILE_TYPE for another media type or a coding,
    SETTLEMENT_TOO_LARGE by the declared length; and REQUEST_FILE_INVALID for what did not arrive whole and alone.
    """
    kind = (request.content_type or "").lower()
    if kind not in {*RAW, FORM} or request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RuleRefused(Reason(ErrorCode.REQUEST_FILE_TYPE))
    if "Transfer-Encoding" in request.headers:  # without its length nobody can tell whether it came whole
        raise RuleRefused(Reason(ErrorCode.REQUEST_FILE_INVALID))
    length = _declared(request, ErrorCode.REQUEST_FILE_INVALID)
    if length > largest + (FRAMING if kind == FORM else 0):
        raise RuleRefused(Reason(ErrorCode.SETTLEMENT_TOO_LARGE))
    sent = _Sent(request)
    try:
        upload = _of_form(request, sent) if kind == FORM else _of_body(sent)
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        raise RuleRefused(Reason(ErrorCode.REQUEST_FILE_INVALID)) from None
    with upload.file:
        if sent.length != length or (kind == FORM and not sent.ends_with(_END_OF_FORM)):
            raise RuleRefused(Reason(ErrorCode.REQUEST_FILE_INVALID))
        yield upload


class _Sent:
    """A request's body on its way: how much of it came, and how it ended."""

    def __init__(self, request: HttpRequest) -> None:
        self._request, self._end = request, b""
        self.length = 0

    def read(self, size: int) -> bytes:
        piece = self._request.read(size)
        self.length += len(piece)
        self._end = (self._end + piece)[-8:]
        return piece

    def ends_with(self, mark: bytes) -> bool:
        return self._end.rstrip(b"\r\n").endswith(mark)


def _of_body(sent: _Sent) -> Upload:
    file: Any = tempfile.TemporaryFile()  # noqa: SIM115 - whoever takes the upload closes it
    while piece := sent.read(PIECE):
        file.write(piece)
    file.seek(0)
    return Upload(file, "")


def _of_form(request: HttpRequest, sent: _Sent) -> Upload:
    handlers = [TemporaryFileUploadHandler(request)]
    fields, files = MultiPartParser(request.META, sent, handlers, "utf-8").parse()  # type: ignore[arg-type] # it only reads
    found = [each for name in files for each in files.getlist(name)]
    if fields or set(files) != {PART} or len(found) != 1:
        for each in found:
            each.close()
        raise RuleRefused(Reason(ErrorCode.REQUEST_FILE_INVALID, field=PART))
    return Upload(found[0].file, found[0].name)


def _declared(request: HttpRequest, otherwise: ErrorCode) -> int:
    """Return how long a body says it is; raises RuleRefused with the given code for what is no length."""
    written = request.META.get("CONTENT_LENGTH") or "0"
    if not (written.isascii() and written.isdecimal()):
        raise RuleRefused(Reason(otherwise))
    return int(written.lstrip("0")[:_MOST_DIGITS] or 0)
