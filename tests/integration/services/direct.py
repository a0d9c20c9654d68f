"""An account with PagoEfectivo itself, for stories about what only such a provider does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pagoefectivo.links import notification_url
from pagoefectivo.sandbox.server import SandboxServer

FACE = "pagoefectivo_direct"


def open_account(sandbox: SandboxServer, account: Callable[..., None], **keys: Any) -> None:
    """Turn the account `default` into one with PagoEfectivo, where our letterbox is registered."""
    merchant = sandbox.company.faces[FACE].merchant()
    account(PROVIDER=FACE, CREDENTIALS=dict(merchant.secrets), BASE_URL=sandbox.url_of(FACE), **keys)
    sandbox.control.add_merchant(merchant.login, dict(merchant.secrets), notification_url("default"), psp=FACE)
