"""Ventanilla, a made-up company whose provider is somebody else's package: what it is able to do, as data."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from pagoefectivo.providers.base import (
    Account,
    Capabilities,
    Gateway,
    Provider,
    Recorder,
    RefundMode,
    WebhookReader,
    Wire,
)
from tests.thirdparty.ventanilla.gateway import VentanillaGateway
from tests.thirdparty.ventanilla.tables import ERRORS, PAYMENT_STATUSES, REFUND_STATUSES
from tests.thirdparty.ventanilla.webhook import VentanillaWebhookReader


class Ventanilla(Provider):
    slug = "ventanilla"
    name = "Ventanilla"
    hosts = {"sandbox": "https://sandbox.ventanilla.example", "production": "https://api.ventanilla.example"}
    credential_fields = {"api_key": True, "signing_key": True}  # field -> required
    secret_list_fields = frozenset({"signing_key"})  # may hold several values while it is rotated
    secret_headers = frozenset({"authorization"})  # masked wherever evidence is shown
    payment_statuses = PAYMENT_STATUSES
    refund_statuses = REFUND_STATUSES
    errors = ERRORS
    capabilities = Capabilities(
        refund_mode=RefundMode.SYNC,
        partial_refunds=True,
        multiple_refunds=True,
        refund_window=timedelta(days=90),
        refund_needs_settled=False,
        refund_needs_balance=True,
        payer_data_by_provider=True,
        absent_payment_proves_never=False,
        absent_refund_proves_never=False,
        idempotency_life=timedelta(hours=24),
        longest_in_flight=timedelta(minutes=2),
        cancel_voucher=False,
        sets_expiry=True,
        shortest_expiry=timedelta(hours=1),
        longest_expiry=timedelta(days=7),
        limits={"PEN": (Decimal("1.00"), Decimal("2000.00"))},
        required_payer_fields=frozenset({"email"}),
        webhook_covers_body=True,
    )

    @classmethod
    def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
        return VentanillaGateway(account, recorder, wire)

    @classmethod
    def webhook_reader(cls, account: Account) -> WebhookReader:
        return VentanillaWebhookReader(account)
