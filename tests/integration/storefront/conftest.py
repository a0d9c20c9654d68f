"""These tests stand on the fixtures that a host shop's tests stand on."""

from __future__ import annotations

from pagoefectivo.testing import (  # noqa: F401 - fixtures
    issue_voucher,
    no_network,
    pay,
    psp,
    sandbox_server,
    settle_refund,
    work,
)
