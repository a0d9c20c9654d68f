"""What a provider says, and what it never says."""

from __future__ import annotations

import pytest

from pagoefectivo.domain.exceptions import (
    ConfigurationError,
)
from pagoefectivo.providers.base import READS, Operation
from pagoefectivo.testing.conformance.evidence import KeptEvidence, open_wire
from pagoefectivo.testing.conformance.scripted_server import answers, scripted_server
from pagoefectivo.testing.conformance.stage import Stage, each_secret


class Saying(Stage):
    """See the package."""

    def test_a_call_whose_evidence_cannot_be_kept_is_not_made(self, operation: Operation) -> None:
        class NoRoom(KeptEvidence):
            def sending(self, call: object) -> None:
                raise OSError("no space left on device")

        with (
            scripted_server(answers(200, b"{}")) as server,
            self.gateway(server.base_url, NoRoom()) as gateway,
            pytest.raises(OSError, match="no space"),
        ):
            self.ask(operation, gateway)
        assert server.requests == []

    def test_every_header_that_carries_a_secret_is_declared_secret(self, operation: Operation) -> None:
        _, evidence = self.failed(operation, answers(500, b""))
        secrets = [secret for values in self.credentials.values() for secret in each_secret(values)]
        telling = {
            name.lower()
            for name, value in evidence.calls[0].headers.items()
            if any(secret in value for secret in secrets)
        }
        assert telling <= self.provider.secret_headers

    def test_a_question_changes_nothing_there(self, operation: Operation) -> None:
        _, evidence = self.failed(operation, answers(500, b""))
        assert evidence.calls[0].operation is operation
        if operation in READS - self.questions_by_post:
            assert (evidence.calls[0].method, evidence.calls[0].body) == ("GET", b"")

    def test_no_address_carries_a_secret_or_a_person(self, operation: Operation) -> None:
        _, evidence = self.failed(operation, answers(500, b""))
        assert self.canaries_in([evidence.calls[0].url]) == set()

    def test_the_keys_never_leave_without_tls(self) -> None:
        with open_wire() as wire, pytest.raises(ConfigurationError):
            self.provider.gateway(self.account("http://psp.example"), KeptEvidence(), wire)
