"""Taking secrets and personal data out of what people read. The raw bytes stay encrypted beside it."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterator, Mapping

MASK = "••••"
PERSONAL_KEYS = frozenset(
    {
        "account_number", "address", "bank_account", "bank_branch", "barcode", "beneficiary_lastname",
        "beneficiary_name", "birth_date", "city", "code", "document", "document2", "document_number", "email",
        "holder_name", "ip", "last_name", "lastname", "name", "number", "password", "phone", "secret", "secret_key",
        "street", "token", "trans_key", "user_document", "user_email", "zip_code", "image_url", "access_token",
        "integration_key", "cip_code", "cip_url", "pin", "accesskey", "cip", "cipurl", "hashstring", "userdocumentnumber", "useremail",
        "userlastname", "username", "userphone",
    }
)  # fmt: skip
READABLE_HEADERS = frozenset(
    {
        "accept", "connection", "content-encoding", "content-length", "content-type", "date", "retry-after", "server",
        "user-agent", "x-date", "x-version", "x-request-id",
    }
)  # fmt: skip

PHONE_START = 4
SHORTEST_TRACE = 5  # a shorter value is found everywhere by chance

_EMAIL = re.compile(r"[^\s@\"'<>]{1,64}@[^\s@\"'<>]{1,255}")
_DIGITS = re.compile(r"\d{6,}|\d(?:[ -]?\d){11,}")  # as one run, or as cards and accounts are grouped
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_UNREADABLE = "(unreadable body)"


def places_of(error: BaseException) -> str:
    """Say where an error was raised, innermost first, and never what it says: that may be personal or secret."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames[-5:]))


def mask_code(code: str) -> str:
    """Show only the last three digits of a payment code or account number."""
    return f"{MASK}{code[-3:]}" if code else ""


def without_code(text: str, code: str) -> str:
    """Return a text with the payment code masked wherever it hides; some providers name a payment by its code."""
    return text.replace(code, mask_code(code)) if code else text


def mask_account(account_number: str) -> str:
    """Show only the last four digits of a bank account, as its holder knows it from the bank."""
    return f"{MASK} {MASK} {MASK} {account_number[-4:]}" if account_number else ""


def mask_name(name: str) -> str:
    """Show the first letter of each word."""
    return " ".join(f"{word[0]}{MASK}" for word in name.split())


def mask_email(email: str) -> str:
    """Show the first letter and the domain."""
    local, at, domain = email.partition("@")
    return f"{local[:1]}{MASK}@{domain}" if at else MASK


def mask_phone(phone: str) -> str:
    """Show how a phone number begins: its last three digits open the page of a refund."""
    shown = phone[:PHONE_START]
    return f"{shown}{MASK}" if len(phone) >= 2 * PHONE_START else MASK


def redact_text(text: str, *, longest: int = 200) -> str:
    """Take addresses, long numbers and control characters out of a free text, and cut it."""
    cleaned = _DIGITS.sub(MASK, _EMAIL.sub(MASK, _CONTROL.sub(" ", text)))
    return cleaned[:longest]


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Keep the headers that are known to be harmless readable, but for control characters, and mask the rest."""
    shown = {name: value if name.lower() in READABLE_HEADERS else MASK for name, value in headers.items()}
    if _CONTROL.search("".join((*shown, *shown.values()))):
        return {_CONTROL.sub(" ", name): _CONTROL.sub(" ", value) for name, value in shown.items()}
    return shown


def redact_body(body: bytes) -> str:
    """Return a JSON body with the values of personal and secret keys masked; what is no JSON is not shown at all."""
    if not body:
        return ""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _UNREADABLE
    personal = {value for value in _personal_values(document) if len(value) >= SHORTEST_TRACE}
    shown = json.dumps(_masked(document, personal), ensure_ascii=False, indent=2)
    return shown.encode(errors="backslashreplace").decode()  # half a character cannot be shown


def _personal_values(node: object) -> Iterator[str]:
    """A code stands in other fields as well (`EF-<code>`), so what is personal once is masked wherever it appears."""
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str | int) and key.lower() in PERSONAL_KEYS:
                yield str(value)
            yield from _personal_values(value)
    elif isinstance(node, list):
        for item in node:
            yield from _personal_values(item)


def _masked(node: object, personal: set[str]) -> object:
    if isinstance(node, dict):
        return {
            key: MASK if _is_scalar(value) and key.lower() in PERSONAL_KEYS else _masked(value, personal)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_masked(item, personal) for item in node]
    if isinstance(node, str):
        if any(value in node for value in personal):
            return MASK
        return _EMAIL.sub(MASK, node)
    return node


def _is_scalar(value: object) -> bool:
    return not isinstance(value, dict | list)
