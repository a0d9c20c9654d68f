"""The document that asks for a payment code, to the length of each of its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.views.decorators.debug import sensitive_variables

from pagoefectivo.domain.messages import Payer, VoucherRequest
from pagoefectivo.providers.documents import Document
from pagoefectivo.providers.pagoefectivo_direct.objects import transaction_code
from pagoefectivo.providers.pagoefectivo_direct.tokens import written

LONGEST_CONCEPT = 50
LONGEST_NAME = 30
LONGEST_DOCUMENT = 14
LONGEST_PHONE = 15
PERU = "+51"
DOCUMENT_TYPES = {"DNI": "DNI", "PASSPORT": "PAS"}  # it takes no RUC and no CE; both fields may be left out

_FOREIGN = re.compile(r"(\+[0-9]{1,4})[ (-]+(.+)", re.ASCII)
_NO_DIGIT = re.compile(r"[^0-9]", re.ASCII)


@sensitive_variables()
def voucher_document(request: VoucherRequest, options: Mapping[str, Any]) -> Document:
    """Return what POST /cips takes; what is not known is left out."""
    payer = request.payer
    document = {
        "currency": request.currency,
        "amount": request.amount,
        "transactionCode": transaction_code(request.reference),
        "dateExpiry": written(request.expires_at),
        "paymentConcept": request.description[:LONGEST_CONCEPT],
        "userEmail": payer.email,
        "userName": payer.name[:LONGEST_NAME],
        "userCountry": options["USER_COUNTRY"],
        **_identity(payer),
        **(_phone(payer.phone) if options["SEND_PHONE"] else {}),
    }
    return {key: value for key, value in document.items() if value != ""}


def _identity(payer: Payer) -> Document:
    kind, number = DOCUMENT_TYPES.get(payer.document_type), payer.document_number
    if not kind or not 0 < len(number) <= LONGEST_DOCUMENT:
        return {}
    return {"userDocumentType": kind, "userDocumentNumber": number}


def _phone(written_phone: str) -> Document:
    """Return country and number apart. One without a country is Peruvian; one whose parts are not told apart is left out."""
    phone, country = written_phone.strip(), PERU
    if phone.startswith(PERU):
        phone = phone.removeprefix(PERU)
    elif phone.startswith("+"):
        foreign = _FOREIGN.fullmatch(phone)
        country, phone = (foreign[1], foreign[2]) if foreign else ("", "")
    number = _NO_DIGIT.sub("", phone)
    return {"userCodeCountry": country, "userPhone": number} if 0 < len(number) <= LONGEST_PHONE else {}
