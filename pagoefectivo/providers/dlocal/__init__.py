"""dLocal payins v2.1, PagoEfectivo (method EF) in Peru: what it is able to do, as data."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from pagoefectivo.domain.business_days import BusinessDays
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
from pagoefectivo.providers.dlocal.gateway import (
    ABSENT_PAYMENT_PROVES_NEVER,
    ABSENT_REFUND_PROVES_NEVER,
    DLocalGateway,
)
from pagoefectivo.providers.dlocal.settlement import READERS
from pagoefectivo.providers.dlocal.tables import ERRORS, PAYMENT_STATUSES, REFUND_STATUSES
from pagoefectivo.providers.dlocal.webhook import DLocalWebhookReader


class DLocal(Provider):
    """Each uncertain ability stands at its cautious value and can be overridden per account."""

    slug = "dlocal"
    name = "dLocal"
    hosts = {"sandbox": "https://sandbox.dlocal.com", "production": "https://api.dlocal.com"}
    credential_fields = {"login": True, "trans_key": True, "secret_key": True}
    secret_list_fields = frozenset({"secret_key"})  # the first signs our calls, all verify theirs
    secret_headers = frozenset({"authorization", "x-login", "x-trans-key"})
    payment_statuses = PAYMENT_STATUSES
    refund_statuses = REFUND_STATUSES
    errors = ERRORS
    settlement_readers = READERS
    support = Support(trace_headers=("x-date", "date"))
    capabilities = Capabilities(
        refund_mode=RefundMode.ASYNC,
        partial_refunds=True,
        multiple_refunds=True,
        refund_window=timedelta(days=180),  # "usually", by dLocal's help pages; error 5020 when over
        refund_needs_settled=False,
        refund_needs_balance=True,  # error 5012
        payer_data_by_provider=True,  # it mails the buyer a form where bank data are missing
        absent_payment_proves_never=ABSENT_PAYMENT_PROVES_NEVER,
        absent_refund_proves_never=ABSENT_REFUND_PROVES_NEVER,
        idempotency_life=timedelta(hours=24),  # undocumented; the shortest that any PSP promises
        longest_in_flight=timedelta(minutes=2),  # undocumented
        cancel_voucher=False,  # documented for some tickets, confirmed for none of PagoEfectivo
        sets_expiry=False,  # no request field: the deadline is a setting of the contract, told in the answer
        shortest_expiry=timedelta(hours=24),
        longest_expiry=timedelta(hours=72),
        # dLocal publishes none for EF; these are what PagoEfectivo's owner, Paysafe, lists for Peru
        limits={"PEN": (Decimal("2.00"), Decimal("3724.00"))},
        required_payer_fields=frozenset({"name", "email", "document"}),
        webhook_covers_body=True,
        # "about five business days" by its help pages, and no least; when money is settled is up to each contract
        refund_takes=BusinessDays(1, 5),
        refund_counts_from_details=True,
    )

    @classmethod
    def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
        """Return the gateway of one account; raises ConfigurationError for unusable credentials or addresses."""
        return DLocalGateway(account, recorder, wire)

    @classmethod
    def webhook_reader(cls, account: Account) -> WebhookReader:
        """Return the listener of one account."""
        return DLocalWebhookReader(account)


PROVIDER = DLocal
