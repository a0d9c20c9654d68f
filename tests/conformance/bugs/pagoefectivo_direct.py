"""PagoEfectivo's own API with one bug each."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pagoefectivo.domain.exceptions import Ambiguous, ProviderError
from pagoefectivo.domain.messages import PaymentUpdate, Verification, VoucherRequest
from pagoefectivo.domain.states import PaymentStatus
from pagoefectivo.providers.base import Account, Answer, Operation, Recorder, Wire
from pagoefectivo.providers.documents import Document
from pagoefectivo.providers.pagoefectivo_direct.gateway import PagoEfectivoDirectGateway
from pagoefectivo.providers.pagoefectivo_direct.tables import STATUS_OPTIONS, payment_statuses
from pagoefectivo.providers.pagoefectivo_direct.tokens import Tokens, written
from pagoefectivo.providers.pagoefectivo_direct.webhook import PagoEfectivoDirectWebhookReader
from pagoefectivo.testing.conformance.faults import FAULTS
from tests.conformance.bugs.planting import Bug, bug
from tests.conformance.test_pagoefectivo_direct import TestPagoEfectivoDirect as Promises

FAULT = {fault.name: fault for fault in FAULTS}
ONE_PLACE = "the token"
WITHDRAWN = {**STATUS_OPTIONS, "PAID_STATUSES": (), "REMOVED_STATUSES": ("23",)}


class TakesAnyDateForAPayment(PagoEfectivoDirectGateway):
    def _said_of(self, entries: list[Document], operation: Operation, answer: Answer) -> PaymentUpdate | ProviderError:
        said = super()._said_of(entries, operation, answer)
        is_dated = isinstance(said, PaymentUpdate) and entries[0].get("datePayment")
        return dataclasses.replace(said, status=PaymentStatus.PAID) if is_dated else said  # type: ignore[type-var]


class KeepsOneToken(PagoEfectivoDirectGateway):
    def __init__(self, account: Account, recorder: Recorder, wire: Wire) -> None:
        super().__init__(account, recorder, wire)
        self._tokens._place = ONE_PLACE


class WarmedUpInOnePlace(Promises):
    def warm_up(self, wire: Wire, account: Account) -> None:
        tokens = Tokens(account, wire)
        tokens._place = ONE_PLACE
        tokens.take({"token": "canary.of.token", "tokenExpires": written(wire.now() + timedelta(hours=2))})


class AsksForTheCodeAgain(PagoEfectivoDirectGateway):
    def issue_voucher(self, request: VoucherRequest) -> PaymentUpdate:
        try:
            return super().issue_voucher(request)
        except Ambiguous:
            return super().issue_voucher(request)


class WritesAnewBeforeVerifying(PagoEfectivoDirectWebhookReader):
    """`22.10` becomes `22.1`."""

    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:
        document: Any = json.loads(body)
        return super().verify(json.dumps(document).encode(), headers, query)


BUGS: dict[str, Bug] = {
    "takes the date of 1900 for a payment": bug(
        Promises,
        lambda it: it.test_each_payment_status_is_told_in_our_word("22"),
        gateway=TakesAnyDateForAPayment,
    ),
    "reads a settled code, Cancelado, as withdrawn": bug(
        Promises,
        lambda it: it.test_its_tables_speak_only_our_words(),
        options=WITHDRAWN,
        payment_statuses=payment_statuses(WITHDRAWN),
    ),
    "writes a message anew before verifying it": bug(
        Promises,
        lambda it: it.test_a_signature_is_checked_over_the_bytes_as_they_came(),
        reader=WritesAnewBeforeVerifying,
    ),
    "uses the token of another account": bug(
        Promises,
        lambda it: it.test_two_accounts_share_no_key_and_no_token(Operation.FETCH_PAYMENT),
        gateway=KeepsOneToken,
        broken=WarmedUpInOnePlace,
    ),
    "asks for a code again inside the gateway": bug(
        Promises,
        lambda it: it.test_each_fault_is_called_by_its_name(Operation.ISSUE_VOUCHER, FAULT["no answer in time"]),
        gateway=AsksForTheCodeAgain,
    ),
}
