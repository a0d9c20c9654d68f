"""The switches of the company: how it behaves where its documents leave room, and where a test wants it lax."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pagoefectivo.sandbox.refusals import ControlRefused

HOUR = 3600.0
CHOICES: dict[str, tuple[str | None, ...]] = {
    "auto_refund": (None, "succeed", "reject", "cancel"),
    "expired_status": ("EXPIRED", "CANCELLED", "REJECTED"),
    "late_payment": ("accept", "cancel"),
    "off_amount": ("report", "cancel"),
    "cancel_refusal": ("5013", "3003"),
    "webhook_hosts": ("loopback", "any"),
    "signature_header": ("X-SignatureContent", "X-Signature-Content"),
    "mercadopago_ts": ("milliseconds", "seconds"),
}


@dataclass
class Switches:
    """All switches with their defaults; FIDELITY.md says which of them the documents support."""

    permissive: bool = False
    cancel_allowed: bool = False
    cancel_refusal: str = "5013"
    echo_order_refund_id: bool = False
    auto_refund: str | None = None
    auto_refund_seconds: float = 0.0
    payer_form_days: float = 7.0
    refund_window_days: float = 180.0
    balance: str | None = None
    expiry_days: int = 5
    expires_in_seconds: float | None = None
    notify_expiry: bool = True
    notify_created: bool = False
    expired_status: str = "EXPIRED"
    late_payment: str = "accept"
    off_amount: str = "report"
    currencies: list[str] = field(default_factory=lambda: ["PEN"])
    limits: dict[str, list[str]] = field(default_factory=lambda: {"PEN": ["2.00", "3724.00"]})
    document_lengths: list[int] = field(default_factory=lambda: [8, 9, 11])
    notification_url: str | None = None
    webhook_hosts: str = "loopback"
    webhook_timeout: float = 10.0
    retry_seconds: list[float] = field(default_factory=lambda: [HOUR] * 6 + [12 * HOUR] * 5)
    reuse_x_date: bool = False
    token_seconds: float = 7200.0
    unique_transaction_code: bool = False
    phone_required: bool = False
    first_guide_notification: bool = False
    pascal_case_notification: bool = False
    hang_seconds: float = 30.0
    latency_seconds: float = 0.0
    refund_queue_seconds: float = 60.0
    query_not_found: str = "BP-REF-CAN-2"
    signature_header: str = "X-SignatureContent"
    hashes_per_notification: int = 1
    mercadopago_in_process: bool = False
    mercadopago_key_hours: float = 24.0
    mercadopago_partial_refunds: bool = False
    mercadopago_refund_window_days: float = 90.0
    mercadopago_ts: str = "milliseconds"

    def update(self, changes: Mapping[str, Any]) -> None:
        """Set the named switches, all or none; ControlRefused names an unknown switch or an impossible value."""
        defaults = Switches()
        known = [each.name for each in fields(self)]
        for name, value in changes.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise ControlRefused(f"there is no switch {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
            if name in CHOICES and value not in CHOICES[name]:
                raise ControlRefused(f"{name} is one of {CHOICES[name]}, not {value!r}")
            if not _fits(value, getattr(defaults, name)):
                raise ControlRefused(f"{name} does not take {value!r}")
        for name, value in changes.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Return every switch with its present value."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def _fits(value: object, default: object) -> bool:
    if default is None or isinstance(default, str):
        return value is None or isinstance(value, (str, int, float))
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, (int, float)):
        return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    return isinstance(value, type(default))
