"""The desks of a back office, and what each may do. Names are those of Django's permissions, without the app's."""

from __future__ import annotations

LOOKS = (
    *("view_order", "view_voucher", "view_refund", "view_anomaly", "view_paymentevent", "view_statechange"),
    *("view_erroroccurrence", "view_apiexchange", "view_webhookdelivery", "view_webhookrejection"),
    *("view_outboxmessage", "view_buyermessage", "view_paymentproof", "view_riskflag", "view_nonworkingday"),
    "view_figures",
)
SUPPORT = (*LOOKS, "refresh_order", "resend_message")
MACHINE = ("view_circuitbreaker", "view_accountpulse", "view_recovery", "view_job", "view_stuckrow")

GROUPS: dict[str, tuple[str, ...]] = {
    "PagoEfectivo support 1": SUPPORT,
    "PagoEfectivo support 2": (
        *SUPPORT,
        *("view_personal_data", "cancel_order", "request_refund", "review_proof", "dismiss_flag"),
    ),
    "PagoEfectivo finance": (
        *SUPPORT,
        *("view_personal_data", "cancel_order", "request_refund", "review_proof", "dismiss_flag"),
        *("approve_refund", "accept_payment", "view_bank_account", "view_refunddestination", "export_finance"),
        *("view_payout", "make_payout", "download_payout", "settle_payout", "keep_calendar"),
    ),
    "PagoEfectivo auditor": (
        *(*LOOKS, *MACHINE, "view_payout", "view_refunddestination", "view_apikey"),
        *("view_raw_payload", "view_auditentry", "view_accesslog"),
    ),
    "PagoEfectivo developer": (
        *(*LOOKS, *MACHINE, "refresh_order", "resend_message"),
        *("view_raw_payload", "view_auditentry", "view_apikey", "change_apikey"),
    ),
}
