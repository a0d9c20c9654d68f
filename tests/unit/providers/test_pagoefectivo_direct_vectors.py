"""Known answers for PagoEfectivo's two hashes, all computed by others than this code; the wrong ones stay wrong."""

from __future__ import annotations

import pytest

from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault
from pagoefectivo.domain.messages import Verification
from pagoefectivo.providers.base import Account
from pagoefectivo.providers.pagoefectivo_direct import PagoEfectivoDirect
from pagoefectivo.providers.pagoefectivo_direct.tokens import hash_string
from pagoefectivo.providers.signing import hmac_sha256
from tests.unit.providers.direct_stage import sample

GUIDE = ("8", "AKIPJP77AHN2DKVIJURB", "Nfybo8h0yN7CFN1ycX+XaG99pj/y3Vt25urt1LUR")
OURS = ("1234", "AKDEMO00000000000001", "c2VjcmV0LWRlbW8rMDAwMS9hYmNkZWZnaGlqa2xt")
P0 = "3faa0677fe78c30800d5c9ec71218ddaa81d15ca08e39f50177bbe328906c744"
P0X = "0bc098222d1274ae7d192eb17c3a8457b4d6e89db3820777bc56ba75d9624cf4"
P1 = "f25ca78fc9cc302243154f7fcf85a3ca0b6aca043c85c67bc9a9b1a08e940188"

KEY = OURS[2]
PUBLISHED_KEY = "MsB3V0seHJY2gcdly7LsNVtXJF+QLGO+l/Oc8z4j"
W1 = sample("vector_w1.json")
W1X = W1.replace(b"22.10", b"22.1")
W2, W3 = sample("vector_w2.json"), sample("vector_w3.json")
SIGNED = {
    "W1": (KEY, W1, "899b0676f900da0defffbb4e8da6ced1ee5974e6f2a38ce9151c20ff2feb9036"),
    "W1x": (KEY, W1X, "438602f9c2ddd77fe102b553067db55c8382ec52abd314e9a63cf85639ee20c5"),
    "W2": (KEY, W2, "f08886b93dec32024e9265d49ffc052c3c28917ed1b5694b9c901938904dd6c4"),
    "W3": (PUBLISHED_KEY, W3, "89138e0dd0681d2463467160d41a4a9b0b0257ba14af06a7ab441b693b57699e"),
}


def verify(secret: str, body: bytes, signature: str) -> Verification:
    listener = PagoEfectivoDirect.webhook_reader(Account("default", "https://x", {"secret_key": secret}))
    return listener.verify(body, {"PE-Signature": signature})


@pytest.mark.parametrize(
    ("keys", "date", "expected"),
    [
        pytest.param(GUIDE, "2018-11-20T16:01:00-05:00", P0, id="P0"),
        pytest.param(GUIDE, "2020-11-20T16:01:00-05:00", P0X, id="P0x"),
        pytest.param(OURS, "2026-11-22T09:05:06-05:00", P1, id="P1"),
    ],
)
def test_an_authorization_is_sealed_with_the_documented_hash(
    keys: tuple[str, str, str], date: str, expected: str
) -> None:
    assert hash_string(*keys, date) == expected


def test_the_guides_sample_with_its_printed_year_does_not_give_its_printed_hash() -> None:
    assert P0 != P0X
    assert hash_string(*GUIDE, "2020-11-20T16:01:00-05:00") != P0


@pytest.mark.parametrize(
    "wrong",
    [
        hmac_sha256(OURS[2], ".".join((*OURS, "2026-11-22T09:05:06-05:00")).encode()),
        hash_string(*OURS, "2026-11-22T09:05:06-5:00"),
        hash_string(*OURS, "2026-11-22T09:05:06-0500"),
        hash_string(*OURS, "2026-11-22T14:05:06Z"),
        hash_string(OURS[0], OURS[2], OURS[1], "2026-11-22T09:05:06-05:00"),
    ],
    ids=["hmac", "short offset", "no colon", "utc", "keys turned round"],
)
def test_what_deviating_clients_compute_is_another_hash(wrong: str) -> None:
    assert wrong != P1


@pytest.mark.parametrize("name", SIGNED)
def test_a_notification_verifies_by_its_vector(name: str) -> None:
    assert verify(*SIGNED[name]) == Verification(0, covers_body=True, signed_at=None)


@pytest.mark.parametrize("name", SIGNED)
def test_a_vector_verifies_no_other_body_and_under_no_other_key(name: str) -> None:
    secret, body, signature = SIGNED[name]
    others = [other for _, other, _ in SIGNED.values() if other != body]
    for key, other in [(secret, each) for each in others] + [("another key", body)]:
        with pytest.raises(InvalidSignature) as caught:
            verify(key, other, signature)
        assert caught.value.reason is SignatureFault.MISMATCH


def test_an_amount_written_anew_breaks_the_signature() -> None:
    assert len(W1) == len(W1X) + 1 == 107
    assert len(W2) == 188
    with pytest.raises(InvalidSignature):
        verify(KEY, W1X, SIGNED["W1"][2])
    with pytest.raises(InvalidSignature):
        verify(KEY, W1, SIGNED["W1x"][2])
