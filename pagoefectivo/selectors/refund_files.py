"""Where each request of a file stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason
from pagoefectivo.domain.refund_files import line_nonce
from pagoefectivo.domain.states import FINAL_REFUND
from pagoefectivo.models import Refund, RefundFile


@dataclass(frozen=True, slots=True)
class LineStanding:
    """One line of a file: the refund that it asked for, or what refused it."""

    number: int
    reference: str
    amount: str
    refund: Refund | None
    refusal: Reason | None


@dataclass(frozen=True, slots=True)
class FileStanding:
    """A file as it stands now."""

    lines: tuple[LineStanding, ...]

    @property
    def asked(self) -> int:
        return sum(1 for each in self.lines if each.refund is not None)

    @property
    def ended(self) -> int:
        """How many of the refunds have come to an end, good or bad."""
        return sum(1 for each in self.lines if each.refund is not None and each.refund.state in FINAL_REFUND)


def standing_of(file: RefundFile) -> FileStanding:
    """Return where every line of a file stands, in one query."""
    nonces = {line_nonce(file.sha256, line["line"]): line for line in file.lines}
    found = Refund.objects.select_related("order").defer("order__payer_document_number", "order__metadata")
    refunds = {refund.request_nonce: refund for refund in found.filter(request_nonce__in=nonces)}
    return FileStanding(tuple(_line(line, refunds.get(nonce)) for nonce, line in nonces.items()))


def _line(line: dict[str, Any], refund: Refund | None) -> LineStanding:
    refused = line["refused"] if refund is None else None
    reason = Reason(ErrorCode(refused["code"]), values=refused["values"]) if refused else None
    return LineStanding(line["line"], line["reference"], line["amount"], refund, reason)
