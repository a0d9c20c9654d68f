"""The sandbox's own signer agrees with the published and the worked vectors."""

from __future__ import annotations

import pytest

from pagoefectivo.sandbox.psps.dlocal_signing import authorization

LOGIN, SECRET = "lg_test_PE01", "sk_demo_9f2c71"
D1 = (
    '{"amount":100.50,"currency":"PEN","country":"PE","payment_method_id":"EF","payment_method_flow":"DIRECT",'
    '"payer":{"name":"María Quispe","email":"maria@example.com","document":"12345678"},"order_id":"ORD-0001",'
    '"notification_url":"https://shop.example.com/hooks/dlocal"}'
)
D4 = (
    '{"payment_id":"D-4-00000000-0000-4000-8000-000000000001","amount":40.00,"currency":"PEN",'
    '"notification_url":"https://shop.example.com/hooks/dlocal/refunds","order_refund_id":"RF-0001"}'
)
D5 = (
    '{"id":"D-4-00000000-0000-4000-8000-000000000001","amount":100.50,"status":"PAID",'
    '"status_detail":"The payment was paid.","status_code":"200","currency":"PEN","country":"PE",'
    '"payment_method_id":"EF","payment_method_type":"TICKET","payment_method_flow":"DIRECT","order_id":"ORD-0001",'
    '"created_date":"2026-11-22T14:05:07.000+0000"}'
)


@pytest.mark.parametrize(
    ("login", "secret", "x_date", "body", "expected"),
    [
        pytest.param(
            "1955gdod",
            "secretKey123",
            "2022-11-24T15:42:57.130Z",
            "",
            "98211fe059efc3606b831a1c30a3c6d7448e598b515a15456ae9ebc157314aa2",
            id="D0",
        ),
        pytest.param(
            LOGIN,
            SECRET,
            "2026-11-22T14:05:06.123Z",
            D1,
            "350d0240de5632f46899c883c6ef5dccb38c52b52531d3aac4ceb9ca372d729d",
            id="D1",
        ),
        pytest.param(
            LOGIN,
            SECRET,
            "2026-11-22T14:05:06.123Z",
            "",
            "4087d170c4d53a271e6532f1873ba920859e4dff71ea92bbcaae9dae0c5d5044",
            id="D2",
        ),
        pytest.param(
            LOGIN,
            SECRET,
            "2026-11-22T14:05:06Z",
            "",
            "434f98cb093c4960367da8a552e88f4f19feac03d08ac7f7fe6e2f7e7d2ea905",
            id="D3",
        ),
        pytest.param(
            LOGIN,
            SECRET,
            "2026-11-23T10:00:00.000Z",
            D4,
            "bade1e4cad5cef66c80730f1baec784b8c6650212524b57187fb12e16353af02",
            id="D4",
        ),
        pytest.param(
            LOGIN,
            SECRET,
            "2026-11-22T14:20:00.000Z",
            D5,
            "65418a85276ab7629afb5e111a801bda94a5fe06dc3b3ecf4e8c4ef3cd4da8ec",
            id="D5",
        ),
        pytest.param(
            LOGIN,
            SECRET,
            "2026-11-22T14:20:00.000Z",
            D5.replace("100.50", "100.5"),
            "505863feb3455ce21693a401d85719cd6d642b83f0553c9aa02cc3145f77aaf4",
            id="D5x",
        ),
    ],
)
def test_each_vector_is_signed_as_published(login: str, secret: str, x_date: str, body: str, expected: str) -> None:
    signed = authorization(login, secret, x_date, body.encode())
    assert signed == f"V2-HMAC-SHA256, Signature: {expected}"
