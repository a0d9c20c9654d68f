"""The desks of a back office, and what each may do. Names are those of Django's permissions, without the app's.

To pass a limit in an emergency (`pass_refund_limit`) belongs to no desk: a shop gives it to single people.
"""

from __future__ import annotations

LOOKS = (
    *("view_order", "view_voucher", "view_refund", "view_anomaly", "view_paymentevent", "view_statechange"),
    *("view_erroroccurrence", "view_apiexchange", "view_webhookdelivery", "view_webhookrejection"),
    *("view_outboxmessage", "view_buyermessage", "view_paymentproof", "view_riskflag", "view_nonworkingday"),
    *("view_figures", "view_case", "view_ordernote", "view_ownership"),
)
SUPPORT = (*LOOKS, "refresh_order", "resend_message", "add_note", "own_work", "open_case")
SEASONED = (
    *("view_personal_data", "cancel_order", "request_refund", "review_proof", "dismiss_flag"),
    *("renew_order_link", "own_outside_refund", "follow_error", "work_case", "view_refundfile"),
)
MACHINE = ("view_circuitbreaker", "view_accountpulse", "view_recovery", "view_job", "view_stuckrow")
MONTH = (
    *("view_settlementreport", "view_settlementline", "view_discrepancy", "view_exchangerate"),
    *("view_feeschedule", "view_costs", "view_feequote", "view_monthlyclose", "view_closeact", "view_bankreceipt"),
)

GROUPS: dict[str, tuple[str, ...]] = {
    "PagoEfectivo support 1": SUPPORT,
    "PagoEfectivo support 2": (*SUPPORT, *SEASONED),
    "PagoEfectivo finance": (
        *SUPPORT,
        *SEASONED,
        *("approve_refund", "accept_payment", "view_bank_account", "view_refunddestination", "export_finance"),
        *("view_payout", "make_payout", "download_payout", "settle_payout", "keep_calendar"),
        *("assign_case", "close_case", "bundle_case", "view_limitpass"),
        *(*MONTH, "import_settlement", "match_line", "work_discrepancy", "keep_rates", "keep_fees"),
        *("prepare_close", "sign_close", "reopen_close", "note_receipt"),
    ),
    "PagoEfectivo auditor": (
        *(*LOOKS, *MACHINE, *MONTH, "view_payout", "view_refunddestination", "view_apikey"),
        *("view_raw_payload", "view_auditentry", "view_accesslog"),
        *("view_buyerview", "view_limitpass", "view_refundfile"),
    ),
    "PagoEfectivo developer": (
        *(*LOOKS, *MACHINE, "refresh_order", "resend_message"),
        *("view_raw_payload", "view_auditentry", "view_apikey", "change_apikey"),
        *("follow_error", "map_error", "replay_webhook"),
    ),
}
