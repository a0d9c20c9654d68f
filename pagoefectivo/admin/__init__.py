"""The back office. Lists and pages read; every act is a POST that makes one service call."""

from pagoefectivo.admin import (
    audit,
    buyer_messages,
    buyer_views,
    calendar,
    cases,
    errors,
    evidence,
    integrations,
    notifications,
    operations,
    orders,
    payouts,
    proof_evidence,
    proofs,
    refunds,
    vouchers,
)

__all__ = [
    "audit",
    "buyer_messages",
    "buyer_views",
    "calendar",
    "cases",
    "errors",
    "evidence",
    "integrations",
    "notifications",
    "operations",
    "orders",
    "payouts",
    "proof_evidence",
    "proofs",
    "refunds",
    "vouchers",
]
