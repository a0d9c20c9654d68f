"""Our references in EBANX's shorter fields: the same reference always makes the same code.

EBANX takes 40 characters for a payment's code (error BP-DR-10 beyond) and 20 for a refund's.
"""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import sha256

LONGEST_PAYMENT_CODE = 40
LONGEST_REFUND_CODE = 20
DIGEST = 20  # characters of five bits each: two references do not meet by chance

# Our services name a refund `R-` and twenty hex digits, which is two characters too many.
PREFIX = "R-"
_BARE = re.compile(r"[0-9A-F]{20}", re.ASCII)


def payment_code(reference: str) -> str:
    """Return the merchant_payment_code of a voucher; a long reference keeps its beginning, and its digest."""
    if len(reference) <= LONGEST_PAYMENT_CODE:
        return reference
    return f"{reference[: LONGEST_PAYMENT_CODE - DIGEST - 1]}-{_digest(reference)}"


def refund_code(reference: str) -> str:
    """Return the merchant_refund_code of a refund."""
    bare = reference.removeprefix(PREFIX)
    if _BARE.fullmatch(bare):
        return bare
    return reference if len(reference) <= LONGEST_REFUND_CODE else _digest(reference)


def refund_reference(code: str) -> str:
    """Return our reference behind a merchant_refund_code; a code that none of ours makes is returned as it is."""
    return PREFIX + code if _BARE.fullmatch(code) else code


def _digest(reference: str) -> str:
    return b32encode(sha256(reference.encode()).digest()).decode()[:DIGEST]
