"""Mercado Pago Peru, Payments API v1, PagoEfectivo (`pagoefectivo_atm`): what it is able to do, as data."""

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
    Support,
    WebhookReader,
    Wire,
)
from pagoefectivo.providers.mercadopago.gateway import (
    ABSENT_PAYMENT_PROVES_NEVER,
    ABSENT_REFUND_PROVES_NEVER,
    MercadoPagoGateway,
)
from pagoefectivo.providers.mercadopago.settlement import READERS
from pagoefectivo.providers.mercadopago.tables import ERRORS, PAYMENT_STATUSES, REFUND_STATUSES
from pagoefectivo.providers.mercadopago.webhook import MercadoPagoWebhookReader

HOST = "https://api.mercadopago.com"


class MercadoPago(Provider):
    """Each uncertain ability stands at its cautious value and can be overridden per account.

    One host serves both environments; the access token says which it is for. The token of a *test user* also begins
    with APP_USR- and cannot be told from a real one, so it counts as a production key.
    """

    slug = "mercadopago"
    name = "Mercado Pago"
    hosts = {"sandbox": HOST, "production": HOST}
    credential_fields = {"access_token": True, "webhook_secret": True}
    secret_list_fields = frozenset({"webhook_secret"})
    credential_prefixes = {"access_token": {"sandbox": "TEST-", "production": "APP_USR-"}}
    # which part of `transaction_details` is the code: the published sample contradicts itself; the first that is there
    options = {"CODE_FIELDS": ("verification_code", "payment_method_reference_id")}
    secret_headers = frozenset({"authorization"})
    payment_statuses = PAYMENT_STATUSES
    refund_statuses = REFUND_STATUSES
    errors = ERRORS
    settlement_readers = READERS
    support = Support(language="es", order="external_reference", trace_headers=("x-request-id", "date"))
    capabilities = Capabilities(
        refund_mode=RefundMode.SYNC,
        partial_refunds=False,  # the pages for Peru know whole refunds only; 3024 where it is tried
        multiple_refunds=False,
        refund_window=timedelta(days=90),  # in Peru, from approval; 180 elsewhere
        refund_needs_settled=False,
        refund_needs_balance=True,  # codes 2030 and 2031
        payer_data_by_provider=True,
        refunds_to_own_account=True,  # it pays into the buyer's Mercado Pago account, found by e-mail
        absent_payment_proves_never=ABSENT_PAYMENT_PROVES_NEVER,
        absent_refund_proves_never=ABSENT_REFUND_PROVES_NEVER,
        idempotency_life=timedelta(hours=1),  # undocumented; long enough to send again a few times
        longest_in_flight=timedelta(minutes=2),  # undocumented; its own SDKs wait for one
        cancel_voucher=True,
        sets_expiry=True,
        shortest_expiry=timedelta(days=1),  # printed for Argentina; for Peru only that 30 days end it
        longest_expiry=timedelta(days=30),
        limits={"PEN": (Decimal("5.00"), Decimal("10000.00"))},  # of a published sample; the API tells each account's
        required_payer_fields=frozenset({"email"}),
        webhook_covers_body=False,
        webhook_points=True,
    )

    @classmethod
    def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
        """Return the gateway of one account; raises ConfigurationError for unusable credentials or addresses."""
        return MercadoPagoGateway(account, recorder, wire)

    @classmethod
    def webhook_reader(cls, account: Account) -> WebhookReader:
        """Return the listener of one account."""
        return MercadoPagoWebhookReader(account)


PROVIDER = MercadoPago
