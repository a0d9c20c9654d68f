"""Everything that can go wrong, sorted by what may be done next."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that says no: its catalogue code, the field it is about, and what its sentence names."""

    code: ErrorCode
    field: str = ""
    values: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def message(self) -> str:
        """The plain sentence in the active language."""
        return CATALOGUE[self.code].sentence(**{"field": self.field} | self.values)

    @property
    def next_step(self) -> str:
        """What the one who must act does next, in the active language."""
        return CATALOGUE[self.code].next_sentence(**{"field": self.field} | self.values)


class PagoEfectivoError(Exception):
    """The root of everything this app raises on purpose."""

    code: ErrorCode = ErrorCode.PSP_UNMAPPED


class ConfigurationError(PagoEfectivoError):
    """The installation is wrong; a developer must act. Never swallowed."""

    code = ErrorCode.CONFIGURATION_INVALID


class RuleRefused(PagoEfectivoError):
    """Refused by us before any call; nothing was written."""

    def __init__(self, *reasons: Reason) -> None:
        self.reasons = reasons
        self.code = reasons[0].code
        super().__init__(", ".join(reason.code for reason in reasons))


class StateConflict(PagoEfectivoError):
    """Somebody was first; read again before deciding anew."""

    code = ErrorCode.STATE_CONFLICT

    def __init__(self, code: ErrorCode = ErrorCode.STATE_CONFLICT, **values: str) -> None:
        self.code = code
        self.values = values
        super().__init__(code)


class NotFound(PagoEfectivoError):
    """Nothing of ours has that name, or the asker may not know of it."""

    code = ErrorCode.NOT_FOUND

    def __init__(self) -> None:
        super().__init__(self.code)


@dataclass(frozen=True, slots=True)
class ProviderFault:
    """What a provider answered, normalised and raw. The raw message is redacted before it gets here."""

    code: ErrorCode
    raw_code: str = ""
    raw_message: str = ""
    http_status: int | None = None
    operation: str = ""
    retry_after: float | None = None


class ProviderError(PagoEfectivoError):
    """A call to a provider did not end well. `request_id` names its evidence row."""

    def __init__(self, fault: ProviderFault, *, request_id: str = "") -> None:
        self.fault = fault
        self.code = fault.code
        self.request_id = request_id
        super().__init__(f"{fault.code} ({fault.operation} {fault.http_status or '-'} {fault.raw_code or '-'})")


class NotSent(ProviderError):
    """It surely did not happen (or was only a question): may be sent again."""


class Ambiguous(ProviderError):
    """It may have happened: ask, never resend blindly."""


class Refused(ProviderError):
    """The provider's final no."""


class Held(Ambiguous):
    """The provider said something that no table explains: ask on, alarm, and let a person decide."""


class SignatureFault(StrEnum):
    """Why a signature was not believed."""

    MISSING = "missing"
    MALFORMED = "malformed"
    MISMATCH = "mismatch"
    WRONG_ACCOUNT = "wrong_account"
    NO_SECRET = "no_secret"  # noqa: S105 - the name of a fault


class InvalidSignature(PagoEfectivoError):
    """The message was not signed by the provider for this account."""

    code = ErrorCode.WEBHOOK_SIGNATURE_MISMATCH

    def __init__(self, reason: SignatureFault) -> None:
        self.reason = reason
        if reason is SignatureFault.MISSING:
            self.code = ErrorCode.WEBHOOK_SIGNATURE_MISSING
        if reason is SignatureFault.NO_SECRET:
            self.code = ErrorCode.WEBHOOK_SECRET_NOT_CONFIGURED
        super().__init__(reason)


class UnreadableFile(PagoEfectivoError):
    """A file that cannot be read whole, so that nothing of it is taken. `line` counts from 1; 0 is the file itself."""

    code = ErrorCode.PSP_BAD_RESPONSE

    def __init__(self, line: int, why: str) -> None:
        self.line, self.why = line, why
        super().__init__(f"line {line}: {why}" if line else why)


class UnreadableMessage(PagoEfectivoError):
    """A signed body that cannot be read. It is kept, parked and shown to a person."""

    code = ErrorCode.PSP_BAD_RESPONSE
