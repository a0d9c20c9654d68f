"""The sandbox's own writing of PagoEfectivo's two hashes gives the known answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pagoefectivo.sandbox.psps.pagoefectivo_direct_signing import hash_string, is_sealed, pe_signature

SAMPLES = Path(__file__).parents[1] / "samples" / "pagoefectivo_direct"
GUIDE = {
    "id_service": "8",
    "access_key": "AKIPJP77AHN2DKVIJURB",
    "secret_key": "Nfybo8h0yN7CFN1ycX+XaG99pj/y3Vt25urt1LUR",
}
OURS = {
    "id_service": "1234",
    "access_key": "AKDEMO00000000000001",
    "secret_key": "c2VjcmV0LWRlbW8rMDAwMS9hYmNkZWZnaGlqa2xt",
}
PUBLISHED_KEY = "MsB3V0seHJY2gcdly7LsNVtXJF+QLGO+l/Oc8z4j"


@pytest.mark.parametrize(
    ("keys", "date", "expected"),
    [
        (GUIDE, "2018-11-20T16:01:00-05:00", "3faa0677fe78c30800d5c9ec71218ddaa81d15ca08e39f50177bbe328906c744"),
        (GUIDE, "2020-11-20T16:01:00-05:00", "0bc098222d1274ae7d192eb17c3a8457b4d6e89db3820777bc56ba75d9624cf4"),
        (OURS, "2026-11-22T09:05:06-05:00", "f25ca78fc9cc302243154f7fcf85a3ca0b6aca043c85c67bc9a9b1a08e940188"),
    ],
    ids=["P0", "P0x", "P1"],
)
def test_an_authorization_is_sealed_by_its_vector(keys: dict[str, str], date: str, expected: str) -> None:
    assert hash_string(keys, date) == expected
    assert is_sealed(expected, keys, date)
    assert not is_sealed(expected, keys, date.replace(":01:", ":02:").replace(":05:", ":06:", 1))
    assert not is_sealed(expected, {**keys, "secret_key": "another"}, date)


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("w1", OURS["secret_key"], "899b0676f900da0defffbb4e8da6ced1ee5974e6f2a38ce9151c20ff2feb9036"),
        ("w2", OURS["secret_key"], "f08886b93dec32024e9265d49ffc052c3c28917ed1b5694b9c901938904dd6c4"),
        ("w3", PUBLISHED_KEY, "89138e0dd0681d2463467160d41a4a9b0b0257ba14af06a7ab441b693b57699e"),
    ],
)
def test_a_notification_is_signed_by_its_vector(name: str, key: str, expected: str) -> None:
    body = (SAMPLES / f"vector_{name}.json").read_bytes()
    assert pe_signature(key, body) == expected
    assert pe_signature(key, body + b" ") != expected


def test_an_amount_written_anew_is_signed_otherwise() -> None:
    body = (SAMPLES / "vector_w1.json").read_bytes().replace(b"22.10", b"22.1")
    expected = "438602f9c2ddd77fe102b553067db55c8382ec52abd314e9a63cf85639ee20c5"
    assert pe_signature(OURS["secret_key"], body) == expected
