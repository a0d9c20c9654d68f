"""What a provider makes of a message it did not ask for."""

from __future__ import annotations

import dataclasses

import pytest

from pagoefectivo.domain.exceptions import (
    InvalidSignature,
    SignatureFault,
    UnreadableMessage,
)
from pagoefectivo.domain.messages import Pointer
from pagoefectivo.domain.states import Proof
from pagoefectivo.testing.conformance.stage import Stage


class Letters(Stage):
    """See the package."""

    def test_a_signed_message_is_believed_as_far_as_declared(self, raw_payment: str) -> None:
        body = self.notification(raw_payment)
        reader = self.provider.webhook_reader(self.account())
        verification = reader.verify(body, self.signed_headers(body), self.notification_query)
        assert verification.secret_index == 0
        assert verification.covers_body is self.provider.capabilities.webhook_covers_body
        believed = reader.parse(body, self.notification_query, believed=True)
        doubted = reader.parse(body, self.notification_query, believed=False)
        assert len(believed) == len(doubted) >= 1
        for each, proof in [(each, Proof.SIGNED_BODY) for each in believed] + [(each, Proof.HINT) for each in doubted]:
            if not isinstance(each, Pointer):
                assert each.proof is proof

    def test_a_message_with_one_changed_byte_is_refused(self) -> None:
        if not self.provider.capabilities.webhook_covers_body:
            pytest.skip("the provider's signature does not cover the body, and is declared so")
        body = self.notification(self.paid_word)
        assert self.refused(body.replace(b"1", b"2", 1), self.signed_headers(body)) is SignatureFault.MISMATCH

    def test_an_unsigned_message_is_refused(self) -> None:
        assert self.refused(self.notification(self.paid_word), {}) is SignatureFault.MISSING

    def test_a_message_with_any_part_of_its_signature_broken_is_refused(self) -> None:
        body = self.notification(self.paid_word)
        signed = self.signed_headers(body)
        for name in signed:
            for value in ("", "x", signed[name] + "x", signed[name][:-1], "ñ", "\ud800", "x" * 10_000):
                assert self.refused(body, {**signed, name: value}) in SignatureFault

    def test_without_its_secrets_nothing_is_believed(self) -> None:
        body = self.notification(self.paid_word)
        bare = dataclasses.replace(self.account(), credentials={})
        with pytest.raises(InvalidSignature):
            self.provider.webhook_reader(bare).verify(body, self.signed_headers(body), self.notification_query)

    @pytest.mark.parametrize(
        "body",
        [b"", b"\xff\xfe", b"{", b'{"a": NaN}', b'{"a": 1e400}', b"[" * 100_000, b'{"id": {"deep": []}}', b"null"],
        ids=["empty", "binary", "cut", "nan", "1e400", "deep", "odd id", "null"],
    )
    def test_a_signed_message_of_nonsense_is_unreadable_and_nothing_worse(self, body: bytes) -> None:
        with pytest.raises(UnreadableMessage):
            self.provider.webhook_reader(self.account()).parse(body, believed=True)
