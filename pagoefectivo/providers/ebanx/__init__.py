"""EBANX Direct API, PagoEfectivo in Peru: what it is able to do, as data."""

from __future__ import annotations

from collections.abc import Mapping
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
from pagoefectivo.providers.ebanx.gateway import (
    ABSENT_PAYMENT_PROVES_NEVER,
    ABSENT_REFUND_PROVES_NEVER,
    EbanxGateway,
)
from pagoefectivo.providers.ebanx.keys import problems
from pagoefectivo.providers.ebanx.settlement import READERS
from pagoefectivo.providers.ebanx.tables import ERRORS, PAYMENT_STATUSES, REFUND_STATUSES
from pagoefectivo.providers.ebanx.webhook import EbanxWebhookReader


class Ebanx(Provider):
    """Each uncertain ability stands at its cautious value and can be overridden per account."""

    slug = "ebanx"
    name = "EBANX"
    hosts = {"sandbox": "https://sandbox.ebanx.com", "production": "https://api.ebanxpay.com"}
    credential_fields = {
        "integration_key": False,
        "jws_private_key": False,
        "jws_kid": False,
        "notification_certificates": True,
    }
    # EBANX is giving up the integration key; where both are set, calls are signed and the key stays at home
    credential_choices = (frozenset({"jws_private_key", "jws_kid"}), frozenset({"integration_key"}))
    secret_list_fields = frozenset({"notification_certificates"})
    secret_headers = frozenset({"x-jws-signature"})
    options = {
        "due_day_lasts": timedelta(hours=24),  # from midnight in Lima until a code dies on its due date
        "dates_zone": "America/Lima",  # of moments such as confirm_date; "may vary" by the merchant's configuration
        "not_found_codes": (),  # with which a query says that it knows no such payment
        "final_refund_codes": (),  # BP-REF codes that mean no for good
    }
    payment_statuses = PAYMENT_STATUSES
    refund_statuses = REFUND_STATUSES
    errors = ERRORS
    settlement_readers = READERS
    support = Support(payment="hash", order="merchant_payment_code")
    capabilities = Capabilities(
        refund_mode=RefundMode.ASYNC_PAYER_INPUT,
        partial_refunds=True,  # "not all methods support partial"; for PagoEfectivo nothing is said
        multiple_refunds=True,
        refund_window=timedelta(days=180),  # on no page of EBANX's; a reseller names it
        refund_needs_settled=False,
        refund_needs_balance=False,
        payer_data_by_provider=True,  # it mails the buyer a form
        absent_payment_proves_never=ABSENT_PAYMENT_PROVES_NEVER,
        absent_refund_proves_never=ABSENT_REFUND_PROVES_NEVER,
        idempotency_life=timedelta(0),  # no keys: a payment's code is unique, a refund's is not
        longest_in_flight=timedelta(minutes=2),  # undocumented
        cancel_voucher=True,
        sets_expiry=True,
        shortest_expiry=timedelta(hours=24),
        longest_expiry=timedelta(hours=72),  # what EBANX's own plugin asks for; no bound is published
        whole_day_expiry=True,
        # EBANX publishes none; these are what PagoEfectivo's owner, Paysafe, lists for Peru. USD needs LIMITS.
        limits={"PEN": (Decimal("2.00"), Decimal("3724.00"))},
        required_payer_fields=frozenset({"name", "email"}),
        webhook_covers_body=True,
        webhook_points=True,
        refunds_bear_reference=True,  # each comes with the merchant_refund_code that its request had to name
        # refund_takes: hours to weeks, for the buyer fills in a form first; five days after it are named for Uruguay only
    )

    @classmethod
    def credential_problems(cls, credentials: Mapping[str, str | tuple[str, ...]]) -> tuple[str, ...]:
        """Return which keys are none, and whether this machine is able to verify EBANX's signatures."""
        return tuple(problems(credentials))

    @classmethod
    def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
        """Return the gateway of one account; raises ConfigurationError for unusable keys, dates or addresses."""
        return EbanxGateway(account, recorder, wire)

    @classmethod
    def webhook_reader(cls, account: Account) -> WebhookReader:
        """Return the listener of one account; raises ConfigurationError for unusable certificates."""
        return EbanxWebhookReader(account)


PROVIDER = Ebanx
