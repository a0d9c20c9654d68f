"""What every face owes the company behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.ledger import Ledger, Merchant, Payment, Refund
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Answer, Request


class Face(Protocol):
    """One PSP as seen from outside: its paths, its words, its signatures, its errors."""

    name: ClassVar[str]  # also the first part of its paths
    title: ClassVar[str]  # for people
    abilities: ClassVar[frozenset[str]]  # what scenarios and tests may ask of it; see `scenarios.Scenario.needs`
    root: ClassVar[str]  # what all its paths begin with, behind its name
    most_retries: ClassVar[int | None]  # of a notification; None: as many as the switch has waits

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, counter: Counter) -> None: ...

    def merchant(self) -> Merchant:
        """Return the face's first customer, with the same credentials each time."""

    def reset(self) -> None:
        """Forget what was remembered between requests."""

    def operation(self, method: str, path: str) -> str | None:
        """Return which operation this request asks for; None for a path that leads nowhere."""

    def handle(self, operation: str, request: Request) -> Answer:
        """Check credentials and signature, do the work under the ledger's lock, answer in the PSP's shapes."""

    def unrouted(self) -> Answer:
        """Return the answer to a path that leads nowhere."""

    def error(self, status: int) -> Answer:
        """Return the PSP's own answer for 429 or a 5xx."""

    def refusal(self, code: str) -> Answer:
        """Return the PSP's own answer that turns a request down with any code of its, listed or not."""

    def not_found(self, operation: str) -> Answer:
        """Return the PSP's own answer for something it does not know."""

    def distort(self, kind: str, answer: Answer, options: Mapping[str, Any]) -> Answer:
        """Return the answer with a wrong amount, an unknown status, or as it was before the last change."""

    def subject(self, answer: Answer) -> Payment | Refund | None:
        """Return what a successful create or refund answer speaks of."""

    def notification(self, subject: Payment | Refund) -> bytes:
        """Return the body of the notification about the subject as it stands now; empty where the PSP tells nothing."""

    def address(self, url: str, body: bytes) -> str:
        """Return where a notification with this body is posted: some PSPs add to the merchant's address."""

    def signed_headers(
        self, merchant: Merchant, body: bytes, sent_at: datetime, date_text: str | None = None
    ) -> dict[str, str]:
        """Return the headers of a notification, signed with the merchant's secret; `date_text` replaces the date."""

    def unsigned_headers(self, merchant: Merchant, sent_at: datetime) -> dict[str, str]:
        """Return the same headers without any signature."""
