"""What dLocal tells us unasked: whose word it is, and how far it goes."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault, UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, PointerKind, RefundUpdate, Verification
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import Account
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.providers.dlocal.webhook import signature
from tests.unit.providers.stage import PAYMENT, changed, sample

DATE = "2026-11-22T14:20:00.000Z"
D5 = "65418a85276ab7629afb5e111a801bda94a5fe06dc3b3ecf4e8c4ef3cd4da8ec"
BODY = sample("vector_notification.json")
SIGNED = {"X-Date": DATE, "X-Login": "lg_test_PE01", "Authorization": f"V2-HMAC-SHA256, Signature: {D5}"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=10,
)
dlocal_keys = st.sampled_from(
    (
        *("id", "status", "status_code", "payment_id", "id_payment", "order_id", "order_refund_id", "notification_url"),
        *("amount", "amount_refunded", "currency", "ticket", "refunds", "approved_date", "number", "expiration_date"),
    )
)


def refusal_of(account: Account, body: bytes, headers: dict[str, str]) -> SignatureFault:
    with pytest.raises(InvalidSignature) as caught:
        DLocal.webhook_reader(account).verify(body, headers)
    return caught.value.reason


def test_the_published_notification_is_believed(account: Account) -> None:
    verification = DLocal.webhook_reader(account).verify(BODY, SIGNED)
    assert verification == Verification(0, covers_body=True, signed_at=datetime(2026, 11, 22, 14, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({name.lower(): value for name, value in SIGNED.items()}, id="lower-case-names"),
        pytest.param({name.upper(): value for name, value in SIGNED.items()}, id="upper-case-names"),
        pytest.param({**SIGNED, "Authorization": SIGNED["Authorization"].replace(D5, D5.upper())}, id="upper-case-hex"),
        pytest.param({**SIGNED, "Authorization": SIGNED["Authorization"].replace(" ", "")}, id="no-spaces"),
        pytest.param({**SIGNED, "X-Date": f" {DATE} "}, id="spaces-around"),
        pytest.param({name: value for name, value in SIGNED.items() if name != "X-Login"}, id="no-login"),
    ],
)
def test_a_true_signature_is_known_in_each_of_its_clothes(account: Account, headers: dict[str, str]) -> None:
    assert DLocal.webhook_reader(account).verify(BODY, headers).secret_index == 0


def test_a_body_written_anew_is_not_the_body_that_was_signed(account: Account) -> None:
    assert refusal_of(account, BODY.replace(b"100.50", b"100.5"), SIGNED) is SignatureFault.MISMATCH


def test_no_single_changed_byte_goes_unnoticed(account: Account) -> None:
    reader = DLocal.webhook_reader(account)
    refused = 0
    for position in range(len(BODY)):
        forged = BODY[:position] + bytes([BODY[position] ^ 1]) + BODY[position + 1 :]
        with pytest.raises(InvalidSignature):
            reader.verify(forged, SIGNED)
        refused += 1
    assert refused == 328


@pytest.mark.parametrize("missing", ["X-Date", "Authorization"])
@pytest.mark.parametrize("how", ["absent", "empty", "blank"])
def test_an_unsigned_message_is_missing_its_signature(account: Account, missing: str, how: str) -> None:
    headers = {name: value for name, value in SIGNED.items() if name != missing}
    if how != "absent":
        headers[missing] = "" if how == "empty" else "  "
    assert refusal_of(account, BODY, headers) is SignatureFault.MISSING


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"Authorization": D5}, id="hex-alone"),
        pytest.param({"Authorization": f"V2-HMAC-SHA256, Signature: {D5[:-1]}"}, id="short"),
        pytest.param({"Authorization": f"V2-HMAC-SHA256, Signature: {D5}0"}, id="long"),
        pytest.param({"Authorization": f"V2-HMAC-SHA256, Signature: {'g' * 64}"}, id="no-hex"),
        pytest.param({"Authorization": f"V2-HMAC-SHA256, Signature: {'１' * 64}"}, id="full-width-digits"),
        pytest.param({"Authorization": SIGNED["Authorization"] + ", " + SIGNED["Authorization"]}, id="twice"),
        pytest.param({"X-Date": "2" * 65}, id="long-date"),
        pytest.param({"X-Date": "2026-11-22T14:20:00.000Ñ"}, id="date-not-ascii"),
    ],
)
def test_a_signature_of_another_shape_is_malformed(account: Account, changes: dict[str, str]) -> None:
    assert refusal_of(account, BODY, SIGNED | changes) is SignatureFault.MALFORMED


@pytest.mark.parametrize("algorithm", ["none", "V2-HMAC-SHA1", "V2-HMAC-MD5", "v2-hmac-sha256", ""])
def test_A15_the_sender_does_not_choose_the_algorithm(account: Account, algorithm: str) -> None:
    headers = SIGNED | {"Authorization": f"{algorithm}, Signature: {D5}"}
    assert refusal_of(account, BODY, headers) is SignatureFault.MALFORMED


@pytest.mark.parametrize("key", ["X-Secret-Key", "X-Key", "X-Signature-Key"])
def test_A15_key_material_sent_along_is_not_looked_at(account: Account, key: str) -> None:
    signed = signature("lg_test_PE01", DATE, BODY, "brought along")
    headers = SIGNED | {key: "brought along", "Authorization": f"V2-HMAC-SHA256, Signature: {signed}"}
    assert refusal_of(account, BODY, headers) is SignatureFault.MISMATCH


@pytest.mark.parametrize("login", ["lg_test_PE02", "", "ñ", "\ud800"])
def test_A08_a_message_for_another_account_is_refused_as_that(account: Account, login: str) -> None:
    assert refusal_of(account, BODY, SIGNED | {"X-Login": login}) is SignatureFault.WRONG_ACCOUNT


def test_A08_our_login_with_a_strangers_secret_does_not_match(account: Account) -> None:
    forged = signature("lg_test_PE01", DATE, BODY, "a guess")
    headers = SIGNED | {"Authorization": f"V2-HMAC-SHA256, Signature: {forged}"}
    assert refusal_of(account, BODY, headers) is SignatureFault.MISMATCH


def test_the_date_is_under_the_signature(account: Account) -> None:
    assert refusal_of(account, BODY, SIGNED | {"X-Date": "2026-11-22T14:20:00.001Z"}) is SignatureFault.MISMATCH


@pytest.mark.parametrize(("secret", "index"), [("sk_demo_9f2c71", 0), ("sk_old", 1)])
def test_A16_while_a_secret_rotates_both_verify_and_which_one_is_told(
    account: Account, secret: str, index: int
) -> None:
    signed = signature("lg_test_PE01", DATE, BODY, secret)
    headers = SIGNED | {"Authorization": f"V2-HMAC-SHA256, Signature: {signed}"}
    assert DLocal.webhook_reader(account).verify(BODY, headers).secret_index == index


@pytest.mark.parametrize("secret", ["", (), ("",), ("", "")])
def test_without_a_secret_nothing_is_believed_not_even_the_empty_key(
    account: Account, secret: str | tuple[str, ...]
) -> None:
    bare = dataclasses.replace(account, credentials={**account.credentials, "secret_key": secret})
    signed = signature("lg_test_PE01", DATE, BODY, "")
    headers = SIGNED | {"Authorization": f"V2-HMAC-SHA256, Signature: {signed}"}
    assert refusal_of(bare, BODY, headers) is SignatureFault.NO_SECRET


def test_a_date_that_is_none_is_verified_but_not_guessed(account: Account) -> None:
    signed = signature("lg_test_PE01", "yesterday", BODY, "sk_demo_9f2c71")
    headers = SIGNED | {"X-Date": "yesterday", "Authorization": f"V2-HMAC-SHA256, Signature: {signed}"}
    assert DLocal.webhook_reader(account).verify(BODY, headers).signed_at is None


@pytest.mark.parametrize(("believed", "proof"), [(True, Proof.SIGNED_BODY), (False, Proof.HINT)])
def test_a_payment_is_believed_as_far_as_its_signature_goes(account: Account, believed: bool, proof: Proof) -> None:
    assert DLocal.webhook_reader(account).parse(BODY, believed=believed) == (
        PaymentUpdate(
            status=PaymentStatus.PAID,
            raw_status="PAID",
            proof=proof,
            reference="ORD-0001",
            provider_reference=PAYMENT,
            amount=Decimal("100.50"),
            currency="PEN",
            payment_identity=PAYMENT,
            raw_code="200",
        ),
    )


def test_the_same_message_has_the_same_identity_and_another_has_another(account: Account) -> None:
    reader = DLocal.webhook_reader(account)
    (first,), (second,) = reader.parse(BODY, believed=True), reader.parse(BODY, believed=True)
    (other,) = reader.parse(changed(BODY, status="EXPIRED"), believed=True)
    assert isinstance(first, PaymentUpdate)
    assert isinstance(second, PaymentUpdate)
    assert isinstance(other, PaymentUpdate)
    assert first.event_identity == ""
    assert first.identity == second.identity != other.identity


@pytest.mark.parametrize("without", ["order_refund_id", "notification_url"])
def test_a_refund_is_matched_by_our_reference_either_way(account: Account, without: str) -> None:
    body = changed(sample("refund_pending.json"), status="REJECTED", **{without: None})
    assert DLocal.webhook_reader(account).parse(body, believed=True) == (
        RefundUpdate(
            status=RefundStatus.FAILED,
            raw_status="REJECTED",
            proof=Proof.SIGNED_BODY,
            reference="RF-0001",
            provider_reference="REF-1",
            payment_reference=PAYMENT,
            amount=Decimal("40.00"),
            currency="PEN",
            error_code=ErrorCode.REFUND_REJECTED,
            raw_code="100",
        ),
    )


def test_a_refund_with_an_id_of_another_shape_is_known_by_our_reference(account: Account) -> None:
    body = changed(sample("refund_pending.json"), id="4711", payment_id=None, id_payment=PAYMENT)
    (update,) = DLocal.webhook_reader(account).parse(body, believed=True)
    assert isinstance(update, RefundUpdate)
    assert (update.provider_reference, update.payment_reference) == ("4711", PAYMENT)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/h",
        "https://shop.example/h?refund=A&refund=B",
        "http://[",
        "https://shop.example/h?refund=",
    ],
)
def test_an_address_that_names_no_one_refund_of_ours_leaves_it_unsaid(account: Account, url: str) -> None:
    body = changed(sample("refund_pending.json"), order_refund_id=None, notification_url=url)
    (update,) = DLocal.webhook_reader(account).parse(body, believed=True)
    assert isinstance(update, RefundUpdate)
    assert update.reference == ""


@pytest.mark.parametrize("identity", ["CBK-42", "CHAR42342", "X-1"])
def test_a_chargeback_or_a_stranger_points_at_its_payment(account: Account, identity: str) -> None:
    body = changed(sample("chargeback.json"), id=identity)
    pointer = Pointer(PointerKind.PAYMENT, provider_reference=PAYMENT)
    assert DLocal.webhook_reader(account).parse(body, believed=True) == (pointer,)


def test_a_message_without_a_status_points_at_its_payment(account: Account) -> None:
    reader = DLocal.webhook_reader(account)
    assert reader.parse(b'{"id": "D-4", "order_id": "ORD-0001"}', believed=True) == (
        Pointer(PointerKind.PAYMENT, reference="ORD-0001", provider_reference="D-4"),
    )
    assert reader.parse(b'{"order_id": "ORD-0001", "status": "PAID"}', believed=True) == (
        Pointer(PointerKind.PAYMENT, reference="ORD-0001"),
    )


@pytest.mark.parametrize("body", [b"{}", b'{"status": "PAID"}', b'{"id": {"a": 1}}', b"[]", b"", b"x_control=abc"])
def test_a_signed_message_about_nothing_is_unreadable(account: Account, body: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        DLocal.webhook_reader(account).parse(body, believed=True)


@given(st.dictionaries(dlocal_keys | st.text(max_size=5), json_values, max_size=8), st.booleans())
def test_arbitrary_json_is_read_or_unreadable_and_nothing_else(document: dict[str, object], believed: bool) -> None:
    reader = DLocal.webhook_reader(Account("default", "https://x", {"login": "l", "secret_key": "s"}))
    try:
        updates = reader.parse(json.dumps(document).encode(), believed=believed)
    except UnreadableMessage:
        return
    assert len(updates) == 1


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(list(SIGNED)), st.text(max_size=120)))
def test_arbitrary_bytes_and_headers_are_refused_and_nothing_else(body: bytes, headers: dict[str, str]) -> None:
    reader = DLocal.webhook_reader(Account("default", "https://x", {"login": "l", "secret_key": "s"}))
    with pytest.raises(InvalidSignature):
        reader.verify(body, headers)
