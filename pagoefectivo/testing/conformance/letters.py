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
        assert verification.signed_at == self.signed_at
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

    def test_a_signature_is_checked_over_the_bytes_as_they_came(self) -> None:
        body = self.notification(self.paid_word)
        reader = self.provider.webhook_reader(self.account())
        for written in (
            body + b"\n",
            body.replace(b":", b" :\t"),
            body.replace(b".5", b".50"),
            body.replace(b"o", b"\\u006f"),
        ):
            reader.verify(written, self.signed_headers(written), self.notification_query)

    def test_what_no_signature_covers_names_no_payment(self) -> None:
        if self.provider.capabilities.webhook_covers_body:
            pytest.skip("the provider's signature covers the body")
        body = self.notification(self.paid_word)
        forged = body.replace(self.payment_reference.encode(), self.other_payment.encode())
        assert forged != body, "the hook's notification does not name its payment"
        reader = self.provider.webhook_reader(self.account())
        assert reader.parse(forged, self.notification_query, believed=False) == reader.parse(
            body, self.notification_query, believed=False
        )

    def test_a_message_about_several_payments_tells_of_each(self) -> None:
        named = (self.payment_reference, self.other_payment)
        body = self.notification_of(named)
        if body is None:
            pytest.skip("the provider sends one message for one payment")
        read = self.provider.webhook_reader(self.account()).parse(body, self.notification_query, believed=True)
        assert tuple(each.provider_reference for each in read) == named

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
