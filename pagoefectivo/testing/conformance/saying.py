"""What a provider says, and what it never says."""

from __future__ import annotations

import dataclasses

import pytest

from pagoefectivo.domain.exceptions import ConfigurationError, ProviderError
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

    def test_what_is_recorded_is_what_left(self, operation: Operation) -> None:
        evidence = KeptEvidence()
        with (
            scripted_server(answers(500, b"")) as server,
            self.gateway(server.base_url, evidence) as gateway,
            pytest.raises(ProviderError),
        ):
            self.ask(operation, gateway)
        assert [each.method for each in server.arrived()] == [call.method for call in evidence.calls]
        for arrived, call in zip(server.arrived(), evidence.calls, strict=True):
            assert arrived.body == call.body
            assert server.base_url + arrived.target == call.url
            assert {
                name.lower(): value.strip() for name, value in call.headers.items()
            }.items() <= arrived.headers.items()

    def test_the_provider_would_take_each_call_for_the_accounts(self, operation: Operation) -> None:
        with (
            scripted_server(answers(500, b"")) as server,
            self.gateway(server.base_url, KeptEvidence()) as gateway,
            pytest.raises(ProviderError),
        ):
            self.ask(operation, gateway)
        assert self.accepts(server.arrived()[0])

    def test_two_accounts_share_no_key_and_no_token(self, operation: Operation) -> None:
        first, second = KeptEvidence(), KeptEvidence()
        with scripted_server(answers(500, b"")) as server, open_wire() as wire:
            ours = self.account(server.base_url)
            theirs = dataclasses.replace(ours, name="second", credentials=self.second_credentials())
            self.warm_up(wire, ours)
            for account, evidence in ((ours, first), (theirs, second)):
                with pytest.raises(ProviderError):
                    self.ask(operation, self.provider.gateway(account, evidence, wire))
        secret = {name for name in first.calls[0].headers if name.lower() in self.provider.secret_headers}
        assert {name for name in secret if second.calls[0].headers.get(name) == first.calls[0].headers[name]} == set()
        said = " ".join((*second.calls[0].headers.values(), second.calls[0].body.decode()))
        assert [each for values in self.credentials.values() for each in each_secret(values) if each in said] == []

    @pytest.mark.parametrize("move", [Operation.ISSUE_VOUCHER, Operation.REQUEST_REFUND])
    def test_what_is_sent_again_bears_the_key_that_we_stored(self, move: Operation) -> None:
        if move in self.unsupported or not self.provider.capabilities.idempotency_life:
            pytest.skip("the provider takes no keys for it, and declares so")
        key = (self.voucher if move is Operation.ISSUE_VOUCHER else self.refund).idempotency_key
        evidence = KeptEvidence()
        with scripted_server(answers(500, b"")) as server, self.gateway(server.base_url, evidence) as gateway:
            for _ in range(2):
                with pytest.raises(ProviderError):
                    self.ask(move, gateway)
        assert [key in f"{[*call.headers.values()]}{call.body!r}" for call in evidence.calls] == [True, True]

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
