"""R14: the design's dictionary beside the code's, and what the catalogue says of each code beyond its sentence."""

from __future__ import annotations

import re

import pytest

from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode, Who
from pagoefectivo.domain.error_rules import MEANINGS, Money, Retry, money_after, retry_rule
from pagoefectivo.providers.registry import provider_named

# Every entry of the design's dictionary, in its order.
DESIGN = """
OK CREATE_INVALID_REQUEST CREATE_FIELD_REQUIRED CREATE_FIELD_INVALID CREATE_AMOUNT_TOO_HIGH CREATE_AMOUNT_TOO_LOW
CREATE_CURRENCY_UNSUPPORTED CREATE_DUPLICATE_REFERENCE CREATE_EXPIRY_INVALID CREATE_METHOD_DISABLED
CREATE_OUTCOME_UNKNOWN CREATE_RISK_REJECTED AUTH_INVALID_CREDENTIALS AUTH_SERVICE_MISMATCH AUTH_TOKEN_EXPIRED
AUTH_CLOCK_SKEW AUTH_WRONG_ENVIRONMENT AUTH_IP_NOT_ALLOWED PSP_UNAVAILABLE PSP_TIMEOUT PSP_RATE_LIMITED
PSP_BAD_RESPONSE PSP_UNMAPPED POLL_NOT_FOUND POLL_STATUS_CONFLICT POLL_STALE PAID_AMOUNT_MISMATCH
PAID_CURRENCY_MISMATCH PAID_LATE PAID_TWICE PAID_AFTER_VOID WEBHOOK_SIGNATURE_MISSING WEBHOOK_SIGNATURE_MISMATCH
WEBHOOK_SECRET_NOT_CONFIGURED WEBHOOK_REPLAYED WEBHOOK_OUT_OF_ORDER WEBHOOK_UNKNOWN_VOUCHER WEBHOOK_HANDLER_FAILED
REFUND_NOT_ALLOWED REFUND_AMOUNT_EXCEEDED REFUND_NEEDS_ACCOUNT REFUND_CUSTOMER_DEADLINE REFUND_ACCOUNT_INVALID
REFUND_ACCOUNT_CLOSED REFUND_HOLDER_MISMATCH REFUND_BANK_MISMATCH REFUND_LIMIT_EXCEEDED REFUND_INSUFFICIENT_FUNDS
REFUND_REJECTED REFUND_CANCELLED REFUND_PENDING_TOO_LONG REFUND_OUTCOME_UNKNOWN REFUND_DUPLICATE
REFUND_STARTED_OUTSIDE REFUND_NET_DIFFERS APPROVAL_SELF APPROVAL_STALE RECON_MISSING_AT_PSP RECON_MISSING_HERE
RECON_FEE_MISMATCH
""".split()  # noqa: SIM905 - sixty quoted words are harder to compare with the design
ELSEWHERE = {
    "OK": "what went well is no failure",
    "AUTH_TOKEN_EXPIRED": "a token is renewed before it ends, and once more when it is refused: nobody meets this",
    "REFUND_CUSTOMER_DEADLINE": "REFUND_DESTINATION_LATE is its name here",
    "RECON_MISSING_AT_PSP": "comes with the settlement files",
    "RECON_MISSING_HERE": "comes with the settlement files",
    "RECON_FEE_MISMATCH": "comes with the settlement files",
}
# The raw codes that the design names, of the providers that there are: provider, operation, raw code, code.
RAW = [
    ("pagoefectivo_direct", "issue_voucher", "111", "CREATE_INVALID_REQUEST"),
    ("pagoefectivo_direct", "issue_voucher", "112", "CREATE_FIELD_REQUIRED"),
    ("pagoefectivo_direct", "issue_voucher", "113", "CREATE_FIELD_INVALID"),
    ("pagoefectivo_direct", "issue_voucher", "511", "CREATE_AMOUNT_TOO_HIGH"),
    ("pagoefectivo_direct", "issue_voucher", "508", "AUTH_SERVICE_MISMATCH"),
    ("pagoefectivo_direct", "fetch_payment", "166", "PSP_UNAVAILABLE"),
    ("ebanx", "issue_voucher", "BP-DR-2", "CREATE_FIELD_REQUIRED"),
    ("ebanx", "issue_voucher", "BP-DR-9", "CREATE_FIELD_REQUIRED"),
    ("ebanx", "issue_voucher", "BP-DR-7", "CREATE_AMOUNT_TOO_HIGH"),
    ("ebanx", "issue_voucher", "BP-DR-6", "CREATE_AMOUNT_TOO_LOW"),
    ("ebanx", "issue_voucher", "BP-DR-0", "CREATE_DUPLICATE_REFERENCE"),
    ("ebanx", "issue_voucher", "BP-CH-1", "CREATE_METHOD_DISABLED"),
    ("dlocal", "request_refund", "5012", "REFUND_INSUFFICIENT_FUNDS"),
]


def test_R14_every_entry_of_the_design_is_in_the_catalogue_or_says_where_it_is() -> None:
    assert len(DESIGN) == len(set(DESIGN)) == 60
    assert {code for code in DESIGN if code not in ErrorCode.__members__} == set(ELSEWHERE)


@pytest.mark.parametrize(("provider", "operation", "raw", "code"), RAW)
def test_R14_a_raw_code_of_the_design_leads_where_it_says(provider: str, operation: str, raw: str, code: str) -> None:
    [rule] = [rule for (op, said), rule in provider_named(provider).errors.items() if (op, said) == (operation, raw)]
    assert rule.code == code


def test_every_code_has_one_retry_rule_and_one_word_on_the_money() -> None:
    rules = {code: (retry_rule(code), money_after(code)) for code in ErrorCode}
    assert rules[ErrorCode.REFUND_OUTCOME_UNKNOWN] == (Retry.NEVER, Money.UNKNOWN)
    assert rules[ErrorCode.PSP_UNMAPPED] == (Retry.NEVER, Money.UNKNOWN), "what nobody knows is not tried again"
    assert rules[ErrorCode.PSP_UNAVAILABLE] == (Retry.AUTOMATIC, Money.SAFE)
    assert rules[ErrorCode.PAID_TWICE] == (Retry.NONE, Money.LOOK)
    assert rules[ErrorCode.REFUND_HOLDER_MISMATCH] == (Retry.AFTER_CHANGE, Money.SAFE)


def test_what_nobody_has_to_do_anything_about_is_not_said_to_need_a_look() -> None:
    looks = {code for code in ErrorCode if money_after(code) is Money.LOOK}
    assert {code for code in looks if CATALOGUE[code].who in {Who.NOBODY, Who.BUYER}} == set()


def test_a_raw_code_is_never_said_to_mean_what_only_we_can_know() -> None:
    assert ErrorCode.REFUND_ACCOUNT_CLOSED in MEANINGS
    ours = re.compile("PAID_|WEBHOOK_|APPROVAL_|PAYOUT_|PROOF_|ERROR_|REQUEST_|IDEMPOTENCY_|MESSAGE_")
    assert [code for code in MEANINGS if ours.match(code)] == []
    assert ErrorCode.PSP_UNMAPPED not in MEANINGS
