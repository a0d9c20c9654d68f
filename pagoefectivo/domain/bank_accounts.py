"""Bank accounts in Peru: what a CCI is, and what a refund's destination lacks.

Length, digits and bank codes are dLocal's published list of 2021. The check digits follow the rule in general use, which
no source at hand prints, and banks have been founded since: both only warn, and a person looks again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import replace

from pagoefectivo.domain.doubts import Doubt, DoubtKind
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason
from pagoefectivo.domain.limits import DOCUMENTS, LONGEST
from pagoefectivo.domain.messages import Destination, Payer

BANKS = {
    "001": "Banco Central de Reserva",
    "002": "BCP",
    "003": "Interbank",
    "007": "Citibank",
    "009": "Scotiabank",
    "011": "BBVA",
    "018": "Banco de la Nación",
    "023": "Banco de Comercio",
    "035": "Pichincha",
    "038": "BanBif",
    "043": "Crediscotia",
    "049": "Mi Banco",
    "053": "GNB",
    "054": "Falabella",
    "056": "Santander",
    "800": "Caja Metropolitana de Lima",
    "801": "Caja Piura",
    "802": "Caja Trujillo",
    "803": "Caja Arequipa",
    "805": "Caja Sullana",
    "806": "Caja Cusco",
    "808": "Caja Huancayo",
    "813": "Caja Tacna",
}
TRANSFER_FIELDS = frozenset({"holder_name", "document_type", "document_number", "account_number"})

_CCI = re.compile(r"\d{20}", re.ASCII)
_GROUPING = re.compile(r"[ \N{NO-BREAK SPACE}-]")
_CODE_ENDS, _BRANCH_ENDS, _ACCOUNT_ENDS = 3, 6, 18


def tidy(destination: Destination) -> Destination:
    """Return a destination with its CCI as twenty digits and the bank that it names; what is no CCI stays as it is."""
    cci = _GROUPING.sub("", destination.account_number)
    if not _CCI.fullmatch(cci):
        return destination
    return replace(destination, account_number=cci, bank_code=destination.bank_code or cci[:_CODE_ENDS])


def destination_objections(
    destination: Destination, required: Collection[str], *, needs_cci: bool
) -> tuple[Reason, ...]:
    """Return every reason why a refund cannot go to a tidy `destination`; empty means that it may.

    `required` are names of Destination's parts; `needs_cci` where the account must be a CCI of twenty digits.
    """
    return tuple(_objections(destination, required, needs_cci=needs_cci))


def _objections(destination: Destination, required: Collection[str], *, needs_cci: bool) -> Iterator[Reason]:
    for part in sorted(required):
        if not str(getattr(destination, part)).strip():
            yield _invalid(part)
    name = destination.holder_name
    if len(name) > LONGEST["name"] or any(ord(character) < ord(" ") for character in name):
        yield _invalid("holder_name")
    if destination.document_type and destination.document_type not in DOCUMENTS:
        yield _invalid("document_type")
    pattern = DOCUMENTS.get(destination.document_type)
    if destination.document_number and pattern and not pattern.fullmatch(destination.document_number):
        yield _invalid("document_number")
    if needs_cci and destination.account_number:
        yield from _against_cci(destination)


def _against_cci(destination: Destination) -> Iterator[Reason]:
    if not _CCI.fullmatch(destination.account_number):
        yield Reason(ErrorCode.REFUND_ACCOUNT_INVALID, field="destination.account_number")
    elif destination.bank_code and destination.bank_code != destination.account_number[:_CODE_ENDS]:
        yield Reason(ErrorCode.REFUND_BANK_MISMATCH, field="destination.bank_code")


def _invalid(part: str) -> Reason:
    return Reason(ErrorCode.REFUND_DESTINATION_INVALID, field=f"destination.{part}")


def cci_doubts(account_number: str) -> tuple[Doubt, ...]:
    """Return what is odd about twenty digits: reasons to look again, not to refuse."""
    if not _CCI.fullmatch(account_number):
        return ()
    doubts = []
    if account_number[:_CODE_ENDS] not in BANKS:
        doubts.append(Doubt(DoubtKind.BANK_UNKNOWN, account_number[:_CODE_ENDS]))
    if account_number[_ACCOUNT_ENDS:] != check_digits(account_number[:_ACCOUNT_ENDS]):
        doubts.append(Doubt(DoubtKind.DIGITS_DO_NOT_FIT))
    return tuple(doubts)


def payee_doubts(destination: Destination, payer: Payer) -> tuple[Doubt, ...]:
    """Return why an account may not be the payer's own: reasons for a person to look."""
    if not payer.name and not payer.document_number:
        return (Doubt(DoubtKind.BUYER_UNKNOWN),)
    doubts = []
    if payer.name and not is_one_name(payer.name, destination.holder_name):
        doubts.append(Doubt(DoubtKind.NAME_DIFFERS))
    if payer.document_number and payer.document_number.casefold() != destination.document_number.casefold():
        doubts.append(Doubt(DoubtKind.DOCUMENT_DIFFERS))
    return tuple(doubts)


def is_one_name(one: str, other: str) -> bool:
    """Whether all words of the shorter name stand in the longer, whatever their accents and order."""
    shorter, longer = sorted((_words(one), _words(other)), key=len)
    return bool(shorter) and shorter <= longer


def _words(name: str) -> set[str]:
    plain = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return set(re.findall(r"\w+", plain.casefold()))


def check_digits(body: str) -> str:
    """Return the two digits that follow the eighteen of bank, branch and account."""
    return f"{_check_digit(body[:_BRANCH_ENDS])}{_check_digit(body[_BRANCH_ENDS:])}"


def _check_digit(digits: str) -> int:
    """Weights 1 and 2 in turn from the left, the digits of each product summed, up to the next ten."""
    products = (int(digit) * (1 + place % 2) for place, digit in enumerate(digits))
    return -sum(product // 10 + product % 10 for product in products) % 10
