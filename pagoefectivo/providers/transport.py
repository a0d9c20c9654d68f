"""The one way out to a PSP: record, send once, record what came, and say what the silence means when nothing did."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from django.views.decorators.debug import sensitive_variables
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ReadTimeoutError

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import ConfigurationError, NotSent, ProviderError, ProviderFault
from pagoefectivo.providers.base import Account, Answer, Call, Operation, Recorder, Wire
from pagoefectivo.providers.verdicts import unclear_code, when_unclear

LARGEST_ANSWER = 1024 * 1024
CHUNK = 64 * 1024


class Loss(StrEnum):
    """How it showed that no answer came."""

    HOST_UNKNOWN = "host unknown"
    CONNECTION_REFUSED = "connection refused"
    CONNECT_TIMEOUT = "connect timeout"
    TLS_FAILED = "tls failed"
    READ_TIMEOUT = "read timeout"
    CONNECTION_BROKEN = "connection broken"
    ANSWER_TOO_LARGE = "answer too large"


class HandshakeFailed(NewConnectionError):
    """The connection failed before a request could be written to it."""


# Looked through in this order: the special before the general.
_SIGNS: tuple[tuple[type[Exception], Loss], ...] = (
    (NameResolutionError, Loss.HOST_UNKNOWN),
    (HandshakeFailed, Loss.TLS_FAILED),
    (ssl.SSLCertVerificationError, Loss.TLS_FAILED),
    (NewConnectionError, Loss.CONNECTION_REFUSED),
    (ConnectTimeoutError, Loss.CONNECT_TIMEOUT),
    (requests.ConnectTimeout, Loss.CONNECT_TIMEOUT),
    (ReadTimeoutError, Loss.READ_TIMEOUT),
    (requests.ReadTimeout, Loss.READ_TIMEOUT),
    (TimeoutError, Loss.READ_TIMEOUT),
)
_CODES = {
    Loss.CONNECT_TIMEOUT: ErrorCode.PSP_TIMEOUT,
    Loss.READ_TIMEOUT: ErrorCode.PSP_TIMEOUT,
    Loss.ANSWER_TOO_LARGE: ErrorCode.PSP_BAD_RESPONSE,
}
_NEVER_LEFT = frozenset({Loss.HOST_UNKNOWN, Loss.CONNECTION_REFUSED, Loss.CONNECT_TIMEOUT, Loss.TLS_FAILED})


class _CarefulConnection(HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:  # TLS errors are OSErrors too, and would look like one from after the send
            raise HandshakeFailed(self, type(error).__name__) from None


class _CarefulPool(HTTPSConnectionPool):
    ConnectionCls = _CarefulConnection


class _CarefulAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {**urllib3.poolmanager.pool_classes_by_scheme, "https": _CarefulPool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Never look at a redirect: even unfollowed, requests would read its whole body and parse its Location."""


def open_session(*, pool_size: int = 64) -> requests.Session:
    """Return a session for any number of accounts and up to `pool_size` threads.

    Certificates are verified, environment proxies and .netrc ignored, cookies refused and compression not asked for.
    It never repeats a request by itself, not even a read: each try has its own evidence row, and the sweep, which
    knows Retry-After, the lease and the next look-up, is the only one that tries again.
    """
    session = _Session()
    session.trust_env = False
    session.verify = True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers.clear()
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("https://", "http://"):
        session.mount(scheme, _CarefulAdapter(pool_connections=16, pool_maxsize=pool_size, max_retries=0))
    return session


class Transport:
    """Sends the calls of one account. Raises ConfigurationError where its address is not https (http: loopback only)."""

    def __init__(self, account: Account, recorder: Recorder, wire: Wire) -> None:
        self._base_url = _checked_base_url(account)
        self._timeout = (account.connect_timeout, account.read_timeout)
        self._recorder = recorder
        self._wire = wire

    @sensitive_variables("headers", "body", "call")
    def send(
        self, operation: Operation, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Send exactly these bytes once and return the answer, whatever its status.

        `recorder.sending` is called first, then exactly one of `answered` and `lost`; what they raise goes through.
        Raises NotSent when no byte of the request left or it was only a question, Ambiguous when a move may have
        been executed. The answer's body is raw, at most 1 MiB, and not decompressed.
        """
        call = Call(self._wire.new_id(), operation, method, self._base_url + path, headers, body)
        self._recorder.sending(call)
        outcome = self._exchange(call)
        if isinstance(outcome, Answer):
            self._recorder.answered(call, outcome)
            return outcome
        self._recorder.lost(call, outcome)
        raise _error(call, outcome)

    @sensitive_variables("call", "response")
    def _exchange(self, call: Call) -> Answer | Loss:
        started = perf_counter()
        response: requests.Response | None = None
        try:
            session = self._wire.session
            trusted = True if session.verify is None else session.verify
            adapter = session.get_adapter(call.url)
            response = adapter.send(_prepared(call), stream=True, timeout=self._timeout, verify=trusted)
            body = self._read(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return _loss(error)
        finally:
            if response is not None:
                response.close()
        if body is None:
            return Loss.ANSWER_TOO_LARGE
        headers = dict(response.headers)
        return Answer(response.status_code, headers, body, perf_counter() - started, call.request_id)

    def _read(self, response: requests.Response) -> bytes | None:
        deadline = perf_counter() + self._timeout[1]
        body = bytearray()
        while chunk := response.raw.read1(CHUNK, decode_content=False):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                return None
            if perf_counter() > deadline:  # each drop comes in time, the whole never does
                raise TimeoutError
        return bytes(body)


@sensitive_variables("call", "request")
def _prepared(call: Call) -> requests.PreparedRequest:
    """Return the call as an adapter takes it; `Session.request` would guess at what is complete, for half its time."""
    request = requests.PreparedRequest()
    request.method, request.url, request.body = call.method, call.url, call.body or None
    request.headers = CaseInsensitiveDict({"Accept-Encoding": "identity", **call.headers})
    if call.body or call.method == "POST":
        request.headers["Content-Length"] = str(len(call.body))
    return request


def _error(call: Call, loss: Loss) -> ProviderError:
    code = _CODES.get(loss, ErrorCode.PSP_UNAVAILABLE)
    if loss in _NEVER_LEFT:
        raises: type[ProviderError] = NotSent
    else:
        raises = when_unclear(call.operation)
        code = unclear_code(call.operation, code)
    return raises(ProviderFault(code, raw_message=loss, operation=call.operation), request_id=call.request_id)


def _loss(error: BaseException) -> Loss:
    causes = tuple(_causes(error))
    for sign, loss in _SIGNS:
        if any(isinstance(cause, sign) for cause in causes):
            return loss
    return Loss.CONNECTION_BROKEN


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Follow what libraries wrap. `__context__` is not followed: it may belong to an earlier, unrelated failure."""
    inner: object = error
    while isinstance(inner, BaseException):
        yield inner
        inner = getattr(inner, "reason", None) or next(iter(inner.args), None)


def _checked_base_url(account: Account) -> str:
    if not _is_safe_address(account.base_url):
        raise ConfigurationError(
            f"The BASE_URL of the account {account.name!r} must be an https address without credentials or query; "
            "plain http is for loopback only."
        )
    return account.base_url.rstrip("/")


@lru_cache(maxsize=256)
def _is_safe_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.password or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
