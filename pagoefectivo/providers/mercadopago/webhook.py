"""What Mercado Pago tells us unasked: an id, signed together with a request id and a time. The body is not signed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode

from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault, UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, PointerKind, RefundUpdate, Verification
from pagoefectivo.providers.base import Account, WebhookReader
from pagoefectivo.providers.credentials import credentials
from pagoefectivo.providers.documents import EARLIEST, LATEST, decode_object, text
from pagoefectivo.providers.signing import hmac_sha256, index_of_match

PAYMENT_TOPIC = "payment"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 10**12  # as seconds, that would be the year 33658

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_REQUEST_ID = re.compile(r"[!-:<-~]{0,128}", re.ASCII)  # without the semicolon, which ends a part of the manifest
_TS = re.compile(r"[0-9]{1,16}", re.ASCII)
_V1 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


def manifest(data_id: str, request_id: str, ts: str) -> bytes:
    """Return the text that is signed; a part without a value is left out."""
    parts = (("id", data_id), ("request-id", request_id), ("ts", ts))
    return "".join(f"{name}:{value};" for name, value in parts if value).encode()


class MercadoPagoWebhookReader(WebhookReader):
    """Listens for one account; every secret of a rotation is tried."""

    def __init__(self, account: Account) -> None:
        self._secrets = credentials(account, "webhook_secret")

    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:  # noqa: ARG002 - not signed
        """Check `x-signature` over the id of the query, the request id and the time; no window is published.

        Hex in capitals is the same number and is taken; a part said twice is not. Until June 2026 their own libraries
        signed the id in small letters, so either spelling holds.
        """
        if not self._secrets:
            raise InvalidSignature(SignatureFault.NO_SECRET)
        given = {name.lower(): value.strip() for name, value in headers.items()}
        if not given.get("x-signature"):
            raise InvalidSignature(SignatureFault.MISSING)
        ts, received = _signature_parts(given["x-signature"])
        request_id = given.get("x-request-id", "")
        data_id = _id_in(query)
        if data_id is None or not _REQUEST_ID.fullmatch(request_id):
            raise InvalidSignature(SignatureFault.MALFORMED)
        signed = [manifest(spelt, request_id, ts) for spelt in (data_id, data_id.lower())]
        expected = [hmac_sha256(secret, each) for each in signed for secret in self._secrets]
        matched = index_of_match(expected, received)
        if matched is None:
            raise InvalidSignature(SignatureFault.MISMATCH)
        return Verification(
            matched % len(self._secrets),
            covers_body=False,
            signed_at=_instant(int(ts)),
            signed=signed[matched // len(self._secrets)],
            query=_kept(query),
        )

    def parse(
        self,
        body: bytes,
        query: str = "",
        *,
        believed: bool,  # noqa: ARG002 - only the id is signed, and it states nothing
    ) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        """Point at the payment that the query names, whatever the body says of it.

        The id of any other topic (claims, chargebacks, orders) is no payment's, and its payment is announced by itself:
        such a message is read and means nothing here.
        """
        data_id = _id_in(query)
        if not data_id:
            raise UnreadableMessage("its address names nothing")
        topic = _only(query, "type") or text(decode_object(body), "type")
        if not topic:
            raise UnreadableMessage("it names no topic")
        return (Pointer(PointerKind.PAYMENT, provider_reference=data_id),) if topic == PAYMENT_TOPIC else ()


def _signature_parts(header: str) -> tuple[str, str]:
    """Return time and signature in small letters; parts of other names are let be."""
    said = [part.strip().partition("=") for part in header.split(",")]
    ts = [value for name, _, value in said if name == "ts"]
    v1 = [value for name, _, value in said if name == "v1"]
    if not (len(ts) == len(v1) == 1 and _TS.fullmatch(ts[0]) and _V1.fullmatch(v1[0])):
        raise InvalidSignature(SignatureFault.MALFORMED)
    return ts[0], v1[0].lower()


def _id_in(query: str) -> str | None:
    """Return the id that the address names, "" where it names none, None for one that no id looks like."""
    data_id = _only(query, "data.id")
    return data_id if data_id == "" or (data_id and _ID.fullmatch(data_id)) else None


def _only(query: str, name: str) -> str | None:
    """Return the one value of a name, "" where it is not said, None where it is said in several ways."""
    try:
        said = parse_qs(query).get(name, [""])
    except ValueError:
        return None
    return said[0] if len(said) == 1 else None


def _kept(query: str) -> str:
    """Return what `parse` needs of a query: the signed id, and the topic, without which the id may be no payment's."""
    said = {name: _only(query, name) for name in ("data.id", "type")}
    return urlencode({name: value for name, value in said.items() if value})


def _instant(ts: int) -> datetime | None:
    """Read seconds or milliseconds, for Mercado Pago's pages and libraries disagree on which of them it sends."""
    since = timedelta(milliseconds=ts) if ts >= MILLISECONDS_FROM else timedelta(seconds=ts)
    return EPOCH + since if EARLIEST - EPOCH <= since < LATEST - EPOCH else None
