"""The demo shop's accounts: one with each company that the sandbox plays, as its first customer there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

EBANX_CERTIFICATE = Path(__file__).with_name("ebanx_sandbox.pem")  # public: notifications are verified with it


def sandbox_accounts(url: str) -> dict[str, Any]:
    """Return the accounts at the sandbox whose console is at `url`; dLocal's own address there is understood too."""
    base = url.rstrip("/").removesuffix("/dlocal")
    return {
        "default": {
            "PROVIDER": "dlocal",
            "ENVIRONMENT": "sandbox",
            "CREDENTIALS": {
                "login": os.environ.get("PAGOEFECTIVO_LOGIN", "sandbox_login"),
                "trans_key": os.environ.get("PAGOEFECTIVO_TRANS_KEY", "sandbox_trans_key"),
                "secret_key": os.environ.get("PAGOEFECTIVO_SECRET_KEY", "sandbox_secret_key"),
            },
            "BASE_URL": f"{base}/dlocal",
            "CONFIRMATION": "query",
        },
        "ebanx": {
            "PROVIDER": "ebanx",
            "ENVIRONMENT": "sandbox",
            "CREDENTIALS": {
                "integration_key": "sandbox_integration_key",
                "notification_certificates": EBANX_CERTIFICATE.read_text(encoding="ascii"),
            },
            "BASE_URL": f"{base}/ebanx",
        },
        "mercadopago": {
            "PROVIDER": "mercadopago",
            "ENVIRONMENT": "sandbox",
            "CREDENTIALS": {
                "access_token": "TEST-sandbox-access-token",
                "webhook_secret": "sandbox_webhook_secret",
            },
            "BASE_URL": f"{base}/mercadopago",
        },
        "pagoefectivo_direct": {
            "PROVIDER": "pagoefectivo_direct",
            "ENVIRONMENT": "sandbox",
            "CREDENTIALS": {
                "id_service": "1234",
                "access_key": "SANDBOXACCESSKEY0001",
                "secret_key": "c2FuZGJveC1zZWNyZXQta2V5LW9mLWEtc2hvcCE",
            },
            "BASE_URL": f"{base}/pagoefectivo_direct/v1",
        },
    }
