"""Storage. Rows hold facts; only `services.lifecycle` moves a state."""

from pagoefectivo.models.access import AccessLog
from pagoefectivo.models.audit import AuditEntry
from pagoefectivo.models.buyer_messages import BuyerMessage
from pagoefectivo.models.buyer_views import BuyerView
from pagoefectivo.models.calendar import NonWorkingDay
from pagoefectivo.models.cases import Anomaly, Case, CaseEntry, CaseLink
from pagoefectivo.models.closing import BankReceipt, CloseAct, MonthlyClose
from pagoefectivo.models.discrepancies import Discrepancy, DiscrepancyEntry, SettlementShare
from pagoefectivo.models.errors import CodeMapping, ErrorMark, ErrorOccurrence, ErrorTally
from pagoefectivo.models.evidence import (
    ApiExchange,
    DeliveryAct,
    PaymentEvent,
    StateChange,
    WebhookDelivery,
    WebhookRejection,
)
from pagoefectivo.models.fees import Costs, FeeQuote, FeeSchedule, FeeTier
from pagoefectivo.models.figures import Figures
from pagoefectivo.models.integrations import ApiKey, IdempotentRequest
from pagoefectivo.models.notes import OrderNote
from pagoefectivo.models.notifications import OutboxMessage
from pagoefectivo.models.operations import AccountPulse, CircuitBreaker, Job, Recovery, StuckRow
from pagoefectivo.models.orders import Order
from pagoefectivo.models.payouts import Payout
from pagoefectivo.models.proofs import PaymentProof, ProofLikeness, ProofReading, ProofReview
from pagoefectivo.models.rates import ExchangeRate, RateCorrection
from pagoefectivo.models.refund_desk import LimitPass, RefundFile
from pagoefectivo.models.refunds import Refund, RefundDestination
from pagoefectivo.models.risk import BuyerMark, RiskFlag
from pagoefectivo.models.second_factor import EmailedCode, WrongAnswers
from pagoefectivo.models.settlements import (
    ReadLine,
    ReportStanding,
    SettlementLine,
    SettlementPiece,
    SettlementReport,
)
from pagoefectivo.models.vouchers import Voucher
from pagoefectivo.models.work import Ownership

__all__ = [
    "AccessLog",
    "AccountPulse",
    "Anomaly",
    "ApiExchange",
    "ApiKey",
    "AuditEntry",
    "BankReceipt",
    "BuyerMark",
    "BuyerMessage",
    "BuyerView",
    "Case",
    "CaseEntry",
    "CaseLink",
    "CircuitBreaker",
    "CloseAct",
    "CodeMapping",
    "Costs",
    "DeliveryAct",
    "Discrepancy",
    "DiscrepancyEntry",
    "EmailedCode",
    "ErrorMark",
    "ErrorOccurrence",
    "ErrorTally",
    "ExchangeRate",
    "FeeQuote",
    "FeeSchedule",
    "FeeTier",
    "Figures",
    "IdempotentRequest",
    "Job",
    "LimitPass",
    "MonthlyClose",
    "NonWorkingDay",
    "Order",
    "OrderNote",
    "OutboxMessage",
    "Ownership",
    "PaymentEvent",
    "PaymentProof",
    "Payout",
    "ProofLikeness",
    "ProofReading",
    "ProofReview",
    "RateCorrection",
    "ReadLine",
    "Recovery",
    "Refund",
    "RefundDestination",
    "RefundFile",
    "ReportStanding",
    "RiskFlag",
    "SettlementLine",
    "SettlementPiece",
    "SettlementReport",
    "SettlementShare",
    "StateChange",
    "StuckRow",
    "Voucher",
    "WebhookDelivery",
    "WebhookRejection",
    "WrongAnswers",
]
