"""Many answers through the real gateway and transport: most over a scripted line, a share as bytes over a loopback socket."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pagoefectivo.domain.exceptions import ProviderError
from pagoefectivo.domain.messages import Absent, PaymentUpdate, RefundUpdate
from pagoefectivo.providers.base import Account, Gateway, Operation, Wire
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.providers.transport import open_session
from pagoefectivo.testing.conformance.evidence import NOW, KeptEvidence
from tests.fuzz.figures import Figures, counted, measured
from tests.fuzz.judging import objections
from tests.fuzz.line import Reply, ScriptedLine
from tests.fuzz.replies import REFUND_ID, Exchange, exchange, on_the_wire
from tests.unit.providers.stage import HOST, PAYMENT, REFUND, VOUCHER

ON_THE_WIRE_EVERY = 5
CREDENTIALS: dict[str, str | tuple[str, ...]] = {
    "login": "lg_test_PE01",
    "trans_key": "tk_demo",
    "secret_key": ("sk_demo_9f2c71",),
}
CALLS: dict[Operation, Callable[[Gateway], Any]] = {
    Operation.ISSUE_VOUCHER: lambda gateway: gateway.issue_voucher(VOUCHER),
    Operation.FETCH_PAYMENT: lambda gateway: gateway.fetch_payment(PAYMENT),
    Operation.FIND_PAYMENT: lambda gateway: gateway.find_payment(VOUCHER.reference),
    Operation.CANCEL_VOUCHER: lambda gateway: gateway.cancel_voucher(PAYMENT),
    Operation.REQUEST_REFUND: lambda gateway: gateway.request_refund(REFUND),
    Operation.FETCH_REFUND: lambda gateway: gateway.fetch_refund(REFUND_ID, PAYMENT),
    Operation.FIND_REFUND: lambda gateway: gateway.find_refund(REFUND.reference, PAYMENT),
}


def run(seed: int, inputs: int, *, loud: bool = False) -> Figures:
    """Ask so often, and hold every outcome against what was answered."""
    figures = Figures()
    with _socket_line() as (address, play):
        warm_up = min(inputs, 500)
        _ask(seed, range(warm_up), figures, address, play)
        with measured(figures):
            numbers = counted(range(warm_up, inputs), inputs - warm_up, "answers", loud=loud)
            _ask(seed, numbers, figures, address, play)
    figures.inputs = inputs
    return figures


def outcome_of(made: Exchange) -> tuple[PaymentUpdate | RefundUpdate | Absent | ProviderError, KeptEvidence]:
    """What the gateway makes of one exchange over the scripted line; anything it must not raise goes through."""
    answers = iter([Reply(made.status, made.body, dict(made.headers)), Reply(200, made.followed_by)])
    return _asked(made.operation, HOST, ScriptedLine(lambda *_: next(answers)))


def _ask(seed: int, numbers: Any, figures: Figures, address: str, play: Callable[[list[bytes]], None]) -> None:
    for number in numbers:
        by_wire = number % ON_THE_WIRE_EVERY == 0
        made = on_the_wire(seed, number) if by_wire else exchange(seed, number)
        figures.kinds[made.kind] += 1
        try:
            outcome, evidence = _over_the_socket(made, address, play) if by_wire else outcome_of(made)
        except Exception as error:  # noqa: BLE001 - whatever is raised beside the declared outcomes is a failure
            figures.answers["another exception"] += 1
            figures.failures.append(f"answer {number} ({made.kind}, {made.operation}): {error!r}"[:400])
            continue
        figures.answers[type(outcome).__name__] += 1
        wrong = objections(made, outcome, evidence)
        figures.failures += [f"answer {number} ({made.kind}, {made.operation}): {each}"[:400] for each in wrong]


def _asked(operation: Operation, host: str, session: Any) -> tuple[Any, KeptEvidence]:
    account = Account("default", host, CREDENTIALS, connect_timeout=2.0, read_timeout=0.5)
    evidence, numbers = KeptEvidence(), itertools.count(1)
    wire = Wire(session=session, now=lambda: NOW, new_id=lambda: f"req-{next(numbers)}")
    try:
        return CALLS[operation](DLocal.gateway(account, evidence, wire)), evidence
    except ProviderError as error:
        return error, evidence


def _over_the_socket(made: Exchange, address: str, play: Callable[[list[bytes]], None]) -> tuple[Any, KeptEvidence]:
    second = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(made.followed_by) + made.followed_by
    play([made.wire or b"", second])
    session = open_session(pool_size=1)
    try:
        return _asked(made.operation, address, session)
    finally:
        session.close()


@contextmanager
def _socket_line() -> Iterator[tuple[str, Callable[[list[bytes]], None]]]:
    """A provider that reads a request, writes the next bytes it was given and hangs up."""
    waiting: list[bytes] = []
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection, suppress(OSError):
                connection.settimeout(1)
                _read_request(connection)
                connection.sendall(waiting.pop(0) if waiting else b"")

    def play(answers: list[bytes]) -> None:
        waiting[:] = answers

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", play
    finally:
        over.set()
        serving.join()
        listener.close()


def _read_request(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536) or b" " * length
