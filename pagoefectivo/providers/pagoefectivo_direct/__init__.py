"""PagoEfectivo's own API for merchants (Api CIP, guide v1.1): what it is able to do, as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pagoefectivo.providers.base import (
    Account,
    Capabilities,
    Gateway,
    Provider,
    Recorder,
    RefundMode,
    SettlementReader,
    Support,
    WebhookReader,
    Wire,
)
from pagoefectivo.providers.pagoefectivo_direct.gateway import PagoEfectivoDirectGateway
from pagoefectivo.providers.pagoefectivo_direct.settlement import READERS, SETTLEMENT_OPTIONS, PlainSettlement
from pagoefectivo.providers.pagoefectivo_direct.tables import (
    ERRORS,
    PAYMENT_STATUSES,
    REFUND_STATUSES,
    STATUS_OPTIONS,
)
from pagoefectivo.providers.pagoefectivo_direct.webhook import PagoEfectivoDirectWebhookReader


class PagoEfectivoDirect(Provider):
    """Each uncertain ability stands at its cautious value and can be overridden per account."""

    slug = "pagoefectivo_direct"
    name = "PagoEfectivo"
    hosts = {
        "sandbox": "https://pre1a.services.pagoefectivo.pe/v1",
        "production": "https://services.pagoefectivo.pe/v1",
    }
    credential_fields = {"id_service": True, "access_key": True, "secret_key": True}
    secret_list_fields = frozenset({"secret_key"})  # the first signs our calls, all verify theirs
    secret_headers = frozenset({"authorization"})
    options = {
        **STATUS_OPTIONS,
        "ORIGIN": "web",  # or android, ios: a header that the guide demands
        "USER_COUNTRY": "",  # "PERU" by the guide, "PE" by a plugin, optional by both
        "SEND_PHONE": True,  # mandatory by the guide, optional by its SDKs
        **SETTLEMENT_OPTIONS,
    }
    payment_statuses = PAYMENT_STATUSES  # by the options as they stand
    refund_statuses = REFUND_STATUSES
    errors = ERRORS
    settlement_readers = READERS
    support = Support(language="es", payment="CIP", order="transactionCode", merchant="id_service")
    capabilities = Capabilities(
        refund_mode=RefundMode.MANUAL,  # no document has a call for it
        partial_refunds=True,
        multiple_refunds=True,
        refund_window=timedelta(days=365),  # the shop's own money: nobody else sets an end
        refund_needs_settled=False,
        refund_needs_balance=False,
        payer_data_by_provider=False,
        destination_fields=frozenset({"holder_name", "document_type", "document_number", "account_number"}),
        absent_payment_proves_never=False,  # there is no search by our reference
        absent_refund_proves_never=False,
        idempotency_life=timedelta(0),  # no key, and whether a repeated transactionCode is refused nobody says
        longest_in_flight=timedelta(minutes=2),  # undocumented
        cancel_voucher=True,
        extend_voucher=True,
        sets_expiry=True,
        shortest_expiry=timedelta(minutes=10),
        longest_expiry=timedelta(days=180),  # "less than six months", by an aggregator's page
        # What PagoEfectivo's owner, Paysafe, lists for Peru; a contract's own maximum answers 511. None for USD.
        limits={"PEN": (Decimal("2.00"), Decimal("3724.00"))},
        required_payer_fields=frozenset({"email"}),  # it makes a user of it and mails the code there
        webhook_covers_body=True,
        payments_per_question=20,  # unpublished
    )

    @classmethod
    def settlement_readers_of(cls, options: Mapping[str, Any]) -> tuple[SettlementReader, ...]:
        """Return the reader of the plain layout, with the names that the account's files have."""
        return (PlainSettlement(*(options[name] for name in SETTLEMENT_OPTIONS)),)

    @classmethod
    def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
        """Return the gateway of one account; raises ConfigurationError for unusable credentials or addresses."""
        return PagoEfectivoDirectGateway(account, recorder, wire)

    @classmethod
    def webhook_reader(cls, account: Account) -> WebhookReader:
        """Return the listener of one account."""
        return PagoEfectivoDirectWebhookReader(account)


PROVIDER = PagoEfectivoDirect
